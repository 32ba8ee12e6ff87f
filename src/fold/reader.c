#include "fold/reader.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "fold/entry.h"

#define POLL_MS 50 /* between two reads where commit announces nothing */
#define DROP_MS 1000
#define MOST_ENTRIES 256
#define MOST_BYTES (1 << 20)

/* Whether entries may be applied now and t may move. */
static bool readable(struct npsd_fold_context *c, struct npsd_shard *s, const struct npsd_shard *frozen)
{
	if (s->state < NPSD_SHARD_CATCHING_UP || s == frozen || s->flush == NPSD_FLUSH_PUBLISHING ||
	    (s->pub && npsd_pub_busy(s->pub)))
		return false;
	return npsd_shard_dict(c, s);
}

/* Sets r->at; true: one of them waits for entries. */
static bool choose(struct npsd_reader *r, struct npsd_fold_context *c, const struct npsd_shard *frozen)
{
	bool wanted = false;

	r->n = 0;
	for (int i = 0; i < r->nshards; i++) {
		struct npsd_shard *s = &r->shard[(r->first + i) % r->nshards];

		if (!readable(c, s, frozen))
			continue;
		r->at[r->n++] = s;
		wanted = wanted || s->state == NPSD_SHARD_CATCHING_UP || s->end_seq > s->counts.view.seq ||
			 s->flush == NPSD_FLUSH_WANTED;
	}
	return wanted;
}

bool npsd_reader_step(struct npsd_reader *r, struct npsd_fold_context *c, const struct npsd_shard *frozen)
{
	int lag = npsd_load_relaxed(&c->pl->fold_lag);

	if (r->call || !npsd_fold_ready(c))
		return false;
	if (!choose(r, c, frozen) && lag == r->lag && c->now_mono_ms < r->next_mono_ms)
		return false;
	if (r->n == 0 || c->state != NPSD_FOLD_RUNNING)
		return false;
	npsd_script_begin_private(&c->call, NPSD_S_fold_read);
	for (int i = 0; i < r->n; i++)
		npsd_script_private_key(&c->call, "log:%d", r->at[i]->counts.view.shard);
	npsd_fold_header(c);
	npsd_script_int(&c->call, MOST_ENTRIES);
	npsd_script_int(&c->call, MOST_BYTES);
	for (int i = 0; i < r->n; i++) {
		const struct npsd_shard_view *v = &r->at[i]->counts.view;

		npsd_script_int(&c->call, v->shard);
		npsd_script_int(&c->call, v->seq);
		npsd_script_argz(&c->call, v->hash);
	}
	r->call = npsd_fold_submit(c, 0);
	if (!r->call)
		return false;
	for (int i = 0; i < r->n; i++) {
		r->at[i]->call = r->call;
		if (r->at[i]->flush == NPSD_FLUSH_WANTED)
			r->at[i]->flush = NPSD_FLUSH_READING;
	}
	/* the bytes of a read may not suffice for all: another shard is first the next time */
	r->first = (r->first + 1) % r->nshards;
	r->lag = lag;
	r->next_mono_ms = c->now_mono_ms + POLL_MS;
	return true;
}

/* --- entries --- */

static void restart(struct npsd_fold_context *c, struct npsd_shard *s, const char *why)
{
	npsd_log(NPSD_LOG_WARN, "fold", "shard %d at %" PRId64 ": %s; acquiring it again",
	    s->counts.view.shard, s->counts.view.seq, why);
	npsd_shard_restart(c, s, false);
}

/* False: a counter would be too large. */
static bool add_deltas(struct npsd_fold_context *c, struct npsd_shard *s, struct npsd_str deltas)
{
	struct npsd_unpack u = npsd_unpack_of(deltas.p, deltas.n);
	struct npsd_delta d;

	for (uint32_t n = npsd_unpack_array(&u); n > 0; n--) {
		uint32_t i;

		if (!npsd_delta_next(&d, &u))
			return false;
		i = npsd_counts_segment(&s->counts, d.seg);
		if (i == UINT32_MAX)
			continue;
		if (!npsd_counts_add(&s->counts, i, &d))
			return false;
		if (s->pub)
			npsd_pub_touch(s->pub, &s->counts.view, i, d.pane.start_s, c->now_mono_ms);
	}
	return true;
}

/* True: the entry is applied. False: it waits for the dictionary, the shard restarts, or a fault is raised.
 */
static bool apply_entry(struct npsd_fold_context *c, struct npsd_shard *s, const struct npsd_reply *r)
{
	struct npsd_shard_view *v = &s->counts.view;
	struct npsd_entry e;

	if (!npsd_entry_follows(&e, r, &s->counts)) {
		restart(c, s, "the chain of its log is broken");
		return false;
	}
	if (!npsd_entry_header(&e)) {
		npsd_fold_fault(c, NPSD_FAULT_BROKEN, "log of shard %d has a malformed header", v->shard);
		return false;
	}
	if (!npsd_config_knows(c->cfg, e.config)) {
		npsd_fold_fault(c, NPSD_FAULT_CONFIG, "log of shard %d was written under configuration %.*s",
		    v->shard, (int)e.config.n, e.config.p);
		return false;
	}
	s->needs = e.dict;
	if (!npsd_shard_dict(c, s))
		return false;
	/* the panes change last: if they cannot take all deltas, the shard is not used any more */
	if (!npsd_entry_check(&e, &s->counts) ||
	    !npsd_source_positions_advance(&s->counts.progress, e.batch) || !add_deltas(c, s, e.deltas)) {
		npsd_fold_fault(
		    c, NPSD_FAULT_BROKEN, "log of shard %d is malformed at %" PRId64, v->shard, e.seq);
		return false;
	}
	v->seq = e.seq;
	memcpy(v->hash, e.hash, sizeof v->hash);
	s->entry_bytes = (int64_t)e.header.n + e.batch.n + e.deltas.n;
	s->log_bytes += s->entry_bytes;
	return true;
}

/* The first entry is the last one applied; if none was, the log begins with number 1. */
static bool goes_on(const struct npsd_shard_view *v, const struct npsd_reply *entries)
{
	const struct npsd_reply *first = npsd_reply_at(entries, 0);
	int64_t seq;

	if (!npsd_reply_int(&seq, first, 0, -1))
		return false;
	if (v->seq == 0)
		return seq == 1;
	return seq == v->seq && npsd_reply_is(first, 4, v->hash);
}

enum { R_EPOCH, R_END, R_LOOKED, R_ENTRIES };

/* False: the shard restarts, or a fault is raised. */
static bool apply(struct npsd_fold_context *c, struct npsd_shard *s, const struct npsd_reply *r)
{
	const struct npsd_reply *entries = npsd_reply_at(r, R_ENTRIES);
	struct npsd_shard_view *v = &s->counts.view;

	if (!npsd_reply_is(r, R_LOOKED, "1")) {
		if (s->end_seq < v->seq)
			restart(c, s, "its log went back");
		return s->end_seq >= v->seq;
	}
	if (!goes_on(v, entries)) {
		restart(c, s, "its log does not hold the last entry");
		return false;
	}
	for (size_t i = v->seq > 0; i < entries->n && apply_entry(c, s, &entries->el[i]); i++)
		;
	v->positions = npsd_source_positions_text(&s->counts.progress);
	return s->state != NPSD_SHARD_RESTARTING && c->state == NPSD_FOLD_RUNNING;
}

/* --- clocks --- */

struct clocks {
	int64_t wall_ms, event_ms, since_ms, lost_ms;
};

static void move_t(struct npsd_fold_context *c, struct npsd_shard *s, int64_t t_ms)
{
	struct npsd_shard_view *v = &s->counts.view;
	int64_t before = v->t_ms;

	if (t_ms < before) {
		restart(c, s, "the event clock went back");
		return;
	}
	v->t_ms = t_ms;
	if (s->pub && npsd_counts_turns(&s->counts, t_ms, before))
		npsd_pub_turn(s->pub, v, before, c->now_mono_ms);
	if (c->now_mono_ms - s->dropped_mono_ms >= DROP_MS &&
	    npsd_counts_turns(&s->counts, t_ms, s->counts.dropped_ms)) {
		s->dropped_mono_ms = c->now_mono_ms;
		npsd_counts_drop(&s->counts);
	}
	if (s->state == NPSD_SHARD_CATCHING_UP && v->seq >= s->end_seq)
		npsd_shard_run(c, s);
}

/* All windows show since when everything is counted: if that moves, all are due. */
static void move_since(struct npsd_fold_context *c, struct npsd_shard *s, int64_t since_ms, int64_t lost_ms)
{
	struct npsd_shard_view *v = &s->counts.view;
	int64_t step_s = npsd_panes_step_s(v->panes, 0), pane_s;
	bool moved = since_ms != v->since_ms || lost_ms != v->lost_ms;

	v->since_ms = since_ms;
	v->lost_ms = lost_ms;
	if (!moved || !s->pub)
		return;
	pane_s = npsd_floor_div(v->t_ms, step_s * 1000) * step_s;
	for (uint32_t i = 0; i < npsd_panes_segments(v->panes); i++)
		npsd_pub_touch(s->pub, v, i, pane_s, c->now_mono_ms);
}

static bool read_ms(int64_t *out, const struct npsd_reply *r, size_t i)
{
	return npsd_reply_int(out, r, i, 0) && *out >= -NPSD_TIME_MAX && *out <= NPSD_TIME_MAX;
}

static bool read_clocks(struct clocks *k, const struct npsd_reply *r)
{
	return read_ms(&k->wall_ms, r, 1) && read_ms(&k->event_ms, r, 2) && read_ms(&k->since_ms, r, 4) &&
	       read_ms(&k->lost_ms, r, 5);
}

/* --- the reply --- */

/* `SEQ HASH`, or empty where nothing was ever written. */
static bool read_end(int64_t *seq, struct npsd_str end)
{
	struct npsd_str number;

	*seq = 0;
	return end.n == 0 ||
	       (npsd_str_cut(&number, &end, ' ') && npsd_str_number(seq, number, 0, NPSD_SEQ_MAX));
}

static void read_shard(
    struct npsd_fold_context *c, struct npsd_shard *s, const struct npsd_reply *r, const struct clocks *k)
{
	struct npsd_shard_view *v = &s->counts.view;
	int64_t epoch;

	if (!npsd_reply_int(&epoch, r, R_EPOCH, -1) || epoch != v->epoch) {
		npsd_log(NPSD_LOG_INFO, "fold",
		    "another process acquired shard %d; waiting for the group to release it", v->shard);
		npsd_shard_restart(c, s, true);
		return;
	}
	if (!read_end(&s->end_seq, npsd_reply_str(r, R_END))) {
		npsd_fold_fault(c, NPSD_FAULT_BROKEN, "the end of log %d is malformed", v->shard);
		return;
	}
	if (s->flush == NPSD_FLUSH_READING) {
		s->flush = NPSD_FLUSH_APPLYING;
		s->flush_seq = s->end_seq;
	}
	if (!apply(c, s, r))
		return;
	move_since(c, s, k->since_ms, k->lost_ms);
	move_t(c, s, npsd_fold_t(c, v->t_ms, k->wall_ms, k->event_ms));
}

void npsd_reader_done(struct npsd_reader *r, struct npsd_fold_context *c, const struct npsd_done *done)
{
	struct npsd_result got = npsd_fold_result(c, done, 6);
	const struct npsd_reply *shards = NULL;
	uint64_t call = r->call;
	struct clocks k;

	r->call = 0;
	if (got.kind == NPSD_RESULT_OK) {
		shards = npsd_reply_at(got.reply, 3);
		if (!read_clocks(&k, got.reply) || shards->type != NPSD_REPLY_ARRAY ||
		    shards->n != (size_t)r->n)
			npsd_fold_fault(c, NPSD_FAULT_BROKEN, "a clock in the fence is malformed");
	}
	for (int i = 0; i < r->n; i++) {
		struct npsd_shard *s = r->at[i];

		if (s->call != call)
			continue;
		s->call = 0;
		if (shards && c->state == NPSD_FOLD_RUNNING)
			read_shard(c, s, &shards->el[i], &k);
		if (s->flush == NPSD_FLUSH_READING)
			s->flush = NPSD_FLUSH_WANTED;
	}
}
