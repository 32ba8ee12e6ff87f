/* Records that are rejected or ignored, each for one reason. Some carry the id of a known response, which
 * must not change. */
#include "events.h"

namespace sim
{

namespace
{

enum When { ALWAYS, NO_DEFAULT_KIND, LOCATION_REQUIRED };

/* `$` in `rest` becomes an id. before_future: the reason takes precedence over `future`. */
struct Bad {
	const char *fate, *reason;
	bool before_future;
	When when;
	const char *type, *rest;
};

} // namespace

static const char *const SUBMITTED = "response.submitted", *const UPDATED = "response.updated",
			 *const RETRACTED = "response.retracted";

static const Bad bads[] = {
    {"rejected", "bad_utf8", true, ALWAYS, SUBMITTED, "\"response_id\":$,\"channel\":\"\xff\"}"},
    {"rejected", "bad_json", true, ALWAYS, SUBMITTED, "\"response_id\":$"},
    {"rejected", "bad_json", true, ALWAYS, UPDATED, "\"response_id\":$,\"score\":03}"},
    {"rejected", "unknown_type", true, ALWAYS, "response.unheard", "\"response_id\":$}"},
    {"ignored", "not_counted", true, ALWAYS, "case.opened", "\"response_id\":$}"},
    {"ignored", "other_metric", true, ALWAYS, SUBMITTED, "\"response_id\":$,\"metric\":\"csat\"}"},
    {"ignored", "other_metric", true, ALWAYS, RETRACTED, "\"response_id\":$,\"metric\":\"csat\"}"},
    {"rejected", "no_id", true, ALWAYS, SUBMITTED, "\"score\":3,\"invitation_id\":$}"},
    {"rejected", "no_id", true, ALWAYS, "survey.invited", "\"response_id\":$}"},
    {"rejected", "bad_field", true, ALWAYS, SUBMITTED, "\"response_id\":$,\"channel\":7}"},
    {"rejected", "bad_field", true, ALWAYS, UPDATED, "\"response_id\":$,\"themes\":[\"price\",1]}"},
    {"rejected", "bad_field", true, ALWAYS, SUBMITTED, "\"response_id\":$,\"excluded\":\"maybe\"}"},
    {"rejected", "bad_field", true, ALWAYS, RETRACTED, "\"response_id\":$,\"revision\":0}"},
    {"rejected", "bad_field", true, ALWAYS, "survey.bounced", "\"invitation_id\":$,\"team\":false}"},
    {"rejected", "no_time", true, ALWAYS, SUBMITTED, "\"response_id\":$,\"responded_at\":\"soon\"}"},
    {"rejected", "no_time", true, ALWAYS, UPDATED,
	"\"response_id\":$,\"responded_at\":1700000000,\"updated_at\":\"later\"}"},
    {"rejected", "no_time", true, ALWAYS, RETRACTED, "\"response_id\":$,\"updated_at\":[]}"},
    {"rejected", "no_time", true, ALWAYS, "survey.opened", "\"invitation_id\":$,\"at\":\"now\"}"},
    {"rejected", "future", true, ALWAYS, SUBMITTED, "\"response_id\":$,\"responded_at\":99999999999999}"},
    {"rejected", "future", true, ALWAYS, RETRACTED, "\"response_id\":$,\"at\":99999999999999}"},
    {"rejected", "no_kind", false, NO_DEFAULT_KIND, SUBMITTED,
	"\"response_id\":$,\"score\":3,\"location\":\"a\"}"},
    {"rejected", "no_kind", false, NO_DEFAULT_KIND, "survey.declined",
	"\"invitation_id\":$,\"location\":\"a\"}"},
    {"rejected", "no_location", false, LOCATION_REQUIRED, SUBMITTED,
	"\"response_id\":$,\"score\":3,\"survey_kind\":\"other\"}"},
    {"rejected", "no_location", false, LOCATION_REQUIRED, UPDATED, "\"response_id\":$,\"location\":\"//\"}"},
    {"rejected", "no_location", false, LOCATION_REQUIRED, "survey.delivered",
	"\"invitation_id\":$,\"survey_kind\":\"other\"}"},
    {"rejected", "wrong_scale", false, ALWAYS, SUBMITTED,
	"\"response_id\":$,\"survey_kind\":\"other\",\"location\":\"a\",\"scale\":[1,5]}"},
    {"rejected", "wrong_scale", false, ALWAYS, UPDATED, "\"response_id\":$,\"scale\":5,\"score\":99}"},
    {"rejected", "bad_score", false, ALWAYS, SUBMITTED,
	"\"response_id\":$,\"survey_kind\":\"other\",\"location\":\"a\"}"},
    {"rejected", "bad_score", false, ALWAYS, UPDATED, "\"response_id\":$,\"score\":2.5}"},
    {"rejected", "out_of_range", false, ALWAYS, SUBMITTED,
	"\"response_id\":$,\"survey_kind\":\"other\",\"location\":\"a\",\"score\":11}"},
    {"rejected", "out_of_range", false, ALWAYS, UPDATED, "\"response_id\":$,\"score\":-1}"},
};

static bool fits(const Bad &b, bool default_kind, bool location_required)
{
	return b.when == ALWAYS || (b.when == NO_DEFAULT_KIND ? !default_kind : location_required);
}

bool Topics::make_bad(Record &r, const Known &k)
{
	size_t i;

	if (!draws(DRAW_BAD))
		return false;
	if (draws(DRAW_TOMBSTONE)) {
		r.tombstone = true;
		r.event.fate = "ignored";
		r.event.reason = "tombstone";
		r.event.before_future = true;
		return true;
	}
	do {
		i = (size_t)rng.below((int64_t)(sizeof bads / sizeof *bads));
	} while (!fits(bads[i], !k.default_kind.empty(), setup.location_required));
	const Bad &b = bads[i];
	std::string id = k.responses.empty() || rng.chance(0.3) ? "x" : rng.pick(k.responses).event.id,
		    rest = b.rest;
	size_t at = rest.find('$');
	r.value = std::string("{\"type\":\"") + b.type + "\"," + rest.replace(at, 1, render_text(id));
	r.event.fate = b.fate;
	r.event.reason = b.reason;
	r.event.before_future = b.before_future;
	return true;
}

} // namespace sim
