/* What cannot be counted now does not keep the rest from being counted, nor the group from going on. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "help_group.h"

static void settle_after(struct group_bed *b, int64_t ms)
{
	group_bed_settle(b);
	b->now_ms += ms;
	group_bed_settle(b);
}

Test(group_stuck, what_is_acquired_is_counted_and_the_rest_is_added_when_it_comes)
{
	struct group_bed *b = group_bed_new(false, NULL, 0);

	b->part[1].silent = true;
	group_bed_settle(b);
	group_bed_assign(b, 0, 2);
	group_bed_settle(b);
	cr_expect_eq(b->assigns, 0, "the rest may come at once");
	settle_after(b, 1000);
	cr_expect_eq(b->g->phase, PHASE_RUNNING);
	cr_assert_eq(b->ndelivered, 1);
	cr_expect_eq(b->delivered[0].tp.part, 0);
	cr_expect_eq(b->commands[NPSD_CMD_ACQUIRE], 2, "to a worker and to commit");
	cr_expect_eq(b->commands[NPSD_CMD_SHARDS], 1, "shards do not wait for their partition");
	b->stands[0].offset = 42; /* counted meanwhile */
	b->part[1].silent = false;
	acquisition_restart(b->g->assignment.part[1], &b->g->context);
	settle_after(b, 1000);
	cr_expect_eq(b->g->phase, PHASE_RUNNING);
	cr_expect_eq(b->commands[NPSD_CMD_PAUSE], 1, "workers stand still while delivery changes");
	cr_assert_eq(b->ndelivered, 2);
	cr_expect_eq(b->delivered[0].offset, 42, "where the worker stands");
	cr_expect_eq(b->delivered[1].offset, 0);
	cr_expect_eq(b->commands[NPSD_CMD_ACQUIRE], 4);
	cr_expect_eq(b->commands[NPSD_CMD_FETCH], 2);
	group_bed_free(&b);
}

/* Kafka takes partitions back only from a member that has begun to read, be it nothing. */
Test(group_stuck, a_rebalance_is_answered_while_nothing_can_be_acquired)
{
	struct group_bed *b = group_bed_new(false, NULL, 0);

	b->part[0].silent = b->part[1].silent = true;
	group_bed_settle(b);
	group_bed_assign(b, 0, 2);
	group_bed_settle(b);
	cr_expect_eq(b->joins, 1, "at once");
	group_bed_event(b, NPSD_B_REVOKE);
	group_bed_settle(b);
	cr_expect_eq(b->unassigns, 1, "at once");
	cr_expect_eq(b->g->phase, PHASE_IDLE);
	group_bed_free(&b);
}

/* The offset from which a worker goes on is its own, also in the middle of loading a ledger. */
Test(group_stuck, a_ledger_that_is_being_loaded_goes_on_after_a_rebalance)
{
	struct group_bed *b = group_bed_new(false, NULL, 0);

	snprintf(b->part[0].pos, sizeof b->part[0].pos, "0:90");
	snprintf(b->part[0].base, sizeof b->part[0].base, "0:0");
	group_bed_settle(b);
	group_bed_assign(b, 0, 1);
	group_bed_settle(b);
	cr_assert_eq(b->ndelivered, 1);
	cr_expect_eq(b->delivered[0].offset, 0);
	b->stands[0].offset = 33;
	group_bed_event(b, NPSD_B_REVOKE);
	group_bed_settle(b);
	group_bed_assign(b, 0, 1);
	group_bed_settle(b);
	cr_expect_eq(b->g->phase, PHASE_RUNNING);
	cr_expect_eq(b->delivered[0].offset, 33);
	group_bed_free(&b);
}

/* The first topic stands for the shards: while it does not exist, another one does. */
Test(group_stuck, a_topic_that_does_not_exist_keeps_no_other_from_being_counted)
{
	static const char *const topics[] = {"kafka.topics=[a, b]"};
	struct group_bed *b = group_bed_new(false, topics, 1);

	b->missing[0] = true;
	group_bed_settle(b);
	b->given[0] = b->given[1] = (struct npsd_offset){{1, 0}, 0};
	b->given[1].tp.part = 1;
	b->event[b->nevents++] = (struct npsd_broker_event){.what = NPSD_B_ASSIGN, .tps = b->given, .n = 2};
	group_bed_settle(b);
	cr_expect_eq(b->g->phase, PHASE_RUNNING);
	cr_expect_eq(b->commands[NPSD_CMD_SHARDS], 1);
	cr_expect_eq(b->g->assignment.shards[0], 0xff, "all of them");
	b->missing[0] = false;
	for (int i = 0; i < 10; i++)
		settle_after(b, 1000);
	cr_expect_eq(b->commands[NPSD_CMD_SHARDS], 2);
	cr_expect_eq(b->g->assignment.shards[0], 0, "whoever has the partitions of the first topic has them");
	group_bed_free(&b);
}

static void drain_until_it_ends(struct group_bed *b)
{
	for (int i = 0; i < 200 && npsd_group_state(b->g) == NPSD_GROUP_RUNS; i++)
		settle_after(b, 1000);
}

/* A drain counts and publishes what it can, then ends with 1 and names the rest. */
Test(group_stuck, a_drain_that_makes_no_progress_ends_with_1_and_names_what_is_missing)
{
	static const struct {
		const char *name, *expect;
		bool missing, silent, assigned;
		int flushes;
		bool records_fail, records_silent;
	} rows[] = {
	    {"no topic", "topic \"b\": why", true, false, true, 1, false, false},
	    {"no ends", "a/1: ", false, true, true, 1, false, false},
	    {"no group", "Kafka has assigned no partition", false, false, false, 0, false, false},
	    {"no records", "a/1: Kafka, records counted before: why", false, false, true, 1, true, false},
	    {"records that take long", "a/1: the records that were counted last are compared", false, false,
		true, 1, false, true},
	};
	static const char *const topics[] = {"kafka.topics=[a, b]", "drain.limit=20s"};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct group_bed *b = group_bed_new(true, topics, 2);

		b->missing[1] = rows[i].missing;
		for (int p = 0; p < 2; p++) {
			snprintf(b->part[p].pos, sizeof b->part[p].pos, "0:100");
			snprintf(b->part[p].base, sizeof b->part[p].base, "0:0");
		}
		group_bed_remember(b, 1, 0, 100);
		b->part[1].ends_fail = rows[i].silent;
		b->part[1].records_fail = rows[i].records_fail;
		b->part[1].records_silent = rows[i].records_silent;
		group_bed_settle(b);
		if (rows[i].assigned)
			group_bed_assign(b, 0, 2);
		settle_after(b, 15000);
		cr_expect_eq(npsd_group_state(b->g), NPSD_GROUP_RUNS, "%s", rows[i].name);
		drain_until_it_ends(b);
		cr_expect_eq(npsd_group_state(b->g), NPSD_GROUP_FAILED, "%s", rows[i].name);
		cr_expect_eq(npsd_group_code(b->g), 1);
		cr_expect_eq(b->commands[NPSD_CMD_FLUSH], rows[i].flushes, "%s", rows[i].name);
		cr_expect(strstr(npsd_group_error(b->g), rows[i].expect), "%s: %s", rows[i].name,
		    npsd_group_error(b->g));
		group_bed_free(&b);
	}
}

Test(group_stuck, a_drain_whose_positions_move_has_time)
{
	static const char *const sets[] = {"drain.limit=20s"};
	struct group_bed *b = group_bed_new(true, sets, 1);

	snprintf(b->part[0].base, sizeof b->part[0].base, "0:0");
	group_bed_settle(b);
	group_bed_assign(b, 0, 2);
	for (int i = 0; i < 90; i++) {
		snprintf(b->part[0].pos, sizeof b->part[0].pos, "0:%d", i);
		settle_after(b, 1000);
		cr_assert_eq(npsd_group_state(b->g), NPSD_GROUP_RUNS, "after %d s", i);
	}
	drain_until_it_ends(b);
	cr_expect_eq(npsd_group_code(b->g), 1);
	group_bed_free(&b);
}

/* The position stands at the last stable offset, and records follow it. An idle partition is not asked about.
 */
Test(group_stuck, an_open_transaction_is_reported_until_it_ends)
{
	struct group_bed *b = group_bed_new(false, NULL, 0);
	const struct acquisition *a;
	int ends;

	for (int p = 0; p < 2; p++) {
		snprintf(b->part[p].pos, sizeof b->part[p].pos, "0:100");
		snprintf(b->part[p].base, sizeof b->part[p].base, "0:0");
		b->part[p].after = 100;
	}
	group_bed_settle(b);
	group_bed_assign(b, 0, 2);
	group_bed_settle(b);
	ends = b->ends_said;
	for (int i = 0; i < 30; i++)
		settle_after(b, 1000);
	cr_expect_eq(b->ends_said, ends, "nothing follows");
	cr_expect_eq(b->calls_said[NPSD_S_stuck], 0);
	b->part[1].after = 110;
	for (int i = 0; i < 10; i++)
		settle_after(b, 1000);
	a = b->g->assignment.part[1];
	cr_expect_gt(a->open_mono_ms, 0);
	cr_expect_eq(b->g->assignment.part[0]->open_mono_ms, 0);
	cr_expect_gt(b->calls_said[NPSD_S_stuck], 0);
	b->part[1].high = b->part[1].after;
	snprintf(b->part[1].pos, sizeof b->part[1].pos, "0:110");
	for (int i = 0; i < 10; i++)
		settle_after(b, 1000);
	cr_expect_eq(a->open_mono_ms, 0);
	ends = b->calls_said[NPSD_S_stuck];
	for (int i = 0; i < 20; i++)
		settle_after(b, 1000);
	cr_expect_eq(b->calls_said[NPSD_S_stuck], ends, "it was taken back, once");
	group_bed_free(&b);
}
