/* The group's phases: acquire, count, give up, recover, drain, stop. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "help_group.h"

Test(group, what_is_assigned_is_claimed_and_read)
{
	struct group_bed *b = group_bed_new(false, NULL, 0);

	cr_expect_eq((uintptr_t)b->g % _Alignof(struct npsd_group), 0, "the stop lies on a line of its own");
	group_bed_settle(b);
	group_bed_assign(b, 0, 2);
	group_bed_settle(b);
	cr_expect_eq(b->g->phase, PHASE_RUNNING);
	cr_expect_eq(b->assigns, 1);
	cr_expect_eq(b->commands[NPSD_CMD_ACQUIRE], 4, "to a worker and to commit, for two partitions");
	cr_expect_eq(b->commands[NPSD_CMD_FETCH], 1);
	cr_expect_str_eq(b->part[1].claim, b->g->assignment.part[1]->held);
	group_bed_free(&b);
}

/*
 * Between two assignments the group keeps its acquisitions, in case they come back. A recovery then must not
 * acquire them: they are not assigned, and no worker was paused before the next assignment.
 */
Test(group, a_recovery_between_two_assignments_acquires_nothing)
{
	struct group_bed *b = group_bed_new(false, NULL, 0);

	group_bed_settle(b);
	group_bed_assign(b, 0, 2);
	group_bed_settle(b);
	group_bed_event(b, NPSD_B_REVOKE);
	group_bed_settle(b);
	cr_expect_eq(b->g->phase, PHASE_IDLE);
	cr_expect_eq(b->unassigns, 1);
	npsd_fault_raise(&b->pl.fault_commit, b->g->commands.session, NPSD_FAULT_OWNER, "Redis went back");
	group_bed_settle(b);
	cr_expect_eq(b->g->phase, PHASE_IDLE);
	cr_expect_eq(b->assigns, 1);
	group_bed_assign(b, 1, 1);
	group_bed_settle(b);
	cr_expect_eq(b->g->phase, PHASE_RUNNING);
	cr_expect_eq(b->assigns, 2);
	group_bed_free(&b);
}

/* A call that fails between others leaves no partition out of the drain. */
Test(group, a_drain_waits_for_partitions_that_it_could_not_see_at_once)
{
	for (int fail = 1; fail <= 4; fail++) {
		struct group_bed *b = group_bed_new(true, NULL, 0);

		b->parts_fail_at = fail;
		group_bed_settle(b);
		group_bed_assign(b, 0, 2);
		for (int i = 0; i < 20; i++, b->now_ms += 1000)
			group_bed_settle(b);
		cr_expect_eq(b->g->phase, PHASE_RUNNING, "failed at %d", fail);
		snprintf(b->part[0].pos, sizeof b->part[0].pos, "0:100");
		b->now_ms += 1000;
		group_bed_settle(b);
		cr_expect_eq(b->g->phase, PHASE_RUNNING, "failed at %d", fail);
		snprintf(b->part[1].pos, sizeof b->part[1].pos, "0:100");
		b->now_ms += 1000;
		group_bed_settle(b);
		cr_expect_eq(b->g->phase, PHASE_DONE, "failed at %d", fail);
		group_bed_free(&b);
	}
}

Test(group, ends_that_are_unknown_are_asked_for_again_later)
{
	struct group_bed *b = group_bed_new(true, NULL, 0);

	b->ends_fail = true;
	group_bed_settle(b);
	cr_expect_eq(b->ends_said, 2);
	b->now_ms += 1000;
	group_bed_settle(b);
	cr_expect_eq(b->ends_said, 4);
	b->ends_fail = false;
	b->now_ms += 1000;
	group_bed_settle(b);
	cr_expect_eq(b->g->progress.unknown, 0);
	group_bed_free(&b);
}

/* Replies to all calls from number `from` on, in order. */
static void answer_all(struct group_bed *b, size_t from)
{
	while (b->ncalls > from) {
		group_bed_answer(b, from);
		group_bed_settle(b);
	}
}

/* Redis was slow: its reply about a partition that is gone must not be used for another one. */
Test(group, an_answer_about_a_partition_that_is_gone_is_dropped)
{
	static const char *const halt[] = {"on_gap=halt"};
	struct group_bed *b = group_bed_new(false, halt, 1);

	snprintf(b->part[0].pos, sizeof b->part[0].pos, "0:10");
	snprintf(b->part[0].base, sizeof b->part[0].base, "0:0");
	b->part[1].low = 50;
	b->hold = true;
	group_bed_settle(b);
	group_bed_assign(b, 0, 1);
	group_bed_settle(b);
	group_bed_event(b, NPSD_B_REVOKE);
	group_bed_assign(b, 1, 1);
	group_bed_settle(b);
	cr_assert_eq(b->ncalls, 2);
	answer_all(b, 0);
	cr_expect_eq(b->g->phase, PHASE_RUNNING, "%s", npsd_group_error(b->g));
	cr_expect_eq(b->calls_said[NPSD_S_skip], 0);
	group_bed_free(&b);
}

/* The same for positions, which a drain asks for repeatedly, each time of fewer partitions. */
Test(group, positions_asked_for_before_a_recovery_are_dropped)
{
	struct group_bed *b = group_bed_new(true, NULL, 0);

	group_bed_settle(b);
	group_bed_assign(b, 0, 2);
	group_bed_settle(b);
	cr_assert_eq(b->g->phase, PHASE_RUNNING);
	snprintf(b->part[0].pos, sizeof b->part[0].pos, "0:100");
	b->hold = true;
	b->now_ms += 1000;
	group_bed_settle(b);
	cr_assert_eq(b->ncalls, 1, "positions are asked for");
	npsd_fault_raise(&b->pl.fault_commit, b->g->commands.session, NPSD_FAULT_OWNER, "Redis went back");
	group_bed_settle(b);
	answer_all(b, 1);
	cr_assert_eq(b->g->phase, PHASE_RUNNING);
	for (int i = 0; i < 4; i++) {
		b->now_ms += 1000;
		group_bed_settle(b);
		cr_expect_eq(b->g->phase, PHASE_RUNNING, "the second partition is not counted");
		group_bed_answer(b, 0);
		group_bed_settle(b);
	}
	group_bed_free(&b);
}

/* Whatever component, Redis or Kafka does not reply, the process ends, and a drain ends with 1. */
Test(group, a_stop_ends_at_once_where_nothing_is_left_to_save)
{
	static const struct {
		const char *name;
		enum npsd_command_what mute;
		bool drain, counted, revoke;
		enum group_phase phase;
		int code;
	} rows[] = {
	    {"at the start", NPSD_CMD_RESET, true, false, false, PHASE_RESETTING_ASSIGNED, 1},
	    {"in a recovery", NPSD_CMD_FLUSH, true, true, true, PHASE_RESETTING_REVOKED, 1},
	    {"while the fence is checked", NPSD_CMD_CHECK_FENCE, true, true, false, PHASE_CHECKING_FENCE, 1},
	    {"while the end is published", NPSD_CMD_FLUSH, true, true, false, PHASE_FLUSHING, 1},
	    {"while it runs", NPSD_CMD_SHARDS, false, false, false, PHASE_RUNNING, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct group_bed *b = group_bed_new(rows[i].drain, NULL, 0);

		for (int p = 0; p < 2 && rows[i].counted; p++) {
			snprintf(b->part[p].pos, sizeof b->part[p].pos, "0:100");
			snprintf(b->part[p].base, sizeof b->part[p].base, "0:0");
		}
		b->mute[rows[i].mute] = true;
		group_bed_settle(b);
		group_bed_assign(b, 0, 2);
		group_bed_settle(b);
		b->now_ms += 1000;
		group_bed_settle(b);
		if (rows[i].revoke)
			group_bed_event(b, NPSD_B_REVOKE);
		group_bed_settle(b);
		cr_expect_eq(b->g->phase, rows[i].phase, "%s: %d", rows[i].name, b->g->phase);
		npsd_group_stop_any(b->g);
		group_bed_settle(b);
		b->now_ms += 3000; /* what is due may be published meanwhile */
		group_bed_settle(b);
		cr_expect_eq(npsd_group_state(b->g), NPSD_GROUP_DONE, "%s", rows[i].name);
		cr_expect_eq(npsd_group_code(b->g), rows[i].code, "%s", rows[i].name);
		group_bed_free(&b);
	}
}

/* `base` alone gives the stored text, so that the error names the option that differs. */
Test(group, a_configuration_applied_while_a_partition_is_acquired_is_named)
{
	struct group_bed *b = group_bed_new(false, NULL, 0);
	char *text = strdup(b->cfg->text), *at;

	at = strstr(text, "location.required=true");
	cr_assert(at);
	memcpy(at, "location.required=talk", 22);
	b->hold = true;
	group_bed_settle(b);
	group_bed_assign(b, 0, 1);
	group_bed_settle(b);
	b->applied = text;
	b->hold = false;
	group_bed_settle(b);
	cr_expect_eq(npsd_group_state(b->g), NPSD_GROUP_FAILED);
	cr_expect_eq(npsd_group_code(b->g), 2);
	cr_expect(
	    strstr(npsd_group_error(b->g), "first in `location.required`"), "%s", npsd_group_error(b->g));
	group_bed_free(&b);
	free(text);
}

/* A broker that is slow at the start: a compacted topic is still refused. */
Test(group, a_compacted_topic_is_refused_also_where_the_answer_is_late)
{
	static const struct {
		enum npsd_compacted says;
		int later;
		bool allow, runs;
	} rows[] = {
	    {NPSD_COMPACTED_NO, 0, false, true},
	    {NPSD_COMPACTED_YES, 0, false, false},
	    {NPSD_COMPACTED_YES, 4, false, false},
	    {NPSD_COMPACTED_YES, 0, true, true},
	    {NPSD_COMPACTED_UNKNOWN, 0, false, true},
	    {NPSD_COMPACTED_LATER, 0, false, true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		static const char *const allow[] = {"allow_compacted=true"};
		struct group_bed *b = group_bed_new(false, allow, rows[i].allow);

		b->compacted = rows[i].says;
		b->compacted_later = rows[i].later;
		group_bed_assign(b, 0, 2);
		group_bed_settle(b);
		cr_expect_eq(b->g->phase, rows[i].runs ? PHASE_RUNNING : PHASE_FAILED, "row %zu", i);
		cr_expect_eq(npsd_group_code(b->g), rows[i].runs ? 0 : 2, "row %zu", i);
		group_bed_free(&b);
	}
}

/* A flush may take minutes; a revoked partition does not wait for it. */
Test(group, what_is_revoked_in_a_flush_is_given_up_at_once)
{
	static const enum npsd_broker_what how[] = {NPSD_B_REVOKE, NPSD_B_LOST};

	for (size_t i = 0; i < 2; i++) {
		struct group_bed *b = group_bed_new(true, NULL, 0);

		for (int p = 0; p < 2; p++) {
			snprintf(b->part[p].pos, sizeof b->part[p].pos, "0:100");
			snprintf(b->part[p].base, sizeof b->part[p].base, "0:0");
		}
		b->flushes_long = true;
		group_bed_settle(b);
		group_bed_assign(b, 0, 2);
		group_bed_settle(b);
		cr_assert_eq(b->g->phase, PHASE_FLUSHING);
		group_bed_event(b, how[i]);
		group_bed_settle(b);
		cr_expect_eq(b->unassigns, 1);
		b->flushes_long = false;
		group_bed_assign(b, 0, 1);
		group_bed_settle(b);
		b->now_ms += 1000;
		group_bed_settle(b);
		cr_expect_eq(b->g->phase, PHASE_DONE, "phase %d", b->g->phase);
		cr_expect_eq(npsd_group_code(b->g), 0);
		group_bed_free(&b);
	}
}
