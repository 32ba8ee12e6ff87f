/* A topic that is not the one that was counted, at an acquisition and while it is counted. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "help_group.h"

/* Partition 0 was counted up to offset 50. */
static struct group_bed *counted(const char *gap)
{
	const char *const sets[] = {gap};
	struct group_bed *b = group_bed_new(false, sets, 1);

	snprintf(b->part[0].pos, sizeof b->part[0].pos, "0:50");
	snprintf(b->part[0].base, sizeof b->part[0].base, "0:0");
	group_bed_remember(b, 0, 10, 50);
	group_bed_settle(b);
	return b;
}

static void change(struct group_bed *b, int from)
{
	for (int o = from; o < BED_RECORDS; o++)
		b->part[0].hash[o]++;
}

static void settle_for(struct group_bed *b, int64_t ms)
{
	for (int64_t until = b->now_ms + ms; b->now_ms < until; b->now_ms += 500)
		group_bed_settle(b);
}

Test(recheck, a_topic_that_differs_is_cut_or_counted_anew_or_ends_the_process)
{
	static const struct {
		const char *gap;
		int64_t high;
		int changed; /* records from here on are others */
		const char *pos, *skipped;
		enum group_phase phase;
	} rows[] = {
	    {"on_gap=ask", 100, 200, "0:50", "", PHASE_RUNNING},
	    {"on_gap=ask", 50, 200, "0:50", "", PHASE_RUNNING},
	    {"on_gap=ask", 49, 200, "1:49", "truncated", PHASE_RUNNING},
	    {"on_gap=ask", 100, 40, "1:40", "truncated", PHASE_RUNNING},
	    {"on_gap=halt", 100, 40, "0:50", "", PHASE_FAILED},
	    {"on_gap=ask", 100, 0, "0:50", "", PHASE_FAILED},
	    {"on_gap=ask", 20, 0, "0:50", "", PHASE_FAILED},
	    {"on_gap=ask", 5, 200, "0:50", "", PHASE_FAILED},
	    {"on_gap=continue", 5, 200, "1:0", "recreated", PHASE_RUNNING},
	    {"on_gap=continue", 100, 0, "1:0", "recreated", PHASE_RUNNING},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct group_bed *b = counted(rows[i].gap);

		b->part[0].high = rows[i].high;
		change(b, rows[i].changed);
		group_bed_assign(b, 0, 1);
		settle_for(b, 10000);
		cr_expect_eq(b->g->phase, rows[i].phase, "row %zu: %s", i, npsd_group_error(b->g));
		cr_expect_str_eq(b->part[0].pos, rows[i].pos, "row %zu", i);
		cr_expect_str_eq(b->part[0].skipped, rows[i].skipped, "row %zu", i);
		group_bed_free(&b);
	}
}

/* A leader that was elected a moment ago may not know its end. */
Test(recheck, one_comparison_alone_cuts_nothing)
{
	struct group_bed *b = counted("on_gap=ask");

	b->part[0].high = 49;
	group_bed_assign(b, 0, 1);
	group_bed_settle(b);
	cr_expect_eq(b->g->phase, PHASE_ACQUIRING);
	b->part[0].high = 100;
	settle_for(b, 10000);
	cr_expect_eq(b->g->phase, PHASE_RUNNING);
	cr_expect_str_eq(b->part[0].pos, "0:50");
	group_bed_free(&b);
}

Test(recheck, what_is_counted_is_compared_each_interval)
{
	struct group_bed *b = counted("history.interval=60s");
	int said;

	group_bed_assign(b, 0, 1);
	group_bed_settle(b);
	cr_assert_eq(b->g->phase, PHASE_RUNNING);
	said = b->records_said;
	settle_for(b, 59000);
	cr_expect_eq(b->records_said, said);
	settle_for(b, 62000);
	cr_expect_eq(b->records_said, said + 2);
	change(b, 45);
	settle_for(b, 70000);
	cr_expect_eq(b->g->phase, PHASE_RUNNING);
	cr_expect_str_eq(b->part[0].pos, "1:45");
	group_bed_free(&b);
}

/* Retention deletes what was counted: nothing can be compared, and nothing is wrong. */
Test(recheck, what_kafka_does_not_hold_any_more_is_not_missed)
{
	struct group_bed *b = counted("history.interval=60s");

	group_bed_assign(b, 0, 1);
	group_bed_settle(b);
	b->part[0].low = b->part[0].high = 60;
	settle_for(b, 200000);
	cr_expect_eq(b->g->phase, PHASE_RUNNING);
	cr_expect_eq(b->calls_said[NPSD_S_skip], 0);
	cr_expect_eq(b->commands[NPSD_CMD_RESET], 3, "of the start alone");
	group_bed_free(&b);
}

/* A partition that is not counted, or whose records cannot be read now, is passed over. */
Test(recheck, what_cannot_be_compared_keeps_no_other_from_being_compared)
{
	for (int unreachable = 0; unreachable < 2; unreachable++) {
		struct group_bed *b = counted("history.interval=60s");

		snprintf(b->part[1].pos, sizeof b->part[1].pos, "0:50");
		snprintf(b->part[1].base, sizeof b->part[1].base, "0:0");
		group_bed_remember(b, 1, 10, 50);
		b->part[0].ends_fail = unreachable;
		group_bed_assign(b, 0, 2);
		settle_for(b, 2000);
		cr_assert_eq(b->g->phase, PHASE_RUNNING);
		b->part[0].records_fail = true;
		for (int o = 45; o < BED_RECORDS; o++)
			b->part[1].hash[o]++;
		settle_for(b, 80000);
		cr_expect_eq(b->g->phase, PHASE_RUNNING);
		cr_expect_str_eq(b->part[1].pos, "1:45", "%d", unreachable);
		cr_expect_str_eq(b->part[0].pos, "0:50");
		group_bed_free(&b);
	}
}

/* Another partition is added while one is compared. */
Test(recheck, a_comparison_that_is_interrupted_is_made_again)
{
	struct group_bed *b = counted("history.interval=60s");

	b->part[1].ends_fail = true;
	group_bed_assign(b, 0, 2);
	settle_for(b, 2000);
	b->part[0].records_silent = true;
	settle_for(b, 60000);
	b->part[0].records_silent = b->part[1].ends_fail = false;
	settle_for(b, 10000);
	cr_assert_eq(b->ndelivered, 2);
	change(b, 45);
	settle_for(b, 70000);
	cr_expect_eq(b->g->phase, PHASE_RUNNING);
	cr_expect_str_eq(b->part[0].pos, "1:45");
	group_bed_free(&b);
}

/* The stored position is after the end, but it is one of the topic before. */
Test(recheck, a_drain_counts_a_topic_that_was_made_anew)
{
	const char *const sets[] = {"on_gap=continue"};
	struct group_bed *b = group_bed_new(true, sets, 1);

	b->parts = 1;
	snprintf(b->part[0].pos, sizeof b->part[0].pos, "0:50");
	snprintf(b->part[0].base, sizeof b->part[0].base, "0:0");
	group_bed_remember(b, 0, 10, 50);
	b->part[0].high = 20;
	change(b, 0);
	group_bed_settle(b);
	group_bed_assign(b, 0, 1);
	settle_for(b, 20000);
	cr_expect_eq(b->g->phase, PHASE_RUNNING);
	cr_expect_str_eq(b->part[0].pos, "1:0");
	snprintf(b->part[0].pos, sizeof b->part[0].pos, "1:20");
	settle_for(b, 2000);
	cr_expect_eq(b->g->phase, PHASE_DONE, "%s", npsd_group_error(b->g));
	group_bed_free(&b);
}
