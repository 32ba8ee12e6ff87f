/* What is stored of a partition, as text: read as it is written, and nothing else. */
#include <criterion/criterion.h>

#include "consume/stored.h"
#include "npsd/event.h"

static struct npsd_config older_config = {.hash = "older"}, *older[] = {&older_config};
static const struct npsd_config config = {.hash = "now", .older = older, .nolder = 1};

Test(stored, rulings)
{
	static const struct {
		const char *line;
		enum npsd_ruling_what what;
		struct npsd_pos from;
		int64_t to, ms;
	} rows[] = {
	    {"ahead 0:5 9", NPSD_RULING_AHEAD, {0, 5}, 9, 0},
	    {"ahead 4294967295:0 9223372036854775807", NPSD_RULING_AHEAD, {UINT32_MAX, 0}, INT64_MAX, 0},
	    {"lateness 1:7 604800000", NPSD_RULING_LATENESS, {1, 7}, 7, 604800000},
	    {"horizon 0:12 1795381445000", NPSD_RULING_HORIZON, {0, 12}, 12, 1795381445000},
	    {"horizon 0:12 -1", NPSD_RULING_HORIZON, {0, 12}, 12, -1},
	    {"gap 0:3 8 1795381445000 retention", NPSD_RULING_GAP, {0, 3}, 8, 0},
	    {"gap 1:0 0 1795381445000 recreated", NPSD_RULING_GAP, {1, 0}, 0, 0},
	    {"gap 0:3 8 1795381445000 truncated", NPSD_RULING_GAP, {0, 3}, 8, 1},
	    {"config 0:9 older 17", NPSD_RULING_CONFIG, {0, 9}, 9, 0},
	    {"config 0:9 now 17", NPSD_RULING_CONFIG, {0, 9}, 9, 1},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_ruling r;

		cr_assert(npsd_stored_ruling(&r, npsd_str(rows[i].line), &config), "%s", rows[i].line);
		cr_expect_eq(r.what, rows[i].what, "%s", rows[i].line);
		cr_expect_eq(npsd_pos_cmp(r.from, rows[i].from), 0, "%s", rows[i].line);
		cr_expect_eq(r.to, rows[i].to, "%s", rows[i].line);
		cr_expect_eq(r.ms, rows[i].ms, "%s", rows[i].line);
	}
}

Test(stored, rulings_that_nobody_has_written)
{
	static const char *const rows[] = {"", " ", "ahead", "ahead 0:5", "ahead 0:5 ", "ahead 0:5 4",
	    "ahead 0:5 9 ", "ahead 0:5 9x", "ahead  0:5 9", " ahead 0:5 9", "ahead 0:5 +9", "ahead -0:5 9",
	    "ahead 0:-5 9", "ahead 4294967296:5 9", "ahead 0:5 9223372036854775808", "ahead 05 9",
	    "ahead : 9", "behind 0:5 9", "aheads 0:5 9", "lateness 0:5 0", "lateness 0:5 -60000",
	    "lateness 0:5 1000000000000000000", "lateness 0:5 ", "horizon 0:5", "horizon 0:5 x",
	    "horizon 0:5 -", "horizon 0:5 --1", "horizon 0:5 5 5", "horizon 0:5 -1000000000000000000",
	    "gap 0:3 8", "gap 0:3 8 1", "gap 0:3 8 1 ", "gap 0:3 2 1 retention", "gap 0:3 8 1 two words",
	    "gap 0:3 8 x retention", "config 0:9 older", "config 0:9 older x", "config 0:9 older -1",
	    "config 0:9 other 17", "config 0:9  17", "config 0:9 older 268435456"};
	static const char zero[] = "ahead 0:5 9\0";
	struct npsd_ruling r;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		cr_expect_not(npsd_stored_ruling(&r, npsd_str(rows[i]), &config), "`%s`", rows[i]);
	cr_expect_not(npsd_stored_ruling(&r, (struct npsd_str){zero, sizeof zero - 1}, &config));
}

Test(stored, states)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t stream_ms, horizon_ms, lateness_ms;
	} rows[] = {
	    {"- - -", true, NPSD_TIME_NONE, NPSD_TIME_NONE, 0},
	    {"5 -3 60000", true, 5, -3, 60000},
	    {"5 - 60000", true, 5, NPSD_TIME_NONE, 60000},
	    {"", false, 0, 0, 0},
	    {"- -", false, 0, 0, 0},
	    {"- - - -", false, 0, 0, 0},
	    {"- - -5", false, 0, 0, 0},
	    {"- - -0", false, 0, 0, 0},
	    {"- - 0", false, 0, 0, 0},
	    {"-- - -", false, 0, 0, 0},
	    {"5 5 5x", false, 0, 0, 0},
	    {"5  5", false, 0, 0, 0},
	    {"1000000000000000000 - -", false, 0, 0, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_part_state s;

		cr_assert_eq(npsd_stored_state(&s, npsd_str(rows[i].text)), rows[i].ok, "`%s`", rows[i].text);
		if (rows[i].ok)
			cr_expect(s.stream_ms == rows[i].stream_ms && s.horizon_ms == rows[i].horizon_ms &&
				      s.lateness_ms == rows[i].lateness_ms,
			    "`%s`", rows[i].text);
	}
}

#define T(z)                                                                                                 \
	{                                                                                                    \
		.type = NPSD_REPLY_STR, .str = (z), .len = sizeof(z) - 1                                     \
	}

Test(stored, answers)
{
	static const struct npsd_reply rulings[] = {T("ahead 0:5 9"), T("horizon 0:12 7")},
				       bad[] = {T("ahead")};
	static const struct npsd_reply whole[] = {T("ok"), T("00ff00ff00ff00ff"), T("0:12"), T("0:0"),
	    T("5 4 1"), {.type = NPSD_REPLY_ARRAY, .el = rulings, .n = 2}, T("")};
	const struct {
		size_t at;
		struct npsd_reply el;
		bool ok;
	} rows[] = {
	    {0, T("ok"), true},
	    {6, T("0:7"), true},
	    {6, T("0:"), false},
	    {1, T(""), false},
	    {1, T("00ff00ff00ff00ff0"), false},
	    {1, {.type = NPSD_REPLY_INT, .integer = 5}, false},
	    {2, {.type = NPSD_REPLY_NIL}, false},
	    {2, T("0:-12"), false},
	    {3, T("x"), false},
	    {4, T("- -"), false},
	    {5, T(""), false},
	    {5, {.type = NPSD_REPLY_ARRAY, .el = bad, .n = 1}, false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_part_state s = {.tp = {0, 3}};
		struct npsd_reply el[7], r = {.type = NPSD_REPLY_ARRAY, .el = el, .n = 7};
		struct npsd_ruling *got;
		size_t n;

		memcpy(el, whole, sizeof el);
		el[rows[i].at] = rows[i].el;
		cr_expect_eq(npsd_stored_part(&s, &got, &n, &r, &config), rows[i].ok, "row %zu", i);
		if (rows[i].ok)
			cr_expect(n == 2 && got[1].ms == 7 && s.pos.offset == 12 && s.lateness_ms == 1 &&
				  s.tp.part == 3);
		free(got);
		r.n = 6;
		cr_expect_not(npsd_stored_part(&s, &got, &n, &r, &config), "one too few");
		free(got);
	}
}

/* Rulings on records before a cut hold in the next incarnation; those on records that are gone do not. */
Test(stored, rulings_before_a_cut_hold_after_it)
{
	static const struct npsd_reply rulings[] = {T("ahead 0:5 9"), T("horizon 0:12 7"),
	    T("lateness 0:2 5"), T("ahead 0:20 22"), T("gap 0:8 30 1 truncated"), T("ahead 1:8 9"),
	    T("gap 1:20 30 1 truncated")};
	static const struct npsd_reply el[] = {T("ok"), T("00ff00ff00ff00ff"), T("2:21"), T("0:3"),
	    T("5 4 1"), {.type = NPSD_REPLY_ARRAY, .el = rulings, .n = 7}, T("")};
	static const struct npsd_reply r = {.type = NPSD_REPLY_ARRAY, .el = el, .n = 7};
	static const struct {
		uint32_t inc;
		int64_t from, to;
	} expect[] = {{2, 5, 8}, {0, 12, 12}, {2, 2, 2}, {0, 20, 22}, {0, 8, 30}, {2, 8, 9}, {1, 20, 30}};
	struct npsd_part_state s = {.tp = {0, 3}};
	struct npsd_ruling *got;
	size_t n;

	cr_assert(npsd_stored_part(&s, &got, &n, &r, &config));
	cr_assert_eq(n, 7);
	for (size_t i = 0; i < n; i++)
		cr_expect(got[i].from.inc == expect[i].inc && got[i].from.offset == expect[i].from &&
			      got[i].to == expect[i].to,
		    "ruling %zu", i);
	cr_expect(s.base.inc == 2 && s.base.offset == 3);
	free(got);
}
