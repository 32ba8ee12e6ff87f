/* What the group asks of a worker: take, read, pause, keep, drop, reset, stop. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "count/worker.h"
#include "help_count.h"

#define DAY 86400000LL

static const char *const options[] = {"segments=[[], [location]]"};

static void submit(struct rig *r, int part, int64_t offset, const char *id)
{
	char json[256];

	snprintf(json, sizeof json,
	    "{\"type\":\"response.submitted\",\"response_id\":\"%s\",\"score\":9,\"survey_kind\":\"other\","
	    "\"location\":\"a\"}",
	    id);
	rig_record(r, part, offset, RIG_NOW, json);
}

static void steps(struct rig *r, int n)
{
	for (; n > 0; n--) {
		npsd_worker_step(r->worker, 0);
		rig_commit(r);
	}
}

static void take(struct rig *r, int part, int64_t pos, int64_t load_from, bool keep)
{
	struct npsd_command *o = rig_command(NPSD_CMD_ACQUIRE);

	o->names = r->names;
	o->keep = keep;
	o->load_from = load_from;
	o->state = (struct npsd_part_state){
	    .tp = {0, part}, .claim = "c", .pos = {0, pos}, .stream_ms = INT64_MIN, .horizon_ms = INT64_MIN};
	rig_send(r, o);
}

Test(orders, nothing_is_fetched_before_read)
{
	struct rig *r = rig_new(options, 1);

	submit(r, 0, 0, "a");
	take(r, 0, 0, 0, false);
	steps(r, 5);
	cr_expect_eq(rig_answer(r), 1);
	cr_expect_eq(r->at, 0);
	rig_send(r, rig_command(NPSD_CMD_FETCH));
	rig_run(r);
	cr_expect_eq(rig_answer(r), 1);
	cr_expect_eq(rig_total(r, "counted"), 1);
	rig_free(&r);
}

Test(orders, a_pause_commits_what_is_in_hand_and_is_done_when_it_is)
{
	struct rig *r = rig_new(options, 1);

	rig_take(r, 0, 0, 0);
	submit(r, 0, 0, "a");
	steps(r, 4);
	cr_expect_eq(r->asks, 1);
	cr_expect_eq(r->batches, 0, "younger than its age");
	r->hold = true;
	rig_send(r, rig_command(NPSD_CMD_PAUSE));
	submit(r, 0, 1, "b");
	steps(r, 5);
	cr_expect_eq(rig_answer(r), -1, "its batch is on its way");
	r->hold = false;
	steps(r, 2);
	cr_expect_eq(rig_answer(r), 1);
	cr_expect_eq(r->batches, 1);
	rig_run(r);
	cr_expect_eq(r->at, 1, "nothing more is read");
	take(r, 0, 1, 1, true);
	rig_send(r, rig_command(NPSD_CMD_FETCH));
	rig_run(r);
	cr_expect_eq(rig_answer(r), 1);
	cr_expect_eq(rig_total(r, "counted"), 2);
	rig_free(&r);
}

Test(orders, a_pause_drops_messages_that_wait_for_the_dictionary)
{
	struct rig *r = rig_new(options, 1);

	rig_take(r, 0, 0, 0);
	submit(r, 0, 0, "a");
	r->hold = true;
	steps(r, 3);
	cr_expect_eq(npsd_ring_size_any(r->pl.worker_to_commit[0]), 1);
	rig_send(r, rig_command(NPSD_CMD_PAUSE));
	steps(r, 3);
	cr_expect_eq(r->released, 1);
	cr_expect_eq(rig_answer(r), -1, "the ask is out");
	r->hold = false;
	steps(r, 3);
	cr_expect_eq(rig_answer(r), 1);
	cr_expect_eq(r->batches, 0);
	rig_free(&r);
}

Test(orders, a_ledger_that_is_not_where_it_should_be_is_not_kept)
{
	static const struct {
		int64_t pos, load_from, keep_pos;
		bool refused;
	} rows[] = {{0, 0, 1, false}, {0, 0, 2, true}, {5, 0, 5, true}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rig *r = rig_new(options, 1);

		rig_take(r, 0, rows[i].pos, rows[i].load_from);
		submit(r, 0, 0, "a");
		rig_run(r);
		rig_send(r, rig_command(NPSD_CMD_PAUSE));
		rig_run(r);
		cr_expect_eq(rig_answer(r), 1);
		take(r, 0, rows[i].keep_pos, rows[i].keep_pos, true);
		rig_run(r);
		cr_expect_eq(rig_answer(r), !rows[i].refused, "%zu", i);
		cr_expect_eq(npsd_fault_of(&r->pl.fault_worker[0], r->session),
		    rows[i].refused ? NPSD_FAULT_OWNER : NPSD_FAULT_NONE);
		rig_free(&r);
	}
}

Test(orders, a_refused_batch_halts_until_reset)
{
	struct rig *r = rig_new(options, 1);
	struct npsd_command *o;

	rig_take(r, 0, 0, 0);
	submit(r, 0, 0, "a");
	steps(r, 4);
	r->end = NPSD_REQ_DROPPED;
	r->mono_ms += 1000;
	steps(r, 3);
	submit(r, 0, 1, "b");
	rig_run(r);
	cr_expect_eq(r->at, 1, "it stands still");
	rig_send(r, rig_command(NPSD_CMD_PAUSE));
	rig_run(r);
	cr_expect_eq(rig_answer(r), 0);
	r->end = NPSD_REQ_DONE;
	r->session++;
	o = rig_command(NPSD_CMD_RESET);
	o->names = r->names;
	rig_send(r, o);
	rig_run(r);
	cr_expect_eq(rig_answer(r), 1);
	for (; r->at < r->nlog; r->at++)
		free(r->log[r->at].held);
	rig_take(r, 0, 0, 0);
	submit(r, 0, 0, "a");
	rig_run(r);
	cr_expect_eq(rig_total(r, "counted"), 1);
	rig_free(&r);
}

Test(orders, a_reset_waits_for_jobs_and_overtakes_a_pause)
{
	struct rig *r = rig_new(options, 1);
	struct npsd_command *o = rig_command(NPSD_CMD_RESET);

	rig_take(r, 0, 0, 0);
	submit(r, 0, 0, "a");
	steps(r, 4);
	r->hold = true;
	rig_send(r, rig_command(NPSD_CMD_PAUSE));
	steps(r, 2);
	r->session++;
	o->names = r->names;
	rig_send(r, o);
	steps(r, 5);
	cr_expect_eq(rig_answer(r), 0, "the pause is over, not all is committed");
	cr_expect_eq(rig_answer(r), -1, "the batch of the old run is out");
	r->hold = false;
	steps(r, 3);
	cr_expect_eq(rig_answer(r), 1);
	cr_expect_eq(r->batches, 0);
	cr_expect_null(npsd_worker_part(r->worker, (struct npsd_tp){0, 0}));
	rig_free(&r);
}

Test(orders, a_dropped_partition_is_read_past)
{
	struct rig *r = rig_new(options, 1);
	struct npsd_command *o = rig_command(NPSD_CMD_RELEASE);

	rig_take(r, 0, 0, 0);
	rig_take(r, 3, 0, 0);
	o->state.tp = (struct npsd_tp){0, 3};
	rig_send(r, o);
	rig_run(r);
	cr_expect_eq(rig_answer(r), 1);
	submit(r, 3, 0, "a");
	submit(r, 0, 0, "b");
	rig_run(r);
	cr_expect_eq(rig_total(r, "counted"), 1);
	cr_expect_eq(r->released, 2);
	rig_free(&r);
}

/* Where the source does not reach back, what is stored of time still holds. */
Test(orders, stored_times_hold_where_the_load_saw_less)
{
	struct rig *r = rig_new(options, 1);
	struct npsd_command *o = rig_command(NPSD_CMD_ACQUIRE);

	o->names = r->names;
	o->load_from = 4;
	o->state = (struct npsd_part_state){.claim = "c",
	    .pos = {0, 5},
	    .stream_ms = RIG_NOW + DAY / 2,
	    .horizon_ms = RIG_NOW - DAY,
	    .lateness_ms = 7 * DAY};
	rig_send(r, o);
	rig_send(r, rig_command(NPSD_CMD_FETCH));
	submit(r, 0, 4, "a");
	submit(r, 0, 5, "a");
	rig_record(r, 0, 6, RIG_NOW,
	    "{\"type\":\"response.submitted\",\"response_id\":\"b\",\"score\":9,\"survey_kind\":\"other\","
	    "\"location\":\"a\",\"responded_at\":\"2026-11-21T21:04:04Z\"}");
	rig_run(r);
	cr_expect_eq(rig_total(r, "consumed"), 2);
	cr_expect_eq(rig_total(r, "counted"), 1);
	cr_expect_eq(rig_total(r, "late"), 1, "before the stored horizon");
	cr_expect_eq(rig_sum(r, "kind=other", -1, NPSD_C_h9), 0, "an edit of what was loaded");
	cr_expect_eq(r->last[0].end.stream_ms, RIG_NOW + DAY / 2);
	rig_free(&r);
}
