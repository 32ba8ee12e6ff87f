#include "events.h"

#include <algorithm>

namespace sim
{

static constexpr int64_t MINUTE = 60000, DAY = 24 * 60 * MINUTE;

Topics::Topics(const Setup &s, Rng &r) : setup(s), rng(r), parts(s.topics.size())
{
	for (auto &t : parts)
		t.resize((size_t)s.partitions);
}

/* Mostly a few common values, so that caps are reached and edits move within them. */
static const std::string &draw_value(const std::vector<std::string> &values, Rng &rng)
{
	return values[(size_t)std::min(rng.below((int64_t)values.size()), rng.below((int64_t)values.size()))];
}

Content Topics::draw_content()
{
	static const std::vector<std::string> locations = {"north/lisbon/unit-1", "north/lisbon",
	    "south/p,t=1/unit 2", "north", "north/lisbon/unit-2", "söuth", "south/p,t=1",
	    "west/a/b/c/d/e/f/g", "__other__", "west"};
	static const std::vector<std::string> channels = {
	    "email", "sms", "a%b{c}", "web", "__none__", "kiosk", "__other__"};
	static const std::vector<std::string> teams = {"red", "blue", "gr:een", "black"};
	static const std::vector<std::string> owners = {"ada", "bob", "cy", "dee", "eve"};
	static const std::vector<std::string> plans = {"free", "pro", "team,plus"};
	static const std::vector<std::string> themes = {
	    "price", "staff", "wait", "food", "noise", "__other__"};
	Content c;

	if (rng.chance(0.92))
		c.score = (int)rng.below(11);
	c.kind = rng.pick(std::vector<std::string>{"transactional", "transactional", "relational", "other"});
	if (setup.location_required || rng.chance(0.7))
		c.location = draw_value(locations, rng);
	if (rng.chance(0.8))
		c.channel = draw_value(channels, rng);
	if (rng.chance(0.5))
		c.team = draw_value(teams, rng);
	if (rng.chance(0.4))
		c.owner = draw_value(owners, rng);
	if (rng.chance(0.5))
		c.plan = draw_value(plans, rng);
	if (rng.chance(0.4))
		c.comment = "comment \"" + std::to_string(rng.below(5)) + "\"";
	for (auto &t : themes)
		if (rng.chance(0.2))
			c.themes.push_back(t);
	return c;
}

/* Revision, update time or place alone make it newer, older, or the same again. */
void Topics::draw_edit(Event &e, const Event &before, int64_t ms)
{
	e = before;
	if (rng.chance(0.8))
		e.content = rng.chance(0.4) ? draw_content() : e.content;
	if (rng.chance(0.3))
		e.content.score = (int)rng.below(11);
	if (rng.chance(0.2))
		e.content.comment = "again " + std::to_string(rng.below(3));
	switch (rng.below(4)) {
	case 0:
		e.revision = std::max<int64_t>(1, before.revision + rng.between(-1, 2));
		break;
	case 1:
		e.updated_ms = ms - rng.between(0, 2 * MINUTE);
		break;
	case 2:
		e.revision = 0;
		e.updated_ms.reset();
		break;
	default:
		break;
	}
}

Event Topics::draw(const std::string &where, int64_t ms)
{
	std::vector<Known> &k = known[where];
	int64_t lateness = setup.lateness_ms[0];
	Event e;

	if (!k.empty() && rng.chance(0.5)) {
		size_t recent = (size_t)std::min<int64_t>((int64_t)k.size(), rng.chance(0.8) ? 12 : 1000);
		draw_edit(e, k[k.size() - 1 - (size_t)rng.below((int64_t)recent)].event, ms);
	} else {
		e.id = "r" + std::to_string(ids++) + (rng.chance(0.1) ? std::string(" №=\0", 6) : "");
		e.content = draw_content();
		e.revision = rng.chance(0.4) ? 1 : 0;
		e.time_field = rng.pick(
		    std::vector<std::string>{"responded_at", "responded_at", "responded_at", "at", ""});
		e.event_ms = ms - rng.below(rng.chance(0.1)   ? lateness * 3 / 2
					    : rng.chance(0.5) ? lateness / 2
							      : MINUTE);
		if (rng.chance(0.3))
			e.updated_ms = ms - rng.between(0, MINUTE);
	}
	e.undated = e.time_field.empty() && !e.updated_ms;
	if (e.time_field.empty())
		e.event_ms = e.updated_ms ? *e.updated_ms : ms;
	return e;
}

/* A record that is wrong, or none of ours: what breaks, how it reads, and whether that is asked before
 * `future`. */
struct Bad {
	const char *fate, *reason;
	bool before_future;
	const char *value;
};

static const Bad bads[] = {
    {"rejected", "bad_utf8", true, "{\"type\":\"response.submitted\",\"response_id\":\"\xff\"}"},
    {"rejected", "bad_json", true, "{\"type\":\"response.submitted\",\"response_id\":\"x\""},
    {"rejected", "bad_json", true, ""},
    {"rejected", "unknown_type", true, "{\"type\":\"response.unheard\",\"response_id\":\"x\"}"},
    {"ignored", "not_counted", true, "{\"type\":\"case.opened\"}"},
    {"ignored", "other_metric", true, "{\"type\":\"response.submitted\",\"metric\":\"csat\"}"},
    {"rejected", "no_id", true, "{\"type\":\"response.submitted\",\"score\":3}"},
    {"rejected", "bad_field", true, "{\"type\":\"response.submitted\",\"response_id\":\"x\",\"channel\":7}"},
    {"rejected", "no_time", true,
	"{\"type\":\"response.submitted\",\"response_id\":\"x\",\"responded_at\":\"soon\"}"},
    {"rejected", "future", true,
	"{\"type\":\"response.submitted\",\"response_id\":\"x\",\"responded_at\":99999999999999}"},
    {"rejected", "no_kind", false,
	"{\"type\":\"response.submitted\",\"response_id\":\"x\",\"score\":3,\"location\":\"a\"}"},
    {"rejected", "wrong_scale", false,
	"{\"type\":\"response.submitted\",\"response_id\":\"x\",\"survey_kind\":\"other\",\"location\":\"a\","
	"\"scale\":[1,5]}"},
    {"rejected", "bad_score", false,
	"{\"type\":\"response.submitted\",\"response_id\":\"x\",\"survey_kind\":\"other\",\"location\":\"a\","
	"\"score\":2.5}"},
    {"rejected", "out_of_range", false,
	"{\"type\":\"response.submitted\",\"response_id\":\"x\",\"survey_kind\":\"other\",\"location\":\"a\","
	"\"score\":11}"},
};

bool Topics::make_bad(Record &r)
{
	if (!rng.chance(0.1))
		return false;
	if (rng.chance(0.1)) {
		r.tombstone = true;
		r.event.fate = "ignored";
		r.event.reason = "tombstone";
		r.event.before_future = true;
		return true;
	}
	const Bad &b = bads[(size_t)rng.below((int64_t)(sizeof bads / sizeof *bads))];
	r.value = b.value;
	r.event.fate = b.fate;
	r.event.reason = b.reason;
	r.event.before_future = b.before_future;
	return true;
}

void Topics::produce(int64_t now_ms)
{
	size_t t = (size_t)rng.below((int64_t)parts.size()), p = (size_t)rng.below((int64_t)parts[t].size());
	std::string where = setup.topics[t] + "/" + std::to_string(p);
	std::vector<Known> &k = known[where];
	Record r;

	r.made_ms = r.ms = now_ms;
	if (rng.chance(0.3))
		r.ms -= rng.below(rng.chance(0.1) ? 2 * setup.lateness_ms[0] : 5000);
	if (rng.chance(0.01))
		r.ms += rng.below(setup.lateness_ms[0]);
	if (rng.chance(0.02))
		r.ms = now_ms + DAY + (rng.chance(0.3) ? rng.below(MINUTE) : 30 * MINUTE + rng.below(DAY));
	if (!make_bad(r)) {
		if (!k.empty() && rng.chance(0.1)) { /* sent again as it was */
			const Known &again = rng.pick(k);

			r.event = again.event;
			r.value = again.value;
			if (r.event.undated)
				r.event.event_ms = r.ms;
		} else {
			r.event = draw(where, r.ms);
			r.value = render_event(r.event, rng);
		}
		k.push_back({r.event, r.value});
	}
	TopicPart &to = parts[t][p];
	if (rng.chance(0.03)) /* offsets have holes where transactions end */
		to.end++;
	r.offset = to.end++;
	to.records.push_back(std::move(r));
	if (rng.chance(0.03))
		to.end++;
	produced++;
}

} // namespace sim
