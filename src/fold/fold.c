/* The fold's step: orders of the group, answers of the store, and each part's own step. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "fold/fold.h"
#include "npsd/err.h"

#define SCRATCH_MAX (1u << 20)
#define SNAPSHOT_MAX                                                                                         \
	((size_t)256 << 20) /* packed and not yet written; far above what snapshot.c lets happen */
#define NAP_MS 10	    /* longest wait: what is due by time is looked at so often */
#define ASK_MS 50
#define HALT_AGAIN_MS 1000
#define ANSWERS 64 /* taken in one step */

struct npsd_fold *npsd_fold_new(struct npsd_pipeline *pl)
{
	struct npsd_fold *f = calloc(1, sizeof *f);

	npsd_assert(f && pl->cfg->shards <= NPSD_MAX_SHARDS);
	f->pl = pl;
	f->store = &pl->store_fold;
	f->nshards = (int)pl->cfg->shards;
	f->nsteps = npsd_panes_steps(f->step_s, pl->cfg);
	f->finest_ms = f->step_s[0] * 1000;
	f->t_ms = INT64_MIN;
	npsd_fold_args_init(&f->args);
	npsd_buf_init(&f->scratch, SCRATCH_MAX);
	npsd_buf_init(&f->snap.bytes, SNAPSHOT_MAX);
	npsd_buf_init(&f->ask.text, 0);
	f->ask.req.what = NPSD_REQ_ADMIT;
	for (int k = 0; k < f->nshards; k++)
		npsd_positions_init(&f->shard[k].positions);
	return f;
}

void npsd_fold_free(struct npsd_fold **fold)
{
	struct npsd_fold *f = *fold;

	*fold = NULL;
	if (!f)
		return;
	for (int k = 0; k < f->nshards; k++) {
		struct npsd_shard *s = &f->shard[k];

		npsd_pub_free(&s->pub);
		npsd_panes_free(&s->view.panes);
		npsd_chunks_free(&s->chunks);
		npsd_positions_free(&s->positions);
		for (int b = 0; b < NPSD_BUCKETS; b++)
			free(s->bucket[b].at);
	}
	/* orders in hand go back unanswered: the ring's owner frees them */
	if (f->flush)
		npsd_assert(npsd_ring_push(f->pl->fold_to_group, f->flush));
	if (f->reset)
		npsd_assert(npsd_ring_push(f->pl->fold_to_group, f->reset));
	npsd_snapshot_abandon(f);
	npsd_buf_free(&f->snap.bytes);
	free(f->snap.piece);
	npsd_fold_args_free(&f->args);
	npsd_buf_free(&f->scratch);
	free(f);
}

/* --- calls --- */

void npsd_fold_begin(struct npsd_fold *f)
{
	npsd_fold_args_clear(&f->args);
	npsd_fold_args_key(&f->args, "{%s:alerts}:fence", f->pl->cfg->prefix);
	npsd_fold_args_key(&f->args, "{%s:alerts}:dict", f->pl->cfg->prefix);
}

void npsd_fold_key(struct npsd_fold *f, const char *name, int shard)
{
	npsd_fold_args_key(&f->args, "{%s:alerts}:%s:%d", f->pl->cfg->prefix, name, shard);
}

void npsd_fold_header(struct npsd_fold *f)
{
	uint32_t len = npsd_names_len_any(f->names);

	npsd_fold_args_addz(&f->args, f->pl->cfg->hash);
	npsd_fold_args_addf(&f->args, "%" PRIu32, len);
	npsd_fold_args_addz(&f->args, npsd_names_chain_any(f->names, len));
}

uint64_t npsd_fold_submit(struct npsd_fold *f, enum npsd_script script, int shard)
{
	uint64_t number = f->calls + 1;

	if (!npsd_fold_args_submit(&f->args, f->store, script, npsd_tag(NPSD_TAG_FOLD, shard, number)))
		return 0;
	f->calls = number;
	return number;
}

void npsd_fold_halt(struct npsd_fold *f, enum npsd_fault what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->halt_text, sizeof f->halt_text, fmt, ap);
	va_end(ap);
	f->halted = true;
	f->halt = what;
	f->halt_mono = f->mono_ms;
	npsd_fault_set(f->pl, what, "%s", f->halt_text);
}

/* Said while another incident was set it was overheard, and the recovery from that one need not concern fold.
 */
static void tell_again(struct npsd_fold *f)
{
	if (!f->halted || f->reset || f->mono_ms - f->halt_mono < HALT_AGAIN_MS)
		return;
	f->halt_mono = f->mono_ms;
	npsd_fault_set(f->pl, f->halt, "%s", f->halt_text);
}

static enum npsd_fault misfit_of(struct npsd_str reason)
{
	if (npsd_str_eq(reason, NPSD_STR("config")))
		return NPSD_FAULT_CONFIG;
	if (npsd_str_eq(reason, NPSD_STR("dict")))
		return NPSD_FAULT_DICT;
	return npsd_str_eq(reason, NPSD_STR("empty")) ? NPSD_FAULT_EMPTY : NPSD_FAULT_NONE;
}

bool npsd_fold_answer(struct npsd_fold *f, struct npsd_str *reason, const struct npsd_done *done)
{
	enum npsd_fault what;

	*reason = (struct npsd_str){NULL, 0};
	if (done->outcome == NPSD_BROKEN) {
		npsd_fold_halt(f, NPSD_FAULT_BROKEN, "%s", done->text);
		return false;
	}
	if (done->outcome != NPSD_DONE) {
		if (npsd_log_every(&f->told_mono, f->mono_ms, 5000))
			npsd_log(NPSD_LOG_WARN, "fold", "Redis: %s", done->text);
		return false;
	}
	if (npsd_fold_is(done->reply, 0, "ok"))
		return true;
	*reason = npsd_fold_str(done->reply, 1);
	what = misfit_of(*reason);
	if (what != NPSD_FAULT_NONE)
		npsd_fold_halt(f, what, "a script of fold was refused: %.*s", (int)reason->n, reason->p);
	return false;
}

static void dispatch(struct npsd_fold *f, const struct npsd_done *done)
{
	int k = npsd_tag_shard(done->tag);
	uint64_t n = npsd_tag_n(done->tag);
	struct npsd_shard *s = &f->shard[k];

	npsd_assert(k < f->nshards);
	if (npsd_tag_room(done->tag) == NPSD_TAG_PUBLISH) {
		if (done->outcome == NPSD_BROKEN)
			npsd_fold_halt(f, NPSD_FAULT_BROKEN, "%s", done->text);
		if (s->pub) /* else for one that was given up */
			npsd_pub_done(s->pub, &s->view, done, f->mono_ms);
	} else if (n == f->read.call) {
		npsd_read_done(f, done);
	} else if (n == f->snap.call) {
		npsd_snapshot_done(f, done);
	} else if (n == s->call) {
		npsd_shard_done(f, s, done);
	}
}

/* --- orders --- */

static void answer_order(struct npsd_fold *f, struct npsd_command **order, bool ok)
{
	(*order)->ok = ok;
	npsd_assert(npsd_ring_push(f->pl->fold_to_group, *order));
	*order = NULL;
	f->pl->broker.wake(f->pl->broker.self);
}

static void begin_reset(struct npsd_fold *f, struct npsd_command *order)
{
	if (f->flush)
		answer_order(f, &f->flush, false);
	f->reset = order;
	for (int k = 0; k < f->nshards; k++) {
		struct npsd_shard *s = &f->shard[k];

		s->flush = NPSD_FLUSH_NONE;
		/* until SHARD comes again, behind the taking of the partitions: before it nothing may be
		 * stored to take */
		s->held = false;
		npsd_shard_leave(f, s, false);
		s->mine = 0; /* the group says who holds it: no need to look who held it last */
		s->wait_mono = f->mono_ms;
	}
}

/* Nobody holds on to the old names any more when all shards are left. */
static bool end_reset(struct npsd_fold *f)
{
	if (!f->reset)
		return false;
	for (int k = 0; k < f->nshards; k++)
		if (f->shard[k].leaving)
			return false;
	f->session = f->reset->session;
	f->names = f->reset->names;
	f->halted = false;
	answer_order(f, &f->reset, true);
	return true;
}

static void hold(struct npsd_fold *f, const struct npsd_command *order)
{
	for (int k = 0; k < f->nshards; k++) {
		struct npsd_shard *s = &f->shard[k];
		bool held = order->shards[k / 8] >> (k % 8) & 1;

		if (held == s->held)
			continue;
		s->held = held;
		s->flush = held && f->flush ? NPSD_FLUSH_READ : NPSD_FLUSH_NONE;
		if (!held)
			npsd_shard_leave(f, s, false);
		s->mine = 0;
		s->wait_mono = f->mono_ms;
	}
}

static void begin_flush(struct npsd_fold *f, struct npsd_command *order)
{
	if (f->flush)
		answer_order(f, &f->flush, false);
	f->flush = order;
	f->read.flushes = false; /* the one on its way began before */
	for (int k = 0; k < f->nshards; k++)
		f->shard[k].flush = f->shard[k].held ? NPSD_FLUSH_READ : NPSD_FLUSH_NONE;
}

static bool take_order(struct npsd_fold *f)
{
	struct npsd_command *order = f->reset ? NULL : npsd_ring_pop(f->pl->group_to_fold);

	if (!order)
		return false;
	switch (order->what) {
	case NPSD_CMD_RESET:
		begin_reset(f, order);
		break;
	case NPSD_CMD_SHARDS:
		hold(f, order);
		answer_order(f, &order, true);
		break;
	case NPSD_CMD_FLUSH:
		begin_flush(f, order);
		break;
	default:
		npsd_panic(__FILE__, __LINE__, "an order that is not fold's");
	}
	return true;
}

/* One shard's way through a flush; true when it is done. */
static bool flush_shard(struct npsd_shard *s)
{
	if (s->flush == NPSD_FLUSH_APPLY && s->state == NPSD_SHARD_RUNS && !s->leaving && !s->reading &&
	    s->view.seq >= s->flush_seq) {
		npsd_pub_flush(s->pub);
		s->flush = NPSD_FLUSH_CLEAN;
	}
	if (s->flush == NPSD_FLUSH_CLEAN && !s->leaving && npsd_pub_clean(s->pub))
		s->flush = NPSD_FLUSH_DONE;
	return s->flush == NPSD_FLUSH_NONE || s->flush == NPSD_FLUSH_DONE;
}

static bool flush_step(struct npsd_fold *f)
{
	bool all = true;

	if (!f->flush || f->halted)
		return false;
	for (int k = 0; k < f->nshards; k++)
		all = flush_shard(&f->shard[k]) && all;
	if (!all)
		return false;
	answer_order(f, &f->flush, true);
	return true;
}

/* --- the dictionary --- */

/* What was read from the log, or what the shard's sweep found, may be in the rest of the dictionary. */
static bool needs_rest(const struct npsd_fold *f, const struct npsd_shard *s)
{
	int64_t len = npsd_names_len_any(f->names);

	return s->need_len > len || (s->pub && npsd_pub_needs(s->pub) > len);
}

/* Asks commit for the rest of the dictionary where a shard needs it. */
static bool ask_step(struct npsd_fold *f)
{
	struct npsd_request *req = npsd_ring_pop(f->pl->commit_to_fold);
	bool wanted = false;

	if (req) {
		f->asking = false;
		f->ask_mono = f->mono_ms + ASK_MS;
	}
	for (int k = 0; k < f->nshards && !f->halted && f->names; k++)
		wanted = wanted || needs_rest(f, &f->shard[k]);
	if (!wanted || f->asking || f->mono_ms < f->ask_mono)
		return req != NULL;
	f->ask.req.session = f->session;
	f->ask.req.end = NPSD_REQ_PENDING;
	f->ask.n = 0;
	f->asking = npsd_ring_push(f->pl->fold_to_commit, &f->ask.req);
	f->pl->store_commit.wake(f->pl->store_commit.self);
	return f->asking;
}

/* --- steps --- */

/* Counting slows down where a log of ours is too long: what is applied but in no snapshot yet, and about what
 * is unread. */
static void tell_log_full(struct npsd_fold *f)
{
	bool full = false;

	for (int k = 0; k < f->nshards; k++) {
		const struct npsd_shard *s = &f->shard[k];

		if (s->held && s->state >= NPSD_SHARD_READ)
			full = full || (double)s->log_bytes +
					       (double)(s->end_seq - s->view.seq) * (double)s->entry_bytes >
					   (double)f->pl->cfg->log_max_bytes;
	}
	npsd_store_relaxed(&f->pl->log_full, full);
}

static bool publish_step(struct npsd_fold *f, struct npsd_shard *s)
{
	if (f->halted || s->leaving || s->reading || s->state != NPSD_SHARD_RUNS)
		return false;
	return npsd_pub_step(s->pub, &s->view, f->store, f->mono_ms);
}

static bool answers(struct npsd_fold *f, int wait_ms)
{
	struct npsd_done done;
	int n = 0;

	while (n < ANSWERS && f->store->poll(f->store->self, &done, n ? 0 : wait_ms)) {
		f->mono_ms = f->pl->clock.mono_ms(f->pl->clock.self);
		dispatch(f, &done);
		n++;
	}
	return n > 0;
}

bool npsd_fold_step(struct npsd_fold *f, int wait_ms)
{
	bool did = false;

	f->mono_ms = f->pl->clock.mono_ms(f->pl->clock.self);
	while (take_order(f))
		did = true;
	did |= answers(f, 0);
	for (int k = 0; k < f->nshards; k++)
		did |= npsd_shard_step(f, &f->shard[k]);
	did |= end_reset(f);
	did |= ask_step(f);
	if (f->names && !f->halted && !f->reset) {
		for (int k = 0; k < f->nshards; k++)
			did |= publish_step(f, &f->shard[k]);
		did |= npsd_snapshot_step(f);
		did |= npsd_read_step(f);
		did |= flush_step(f);
	}
	tell_log_full(f);
	tell_again(f);
	if (!did)
		did = answers(f, wait_ms < NAP_MS ? wait_ms : NAP_MS);
	return did;
}
