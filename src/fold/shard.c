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
#define SPAN_MAX (NPSD_PANE_NUMBER_MAX / NPSD_SPAN_PANES)

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
	const struct npsd_sets *sets = &f->pl->cfg->sets;

	for (int i = 0; i < sets->n; i++)
		if (sets->set[i].number == npsd_seg_set(seg))
			return true;
	return false;
}

/* Whether kind and ids are such as the set has. */
static bool fits_set(const struct npsd_fold *f, const struct npsd_set *set, struct npsd_seg seg)
{
	uint32_t kind = npsd_seg_kind(seg), id[NPSD_SET_DIMS];

	if (kind > NPSD_KIND_OTHER || (kind != NPSD_KIND_NONE) != f->pl->cfg->kinds_split)
		return false;
	npsd_seg_ids(id, seg);
	for (int i = 0; i < NPSD_SET_DIMS; i++) {
		if (i >= set->ndims && id[i] != 0)
			return false;
		if (id[i] >= NPSD_ID_FIRST && npsd_names_dim_any(f->names, id[i]) != set->dims[i])
			return false;
	}
	return true;
}

bool npsd_shard_may_hold(
    const struct npsd_fold *f, const struct npsd_shard *s, struct npsd_seg seg, uint32_t dict_len)
{
	const struct npsd_sets *sets = &f->pl->cfg->sets;
	uint32_t id[NPSD_SET_DIMS];

	npsd_seg_ids(id, seg);
	for (int i = 0; i < NPSD_SET_DIMS; i++)
		if (id[i] >= dict_len + NPSD_ID_FIRST)
			return false;
	/* one that is there already was asked for then */
	if (npsd_panes_find(s->view.panes, seg, false) != UINT32_MAX)
		return true;
	if (npsd_seg_shard(seg, (uint32_t)f->nshards) != (uint32_t)npsd_shard_number(f, s) ||
	    npsd_seg_set(seg) >= f->pl->cfg->sets_given)
		return false;
	for (int i = 0; i < sets->n; i++)
		if (sets->set[i].number == npsd_seg_set(seg))
			return fits_set(f, &sets->set[i], seg);
	return true;
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
		npsd_fold_halt(f, NPSD_FAULT_DICT,
		    "shard %d was counted with another dictionary of length %u", npsd_shard_number(f, s),
		    s->need_len);
		return false;
	}
	s->need_len = 0;
	return true;
}

int64_t npsd_shard_clock(struct npsd_fold *f, const struct npsd_shard *s, int64_t time_ms, int64_t clock_ms)
{
	if (f->pl->cfg->clock == NPSD_CLOCK_EVENT)
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

/* `chunk:BUCKET/STEP/SPAN` -> `K-EPOCH-NUMBER`. What is not as chunk_field() and chunk_name() write it could
 * never be replaced. */
static bool read_chunk_field(
    struct npsd_fold *f, struct npsd_shard *s, struct npsd_str field, struct npsd_str name)
{
	struct npsd_chunk_key key = {0};
	struct npsd_chunk *c;
	char text[128], again[128];
	int64_t step_s, epoch;
	uint32_t number;
	int k, n;

	snprintf(text, sizeof text, "%.*s %.*s", (int)field.n, field.p, (int)name.n, name.p);
	if (sscanf(text, "chunk:%u/%" SCNd64 "/%" SCNd64 " %d-%" SCNd64 "-%u", &key.bucket, &step_s,
		&key.span, &k, &epoch, &number) != 6)
		return false;
	n = snprintf(again, sizeof again, "chunk:%u/%" PRId64 "/%" PRId64 " %d-%" PRId64 "-%u", key.bucket,
	    step_s, key.span, k, epoch, number);
	if ((size_t)n != (size_t)field.n + 1 + name.n || strcmp(text, again) != 0)
		return false;
	while (key.step < f->nsteps && f->step_s[key.step] != step_s)
		key.step++;
	if (key.step == f->nsteps || key.bucket >= NPSD_BUCKETS || k != npsd_shard_number(f, s) ||
	    key.span > SPAN_MAX || key.span < -SPAN_MAX || epoch < 0 || epoch >= s->view.epoch)
		return false;
	c = npsd_chunks_get(&s->chunks, key);
	c->epoch = epoch;
	c->number = number;
	c->named = true;
	return true;
}

static bool read_ms(int64_t *out, struct npsd_str v)
{
	return v.n > 0 && npsd_fold_number(out, v, 0) && *out >= -NPSD_TIME_MAX && *out <= NPSD_TIME_MAX;
}

static bool read_len(uint32_t *out, struct npsd_str v)
{
	int64_t len;

	if (v.n == 0 || !npsd_fold_number(&len, v, 0) || len < 0 || len > NPSD_ID_MAX)
		return false;
	*out = (uint32_t)len;
	return true;
}

/* False: it does not fit, or has a zero in it. */
static bool read_text(char *out, size_t room, struct npsd_str v)
{
	return v.n < room && (size_t)snprintf(out, room, "%.*s", (int)v.n, v.p) == v.n;
}

/* The fields that a manifest has beside its chunks. */
enum {
	M_VERSION,
	M_SEQ,
	M_HASH,
	M_CONFIG,
	M_DICT_LEN,
	M_DICT_CHAIN,
	M_T_MS,
	M_DROPPED_MS,
	M_POSITIONS,
	NFIELDS
};

/* Into where it belongs. */
static bool read_field(struct npsd_fold *f, struct npsd_shard *s, int field, struct npsd_str v)
{
	switch (field) {
	case M_VERSION:
		return read_text(s->version, sizeof s->version, v);
	case M_SEQ:
		return npsd_fold_number(&s->view.seq, v, 0) && s->view.seq > 0 && s->view.seq <= NPSD_SEQ_MAX;
	case M_HASH:
		return read_text(s->view.hash, sizeof s->view.hash, v) &&
		       strspn(s->view.hash, "0123456789abcdef") == sizeof s->view.hash - 1;
	case M_CONFIG:
		return npsd_config_knows(f->pl->cfg, v);
	case M_DICT_LEN:
		return read_len(&s->dict_len, v);
	case M_DICT_CHAIN:
		return read_text(s->need_chain, sizeof s->need_chain, v);
	case M_T_MS:
		return read_ms(&s->view.t_ms, v);
	case M_DROPPED_MS:
		return read_ms(&s->dropped_ms, v);
	default:
		return npsd_positions_read(&s->positions, v);
	}
}

/* `EPOCH-SEQ`, of an epoch before this one, and of the manifest's seq. */
static bool check_version(const struct npsd_shard *s)
{
	char again[sizeof s->version];
	int64_t epoch, seq;

	if (sscanf(s->version, "%" SCNd64 "-%" SCNd64, &epoch, &seq) != 2)
		return false;
	snprintf(again, sizeof again, "%" PRId64 "-%" PRId64, epoch, seq);
	return strcmp(again, s->version) == 0 && epoch >= 0 && epoch < s->view.epoch && seq == s->view.seq;
}

/* Unknown fields are a newer version's. */
static bool read_manifest(struct npsd_fold *f, struct npsd_shard *s, const struct npsd_reply *manifest)
{
	static const char *const names[NFIELDS] = {
	    "version", "seq", "hash", "config", "dict_len", "dict_chain", "t_ms", "dropped_ms", "positions"};
	unsigned int seen = 0;

	if (manifest->type != NPSD_REPLY_ARRAY)
		return false;
	for (size_t i = 0; i + 1 < manifest->n; i += 2) {
		struct npsd_str field = npsd_fold_str(manifest, i), v = npsd_fold_str(manifest, i + 1);
		int at = 0;

		if (field.n >= 6 && memcmp(field.p, "chunk:", 6) == 0) {
			if (!read_chunk_field(f, s, field, v))
				return false;
			continue;
		}
		while (at < NFIELDS && !npsd_str_eq(field, npsd_str(names[at])))
			at++;
		if (at == NFIELDS)
			continue;
		if (!read_field(f, s, at, v))
			return false;
		seen |= 1u << at;
	}
	s->need_len = s->dict_len;
	return manifest->n == 0 || (seen == (1u << NFIELDS) - 1 && check_version(s));
}

static void taken(struct npsd_fold *f, struct npsd_shard *s, const struct npsd_reply *r)
{
	int64_t epoch, time_ms, clock_ms;
	bool ok = npsd_fold_int(&epoch, r, 1, -1) && epoch > 0 && npsd_fold_int(&time_ms, r, 2, -1) &&
		  npsd_fold_int(&clock_ms, r, 3, 0) && clock_ms >= -NPSD_TIME_MAX &&
		  clock_ms <= NPSD_TIME_MAX;

	free_panes(s);
	s->view = (struct npsd_shard_view){
	    .shard = npsd_shard_number(f, s), .epoch = epoch, .names = f->names, .t_ms = INT64_MIN};
	s->view.panes = npsd_panes_new(f->pl->cfg);
	s->dropped_ms = INT64_MIN;
	s->version[0] = s->need_chain[0] = 0;
	s->dict_len = s->need_len = s->loaded = s->chunk_last = 0;
	ok = ok && read_manifest(f, s, npsd_fold_el(r, 5));
	if (!ok) {
		npsd_fold_halt(f, NPSD_FAULT_BROKEN, "manifest of shard %d is malformed", s->view.shard);
		return;
	}
	s->view.t_ms = npsd_shard_clock(f, s, time_ms, clock_ms);
	if (s->dropped_ms > s->view.t_ms) {
		npsd_fold_halt(f, NPSD_FAULT_BROKEN, "the event clock is behind the snapshot of shard %d",
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
		npsd_fold_args_key(&f->args, "{%s:alerts}:chunk:%d-%" PRId64 "-%u", f->pl->cfg->prefix, k,
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

		ok = npsd_snapshot_load(f, s, s->chunks.at[s->loaded].key, bytes.p, bytes.n);
		s->loaded++;
	}
	if (!ok)
		npsd_fold_halt(f, NPSD_FAULT_BROKEN, "a chunk of shard %d is malformed", s->view.shard);
}

void npsd_shard_runs(struct npsd_fold *f, struct npsd_shard *s)
{
	int64_t interval = f->pl->cfg->snapshot_interval_ms;

	npsd_shard_forget(f, s, true);
	s->pub = npsd_pub_new(f->pl->cfg, s->view.shard);
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
