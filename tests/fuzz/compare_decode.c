#include "compare_decode.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "decode/validate.h"
#include "decode/utf8.h"
#include "drive.h"
#include "simdjson_dom.h"

static bool same_text(struct npsd_str ours, const char *key, uint32_t max)
{
	size_t n = 0;
	const char *p = dom_text(&n, key);

	if (!p || !ours.p)
		return !p && !ours.p;
	return npsd_str_eq(ours, (struct npsd_str){p, npsd_utf8_cut(p, (uint32_t)n, max)});
}

/* The CloudEvents attributes that the second reader found. */
struct attributes {
	struct npsd_str subject; /* p == NULL: none */
};

/* Makes the event the document of the second reader. False: the header announces a CloudEvent, and it has no
 * event. */
static bool find_event(struct attributes *out, const struct npsd_headers *h)
{
	struct npsd_str content = h ? h->value[NPSD_HEADER_CONTENT_TYPE] : (struct npsd_str){NULL, 0};
	bool announced = content.n >= 23 && strncasecmp(content.p, "application/cloudevents", 23) == 0;
	bool object = dom_kind("data") == DOM_OBJECT;
	size_t n = 0;

	*out = (struct attributes){{NULL, 0}};
	if (announced && (!object || dom_kind("data_base64") > DOM_NULL))
		return false;
	if (announced || (object && dom_kind("specversion") > DOM_NULL)) {
		out->subject.p = dom_text(&n, "subject");
		out->subject.n = (uint32_t)n;
		dom_enter("data");
	} else if (h) {
		out->subject = h->value[NPSD_HEADER_CE_SUBJECT];
	}
	return true;
}

static bool same_id(const struct npsd_event *ev, const struct attributes *attributes)
{
	const char *key = ev->type <= NPSD_T_RETRACTED ? "response_id" : "invitation_id";

	if (dom_kind(key) <= DOM_NULL)
		return npsd_str_eq(ev->id, attributes->subject);
	return same_text(ev->id, key, NPSD_ID_BYTES);
}

static const char *differ(const struct npsd_event *ev, const struct attributes *attributes)
{
	bool response = ev->type <= NPSD_T_RETRACTED;
	double v;

	if (!same_id(ev, attributes))
		return "id";
	if (ev->type == NPSD_T_RETRACTED)
		return NULL; /* only its id and its times are read */
	if (!same_text(ev->dim[NPSD_DIM_channel], "channel", NPSD_TEXT_BYTES))
		return "channel";
	if (!same_text(ev->respondent, "respondent_id", NPSD_TEXT_BYTES))
		return "respondent_id";
	if (!same_text(ev->comment, "comment", NPSD_COMMENT_BYTES))
		return "comment";
	if (response && dom_number(&v, "score") && v != ev->score)
		return "score";
	/* A double represents the milliseconds of these years with an error of less than one. */
	if (dom_number(&v, response ? "responded_at" : "at") &&
	    fabs(floor(v * (fabs(v) < 1e11 ? 1000 : 1)) - (double)ev->event_ms) > 1 + fabs(v) * 1e-12)
		return "responded_at, at";
	return NULL;
}

enum npsd_reason compare_decode(struct readers *r, const char *p, size_t n)
{
	struct npsd_verdict v;
	const char *text = readers_decode(r, &v, p, n, COMPARE_DECODE_NOW, false);
	size_t skip = n >= 5 && p[0] == 0 ? 5 : 0;
	bool document = (v.reason != NPSD_R_bad_utf8 && v.reason != NPSD_R_bad_json) || v.field;
	struct attributes attributes = {{NULL, 0}};
	enum dom_result dom;

	if (text)
		drive_fail(p, n, text, "");
	if (v.at > v.end || v.end > n)
		drive_fail(p, n, "the position is after the end", "");
	if (v.reason == NPSD_R_too_big)
		return v.reason;
	dom = dom_parse(p + skip, n - skip, NPSD_JSON_DEPTH);
	if (dom == DOM_UNDECIDED)
		return v.reason;
	if (document != (dom == DOM_ACCEPTED))
		drive_fail(p, n, document ? "accepted by npsd only" : "refused by npsd only", "");
	if (document && find_event(&attributes, r->headers) != (v.reason != NPSD_R_bad_json))
		drive_fail(p, n, "one reader finds an envelope, the other does not", "");
	if (v.reason == NPSD_R_ok && (text = differ(&r->ev, &attributes)))
		drive_fail(p, n, text, "");
	return v.reason;
}

void compare_decode_report(const long seen[NPSD_NREASON])
{
	for (int i = 0; i < NPSD_NREASON; i++)
		if (seen[i] > 0)
			printf("%8ld %s\n", seen[i], npsd_reason_names[i]);
}
