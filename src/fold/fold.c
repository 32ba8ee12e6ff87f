#include "fold/fold.h"

#include <stdlib.h>

#include "npsd/err.h"

#define NAP_MS 10 /* the longest wait: what is due by time is looked at as often */
#define ADMIT_FIRST_MS 50
#define ADMIT_MOST_MS 1000
#define COMPLETIONS 64 /* handled in one step */

struct npsd_fold *npsd_fold_new(struct npsd_pipeline *pl)
{
	struct npsd_fold *f = calloc(1, sizeof *f);

	npsd_assert(f && pl->cfg->shards <= NPSD_MAX_SHARDS);
	npsd_fold_context_init(&f->ctx, pl);
	npsd_snapshot_init(&f->snap);
	npsd_buf_init(&f->admission.text, 0);
	f->admission.req.what = NPSD_REQ_ADMIT;
	f->admit_again = (struct npsd_backoff){.first_ms = ADMIT_FIRST_MS, .most_ms = ADMIT_MOST_MS};
	f->nshards = (int)pl->cfg->shards;
	f->reader.shard = f->shard;
	f->reader.nshards = f->nshards;
	for (int k = 0; k < f->nshards; k++)
		npsd_shard_init(&f->shard[k], pl->cfg, k);
	return f;
}

void npsd_fold_free(struct npsd_fold **fold)
{
	struct npsd_fold *f = *fold;

	*fold = NULL;
	if (!f)
		return;
	for (int k = 0; k < f->nshards; k++)
		npsd_shard_free(&f->shard[k]);
	/* commands go back without a reply: the ring's owner frees them */
	if (f->flush)
		npsd_assert(npsd_ring_push(f->ctx.pl->fold_to_group, f->flush));
	if (f->reset)
		npsd_assert(npsd_ring_push(f->ctx.pl->fold_to_group, f->reset));
	npsd_snapshot_free(&f->snap);
	npsd_script_free(&f->ctx.call);
	free(f);
}

/* --- commands --- */

static void reply(struct npsd_fold *f, struct npsd_command **cmd, bool ok)
{
	struct npsd_pipeline *pl = f->ctx.pl;

	(*cmd)->ok = ok;
	npsd_assert(npsd_ring_push(pl->fold_to_group, *cmd));
	*cmd = NULL;
	pl->broker.wake(pl->broker.self);
}

static void set_flush(struct npsd_fold *f, enum npsd_flush_state to)
{
	for (struct npsd_shard *s = f->shard; s < f->shard + f->nshards; s++)
		s->flush = npsd_shard_assigned(s) ? to : NPSD_FLUSH_NONE;
}

static void cancel_flush(struct npsd_fold *f)
{
	if (f->flush)
		reply(f, &f->flush, false);
	set_flush(f, NPSD_FLUSH_NONE);
}

/* Shards are assigned again after the group has acquired the partitions: before, nothing may be stored. */
static void begin_reset(struct npsd_fold *f, struct npsd_command *cmd)
{
	cancel_flush(f);
	f->reset = cmd;
	f->ctx.state = NPSD_FOLD_RESETTING;
	for (int k = 0; k < f->nshards; k++)
		npsd_shard_assign(&f->ctx, &f->shard[k], false);
}

/* Nothing refers to the old names any more once all shards are released. */
static bool end_reset(struct npsd_fold *f)
{
	if (!f->reset)
		return false;
	for (int k = 0; k < f->nshards; k++)
		if (f->shard[k].state != NPSD_SHARD_RELEASED)
			return false;
	f->ctx.session = f->reset->session;
	f->ctx.names = f->reset->names;
	f->ctx.state = NPSD_FOLD_RUNNING;
	reply(f, &f->reset, true);
	return true;
}

static void assign_shards(struct npsd_fold *f, const struct npsd_command *cmd)
{
	for (int k = 0; k < f->nshards; k++) {
		struct npsd_shard *s = &f->shard[k];

		npsd_shard_assign(&f->ctx, s, cmd->shards[k / 8] >> (k % 8) & 1);
		if (f->flush && npsd_shard_assigned(s) && s->flush == NPSD_FLUSH_NONE)
			s->flush = NPSD_FLUSH_WANTED;
	}
}

static bool command_step(struct npsd_fold *f)
{
	struct npsd_command *cmd = f->reset ? NULL : npsd_ring_pop(f->ctx.pl->group_to_fold);

	if (!cmd)
		return false;
	switch (cmd->what) {
	case NPSD_CMD_RESET:
		begin_reset(f, cmd);
		break;
	case NPSD_CMD_SHARDS:
		assign_shards(f, cmd);
		reply(f, &cmd, true);
		break;
	case NPSD_CMD_FLUSH:
		cancel_flush(f);
		f->flush = cmd;
		set_flush(f, NPSD_FLUSH_WANTED);
		break;
	default:
		npsd_panic(__FILE__, __LINE__, "a command that is not fold's");
	}
	return true;
}

/* True: the flush does not wait for this shard. */
static bool flush_shard(struct npsd_shard *s)
{
	bool runs = s->state == NPSD_SHARD_RUNNING;

	if (s->flush == NPSD_FLUSH_APPLYING && runs && !s->call && s->counts.view.seq >= s->flush_seq) {
		npsd_pub_flush(s->pub);
		s->flush = NPSD_FLUSH_PUBLISHING;
	}
	if (s->flush == NPSD_FLUSH_PUBLISHING && runs && npsd_pub_clean(s->pub))
		s->flush = NPSD_FLUSH_DONE;
	return s->flush == NPSD_FLUSH_NONE || s->flush == NPSD_FLUSH_DONE;
}

static bool flush_step(struct npsd_fold *f)
{
	bool all = true;

	if (!f->flush)
		return false;
	for (int k = 0; k < f->nshards; k++)
		all = flush_shard(&f->shard[k]) && all;
	if (!all)
		return false;
	reply(f, &f->flush, true);
	set_flush(f, NPSD_FLUSH_NONE);
	return true;
}

/* --- the dictionary --- */

/* What was read from the log, or what the sweep of the shard found, may be in the rest of the dictionary. */
static bool needs_rest(const struct npsd_fold *f)
{
	int64_t len;

	if (f->ctx.state != NPSD_FOLD_RUNNING)
		return false;
	len = npsd_names_len_any(f->ctx.names);
	for (const struct npsd_shard *s = f->shard; s < f->shard + f->nshards; s++)
		if (s->needs.len > len || (s->pub && npsd_pub_needs(s->pub) > len))
			return true;
	return false;
}

/* One admission request at a time. */
static bool admission_step(struct npsd_fold *f)
{
	struct npsd_fold_context *c = &f->ctx;
	struct npsd_request *req = npsd_ring_pop(c->pl->commit_to_fold);

	if (req)
		f->admitting = false;
	if (!needs_rest(f)) {
		npsd_backoff_reset(&f->admit_again);
		return req != NULL;
	}
	if (req)
		npsd_backoff_fail(&f->admit_again, &c->pl->clock, c->now_mono_ms);
	if (f->admitting || npsd_backoff_waits(&f->admit_again, c->now_mono_ms))
		return req != NULL;
	f->admission.req.session = c->session;
	f->admission.req.end = NPSD_REQ_PENDING;
	f->admission.n = 0;
	f->admitting = true;
	npsd_assert(npsd_ring_push(c->pl->fold_to_commit, &f->admission.req));
	c->pl->store_commit.wake(c->pl->store_commit.self);
	return true;
}

/* --- steps --- */

/* Counting pauses where a log is too long: the bytes that no snapshot holds, and an estimate of the unread.
 */
static void set_log_full(struct npsd_fold *f)
{
	bool full = false;

	for (const struct npsd_shard *s = f->shard; s < f->shard + f->nshards; s++) {
		double unread = (double)(s->end_seq - s->counts.view.seq) * (double)s->entry_bytes;

		if (s->state >= NPSD_SHARD_CATCHING_UP)
			full = full || (double)s->log_bytes + unread > (double)f->ctx.cfg->log_max_bytes;
	}
	npsd_store_relaxed(&f->ctx.pl->log_full, full);
}

/* A completion whose call nobody waits for any more is ignored: its shard restarted since. */
static void dispatch(struct npsd_fold *f, const struct npsd_done *done)
{
	struct npsd_fold_context *c = &f->ctx;
	struct npsd_shard *s = &f->shard[npsd_tag_shard(done->tag)];
	uint64_t n = npsd_tag_n(done->tag);

	npsd_assert(s < f->shard + f->nshards);
	if (npsd_tag_component(done->tag) == NPSD_TAG_PUBLISH) {
		if (done->outcome == NPSD_BROKEN)
			npsd_fold_fault(c, NPSD_FAULT_BROKEN, "%s", done->text);
		if (npsd_pub_wrote(done))
			npsd_bump_owner(&c->pl->writes, 1);
		if (s->pub)
			npsd_pub_done(s->pub, &s->counts.view, done, c->now_mono_ms);
	} else if (n == f->reader.call) {
		npsd_reader_done(&f->reader, c, done);
	} else if (n == f->snap.call) {
		npsd_snapshot_done(&f->snap, c, done);
	} else if (n == s->call) {
		npsd_shard_done(c, s, done);
	}
}

/* Handles completions, the first of which may come after wait_ms, and reads the clock. */
static bool completion_step(struct npsd_fold *f, int wait_ms)
{
	struct npsd_fold_context *c = &f->ctx;
	struct npsd_done done;

	for (int n = 0;; n++) {
		bool more = n < COMPLETIONS && c->store->poll(c->store->self, &done, n ? 0 : wait_ms);

		c->now_mono_ms = npsd_mono_ms(&c->pl->clock);
		if (!more)
			return n > 0;
		dispatch(f, &done);
	}
}

/* Nothing publishes while entries may be applied to the same panes. */
static bool publish_step(struct npsd_fold *f, struct npsd_shard *s)
{
	return f->ctx.state == NPSD_FOLD_RUNNING && s->state == NPSD_SHARD_RUNNING && !s->call &&
	       npsd_pub_step(s->pub, &s->counts.view, f->ctx.store, f->ctx.now_mono_ms);
}

bool npsd_fold_step(struct npsd_fold *f, int wait_ms)
{
	struct npsd_fold_context *c = &f->ctx;
	bool did = completion_step(f, 0);

	while (command_step(f))
		did = true;
	for (int k = 0; k < f->nshards; k++)
		did |= npsd_shard_step(c, &f->shard[k]);
	did |= end_reset(f);
	did |= admission_step(f);
	if (c->state == NPSD_FOLD_RUNNING) {
		for (int k = 0; k < f->nshards; k++)
			did |= publish_step(f, &f->shard[k]);
		did |= npsd_snapshot_step(&f->snap, c, f->shard, f->nshards);
		did |= npsd_reader_step(&f->reader, c, npsd_snapshot_frozen(&f->snap));
		did |= flush_step(f);
	}
	set_log_full(f);
	if (!did)
		did = completion_step(f, wait_ms < NAP_MS ? wait_ms : NAP_MS);
	return did;
}
