#include "decode_same.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "decode/validate.h"
#include "decode/utf8.h"
#include "second_reader.h"

static void fail(const char *p, size_t n, const char *what)
{
	fprintf(stderr, "%s\n%zu bytes: ", what, n);
	for (size_t i = 0; i < n; i++)
		fprintf(
		    stderr, (uint8_t)p[i] < 0x20 || (uint8_t)p[i] > 0x7e ? "\\x%02x" : "%c", (uint8_t)p[i]);
	fprintf(stderr, "\n");
	abort();
}

static bool same_text(struct npsd_str ours, const char *key, uint32_t most)
{
	size_t n = 0;
	const char *p = second_text(&n, key);

	if (!p || !ours.p)
		return !p && !ours.p;
	return npsd_str_eq(ours, (struct npsd_str){p, npsd_utf8_cut(p, (uint32_t)n, most)});
}

/* The attributes of the last event, as the second reader finds them. */
struct attributes {
	struct npsd_str subject; /* p == NULL: none */
};

/* Moves to the event. False: the header announces a CloudEvent, and it has no event. */
static bool second_opens(struct attributes *out, const struct npsd_headers *h)
{
	struct npsd_str content = h ? h->value[NPSD_HEADER_CONTENT_TYPE] : (struct npsd_str){NULL, 0};
	bool announced = content.n >= 23 && strncasecmp(content.p, "application/cloudevents", 23) == 0;
	bool object = second_kind("data") == SECOND_OBJECT;
	size_t n = 0;

	*out = (struct attributes){{NULL, 0}};
	if (announced && (!object || second_kind("data_base64") > SECOND_NULL))
		return false;
	if (announced || (object && second_kind("specversion") > SECOND_NULL)) {
		out->subject.p = second_text(&n, "subject");
		out->subject.n = (uint32_t)n;
		second_enter("data");
	} else if (h) {
		out->subject = h->value[NPSD_HEADER_CE_SUBJECT];
	}
	return true;
}

static bool same_id(const struct npsd_event *ev, const struct attributes *attributes)
{
	const char *key = ev->type <= NPSD_T_RETRACTED ? "response_id" : "invitation_id";

	if (second_kind(key) <= SECOND_NULL)
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
	if (response && second_number(&v, "score") && v != ev->score)
		return "score";
	/* A double represents the milliseconds of these years with an error of less than one. */
	if (second_number(&v, response ? "responded_at" : "at") &&
	    fabs(floor(v * (fabs(v) < 1e11 ? 1000 : 1)) - (double)ev->event_ms) > 1 + fabs(v) * 1e-12)
		return "responded_at, at";
	return NULL;
}

enum npsd_reason decode_same(struct readers *r, const char *p, size_t n)
{
	struct npsd_verdict v;
	const char *text = readers_decode(r, &v, p, n, DECODE_SAME_NOW, false);
	size_t skip = n >= 5 && p[0] == 0 ? 5 : 0;
	bool document = (v.reason != NPSD_R_bad_utf8 && v.reason != NPSD_R_bad_json) || v.field;
	struct attributes attributes = {{NULL, 0}};
	enum second second;

	if (text)
		fail(p, n, text);
	if (v.at > v.end || v.end > n)
		fail(p, n, "the position is after the end");
	if (v.reason == NPSD_R_too_big)
		return v.reason;
	second = second_reads(p + skip, n - skip, NPSD_JSON_DEPTH);
	if (second == SECOND_CANNOT_TELL)
		return v.reason;
	if (document != (second == SECOND_ACCEPTED))
		fail(p, n, document ? "accepted by npsd only" : "refused by npsd only");
	if (document && second_opens(&attributes, r->headers) != (v.reason != NPSD_R_bad_json))
		fail(p, n, "one reader finds an envelope, the other does not");
	if (v.reason == NPSD_R_ok && (text = differ(&r->ev, &attributes)))
		fail(p, n, text);
	return v.reason;
}
