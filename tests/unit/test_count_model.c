/*
 * Random streams against a plain recount, through stops of every kind: what is held is dropped at any moment
 * and taken anew from what was committed (loading what came before), or paused and kept. Fates, deltas,
 * alerts and rulings are those of an undisturbed recount, and a ledger that was loaded is the one that was
 * counted.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "count/worker.h"
#include "help_recount.h"

static uint64_t seed_state;

static uint64_t next_random(void)
{
	seed_state ^= seed_state << 13;
	seed_state ^= seed_state >> 7;
	seed_state ^= seed_state << 17;
	return seed_state;
}

static int dice(int sides)
{
	return (int)(next_random() % (uint64_t)sides);
}

/* --- the stream --- */

static void make_records(struct record *rec)
{
	int64_t ms = RIG_NOW - 60 * DAY;

	for (int i = 0; i < RECORDS; i++) {
		struct record *r = &rec[i];

		ms += dice(4) ? dice(30) * MINUTE : dice(2000) * 10;
		ms += dice(12) ? 0
			       : dice(40) * 60 * MINUTE; /* quiet for so long that responses are forgotten */
		ms = ms < RIG_NOW ? ms : RIG_NOW;
		*r = (struct record){.type = dice(3) ? SUBMITTED + !dice(2) : RETRACTED + dice(3),
		    .stage = dice(6),
		    .says = dice(3) ? dice(SAYS_ALL + 1) : SAYS_ALL,
		    .ms = ms - (dice(10) ? 0 : dice(3000) * MINUTE),
		    .id = dice(IDS),
		    .score = dice(12) - 1,
		    .kind = 1 + dice(3),
		    .location = dice(9),
		    .channel = dice(5),
		    .themes = dice(8),
		    .revision = dice(3) ? 0 : dice(6),
		    .comment = dice(4),
		    .event_ms = NEVER,
		    .updated_ms = NEVER};
		if (!dice(20))
			r->ms = RIG_NOW + DAY + 1 + dice(1000);
		if (dice(3))
			r->event_ms = r->ms - dice(1800) * MINUTE;
		else if (!dice(8))
			r->event_ms = r->ms + (4 + dice(3)) * MINUTE;
		if (!dice(3))
			r->updated_ms = RIG_NOW - 60 * DAY + dice(8) * DAY;
	}
}

/* --- stops --- */

static void forget_log(struct rig *r)
{
	for (; r->at < r->nlog; r->at++)
		free(r->log[r->at].held);
}

/* The horizon moves up, as where memory is full. */
static void raise_somehow(struct rig *r)
{
	struct npsd_part *p = npsd_worker_part(r->worker, (struct npsd_tp){0, 0});
	int64_t to = p->horizon_ms + dice(600) * MINUTE;

	if (!p->loading && p->stream_ms != NEVER && to <= p->stream_ms)
		npsd_part_move_horizon(p, to);
}

static int64_t stop_somehow(struct rig *r)
{
	bool keep = dice(2) && r->last[0].end.claim[0] &&
		    !npsd_worker_part(r->worker, (struct npsd_tp){0, 0})->loading;

	r->hold = false;
	if (keep) {
		rig_send(r, rig_command(NPSD_CMD_PAUSE));
		rig_wait_answer(r, 1);
	} else {
		struct npsd_command *o = rig_command(NPSD_CMD_RESET);

		r->session++;
		o->names = r->names;
		rig_send(r, o);
		rig_wait_answer(r, 1);
	}
	forget_log(r);
	return rig_take_again(r, keep);
}

static void check_loaded(uint64_t seed, struct rig *r, const struct record *rec)
{
	struct npsd_command *o = rig_command(NPSD_CMD_RESET);
	struct npsd_buf counted, loaded;
	size_t batches = r->batches;

	rig_dump(&counted, r);
	r->session++;
	o->names = r->names;
	rig_send(r, o);
	rig_wait_answer(r, 1);
	rig_take_again(r, false);
	r->wall_ms += 30 * DAY; /* the rulings say what was ahead, not the clock */
	for (int i = 0; i < RECORDS; i++)
		recount_push(r, &rec[i], i);
	rig_run(r);
	rig_dump(&loaded, r);
	cr_expect_str_eq(loaded.p, counted.p, "seed %" PRIu64, seed);
	cr_expect_eq(r->batches, batches, "loading counts nothing");
	npsd_buf_free(&counted);
	npsd_buf_free(&loaded);
}

static void run_seed(uint64_t seed)
{
	struct rig *r = rig_new(recount_options, RECOUNT_OPTIONS);
	struct record *rec = calloc(RECORDS, sizeof *rec);
	int64_t pushed;

	seed_state = seed * 0x9e3779b97f4a7c15u + 1;
	make_records(rec);
	pushed = rig_take_again(r, false);
	while (pushed < RECORDS) {
		if (!dice(6))
			raise_somehow(r);
		for (int i = dice(120); i > 0 && pushed < RECORDS; i--, pushed++)
			recount_push(r, &rec[pushed], pushed);
		for (int i = dice(12); i > 0; i--) {
			r->hold = !dice(3);
			npsd_worker_step(r->worker, 0);
			rig_commit(r);
			r->mono_ms += dice(60);
		}
		if (!dice(3))
			pushed = stop_somehow(r);
	}
	r->hold = false;
	rig_run(r);
	recount_compare(seed, r, rec);
	check_loaded(seed, r, rec);
	free(rec);
	rig_free(&r);
}

Test(count_model, random_streams_through_stops)
{
	const char *only = getenv("NPSD_SEED");

	for (uint64_t seed = 1; seed <= 60; seed++)
		if (!only || strtoull(only, NULL, 10) == seed)
			run_seed(seed);
}
