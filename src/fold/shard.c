/* The life of a shard: taken, loaded from its snapshot, read to the end of its log, running; and given up. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "fold/fold.h"
#include "fold/pane.h"
#include "npsd/err.h"

#define AGAIN_MS 1000		     /* between two takings */
#define LOAD_BYTES ((size_t)1 << 20) /* of chunks in one call */
#define LOAD_CHUNKS 64u
#define DROP_MS 1000

static void free_panes(struct npsd_shard *s)
{
	npsd_panes_free(&s->view.panes);
	npsd_chunks_free(&s->chunks);
	npsd_positions_clear(&s->positions);
	for (int b = 0; b < NPSD_BUCKETS; b++) {
		free(s->bucket[b].at);
		s->bucket[b] = (struct npsd_bucket){0};
	}
}

/* Publish has all its answers: nothing holds on to the panes any more. */
static void left(struct npsd_fold *f, struct npsd_shard *s)
{
	if (s->pub && npsd_pub_seen(s->pub) > s->seen)
		s->seen = npsd_pub_seen(s->pub);
	npsd_pub_free(&s->pub);
	free_panes(s);
	s->leaving = false;
	s->state = NPSD_SHARD_WAIT;
	s->need_len = 0;
	s->log_bytes = s->entry_bytes = 0;
	s->end_seq = s->view.seq = 0;
	if (f->flush && s->held)
		s->flush = NPSD_FLUSH_READ;
}

void npsd_shard_leave(struct npsd_fold *f, struct npsd_shard *s, bool lost)
{
	int64_t since = s->taken_mono + AGAIN_MS;

	if (f->snap.shard == s)
		npsd_snapshot_abandon(f);
	if (s->pub)
		npsd_pub_leave(s->pub, f->mono_ms);
	s->call = 0;
	s->reading = false;
	s->leaving = true;
	s->mine = lost ? 0 : s->view.epoch;
	if (s->view.epoch > s->seen)
		s->seen = s->view.epoch;
	s->wait_mono = lost || since > f->mono_ms ? f->mono_ms + AGAIN_MS : f->mono_ms;
}

bool npsd_shard_counts(const struct npsd_fold *f, struct npsd_seg seg)
{
	const struct npsd_sets *sets = &f->w->cfg->sets;

	for (int i = 0; i < sets->n; i++)
		if (sets->set[i].number == npsd_seg_set(seg))
			return true;
	return false;
}

uint32_t npsd_shard_segment(struct npsd_shard *s, struct npsd_seg seg)
{
	uint32_t before = npsd_panes_segments(s->view.panes);
	uint32_t i = npsd_panes_find(s->view.panes, seg, true);
	struct npsd_bucket *b = &s->bucket[npsd_chunk_bucket(seg)];

	if (i < before)
		return i;
	if (b->n == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 8;
		b->at = realloc(b->at, b->cap * sizeof *b->at);
		npsd_assert(b->at);
	}
	b->at[b->n++] = i;
	return i;
}

bool npsd_shard_dict(struct npsd_fold *f, struct npsd_shard *s)
{
	const char *chain = npsd_names_chain_any(f->names, s->need_len);

	if (!chain)
		return false;
	if (s->need_len > 0 && strcmp(chain, s->need_chain) != 0) {
		npsd_fold_halt(f, NPSD_INCIDENT_DICT,
		    "shard %d was counted with another dictionary of length %u", npsd_shard_number(f, s),
		    s->need_len);
		return false;
	}
	s->need_len = 0;
	return true;
}

int64_t npsd_shard_clock(struct npsd_fold *f, const struct npsd_shard *s, int64_t time_ms, int64_t clock_ms)
{
	if (f->w->cfg->clock == NPSD_CLOCK_EVENT)
		return clock_ms;
	if (time_ms > f->t_ms)
		f->t_ms = time_ms;
	if (s->view.t_ms > f->t_ms)
		f->t_ms = s->view.t_ms;
	return f->t_ms;
}

void npsd_shard_forget(struct npsd_fold *f, struct npsd_shard *s, bool now)
{
	if (!now && f->mono_ms - s->dropped_mono < DROP_MS)
		return;
	if (!now && npsd_floor_div(s->view.t_ms, f->finest_ms) == npsd_floor_div(s->dropped_ms, f->finest_ms))
		return;
	s->dropped_mono = f->mono_ms;
	s->dropped_ms = s->view.t_ms;
	npsd_panes_drop(s->view.panes, s->dropped_ms);
}

/* --- taking --- */

static bool take(struct npsd_fold *f, struct npsd_shard *s)
{
	int k = npsd_shard_number(f, s);

	npsd_fold_begin(f);
	npsd_fold_key(f, "manifest", k);
	npsd_fold_key(f, "chunks", k);
	npsd_fold_header(f);
	npsd_fold_args_addf(&f->args, "%d", k);
	npsd_fold_args_addf(&f->args, "%" PRId64, s->seen);
	if (s->mine)
		npsd_fold_args_addf(&f->args, "%" PRId64, s->mine);
	else
		npsd_fold_args_addz(&f->args, "");
	s->call = npsd_fold_submit(f, NPSD_S_shard_take, k);
	if (s->call)
		s->state = NPSD_SHARD_TAKE;
	return s->call != 0;
}

/* `chunk:BUCKET/STEP/SPAN` -> `K-EPOCH-NUMBER` */
static bool read_chunk_field(
    struct npsd_fold *f, struct npsd_shard *s, struct npsd_str field, struct npsd_str name)
{
	struct npsd_chunk_key key = {0};
	struct npsd_chunk *c;
	char text[128];
	int64_t step_s, epoch;
	uint32_t number;
	int k, at = 0;

	snprintf(text, sizeof text, "%.*s %.*s", (int)field.n, field.p, (int)name.n, name.p);
	if (sscanf(text, "chunk:%u/%" SCNd64 "/%" SCNd64 " %d-%" SCNd64 "-%u%n", &key.bucket, &step_s,
		&key.span, &k, &epoch, &number, &at) != 6 ||
	    (size_t)at != strlen(text) || k != npsd_shard_number(f, s) || key.bucket >= NPSD_BUCKETS)
		return false;
	while (key.step < f->nsteps && f->step_s[key.step] != step_s)
		key.step++;
	if (key.step == f->nsteps)
		return false;
	c = npsd_chunks_get(&s->chunks, key);
	c->epoch = epoch;
	c->number = number;
	c->named = true;
	return true;
}

/* A field of the manifest, other than chunks, into where it belongs; unknown ones are a newer version's. */
static bool read_field(struct npsd_fold *f, struct npsd_shard *s, struct npsd_str field, struct npsd_str v)
{
	int64_t len;

	if (npsd_str_eq(field, NPSD_STR("seq")))
		return npsd_fold_number(&s->view.seq, v, -1) && s->view.seq > 0;
	if (npsd_str_eq(field, NPSD_STR("t_ms")))
		return npsd_fold_number(&s->view.t_ms, v, INT64_MIN) && v.n > 0;
	if (npsd_str_eq(field, NPSD_STR("dropped_ms")))
		return npsd_fold_number(&s->dropped_ms, v, INT64_MIN) && v.n > 0;
	if (npsd_str_eq(field, NPSD_STR("positions")))
		return npsd_positions_read(&s->positions, v);
	if (npsd_str_eq(field, NPSD_STR("config")))
		return npsd_config_knows(f->w->cfg, v);
	if (npsd_str_eq(field, NPSD_STR("hash")))
		return snprintf(s->view.hash, sizeof s->view.hash, "%.*s", (int)v.n, v.p) == 40;
	if (npsd_str_eq(field, NPSD_STR("version")))
		return (size_t)snprintf(s->version, sizeof s->version, "%.*s", (int)v.n, v.p) <
		       sizeof s->version;
	if (npsd_str_eq(field, NPSD_STR("dict_chain")))
		return (size_t)snprintf(s->need_chain, sizeof s->need_chain, "%.*s", (int)v.n, v.p) <
		       sizeof s->need_chain;
	if (npsd_str_eq(field, NPSD_STR("dict_len"))) {
		if (!npsd_fold_number(&len, v, -1) || len < 0 || len > NPSD_ID_MAX)
			return false;
		s->need_len = (uint32_t)len;
		return true;
	}
	if (field.n > 6 && memcmp(field.p, "chunk:", 6) == 0)
		return read_chunk_field(f, s, field, v);
	return true;
}

static bool read_manifest(struct npsd_fold *f, struct npsd_shard *s, const struct npsd_reply *manifest)
{
	if (manifest->type != NPSD_REPLY_ARRAY)
		return false;
	for (size_t i = 0; i + 1 < manifest->n; i += 2)
		if (!read_field(f, s, npsd_fold_str(manifest, i), npsd_fold_str(manifest, i + 1)))
			return false;
	return manifest->n == 0 || (s->view.seq > 0 && s->version[0]);
}

static void taken(struct npsd_fold *f, struct npsd_shard *s, const struct npsd_reply *r)
{
	int64_t epoch, time_ms, clock_ms;
	bool ok = npsd_fold_int(&epoch, r, 1, -1) && npsd_fold_int(&time_ms, r, 2, -1) &&
		  npsd_fold_int(&clock_ms, r, 3, 0);

	free_panes(s);
	s->view = (struct npsd_shard_view){
	    .shard = npsd_shard_number(f, s), .epoch = epoch, .names = f->names, .t_ms = INT64_MIN};
	s->view.panes = npsd_panes_new(f->w->cfg);
	s->dropped_ms = INT64_MIN;
	s->version[0] = s->need_chain[0] = 0;
	s->need_len = s->loaded = s->chunk_last = 0;
	ok = ok && read_manifest(f, s, npsd_fold_el(r, 5));
	if (!ok) {
		npsd_fold_halt(f, NPSD_INCIDENT_BROKEN, "manifest of shard %d is malformed", s->view.shard);
		return;
	}
	s->view.t_ms = npsd_shard_clock(f, s, time_ms, clock_ms);
	if (s->dropped_ms > s->view.t_ms) {
		npsd_fold_halt(f, NPSD_INCIDENT_BROKEN, "the event clock is behind the snapshot of shard %d",
		    s->view.shard);
		return;
	}
	if (s->dropped_ms != INT64_MIN)
		npsd_panes_drop(s->view.panes, s->dropped_ms);
	s->view.positions = npsd_positions_text(&s->positions);
	s->manifest_seq = s->end_seq = s->view.seq;
	s->taken_mono = f->mono_ms;
	s->state = NPSD_SHARD_LOAD;
	npsd_log(NPSD_LOG_DEBUG, "fold", "shard %d taken, epoch %" PRId64 ", snapshot at %" PRId64,
	    s->view.shard, epoch, s->view.seq);
}

/* --- loading --- */

static bool load(struct npsd_fold *f, struct npsd_shard *s)
{
	int k = npsd_shard_number(f, s);

	if (!npsd_shard_dict(f, s))
		return false;
	if (s->loaded == s->chunks.n) {
		s->state = NPSD_SHARD_READ;
		return true;
	}
	npsd_fold_begin(f);
	for (uint32_t i = s->loaded; i < s->chunks.n && i < s->loaded + LOAD_CHUNKS; i++)
		npsd_fold_args_key(&f->args, "{%s:alerts}:chunk:%d-%" PRId64 "-%u", f->w->cfg->prefix, k,
		    s->chunks.at[i].epoch, s->chunks.at[i].number);
	npsd_fold_header(f);
	npsd_fold_args_addf(&f->args, "%d", k);
	npsd_fold_args_addf(&f->args, "%" PRId64, s->view.epoch);
	npsd_fold_args_addf(&f->args, "%zu", LOAD_BYTES);
	s->call = npsd_fold_submit(f, NPSD_S_chunk_read, k);
	return s->call != 0;
}

static void loaded(struct npsd_fold *f, struct npsd_shard *s, const struct npsd_reply *r)
{
	const struct npsd_reply *data = npsd_fold_el(r, 1);
	bool ok = data->type == NPSD_REPLY_ARRAY && data->n > 0;

	for (size_t i = 0; ok && i < data->n && s->loaded < s->chunks.n; i++) {
		struct npsd_str bytes = npsd_fold_str(data, i);

		ok = npsd_snapshot_load(f, s, s->chunks.at[s->loaded].key.step, bytes.p, bytes.n);
		s->loaded++;
	}
	if (!ok)
		npsd_fold_halt(f, NPSD_INCIDENT_BROKEN, "a chunk of shard %d is malformed", s->view.shard);
}

void npsd_shard_runs(struct npsd_fold *f, struct npsd_shard *s)
{
	int64_t interval = f->w->cfg->snapshot_interval_ms;

	npsd_shard_forget(f, s, true);
	s->pub = npsd_pub_new(f->w->cfg, s->view.shard);
	npsd_pub_taken(s->pub, &s->view);
	s->state = NPSD_SHARD_RUNS;
	/* shards taken together are not packed together */
	s->snapshot_mono = f->mono_ms + interval / 2 + interval / 2 * s->view.shard / f->nshards;
}

/* --- steps --- */

void npsd_shard_done(struct npsd_fold *f, struct npsd_shard *s, const struct npsd_done *done)
{
	struct npsd_str reason;
	bool ok = npsd_fold_answer(f, &reason, done);

	s->call = 0;
	if (ok && s->state == NPSD_SHARD_TAKE) {
		taken(f, s, done->reply);
	} else if (ok) {
		loaded(f, s, done->reply);
	} else if (s->state == NPSD_SHARD_TAKE) {
		/* the call may have taken it all the same: then any epoch above does */
		s->state = NPSD_SHARD_WAIT;
		s->mine = 0;
		s->wait_mono = f->mono_ms + (reason.p ? AGAIN_MS : 100);
	} else if (reason.p) {
		npsd_log(NPSD_LOG_WARN, "fold", "shard %d cannot be loaded (%.*s), it is taken anew",
		    s->view.shard, (int)reason.n, reason.p);
		npsd_shard_leave(f, s, true);
	} else {
		s->wait_mono = f->mono_ms + 100;
	}
}

bool npsd_shard_step(struct npsd_fold *f, struct npsd_shard *s)
{
	if (s->pub && !s->leaving && npsd_pub_state(s->pub) == NPSD_PUB_RETAKE)
		npsd_shard_leave(f, s, false);
	if (s->leaving) {
		if (s->pub && npsd_pub_busy(s->pub))
			return false;
		left(f, s);
		return true;
	}
	if (!s->held || f->halted || !f->names || f->reset || s->call || f->mono_ms < s->wait_mono)
		return false;
	if (s->state == NPSD_SHARD_WAIT)
		return take(f, s);
	if (s->state == NPSD_SHARD_LOAD)
		return load(f, s);
	return false;
}
