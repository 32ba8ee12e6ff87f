/* Reading the logs: one script over all shards that can take entries now, from each one's last entry
 * inclusive. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "fold/fold.h"
#include "fold/pane.h"
#include "npsd/err.h"

#define PACE_MS 50
#define PAUSE_MS 100
#define MOST_ENTRIES 256
#define MOST_BYTES (1 << 20)

enum { R_EPOCH, R_END, R_LOOKED, R_ENTRIES };

/* Whether entries may be applied now and t may move. */
static bool readable(struct npsd_fold *f, struct npsd_shard *s)
{
	if (s->leaving || s->flush == NPSD_FLUSH_CLEAN)
		return false;
	if (s->state != NPSD_SHARD_READ && s->state != NPSD_SHARD_RUNS)
		return false;
	if (s->pub && npsd_pub_busy(s->pub))
		return false;
	return !npsd_snapshot_freezes(f, s) && npsd_shard_dict(f, s);
}

static bool due(struct npsd_fold *f)
{
	if (f->read.call || f->mono_ms < f->read.retry_mono)
		return false;
	if (npsd_load_relaxed(&f->pl->fold_lag) != f->read.lag || f->mono_ms >= f->read.next_mono)
		return true;
	for (int k = 0; k < f->nshards; k++) {
		struct npsd_shard *s = &f->shard[k];
		bool wanted = s->state == NPSD_SHARD_READ || s->end_seq > s->view.seq;

		if (s->held && (wanted || s->flush == NPSD_FLUSH_READ) && readable(f, s))
			return true;
	}
	return false;
}

static void choose(struct npsd_fold *f)
{
	f->read.n = 0;
	for (int i = 0; i < f->nshards; i++) {
		int k = (f->read.first + i) % f->nshards;

		if (f->shard[k].held && readable(f, &f->shard[k]))
			f->read.shard[f->read.n++] = k;
	}
	/* another one is first the next time, when the bytes of a read do not suffice for all */
	f->read.first = (f->read.first + 1) % f->nshards;
}

bool npsd_read_step(struct npsd_fold *f)
{
	int lag = npsd_load_relaxed(&f->pl->fold_lag);

	if (!due(f))
		return false;
	choose(f);
	if (f->read.n == 0 || f->halted)
		return false;
	npsd_fold_begin(f);
	for (int i = 0; i < f->read.n; i++)
		npsd_fold_key(f, "log", f->read.shard[i]);
	npsd_fold_header(f);
	npsd_fold_args_addf(&f->args, "%d", MOST_ENTRIES);
	npsd_fold_args_addf(&f->args, "%d", MOST_BYTES);
	for (int i = 0; i < f->read.n; i++) {
		struct npsd_shard *s = &f->shard[f->read.shard[i]];

		npsd_fold_args_addf(&f->args, "%d", f->read.shard[i]);
		npsd_fold_args_addf(&f->args, "%" PRId64, s->view.seq);
		npsd_fold_args_addz(&f->args, s->view.hash);
	}
	f->read.call = npsd_fold_submit(f, NPSD_S_fold_read, 0);
	if (!f->read.call)
		return false;
	for (int i = 0; i < f->read.n; i++)
		f->shard[f->read.shard[i]].reading = true;
	f->read.lag = lag;
	f->read.next_mono = f->mono_ms + PACE_MS;
	f->read.flushes = f->flush != NULL;
	return true;
}

/* --- the answer --- */

/* `SEQ HASH`, or empty where nothing was ever written. */
static bool read_end(struct npsd_shard *s, struct npsd_str end)
{
	const char *space = end.n ? memchr(end.p, ' ', end.n) : NULL;
	struct npsd_str seq = {end.p, space ? (uint32_t)(space - end.p) : 0};

	return (seq.n > 0 || end.n == 0) && npsd_fold_number(&s->end_seq, seq, 0) && s->end_seq >= 0 &&
	       s->end_seq <= NPSD_SEQ_MAX;
}

/* The first entry is the last one applied; where none was, the log begins with number 1. */
static bool proved(const struct npsd_shard *s, const struct npsd_reply *entries)
{
	const struct npsd_reply *first = npsd_fold_el(entries, 0);
	int64_t seq;

	if (!npsd_fold_int(&seq, first, 0, -1))
		return false;
	if (s->view.seq == 0)
		return seq == 1;
	return seq == s->view.seq && npsd_fold_is(first, 4, s->view.hash);
}

static void again(struct npsd_fold *f, struct npsd_shard *s, const char *why)
{
	npsd_log(NPSD_LOG_WARN, "fold", "shard %d is taken anew at %" PRId64 ": %s", s->view.shard,
	    s->view.seq, why);
	npsd_shard_leave(f, s, false);
}

/* False: the shard cannot go on as it is. */
static bool apply(struct npsd_fold *f, struct npsd_shard *s, const struct npsd_reply *r)
{
	const struct npsd_reply *entries = npsd_fold_el(r, R_ENTRIES);
	enum npsd_applied got = NPSD_APPLIED;

	if (!npsd_fold_is(r, R_LOOKED, "1")) {
		if (s->end_seq < s->view.seq) /* not even looked at, but plain */
			again(f, s, "its log went back");
		return s->end_seq >= s->view.seq;
	}
	if (!proved(s, entries)) {
		again(f, s, "its log does not hold the last entry");
		return false;
	}
	for (size_t i = s->view.seq > 0; i < entries->n && got == NPSD_APPLIED; i++)
		got = npsd_apply_entry(f, s, &entries->el[i]);
	s->view.positions = npsd_positions_text(&s->positions);
	if (got == NPSD_APPLY_BROKEN)
		again(f, s, "the chain of its log is broken");
	return got != NPSD_APPLY_BROKEN && !f->halted;
}

static void move_clock(struct npsd_fold *f, struct npsd_shard *s, int64_t t_ms)
{
	int64_t before = s->view.t_ms;

	if (t_ms < before) {
		again(f, s, "the event clock went back");
		return;
	}
	s->view.t_ms = t_ms;
	if (s->state == NPSD_SHARD_RUNS &&
	    npsd_floor_div(t_ms, f->finest_ms) != npsd_floor_div(before, f->finest_ms))
		npsd_pub_turn(s->pub, &s->view, before, f->mono_ms);
	npsd_shard_forget(f, s, false);
	if (s->state == NPSD_SHARD_READ && s->view.seq >= s->end_seq)
		npsd_shard_runs(f, s);
}

/* Since when all is counted: where that moves, all windows may say otherwise. */
static void move_since(struct npsd_fold *f, struct npsd_shard *s, int64_t since_ms, int64_t lost_ms)
{
	bool moved = since_ms != s->view.since_ms || lost_ms != s->view.lost_ms;

	s->view.since_ms = since_ms;
	s->view.lost_ms = lost_ms;
	if (!moved || s->state != NPSD_SHARD_RUNS)
		return;
	for (uint32_t i = 0; i < npsd_panes_segments(s->view.panes); i++)
		npsd_pub_touch(s->pub, &s->view, i, npsd_floor_div(s->view.t_ms, f->finest_ms) * f->step_s[0],
		    f->mono_ms);
}

struct clocks {
	int64_t time_ms, clock_ms, since_ms, lost_ms;
};

static void read_shard(
    struct npsd_fold *f, struct npsd_shard *s, const struct npsd_reply *r, const struct clocks *c)
{
	int64_t epoch;

	s->reading = false;
	if (!npsd_fold_int(&epoch, r, R_EPOCH, -1) || epoch != s->view.epoch) {
		npsd_log(NPSD_LOG_INFO, "fold", "shard %d has another owner", s->view.shard);
		npsd_shard_leave(f, s, true);
		return;
	}
	if (!read_end(s, npsd_fold_str(r, R_END))) {
		npsd_fold_halt(f, NPSD_FAULT_BROKEN, "the end of log %d is malformed", s->view.shard);
		return;
	}
	if (f->read.flushes && s->flush == NPSD_FLUSH_READ) {
		s->flush = NPSD_FLUSH_APPLY;
		s->flush_seq = s->end_seq;
	}
	if (!apply(f, s, r))
		return;
	move_since(f, s, c->since_ms, c->lost_ms);
	move_clock(f, s, npsd_shard_clock(f, s, c->time_ms, c->clock_ms));
}

static bool read_ms(int64_t *out, const struct npsd_reply *r, size_t i)
{
	return npsd_fold_int(out, r, i, 0) && *out >= -NPSD_TIME_MAX && *out <= NPSD_TIME_MAX;
}

static bool read_clocks(struct clocks *c, const struct npsd_reply *r)
{
	return read_ms(&c->time_ms, r, 1) && read_ms(&c->clock_ms, r, 2) && read_ms(&c->since_ms, r, 4) &&
	       read_ms(&c->lost_ms, r, 5);
}

void npsd_read_done(struct npsd_fold *f, const struct npsd_done *done)
{
	struct npsd_str reason;
	bool ok = npsd_fold_answer(f, &reason, done);
	struct clocks c = {0};
	const struct npsd_reply *shards;

	f->read.call = 0;
	if (!ok) {
		f->read.retry_mono = f->mono_ms + PAUSE_MS;
		for (int i = 0; i < f->read.n; i++)
			f->shard[f->read.shard[i]].reading = false;
		return;
	}
	shards = npsd_fold_el(done->reply, 3);
	npsd_assert(shards->type == NPSD_REPLY_ARRAY && shards->n == (size_t)f->read.n);
	if (!read_clocks(&c, done->reply))
		npsd_fold_halt(f, NPSD_FAULT_BROKEN, "a clock in the fence is malformed");
	for (int i = 0; i < f->read.n; i++) {
		struct npsd_shard *s = &f->shard[f->read.shard[i]];

		if (s->reading && !f->halted)
			read_shard(f, s, &shards->el[i], &c);
		s->reading = false;
	}
}
