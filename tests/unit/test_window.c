#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "publish/window.h"

static const struct npsd_config cfg = {.fragile_few = 30, .fragile_wide = 10, .fragile_low_rate = 0.1};
static const struct npsd_window hour = {.name = "1h", .width_s = 3600, .step_s = 60};

#define RATE(rate, lo, hi)                                                                                   \
	",\"response_rate\":" rate ",\"response_rate_lo\":" lo ",\"response_rate_hi\":" hi "}"

struct funnel {
	int64_t no_score, comments, invited, delivered;
};

/* Promoters, passives and detractors as scores 9, 7 and 2. */
static void fill(int64_t v[NPSD_NCOUNTER], int64_t p, int64_t s, int64_t d)
{
	v[NPSD_C_h9] = p;
	v[NPSD_C_h7] = s;
	v[NPSD_C_h2] = d;
}

static char *write_window(const struct npsd_window_counts *c)
{
	static char text[NPSD_WINDOW_JSON_MAX + 1];
	struct npsd_buf b;

	npsd_buf_init(&b, NPSD_WINDOW_JSON_MAX);
	text[0] = 0;
	if (npsd_window_write(&b, &cfg, &hour, c)) {
		memcpy(text, b.p, b.n);
		text[b.n] = 0;
	} else {
		cr_expect_eq(b.n, 0, "nothing is written");
	}
	npsd_buf_free(&b);
	return text;
}

static char *write_counts(const int64_t now[3], const int64_t prev[3], struct funnel f)
{
	struct npsd_window_counts c = {.from_s = 1795330800, .to_s = 1795334400, .t_ms = 1795334390123};

	fill(c.now, now[0], now[1], now[2]);
	fill(c.prev, prev[0], prev[1], prev[2]);
	c.now[NPSD_C_no_score] = f.no_score;
	c.now[NPSD_C_comments] = f.comments;
	c.now[NPSD_C_invited] = f.invited;
	c.now[NPSD_C_delivered] = f.delivered;
	return write_window(&c);
}

Test(window, partial_where_it_was_not_counted_from_its_beginning_on)
{
	static const struct {
		int64_t whole_ms;
		const char *flags;
		bool compared;
	} rows[] = {
	    {0, "[\"wide\"]", true},
	    {1795327200000, "[\"wide\"]", true},
	    {1795327200001, "[\"wide\",\"partial_prev\"]", false},
	    {1795330800000, "[\"wide\",\"partial_prev\"]", false},
	    {1795330800001, "[\"wide\",\"partial\"]", false},
	    {1795334400000, "[\"wide\",\"partial\"]", false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_window_counts c = {.from_s = 1795330800,
		    .to_s = 1795334400,
		    .t_ms = 1795334390123,
		    .whole_ms = rows[i].whole_ms};
		const char *json, *flags;

		fill(c.now, 20, 10, 10);
		fill(c.prev, 20, 10, 10);
		json = write_window(&c);
		flags = strstr(json, "\"fragile\":");
		cr_assert(flags);
		cr_expect_eq(
		    strncmp(flags + 10, rows[i].flags, strlen(rows[i].flags)), 0, "row %zu: %s", i, flags);
		cr_expect_eq(strstr(json, "\"delta\"") != NULL, rows[i].compared, "row %zu", i);
		cr_expect_eq(strstr(json, "\"significant\"") != NULL, rows[i].compared, "row %zu", i);
		cr_expect(strstr(json, "\"prev_nps\"") != NULL, "row %zu", i);
	}
}

Test(window, whole_objects)
{
	static const struct {
		int64_t now[3], prev[3];
		struct funnel funnel;
		const char *json;
	} rows[] = {
	    {{50, 30, 20}, {0}, {0},
		"{\"n\":100,\"promoters\":50,\"passives\":30,\"detractors\":20,\"scores\":[0,0,20,0,0,0,0,30,"
		"0,50,0],"
		"\"no_score\":0,\"comments\":0,\"invited\":0,\"delivered\":0,\"opened\":0,\"declined\":0,"
		"\"bounced\":0,"
		"\"unsubscribed\":0,\"prev_n\":0,\"from_ms\":1795330800000,\"to_ms\":1795334400000,"
		"\"asof_ms\":1795334390123,\"step_s\":60,\"fragile\":[\"wide\"],\"nps\":30.0000,\"nps_lo\":"
		"14.0511,"
		"\"nps_hi\":44.2013,\"mean\":7.0000,\"sd\":2.6458,\"promoter_share\":0.5000,\"passive_"
		"share\":0.3000,"
		"\"detractor_share\":0.2000}"},
	    {{0, 0, 0}, {1, 0, 2}, {0},
		"{\"n\":0,\"promoters\":0,\"passives\":0,\"detractors\":0,\"scores\":[0,0,0,0,0,0,0,0,0,0,0],"
		"\"no_score\":0,\"comments\":0,\"invited\":0,\"delivered\":0,\"opened\":0,\"declined\":0,"
		"\"bounced\":0,"
		"\"unsubscribed\":0,\"prev_n\":3,\"from_ms\":1795330800000,\"to_ms\":1795334400000,"
		"\"asof_ms\":1795334390123,\"step_s\":60,\"fragile\":[\"few\",\"volume_drop\"],\"prev_nps\":-"
		"33.3333}"},
	    {{186, 72, 42}, {165, 75, 60}, {0},
		"{\"n\":300,\"promoters\":186,\"passives\":72,\"detractors\":42,\"scores\":[0,0,42,0,0,0,0,"
		"72,0,186,0],"
		"\"no_score\":0,\"comments\":0,\"invited\":0,\"delivered\":0,\"opened\":0,\"declined\":0,"
		"\"bounced\":0,"
		"\"unsubscribed\":0,\"prev_n\":300,\"from_ms\":1795330800000,\"to_ms\":1795334400000,"
		"\"asof_ms\":1795334390123,\"step_s\":60,\"fragile\":[],\"nps\":48.0000,\"nps_lo\":39.3155,"
		"\"nps_hi\":55.7340,\"mean\":7.5400,\"sd\":2.3850,\"promoter_share\":0.6200,\"passive_"
		"share\":0.2400,"
		"\"detractor_share\":0.1400,\"prev_nps\":35.0000,\"delta\":13.0000,\"z\":2.0811,\"p_value\":"
		"0.0374,"
		"\"significant\":true}"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		cr_expect_str_eq(
		    write_counts(rows[i].now, rows[i].prev, rows[i].funnel), rows[i].json, "row %zu", i);
}

Test(window, a_window_that_counts_nothing_has_no_field)
{
	struct npsd_window_counts c = {.to_s = 3600};

	cr_expect_str_eq(write_window(&c), "");
	for (int i = 0; i < NPSD_NCOUNTER; i++) {
		struct npsd_window_counts now = c, prev = c;

		now.now[i] = 1;
		cr_expect_neq(write_window(&now)[0], 0, "counter %d", i);
		prev.prev[i] = 1;
		cr_expect_neq(write_window(&prev)[0], 0, "counter %d of the window before", i);
	}
}

Test(window, fields_stand_where_their_counts_allow)
{
	enum { ALWAYS = 1, N = 2, PREV = 4, BOTH = 8, RATE = 16 };
	static const struct {
		const char *field;
		int when;
	} fields[] = {
	    {"n", ALWAYS},
	    {"promoters", ALWAYS},
	    {"passives", ALWAYS},
	    {"detractors", ALWAYS},
	    {"scores", ALWAYS},
	    {"no_score", ALWAYS},
	    {"comments", ALWAYS},
	    {"invited", ALWAYS},
	    {"delivered", ALWAYS},
	    {"opened", ALWAYS},
	    {"declined", ALWAYS},
	    {"bounced", ALWAYS},
	    {"unsubscribed", ALWAYS},
	    {"prev_n", ALWAYS},
	    {"from_ms", ALWAYS},
	    {"to_ms", ALWAYS},
	    {"asof_ms", ALWAYS},
	    {"step_s", ALWAYS},
	    {"fragile", ALWAYS},
	    {"nps", N},
	    {"nps_lo", N},
	    {"nps_hi", N},
	    {"mean", N},
	    {"sd", N},
	    {"promoter_share", N},
	    {"passive_share", N},
	    {"detractor_share", N},
	    {"prev_nps", PREV},
	    {"delta", BOTH},
	    {"z", BOTH},
	    {"p_value", BOTH},
	    {"significant", BOTH},
	    {"response_rate", RATE},
	    {"response_rate_lo", RATE},
	    {"response_rate_hi", RATE},
	};
	static const struct {
		int64_t now[3], prev[3];
		struct funnel funnel;
		int has;
	} rows[] = {
	    {{1, 0, 0}, {0}, {0}, ALWAYS | N},
	    {{0}, {1, 0, 0}, {0}, ALWAYS | PREV},
	    {{1, 0, 0}, {1, 0, 0}, {0}, ALWAYS | N | PREV | BOTH},
	    {{0}, {0}, {.comments = 1}, ALWAYS},
	    {{0}, {0}, {.invited = 5}, ALWAYS | RATE},
	    {{0}, {0}, {.delivered = 5}, ALWAYS | RATE},
	    {{3, 1, 1}, {0}, {.delivered = 5}, ALWAYS | N | RATE},
	    {{3, 1, 1}, {0}, {.no_score = 1, .delivered = 5, .invited = 9}, ALWAYS | N}, /* 6 of 5 */
	    {{3, 1, 1}, {0}, {.no_score = 1, .invited = 6}, ALWAYS | N | RATE},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *json = write_counts(rows[i].now, rows[i].prev, rows[i].funnel);

		for (size_t k = 0; k < sizeof fields / sizeof fields[0]; k++) {
			char name[32];

			snprintf(name, sizeof name, "\"%s\":", fields[k].field);
			cr_expect_eq(strstr(json, name) != NULL, (rows[i].has & fields[k].when) != 0,
			    "row %zu, %s", i, name);
		}
	}
}

Test(window, fragile_flags_in_their_order)
{
	static const struct {
		int64_t now[3], prev[3];
		struct funnel funnel;
		const char *fragile;
	} rows[] = {
	    {{1, 0, 0}, {9, 0, 0}, {.delivered = 100}, "[\"few\",\"wide\",\"low_rate\",\"volume_drop\"]"},
	    {{0}, {0}, {.comments = 1}, "[\"few\"]"}, /* no interval without answers */
	    {{300, 0, 0}, {0}, {0}, "[]"},
	    {{29, 0, 0}, {0}, {0}, "[\"few\",\"wide\"]"},
	    {{30, 0, 0}, {0}, {0}, "[\"wide\"]"},
	    {{500, 300, 200}, {2000, 0, 0}, {0}, "[]"}, /* exactly half */
	    {{500, 300, 200}, {2001, 0, 0}, {0}, "[\"volume_drop\"]"},
	    {{500, 300, 200}, {0}, {.delivered = 10000}, "[]"}, /* exactly a tenth */
	    {{500, 300, 200}, {0}, {.delivered = 10001}, "[\"low_rate\"]"},
	    {{500, 300, 200}, {0}, {.invited = 10001}, "[\"low_rate\"]"},
	    {{500, 300, 200}, {0}, {.delivered = 1000, .invited = 99999}, "[]"},
	    {{50, 30, 20}, {0}, {0}, "[\"wide\"]"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char expect[96];

		snprintf(expect, sizeof expect, "\"fragile\":%s", rows[i].fragile);
		cr_expect_not_null(
		    strstr(write_counts(rows[i].now, rows[i].prev, rows[i].funnel), expect), "row %zu", i);
	}
}

Test(window, response_rate_is_of_all_answers_to_what_was_delivered_or_else_invited)
{
	static const struct {
		int64_t now[3];
		struct funnel funnel;
		const char *json; /* "": there is none */
	} rows[] = {
	    {{1, 1, 0}, {.delivered = 6}, RATE("0.3333", "0.0968", "0.7000")},
	    {{1, 0, 0}, {.no_score = 1, .delivered = 6}, RATE("0.3333", "0.0968", "0.7000")},
	    {{1, 1, 0}, {.delivered = 6, .invited = 300}, RATE("0.3333", "0.0968", "0.7000")},
	    {{25, 25, 25}, {.invited = 300}, RATE("0.2500", "0.2044", "0.3020")},
	    {{0}, {.delivered = 10}, RATE("0.0000", "0.0000", "0.2775")},
	    {{10, 0, 0}, {.delivered = 10}, RATE("1.0000", "0.7225", "1.0000")},
	    {{10, 0, 0}, {.no_score = 1, .delivered = 10}, ""},
	    {{10, 0, 0}, {.delivered = 9, .invited = 100}, ""}, /* no other denominator instead */
	    {{10, 0, 0}, {.comments = 10}, ""},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *json = write_counts(rows[i].now, (const int64_t[3]){0}, rows[i].funnel);
		const char *found = strstr(json, ",\"response_rate\"");

		cr_expect_str_eq(found ? found : "", rows[i].json, "row %zu", i);
	}
}

Test(window, the_funnel_is_told_stage_by_stage)
{
	struct npsd_window_counts c = {.to_s = 3600};

	for (int i = NPSD_C_no_score; i <= NPSD_C_unsubscribed; i++)
		c.now[i] = 100 + i;
	cr_expect_not_null(
	    strstr(write_window(&c), "\"no_score\":111,\"comments\":112,\"invited\":113,\"delivered\":114,"
				     "\"opened\":115,\"declined\":116,\"bounced\":117,"
				     "\"unsubscribed\":118,\"prev_n\":0,"));
}

Test(window, wide_compares_the_unrounded_interval)
{
	struct npsd_window_counts c = {.to_s = 3600};
	struct npsd_config at = cfg;
	struct npsd_buf b;

	/* 1000, 600, 400: a half interval of 3.4..; the option is set a hair to either side of it. */
	fill(c.now, 1000, 600, 400);
	for (int above = 0; above <= 1; above++) {
		at.fragile_wide = 3.42028108 + (above ? 0.0000001 : -0.0000001);
		npsd_buf_init(&b, NPSD_WINDOW_JSON_MAX);
		cr_expect(npsd_window_write(&b, &at, &hour, &c));
		npsd_buf_add(&b, "", 1);
		cr_expect_eq(strstr(b.p, "\"wide\"") == NULL, above, "%s", b.p);
		npsd_buf_free(&b);
	}
}

Test(window, the_longest_object_fits)
{
	struct npsd_window_counts c = {.from_s = -99999999999, .to_s = 99999999999, .t_ms = INT64_MIN};

	for (int i = 0; i < NPSD_NCOUNTER; i++)
		c.now[i] = c.prev[i] = 700000000000000000;
	c.now[NPSD_C_delivered] = INT64_MAX;
	cr_expect_neq(write_window(&c)[0], 0);
}
