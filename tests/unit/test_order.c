/*
 * The contract's "Order" and "Time", sentence by sentence: events of one response or one invitation, the fate
 * of each, what counts behind the last, and what was told.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "help_count.h"

#define MINUTE 60000LL
#define T0 ((RIG_NOW - 30 * 1440 * MINUTE) / MINUTE * MINUTE) /* minute 0 of the rows */
#define STEPS 7
#define WHOLE "\"survey_kind\":\"other\",\"location\":\"l\",\"score\":9"

/* fate: counted, duplicate, late, unknown_update; 0 behind the last step. In `more`, @N is minute N. */
struct step {
	int minute;
	const char *type, *more;
	char fate;
};

/* counts: `KIND/CHANNEL@MINUTE COUNTER=N,...;` of all that is not 0, KIND by its first letter */
struct row {
	const char *name;
	struct step step[STEPS];
	const char *counts, *told;
};

static const char *const options[] = {"segments=[[channel]]", "lateness=1h"};
static const char *const counter_names[] = {
#define X(group, name, meaning) #name,
#include "tbl/counters.def"
#undef X
};

static void push_step(struct rig *r, const struct step *s, int64_t offset)
{
	char json[1024];
	bool survey = strncmp(s->type, "survey.", 7) == 0;
	int n = snprintf(json, sizeof json, "{\"type\":\"%s\",\"%s\":\"r\"", s->type,
	    survey ? "invitation_id" : "response_id");

	if (survey || strcmp(s->type, "response.submitted") == 0)
		n += snprintf(json + n, sizeof json - (size_t)n, "," WHOLE);
	for (const char *p = s->more; *p; p++) {
		char *end = NULL;

		if (*p == '@') {
			n += snprintf(json + n, sizeof json - (size_t)n, "%" PRId64,
			    (int64_t)(T0 + strtol(p + 1, &end, 10) * MINUTE));
			p = end - 1;
		} else {
			json[n++] = *p;
		}
	}
	snprintf(json + n, sizeof json - (size_t)n, "}");
	rig_record(r, 0, offset, T0 + s->minute * MINUTE, json);
}

static char fate_of(const struct rig *r)
{
	if (rig_total(r, "late:unknown_update"))
		return 'u';
	return rig_total(r, "counted")	   ? 'c'
	       : rig_total(r, "duplicate") ? 'd'
	       : rig_total(r, "late")	   ? 'l'
					   : '?';
}

static int compare_deltas(const void *a, const void *b)
{
	const struct rig_delta *x = a, *y = b;
	int c = strcmp(x->seg, y->seg);

	return c ? c : x->pane_s < y->pane_s ? -1 : x->pane_s > y->pane_s;
}

static void write_counts(char *out, size_t size, struct rig *r)
{
	size_t n = 0;

	out[0] = 0;
	if (r->ndelta)
		qsort(r->delta, r->ndelta, sizeof *r->delta, compare_deltas);
	for (size_t i = 0, end; i < r->ndelta; i = end) {
		struct rig_delta *d = &r->delta[i];
		bool any = false;

		for (end = i + 1; end < r->ndelta && compare_deltas(d, &r->delta[end]) == 0; end++)
			for (int c = 0; c < NPSD_NCOUNTER; c++)
				d->v[c] += r->delta[end].v[c];
		for (int c = 0; c < NPSD_NCOUNTER; c++) {
			if (d->v[c] == 0)
				continue;
			if (!any)
				n += (size_t)snprintf(out + n, size - n, "%s%c/%s@%" PRId64 " ",
				    n ? "; " : "", d->seg[5], strstr(d->seg, "channel=") + 8,
				    (int64_t)(d->pane_s - T0 / 1000) / 60);
			n += (size_t)snprintf(
			    out + n, size - n, "%s%s=%" PRId64, any ? "," : "", counter_names[c], d->v[c]);
			any = true;
		}
	}
}

static void check_row(const struct row *row)
{
	struct rig *r = rig_new(options, 2);
	char fates[STEPS + 1] = "", want[STEPS + 1] = "", counts[1024], told[256] = "";

	rig_take(r, 0, 0, 0);
	for (int i = 0; i < STEPS && row->step[i].fate; i++) {
		push_step(r, &row->step[i], i);
		rig_run(r);
		fates[i] = fate_of(r);
		want[i] = row->step[i].fate;
		r->ntotal = 0; /* the next step's alone */
	}
	cr_expect_str_eq(fates, want, "%s: %s, not %s", row->name, fates, want);
	write_counts(counts, sizeof counts, r);
	cr_expect_str_eq(counts, row->counts, "%s: %s", row->name, counts);
	for (size_t i = 0; i < r->nalert; i++)
		snprintf(told + strlen(told), sizeof told - strlen(told), "%s%s:%s", i ? " " : "",
		    r->alert[i].kind, strchr(r->alert[i].id, ':') + 1);
	cr_expect_str_eq(told, row->told, "%s: %s", row->name, told);
	rig_free(&r);
}

#define SUB "response.submitted"
#define UPD "response.updated"
#define RET "response.retracted"
#define CHECK(rows)                                                                                          \
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++)                                          \
	check_row(&(rows)[i])

Test(order, newer_or_duplicate)
{
	static const struct row rows[] = {
	    {"neither revision nor updated_at: the later offset",
		{{0, SUB, "", 'c'}, {0, SUB, ",\"score\":8", 'c'}}, "o/__none__@0 h8=1", ""},
	    {"both a revision",
		{{0, SUB, ",\"revision\":2", 'c'}, {1, SUB, ",\"revision\":2,\"score\":8", 'd'},
		    {1, UPD, ",\"revision\":1,\"score\":8", 'd'},
		    {1, UPD, ",\"revision\":3,\"score\":7", 'c'}},
		"o/__none__@0 h7=1", ""},
	    {"only one a revision: updated_at",
		{{9, SUB, ",\"updated_at\":@5", 'c'}, {9, UPD, ",\"revision\":7,\"updated_at\":@5", 'd'},
		    {9, UPD, ",\"revision\":7,\"updated_at\":@6,\"score\":8", 'c'},
		    {9, UPD, ",\"revision\":6,\"updated_at\":@7", 'd'}},
		"o/__none__@5 h8=1", ""},
	    {"an applied event without them keeps the stored ones",
		{{0, SUB, ",\"revision\":3,\"updated_at\":@0", 'c'}, {1, UPD, ",\"score\":8", 'c'},
		    {1, UPD, ",\"revision\":3", 'd'}, {1, UPD, ",\"updated_at\":@0", 'd'},
		    {1, UPD, ",\"revision\":4", 'c'}},
		"o/__none__@0 h8=1", ""},
	    {"a retraction is ordered like any other",
		{{0, SUB, ",\"revision\":3", 'c'}, {1, RET, ",\"revision\":2", 'd'},
		    {1, RET, ",\"revision\":3", 'd'}},
		"o/__none__@0 h9=1", ""},
	    {"duplicate before late",
		{{0, SUB, ",\"revision\":3", 'c'}, {1, SUB, ",\"revision\":3,\"responded_at\":@-999", 'd'},
		    {1, RET, ",\"revision\":4", 'c'}, {1, SUB, ",\"revision\":4,\"responded_at\":@-999", 'd'},
		    {1, UPD, ",\"revision\":4", 'd'}},
		"", ""},
	};

	CHECK(rows);
}

Test(order, submitted_and_updated)
{
	static const struct row rows[] = {
	    {"submitted replaces the content",
		{{0, SUB, ",\"channel\":\"a\",\"comment\":\"c\"", 'c'}, {1, SUB, ",\"score\":8", 'c'}},
		"o/__none__@0 h8=1", ""},
	    {"updated keeps what it does not mention",
		{{0, SUB, ",\"channel\":\"a\",\"comment\":\"c\"", 'c'}, {1, UPD, ",\"score\":8", 'c'}},
		"o/a@0 h8=1,comments=1", ""},
	    {"null mentions nothing, but for the score",
		{{0, SUB, ",\"channel\":\"a\",\"comment\":\"c\"", 'c'},
		    {1, UPD, ",\"channel\":null,\"comment\":null,\"survey_kind\":null,\"score\":null", 'c'}},
		"o/a@0 no_score=1,comments=1", ""},
	    {"an empty text takes away",
		{{0, SUB, ",\"channel\":\"a\",\"comment\":\"c\"", 'c'},
		    {1, UPD, ",\"channel\":\"\",\"comment\":\"\"", 'c'}},
		"o/__none__@0 h9=1", ""},
	    {"what is mentioned moves, in its pane",
		{{0, SUB, ",\"channel\":\"a\"", 'c'},
		    {5, UPD, ",\"channel\":\"b\",\"survey_kind\":\"relational\",\"responded_at\":@4", 'c'}},
		"r/b@0 h9=1", ""},
	    {"an updated that stands alone creates",
		{{5, UPD, "," WHOLE ",\"responded_at\":@1", 'c'}, {6, UPD, ",\"score\":8", 'c'}},
		"o/__none__@1 h8=1", ""},
	    {"without a score is a score too",
		{{5, UPD, "," WHOLE ",\"score\":null,\"responded_at\":@1", 'c'}}, "o/__none__@1 no_score=1",
		""},
	    {"without responded_at", {{5, UPD, "," WHOLE ",\"at\":@1,\"updated_at\":@1", 'u'}}, "", ""},
	    {"without a kind",
		{{5, UPD, ",\"location\":\"l\",\"score\":9,\"responded_at\":@1", 'u'},
		    {5, UPD, "," WHOLE ",\"survey_kind\":null,\"responded_at\":@1", 'u'}},
		"", ""},
	    {"without a location",
		{{5, UPD, ",\"survey_kind\":\"other\",\"score\":9,\"responded_at\":@1", 'u'}}, "", ""},
	    {"without a score",
		{{5, UPD, ",\"survey_kind\":\"other\",\"location\":\"l\",\"responded_at\":@1", 'u'}}, "", ""},
	    {"beyond the horizon: late, and its order is not what is wrong",
		{{0, SUB, ",\"response_id\":\"q\"", 'c'}, {5, UPD, "," WHOLE ",\"responded_at\":@-56", 'l'}},
		"o/__none__@0 h9=1", ""},
	    {"a late one is not known",
		{{5, UPD, ",\"score\":3", 'u'}, {6, SUB, ",\"responded_at\":@1", 'c'}}, "o/__none__@1 h9=1",
		""},
	};

	CHECK(rows);
}

Test(order, retracted_and_revived)
{
	static const struct row rows[] = {
	    {"a retraction subtracts",
		{{0, SUB, ",\"channel\":\"a\",\"comment\":\"c\"", 'c'}, {1, RET, "", 'c'}}, "", ""},
	    {"it looks at nothing but its id and order",
		{{0, SUB, "", 'c'}, {1, RET, ",\"score\":99,\"channel\":\"z\"", 'c'}}, "", ""},
	    {"excluded is one",
		{{0, SUB, "", 'c'}, {1, SUB, ",\"excluded\":true", 'c'},
		    {1, UPD, ",\"excluded\":\"true\"", 'd'}},
		"", ""},
	    {"of an unknown response: known as retracted",
		{{0, RET, ",\"revision\":5", 'c'}, {1, SUB, ",\"revision\":4", 'd'},
		    {1, SUB, ",\"revision\":6", 'c'}},
		"o/__none__@1 h9=1", ""},
	    {"its time falls back like any other, beyond the horizon it is late",
		{{0, SUB, ",\"response_id\":\"q\"", 'c'}, {1, RET, ",\"updated_at\":@-60", 'l'},
		    {1, RET, ",\"at\":@-60,\"updated_at\":@1", 'l'},
		    {1, RET, ",\"responded_at\":@-59,\"at\":@-60", 'c'}, {1, RET, "", 'd'}},
		"o/__none__@0 h9=1", ""},
	    {"of a retracted one: a duplicate, whose order is kept if newer",
		{{0, SUB, "", 'c'}, {0, RET, ",\"revision\":1", 'c'}, {0, RET, ",\"revision\":3", 'd'},
		    {0, SUB, ",\"revision\":2", 'd'}, {0, RET, ",\"revision\":2", 'd'},
		    {0, SUB, ",\"revision\":3", 'd'}, {0, SUB, ",\"revision\":4", 'c'}},
		"o/__none__@0 h9=1", ""},
	    {"and which does not prolong memory",
		{{0, RET, ",\"revision\":5", 'c'}, {50, RET, ",\"revision\":6", 'd'},
		    {61, SUB, ",\"revision\":1,\"responded_at\":@2", 'c'}},
		"o/__none__@2 h9=1", ""},
	    {"a revival sets the event time anew",
		{{0, SUB, ",\"responded_at\":@-5", 'c'}, {1, RET, "", 'c'},
		    {2, SUB, ",\"responded_at\":@-3,\"score\":8", 'c'},
		    {3, SUB, ",\"responded_at\":@-1,\"score\":7", 'c'}},
		"o/__none__@-3 h7=1", ""},
	    {"and is decision by late like a first event",
		{{0, SUB, "", 'c'}, {1, RET, "", 'c'}, {2, SUB, ",\"responded_at\":@-59", 'l'},
		    {2, UPD, "," WHOLE ",\"responded_at\":@-59", 'l'},
		    {2, UPD, "," WHOLE ",\"responded_at\":@-58", 'c'}},
		"o/__none__@-58 h9=1", ""},
	    {"an updated must stand alone to revive",
		{{0, SUB, "", 'c'}, {1, RET, "", 'c'}, {2, UPD, "," WHOLE, 'u'},
		    {2, UPD, ",\"score\":9,\"responded_at\":@1", 'u'},
		    {2, UPD, "," WHOLE ",\"responded_at\":@1", 'c'}},
		"o/__none__@1 h9=1", ""},
	    {"nothing of the old content is left",
		{{0, SUB, ",\"channel\":\"a\",\"comment\":\"c\"", 'c'}, {1, RET, "", 'c'},
		    {2, UPD, "," WHOLE ",\"responded_at\":@1", 'c'}},
		"o/__none__@1 h9=1", ""},
	    {"its order stays known",
		{{0, SUB, ",\"revision\":4", 'c'}, {1, RET, "", 'c'}, {2, SUB, ",\"revision\":4", 'd'},
		    {2, SUB, ",\"revision\":5", 'c'}},
		"o/__none__@2 h9=1", ""},
	    {"the sequence goes on",
		{{0, SUB, ",\"score\":3", 'c'}, {1, UPD, ",\"score\":2", 'c'}, {2, RET, "", 'c'},
		    {3, SUB, ",\"score\":1", 'c'}, {4, RET, ",\"excluded\":true", 'c'}, {5, RET, "", 'd'},
		    {6, SUB, ",\"score\":9", 'c'}},
		"o/__none__@6 h9=1", "raised:1 changed:2 retracted:3 raised:4 retracted:5"},
	};

	CHECK(rows);
}

Test(order, event_time_and_memory)
{
	static const struct row rows[] = {
	    {"responded_at, else at, updated_at, the record's timestamp",
		{{9, SUB, ",\"responded_at\":@1,\"at\":@2,\"updated_at\":@3,\"channel\":\"a\"", 'c'},
		    {9, SUB, ",\"response_id\":\"2\",\"at\":@2,\"updated_at\":@3,\"channel\":\"b\"", 'c'},
		    {9, SUB, ",\"response_id\":\"3\",\"updated_at\":@3,\"channel\":\"c\"", 'c'},
		    {9, SUB, ",\"response_id\":\"4\",\"channel\":\"d\"", 'c'}},
		"o/a@1 h9=1; o/b@2 h9=1; o/c@3 h9=1; o/d@9 h9=1", ""},
	    {"later events never move it",
		{{0, SUB, ",\"responded_at\":@-5", 'c'}, {1, SUB, ",\"responded_at\":@1", 'c'},
		    {2, UPD, ",\"responded_at\":@2,\"updated_at\":@2", 'c'}},
		"o/__none__@-5 h9=1", ""},
	    {"known while stream time as of its last counted event is not before the horizon",
		{{0, SUB, ",\"responded_at\":@-30", 'c'}, {60, UPD, ",\"score\":8", 'c'},
		    {120, UPD, ",\"score\":7", 'c'}, {181, UPD, ",\"score\":6", 'u'}},
		"o/__none__@-30 h7=1", ""},
	    {"or its event time, where that is later",
		{{0, SUB, ",\"responded_at\":@4", 'c'}, {64, UPD, ",\"score\":8", 'c'}}, "o/__none__@4 h8=1",
		""},
	    {"a duplicate does not prolong it",
		{{0, SUB, ",\"revision\":2", 'c'}, {50, SUB, ",\"revision\":2", 'd'},
		    {61, UPD, ",\"score\":8", 'u'}},
		"o/__none__@0 h9=1", ""},
	    {"a record moves the horizon before it is decision",
		{{0, SUB, "", 'c'}, {61, SUB, ",\"response_id\":\"q\",\"responded_at\":@0", 'l'},
		    {61, SUB, ",\"response_id\":\"q\",\"responded_at\":@1", 'c'}},
		"o/__none__@0 h9=1; o/__none__@1 h9=1", ""},
	    {"a late one moves it too, and it never moves back",
		{{61, SUB, ",\"responded_at\":@0", 'l'}, {0, SUB, ",\"responded_at\":@0", 'l'},
		    {0, SUB, ",\"responded_at\":@1", 'c'}},
		"o/__none__@1 h9=1", ""},
	};

	CHECK(rows);
}

Test(order, stages_of_an_invitation)
{
	static const struct row rows[] = {
	    {"each stage once, in the pane of its own event time",
		{{9, "survey.invited", ",\"at\":@1", 'c'}, {9, "survey.delivered", ",\"at\":@2", 'c'},
		    {9, "survey.opened", ",\"invited_at\":@3", 'c'},
		    {9, "survey.declined", ",\"at\":@2", 'c'}, {9, "survey.bounced", "", 'c'},
		    {9, "survey.unsubscribed", ",\"at\":@9", 'c'},
		    {10, "survey.bounced", ",\"at\":@10", 'd'}},
		"o/__none__@1 invited=1; o/__none__@2 delivered=1,declined=1; o/__none__@3 opened=1; "
		"o/__none__@9 bounced=1,unsubscribed=1",
		""},
	    {"a repeat is a duplicate, whatever its order or time",
		{{0, "survey.invited", ",\"revision\":1", 'c'},
		    {1, "survey.invited", ",\"revision\":2,\"updated_at\":@1", 'd'},
		    {1, "survey.invited", ",\"at\":@-999", 'd'}},
		"o/__none__@0 invited=1", ""},
	    {"in the segments of the event itself",
		{{0, "survey.invited", ",\"channel\":\"a\"", 'c'},
		    {0, "survey.opened", ",\"channel\":\"b\",\"survey_kind\":\"relational\"", 'c'},
		    {0, "survey.bounced", ",\"comment\":\"no\"", 'c'}},
		"o/__none__@0 bounced=1; o/a@0 invited=1; r/b@0 opened=1", ""},
	    {"a score and what excludes mean nothing",
		{{0, "survey.opened", ",\"score\":99,\"scale\":1,\"excluded\":true", 'c'}},
		"o/__none__@0 opened=1", ""},
	    {"of an unknown one beyond the horizon: late",
		{{0, "survey.invited", ",\"at\":@-61", 'l'}, {0, "survey.invited", ",\"at\":@-60", 'c'}},
		"o/__none__@-60 invited=1", ""},
	    {"of a known one beyond the horizon that held when it became known: late",
		{{0, "survey.invited", "", 'c'}, {50, "survey.opened", ",\"at\":@-60", 'c'},
		    {50, "survey.delivered", ",\"at\":@-61", 'l'}},
		"o/__none__@-60 opened=1; o/__none__@0 invited=1", ""},
	    {"what was forgotten counts no second time when the invitation is known again",
		{{0, "survey.invited", "", 'c'}, {61, "survey.opened", ",\"at\":@61", 'c'},
		    {61, "survey.invited", ",\"at\":@0", 'l'}},
		"o/__none__@0 invited=1; o/__none__@61 opened=1", ""},
	    {"known by the latest of its stages, not by the last",
		{{0, "survey.invited", ",\"at\":@4", 'c'}, {0, "survey.opened", ",\"at\":@0", 'c'},
		    {63, "survey.invited", ",\"at\":@4", 'd'}},
		"o/__none__@0 opened=1; o/__none__@4 invited=1", ""},
	    {"known as of its last counted event, by stream time",
		{{0, "survey.invited", ",\"at\":@-10", 'c'}, {60, "survey.opened", ",\"at\":@1", 'c'},
		    {120, "survey.invited", ",\"at\":@100", 'd'},
		    {121, "survey.invited", ",\"at\":@100", 'c'}},
		"o/__none__@-10 invited=1; o/__none__@1 opened=1; o/__none__@100 invited=1", ""},
	    {"or by its event time, where that is later",
		{{0, "survey.invited", ",\"at\":@4", 'c'}, {64, "survey.invited", ",\"at\":@60", 'd'}},
		"o/__none__@4 invited=1", ""},
	    {"invitations and responses are apart",
		{{0, "survey.invited", "", 'c'}, {0, SUB, "", 'c'}, {0, "survey.invited", "", 'd'}},
		"o/__none__@0 h9=1,invited=1", ""},
	};

	CHECK(rows);
}

/* One event that edits each field: what the others say stays. */
Test(order, each_attribute_is_a_field_of_its_own)
{
	static const char *const sets[] = {
	    "segments=[[attributes.a, attributes.b], [theme], [location, team]]"};
	struct rig *r = rig_new(sets, 1);

	rig_take(r, 0, 0, 0);
	rig_record(r, 0, 0, RIG_NOW,
	    "{\"type\":\"" SUB "\",\"response_id\":\"r\"," WHOLE
	    ",\"attributes\":{\"a\":\"1\",\"b\":\"2\"},\"themes\":[\"x\",\"y\"],\"team\":\"o\"}");
	rig_record(r, 0, 1, RIG_NOW,
	    "{\"type\":\"" UPD "\",\"response_id\":\"r\",\"attributes\":{\"a\":\"3\",\"b\":null}}");
	rig_record(r, 0, 2, RIG_NOW, "{\"type\":\"" UPD "\",\"response_id\":\"r\",\"themes\":[\"y\",\"z\"]}");
	rig_record(r, 0, 3, RIG_NOW, "{\"type\":\"" UPD "\",\"response_id\":\"r\",\"location\":\"m/n\"}");
	rig_run(r);
	cr_expect_eq(rig_total(r, "counted"), 4);
	cr_expect_eq(rig_sum(r, "kind=other,attributes.a=1,attributes.b=2", -1, NPSD_C_h9), 0);
	cr_expect_eq(rig_sum(r, "kind=other,attributes.a=3,attributes.b=2", -1, NPSD_C_h9), 1);
	cr_expect_eq(rig_sum(r, "kind=other,theme=x", -1, NPSD_C_h9), 0);
	cr_expect_eq(rig_sum(r, "kind=other,theme=y", -1, NPSD_C_h9), 1);
	cr_expect_eq(rig_sum(r, "kind=other,theme=z", -1, NPSD_C_h9), 1);
	cr_expect_eq(rig_sum(r, "kind=other,location=l,team=o", -1, NPSD_C_h9), 0);
	cr_expect_eq(rig_sum(r, "kind=other,location=m,team=o", -1, NPSD_C_h9), 1);
	cr_expect_eq(rig_sum(r, "kind=other,location=m/n,team=o", -1, NPSD_C_h9), 1);
	rig_free(&r);
}

/* defaults.survey_kind and location.required bear on what an `updated` that creates must have. */
Test(order, what_options_ask_of_an_update)
{
	static const char *const sets[] = {
	    "segments=[[location]]", "defaults.survey_kind=relational", "location.required=false"};
	struct rig *r = rig_new(sets, 3);

	rig_take(r, 0, 0, 0);
	rig_record(r, 0, 0, RIG_NOW,
	    "{\"type\":\"" UPD "\",\"response_id\":\"r\",\"score\":9,\"responded_at\":1795381445000}");
	rig_record(
	    r, 0, 1, RIG_NOW, "{\"type\":\"" UPD "\",\"response_id\":\"r\",\"survey_kind\":\"other\"}");
	rig_record(r, 0, 2, RIG_NOW, "{\"type\":\"" UPD "\",\"response_id\":\"r\",\"score\":8}");
	rig_run(r);
	cr_expect_eq(rig_total(r, "counted"), 3);
	cr_expect_eq(rig_sum(r, "kind=relational,location=__none__", -1, NPSD_C_h9), 0);
	cr_expect_eq(rig_sum(r, "kind=other,location=__none__", -1, NPSD_C_h8), 1, "an edit has no default");
	rig_free(&r);
}

/* `undated` and `other:DIM` are of answers: not of retractions, not of invitations. */
Test(order, what_meta_counts)
{
	static const char *const sets[] = {"segments=[[team]]", "caps.team=1"};
	static const char *const values[] = {"{\"type\":\"" SUB "\",\"response_id\":\"a\"," WHOLE
					     ",\"team\":\"t\"}",
	    "{\"type\":\"" SUB "\",\"response_id\":\"b\"," WHOLE ",\"team\":\"u\",\"at\":1795381445}",
	    "{\"type\":\"" UPD "\",\"response_id\":\"a\",\"team\":\"v\"}",
	    "{\"type\":\"" RET "\",\"response_id\":\"b\"}", "{\"type\":\"" RET "\",\"response_id\":\"c\"}",
	    "{\"type\":\"survey.invited\",\"invitation_id\":\"a\"," WHOLE ",\"team\":\"v\"}"};
	struct rig *r = rig_new(sets, 2);

	rig_take(r, 0, 0, 0);
	for (int i = 0; i < 6; i++)
		rig_record(r, 0, i, RIG_NOW, values[i]);
	rig_run(r);
	cr_expect_eq(rig_total(r, "counted"), 6);
	cr_expect_eq(rig_meta(r, "undated"), 1);
	cr_expect_eq(rig_meta(r, "other:team"), 1);
	cr_expect_eq(rig_sum(r, "kind=other,team=__other__", -1, NPSD_C_invited), 1);
	rig_free(&r);
}
