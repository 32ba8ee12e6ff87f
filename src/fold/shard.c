#include "fold/shard.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "fold/chunk_bytes.h"
#include "npsd/err.h"

#define AGAIN_FIRST_MS 2000
#define AGAIN_MOST_MS 4000
#define LOAD_BYTES ((size_t)1 << 20) /* of chunks in one call */
#define LOAD_CHUNKS 64u

void npsd_shard_init(struct npsd_shard *s, const struct npsd_config *cfg, int shard)
{
	*s = (struct npsd_shard){.again = {.first_ms = AGAIN_FIRST_MS, .most_ms = AGAIN_MOST_MS}};
	npsd_counts_init(&s->counts, cfg, shard);
}

void npsd_shard_free(struct npsd_shard *s)
{
	npsd_pub_free(&s->pub);
	npsd_counts_free(&s->counts);
}

/* --- release --- */

static void give_up(struct npsd_fold_context *c, struct npsd_shard *s, enum npsd_shard_state next)
{
	if (s->pub)
		npsd_pub_leave(s->pub, c->now_mono_ms);
	if (s->counts.view.epoch > s->seen)
		s->seen = s->counts.view.epoch;
	s->call = 0; /* a completion that still comes is ignored */
	s->state = next;
}

/* Nothing refers to the panes any more once publish has no key in flight. */
static bool clear(struct npsd_shard *s)
{
	if (s->pub && npsd_pub_busy(s->pub))
		return false;
	if (s->pub && npsd_pub_seen(s->pub) > s->seen)
		s->seen = npsd_pub_seen(s->pub);
	npsd_pub_free(&s->pub);
	npsd_counts_clear(&s->counts);
	s->needs.len = 0;
	s->log_bytes = s->entry_bytes = s->end_seq = 0;
	s->state = s->state == NPSD_SHARD_RELEASING ? NPSD_SHARD_RELEASED : NPSD_SHARD_WAITING;
	return true;
}

void npsd_shard_assign(struct npsd_fold_context *c, struct npsd_shard *s, bool assigned)
{
	if (assigned == npsd_shard_assigned(s))
		return;
	if (!assigned)
		give_up(c, s, NPSD_SHARD_RELEASING);
	else
		s->state = s->state == NPSD_SHARD_RELEASED ? NPSD_SHARD_WAITING : NPSD_SHARD_RESTARTING;
	/* the group decides who owns the shard, whatever epoch is stored */
	s->mine = 0;
	s->flush = NPSD_FLUSH_NONE;
	npsd_backoff_reset(&s->again);
}

void npsd_shard_restart(struct npsd_fold_context *c, struct npsd_shard *s, bool lost)
{
	bool settled = c->now_mono_ms - s->acquired_mono_ms >= AGAIN_FIRST_MS;

	give_up(c, s, NPSD_SHARD_RESTARTING);
	s->mine = lost ? 0 : s->counts.view.epoch;
	if (s->flush != NPSD_FLUSH_NONE)
		s->flush = NPSD_FLUSH_WANTED;
	if (settled)
		npsd_backoff_reset(&s->again);
	if (lost || !settled)
		npsd_backoff_fail(&s->again, &c->pl->clock, c->now_mono_ms);
}

/* --- acquisition --- */

static bool acquire(struct npsd_fold_context *c, struct npsd_shard *s)
{
	int k = s->counts.view.shard;

	npsd_script_begin_private(&c->call, NPSD_S_shard_acquire);
	npsd_script_private_key(&c->call, "manifest:%d", k);
	npsd_script_private_key(&c->call, "chunks:%d", k);
	npsd_fold_header(c);
	npsd_script_int(&c->call, k);
	npsd_script_int(&c->call, s->seen);
	if (s->mine)
		npsd_script_int(&c->call, s->mine);
	else
		npsd_script_argz(&c->call, "");
	s->call = npsd_fold_submit(c, k);
	if (s->call)
		s->state = NPSD_SHARD_ACQUIRING;
	return s->call != 0;
}

enum { A_OK, A_EPOCH, A_WALL_MS, A_EVENT_MS, A_END, A_MANIFEST, A_LEAST };

static void acquired(struct npsd_fold_context *c, struct npsd_shard *s, const struct npsd_reply *r)
{
	struct npsd_shard_view *v = &s->counts.view;
	int64_t epoch, wall_ms, event_ms;
	bool ok = npsd_reply_int(&epoch, r, A_EPOCH, -1) && epoch > 0 &&
		  npsd_reply_int(&wall_ms, r, A_WALL_MS, -1) && npsd_reply_int(&event_ms, r, A_EVENT_MS, 0) &&
		  event_ms >= -NPSD_TIME_MAX && event_ms <= NPSD_TIME_MAX;

	npsd_counts_begin(&s->counts, epoch, c->names);
	if (!ok || !npsd_manifest_read(&s->manifest, &s->counts, npsd_reply_at(r, A_MANIFEST))) {
		npsd_fold_fault(c, NPSD_FAULT_BROKEN, "manifest of shard %d is malformed", v->shard);
		return;
	}
	v->t_ms = npsd_fold_t(c, v->t_ms, wall_ms, event_ms);
	if (s->counts.dropped_ms > v->t_ms) {
		npsd_fold_fault(c, NPSD_FAULT_BROKEN,
		    "the event clock is less than the t of the snapshot of shard %d", v->shard);
		return;
	}
	if (s->counts.dropped_ms != INT64_MIN)
		npsd_panes_drop(v->panes, s->counts.dropped_ms);
	v->positions = npsd_source_positions_text(&s->counts.progress);
	s->needs = s->manifest.dict;
	s->loaded = s->chunk_last = 0;
	s->end_seq = v->seq;
	s->acquired_mono_ms = c->now_mono_ms;
	s->state = NPSD_SHARD_LOADING;
	npsd_log(NPSD_LOG_DEBUG, "fold", "shard %d acquired, epoch %" PRId64 ", snapshot at %" PRId64,
	    v->shard, epoch, v->seq);
}

/* --- loading --- */

bool npsd_shard_dict(struct npsd_fold_context *c, struct npsd_shard *s)
{
	const char *chain = npsd_names_chain_any(c->names, s->needs.len);

	if (!chain)
		return false;
	if (s->needs.len > 0 && strcmp(chain, s->needs.chain) != 0) {
		npsd_fold_fault(c, NPSD_FAULT_DICT,
		    "shard %d was counted with another dictionary of length %u", s->counts.view.shard,
		    s->needs.len);
		return false;
	}
	s->needs.len = 0;
	return true;
}

static bool load(struct npsd_fold_context *c, struct npsd_shard *s)
{
	const struct npsd_chunks *chunks = &s->counts.chunks;
	int k = s->counts.view.shard;

	if (!npsd_shard_dict(c, s))
		return false;
	if (s->loaded == chunks->n) {
		s->state = NPSD_SHARD_CATCHING_UP;
		return true;
	}
	npsd_script_begin_private(&c->call, NPSD_S_chunk_read);
	for (uint32_t i = s->loaded; i < chunks->n && i < s->loaded + LOAD_CHUNKS; i++)
		npsd_script_private_key(
		    &c->call, "chunk:%d-%" PRId64 "-%u", k, chunks->at[i].epoch, chunks->at[i].number);
	npsd_fold_header(c);
	npsd_script_int(&c->call, k);
	npsd_script_int(&c->call, s->counts.view.epoch);
	npsd_script_argf(&c->call, "%zu", LOAD_BYTES);
	s->call = npsd_fold_submit(c, k);
	return s->call != 0;
}

static void loaded(struct npsd_fold_context *c, struct npsd_shard *s, const struct npsd_reply *r)
{
	const struct npsd_reply *data = npsd_reply_at(r, 1);
	bool ok = data->type == NPSD_REPLY_ARRAY && data->n > 0;

	for (size_t i = 0; ok && i < data->n && s->loaded < s->counts.chunks.n; i++, s->loaded++)
		ok = npsd_chunk_unpack(&s->counts, s->counts.chunks.at[s->loaded].key, s->manifest.dict.len,
		    npsd_reply_str(data, i));
	if (!ok)
		npsd_fold_fault(
		    c, NPSD_FAULT_BROKEN, "a chunk of shard %d is malformed", s->counts.view.shard);
}

void npsd_shard_run(struct npsd_fold_context *c, struct npsd_shard *s)
{
	int64_t half = c->cfg->snapshot_interval_ms / 2;

	npsd_counts_drop(&s->counts);
	s->pub = npsd_pub_new(c->cfg, &c->pl->clock, s->counts.view.shard);
	npsd_pub_acquired(s->pub, &s->counts.view);
	s->state = NPSD_SHARD_RUNNING;
	/* shards acquired together are not packed together */
	s->snapshot_mono_ms = c->now_mono_ms + half + half * s->counts.view.shard / c->cfg->shards;
}

/* --- steps --- */

void npsd_shard_done(struct npsd_fold_context *c, struct npsd_shard *s, const struct npsd_done *done)
{
	bool acquiring = s->state == NPSD_SHARD_ACQUIRING;
	struct npsd_result r = npsd_fold_result(c, done, acquiring ? A_LEAST : 2);

	s->call = 0;
	if (r.kind == NPSD_RESULT_OK) {
		(acquiring ? acquired : loaded)(c, s, r.reply);
	} else if (acquiring) {
		/* a lost call may have stored a new epoch: the next one must not compare it */
		s->state = NPSD_SHARD_WAITING;
		s->mine = 0;
		if (r.kind == NPSD_RESULT_REFUSED)
			npsd_backoff_fail(&s->again, &c->pl->clock, c->now_mono_ms);
	} else if (r.kind == NPSD_RESULT_REFUSED) {
		npsd_log(NPSD_LOG_WARN, "fold", "shard %d cannot be loaded: %s; acquiring it again",
		    s->counts.view.shard, r.text);
		npsd_shard_restart(c, s, true);
	}
}

bool npsd_shard_step(struct npsd_fold_context *c, struct npsd_shard *s)
{
	if (s->state == NPSD_SHARD_RUNNING && npsd_pub_state(s->pub) == NPSD_PUB_REACQUIRE)
		npsd_shard_restart(c, s, false);
	else if (s->state == NPSD_SHARD_RUNNING && npsd_pub_state(s->pub) == NPSD_PUB_DIFFERS)
		npsd_fold_fault(c, NPSD_FAULT_BROKEN,
		    "indexes or ranks of shard %d differ again and again from what was written: "
		    "another program writes under the prefix %s",
		    s->counts.view.shard, c->cfg->prefix);
	if (s->state == NPSD_SHARD_RELEASING || s->state == NPSD_SHARD_RESTARTING)
		return clear(s);
	if (!npsd_fold_ready(c) || s->call)
		return false;
	if (s->state == NPSD_SHARD_WAITING && !npsd_backoff_waits(&s->again, c->now_mono_ms))
		return acquire(c, s);
	return s->state == NPSD_SHARD_LOADING && load(c, s);
}
