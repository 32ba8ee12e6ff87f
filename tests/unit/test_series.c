/* Series against a server: the panes of a segment as they are, how they follow, and what sweeps make good. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "help_publish.h"
#include "publish/pub.h"

#define EPOCH 1795334390000
#define SERIES(seg, step) "nps:series:{kind=transactional" seg "}:" step
#define SWEEP_MS 600000
#define MIN INT64_C(60000)
#define PANE0 (HELP_T0 / MIN * 60) /* its start in s */

static struct help_publish h;

/* Series of the sets all and location, in minutes (windows of 1h) and 5 minutes (24h). */
static void open_publish(void)
{
	help_publish_open(&h);
	h.cfg.series_sets = 3;
	h.cfg.series_step_s[0] = 300;
	h.cfg.series_step_s[1] = 60;
	h.cfg.nseries_steps = 2;
}

static void close_publish(void)
{
	help_publish_close(&h);
}

TestSuite(series, .init = open_publish, .fini = close_publish, .timeout = 120);

#define DO(...) help_redis_do(&h.redis, __VA_ARGS__, NULL)

static void sweep(void)
{
	help_publish_wait(&h, SWEEP_MS);
	for (int i = 0; i < 6; i++)
		help_publish_wait(&h, 1000);
	cr_assert(npsd_pub_clean(h.pub));
}

/* The value of a pane, by its distance in minutes from the one of HELP_T0; "nil": none. */
static const char *pane(const char *key, int minutes)
{
	char field[24];

	snprintf(field, sizeof field, "%lld", (long long)(PANE0 + minutes * 60));
	return DO("HGET", key, field);
}

static int number_of_series(void)
{
	return atoi(DO("EVAL", "return #redis.call('KEYS', 'nps:series:*')", "0"));
}

Test(series, a_pane_is_promoters_passives_detractors)
{
	help_publish_count(&h, "location=north", HELP_T0, 10, 3);
	help_publish_count(&h, "location=north", HELP_T0, 7, 2);
	help_publish_count(&h, "location=north", HELP_T0 - 5 * MIN, 0, 4);
	help_publish_count(&h, "location=north,channel=email", HELP_T0, 10, 3);
	help_publish_rest(&h, EPOCH);
	cr_expect_str_eq(pane(SERIES(",location=north", "1m"), 0), "3 2 0");
	cr_expect_str_eq(pane(SERIES(",location=north", "1m"), -5), "0 0 4");
	cr_expect_str_eq(DO("HLEN", SERIES(",location=north", "1m")), "2");
	/* 07:59 lies in the five minutes from 07:55 */
	cr_expect_str_eq(pane(SERIES(",location=north", "5m"), -4), "3 2 0");
	cr_expect_str_eq(pane(SERIES(",location=north", "5m"), -9), "0 0 4");
	cr_expect_str_eq(DO("HLEN", SERIES(",location=north", "5m")), "2");
	cr_expect_eq(number_of_series(), 2, "its set alone has series");
}

Test(series, changed_panes_follow_and_the_others_are_left_alone)
{
	help_publish_count(&h, "", HELP_T0 - 30 * MIN, 9, 1);
	help_publish_count(&h, "", HELP_T0 - 10 * MIN, 9, 1);
	help_publish_rest(&h, EPOCH);
	DO("HSET", SERIES("", "1m"), "untouched", "x");
	help_publish_count(&h, "", HELP_T0 - 10 * MIN, 2, 1);
	help_publish_count(&h, "", HELP_T0, 8, 1);
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(pane(SERIES("", "1m"), -10), "1 0 1");
	cr_expect_str_eq(pane(SERIES("", "1m"), 0), "0 1 0");
	cr_expect_str_eq(DO("HGET", SERIES("", "1m"), "untouched"), "x");
	/* withdrawn: the pane counts nothing, and goes */
	help_publish_count(&h, "", HELP_T0 - 10 * MIN, 2, -1);
	help_publish_count(&h, "", HELP_T0 - 10 * MIN, 9, -1);
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(pane(SERIES("", "1m"), -10), "nil");
	cr_expect_str_eq(pane(SERIES("", "1m"), -30), "1 0 0");
}

/* Of minutes two hours are kept: those of the widest window, and of the one before it. */
Test(series, panes_go_with_the_windows)
{
	help_publish_count(&h, "", HELP_T0 - 118 * MIN, 9, 1);
	help_publish_count(&h, "", HELP_T0 - 117 * MIN, 9, 2);
	help_publish_count(&h, "", HELP_T0 - 1 * MIN, 9, 3);
	help_publish_rest(&h, EPOCH);
	cr_expect_str_eq(DO("HLEN", SERIES("", "1m")), "3");
	help_publish_turn(&h, HELP_T0 + 2 * MIN);
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(pane(SERIES("", "1m"), -118), "nil");
	cr_expect_str_eq(pane(SERIES("", "1m"), -117), "2 0 0");
	help_publish_turn(&h, HELP_T0 + 100 * MIN);
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(DO("HLEN", SERIES("", "1m")), "1");
	help_publish_turn(&h, HELP_T0 + 200 * MIN);
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(DO("EXISTS", SERIES("", "1m")), "0");
	cr_expect_eq(number_of_series(), 1, "five minutes are kept for two days");
	help_publish_turn(&h, HELP_T0 + 5 * 1440 * MIN);
	help_publish_wait(&h, 1000);
	cr_expect_eq(number_of_series(), 0);
}

/* Counted ahead of t: it is no window's yet, and comes in with t. */
Test(series, what_was_counted_ahead_comes_in)
{
	help_publish_count(&h, "", HELP_T0, 9, 1);
	help_publish_rest(&h, EPOCH);
	help_publish_count(&h, "", HELP_T0 + 3 * MIN, 2, 1);
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(pane(SERIES("", "1m"), 3), "nil");
	help_publish_turn(&h, HELP_T0 + 1 * MIN);
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(pane(SERIES("", "1m"), 3), "nil");
	help_publish_turn(&h, HELP_T0 + 4 * MIN);
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(pane(SERIES("", "1m"), 3), "0 0 1");
}

Test(series, a_sweep_makes_good_what_was_altered)
{
	static const char *const gone[] = {SERIES("", "1h"), SERIES(",location=south", "1m"),
	    SERIES(",location=atlantis", "1m"), SERIES(",location=north,channel=email", "1m"),
	    "nps:series:garbage", "nps:series:{}:1m", "nps:series:{kind=transactional}"};

	help_publish_count(&h, "", HELP_T0, 9, 1);
	help_publish_count(&h, "location=north", HELP_T0, 9, 2);
	help_publish_count(&h, "location=north,channel=email", HELP_T0, 9, 1);
	help_publish_rest(&h, EPOCH);
	DO("HSET", SERIES("", "1m"), "60", "1 1 1");
	DO("DEL", SERIES("", "5m"));
	DO("SET", SERIES(",location=north", "1m"), "a string");
	for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
		DO("HSET", gone[i], "60", "1 1 1");
		help_publish_register(&h, gone[i]);
	}
	DO("SET", "nps:series", "stays");
	sweep();
	cr_expect_str_eq(DO("HLEN", SERIES("", "1m")), "1");
	cr_expect_str_eq(pane(SERIES("", "5m"), -4), "1 0 0");
	cr_expect_str_eq(pane(SERIES(",location=north", "1m"), 0), "2 0 0");
	for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
		cr_expect_str_eq(DO("EXISTS", gone[i]), "0", "%s", gone[i]);
	cr_expect_str_eq(DO("EXISTS", "nps:series"), "1");
	cr_expect_eq(number_of_series(), 4);
}

Test(series, one_that_is_no_hash_is_replaced_by_the_next_change)
{
	help_publish_count(&h, "", HELP_T0 - 20 * MIN, 9, 1);
	help_publish_rest(&h, EPOCH);
	DO("SET", SERIES("", "1m"), "a string");
	help_publish_count(&h, "", HELP_T0, 9, 1);
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(DO("HLEN", SERIES("", "1m")), "2");
	cr_expect_str_eq(pane(SERIES("", "1m"), -20), "1 0 0");
}

Test(series, after_a_lost_call_all_is_told)
{
	help_publish_count(&h, "", HELP_T0 - 20 * MIN, 9, 1);
	help_publish_rest(&h, EPOCH);
	h.lose_script = NPSD_S_series;
	h.lose = 1;
	DO("DEL", SERIES("", "5m"));
	help_publish_count(&h, "", HELP_T0, 9, 1);
	help_publish_wait(&h, 1000);
	cr_expect_not(npsd_pub_clean(h.pub));
	for (int i = 0; i < 3; i++)
		help_publish_wait(&h, 1000);
	cr_expect(npsd_pub_clean(h.pub));
	cr_expect_str_eq(DO("HLEN", SERIES("", "5m")), "2", "the call that was lost is the first step's");
	cr_expect_str_eq(pane(SERIES("", "1m"), 0), "1 0 0");
}

Test(series, without_sets_there_are_none_and_old_ones_go)
{
	help_publish_count(&h, "", HELP_T0, 9, 1);
	help_publish_rest(&h, EPOCH);
	cr_expect_eq(number_of_series(), 2);
	h.cfg.series_sets = 0;
	help_publish_rest(&h, EPOCH);
	cr_expect_eq(number_of_series(), 0);
}

/* A year of days: more words than one call of a Lua function takes. */
Test(series, thousands_of_panes_fit_one_call)
{
	enum { PANES = 5000 };

	h.cfg.windows[2] = (struct npsd_window){"3000d", INT64_C(3000) * 86400, 86400, 0};
	h.cfg.nwindows = 3;
	h.cfg.series_step_s[0] = 86400;
	h.cfg.nseries_steps = 1;
	npsd_panes_free(&h.view.panes);
	h.view.panes = npsd_panes_new(&h.cfg);
	for (int d = 0; d < PANES; d++)
		help_publish_count(&h, "", HELP_T0 - d * 1440 * MIN, 10, d % 7 + 1);
	help_publish_rest(&h, EPOCH);
	cr_expect_str_eq(DO("HLEN", SERIES("", "1d")), "5000");
	cr_expect_str_eq(DO("HGET", SERIES("", "1d"), "1795305600"), "1 0 0"); /* 2026-11-22 */
	help_publish_turn(&h, HELP_T0 + 2000 * 1440 * MIN);
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(DO("HLEN", SERIES("", "1d")), "4000");
	help_publish_turn(&h, HELP_T0 + 9000 * 1440 * MIN);
	help_publish_wait(&h, 1000);
	cr_expect_eq(number_of_series(), 0);
}
