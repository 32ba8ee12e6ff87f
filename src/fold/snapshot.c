#include "fold/snapshot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "fold/chunk_bytes.h"
#include "npsd/err.h"

#define BYTES_MAX ((size_t)256 << 20) /* far more than PACKED_MAX and a step's bytes */
#define PACKED_MAX ((size_t)8 << 20)  /* packing waits while more is not written */
#define STEP_BYTES ((size_t)128 << 10)
#define STEP_SEGMENTS 16384u
#define CALL_BYTES ((size_t)1 << 20)
#define CALL_PIECES 256u

void npsd_snapshot_init(struct npsd_snapshot *snap)
{
	*snap = (struct npsd_snapshot){0};
	npsd_buf_init(&snap->bytes, BYTES_MAX);
}

static void end(struct npsd_snapshot *snap)
{
	free(snap->positions);
	free(snap->piece);
	snap->positions = NULL;
	snap->piece = NULL;
	snap->shard = NULL;
	snap->call = 0;
}

void npsd_snapshot_free(struct npsd_snapshot *snap)
{
	end(snap);
	npsd_buf_free(&snap->bytes);
}

/* Ends a snapshot whose shard does not run any more, or runs under another epoch. */
static void end_void(struct npsd_snapshot *snap)
{
	const struct npsd_shard *s = snap->shard;

	if (s && (s->state != NPSD_SHARD_RUNNING || s->counts.view.epoch != snap->epoch))
		end(snap);
}

/* --- packing --- */

/* Packs about STEP_BYTES, or looks at about STEP_SEGMENTS; true if it did. */
static bool pack(struct npsd_snapshot *snap)
{
	struct npsd_shard *s = snap->shard;
	size_t from;
	uint32_t segments = 0;

	if (snap->bytes.n > PACKED_MAX) {
		if (snap->written < snap->packed)
			return false;
		npsd_buf_clear(&snap->bytes);
	}
	from = snap->bytes.n;
	while (
	    snap->packed < snap->npieces && snap->bytes.n - from < STEP_BYTES && segments < STEP_SEGMENTS) {
		struct npsd_piece *piece = &snap->piece[snap->packed++];
		struct npsd_chunk_key key = s->counts.chunks.at[piece->chunk].key;

		segments += s->counts.slice[key.slice].n;
		piece->at = snap->bytes.n;
		if (npsd_chunk_pack(&snap->bytes, &s->counts, key)) {
			piece->len = snap->bytes.n - piece->at;
			piece->number = ++s->chunk_last;
		}
	}
	return true;
}

/* --- writing --- */

static void add_name(struct npsd_script_build *call, const struct npsd_snapshot *snap, uint32_t number)
{
	npsd_script_argf(call, "%d-%" PRId64 "-%u", snap->shard->counts.view.shard, snap->epoch, number);
}

static void begin_args(const struct npsd_snapshot *snap, struct npsd_fold_context *c)
{
	npsd_fold_header(c);
	npsd_script_int(&c->call, snap->shard->counts.view.shard);
	npsd_script_int(&c->call, snap->epoch);
}

static bool submit(struct npsd_snapshot *snap, struct npsd_fold_context *c)
{
	snap->what = c->call.script;
	snap->call = npsd_fold_submit(c, snap->shard->counts.view.shard);
	return snap->call != 0;
}

/* Submits the next pieces; those that are empty need no write. */
static bool write_chunks(struct npsd_snapshot *snap, struct npsd_fold_context *c)
{
	int k = snap->shard->counts.view.shard;
	size_t bytes = 0;
	uint32_t to = snap->written, n = 0;

	npsd_script_begin_private(&c->call, NPSD_S_chunk_write);
	npsd_script_private_key(&c->call, "chunks:%d", k);
	for (; to < snap->packed && bytes < CALL_BYTES && n < CALL_PIECES; to++) {
		const struct npsd_piece *piece = &snap->piece[to];

		if (piece->len == 0)
			continue;
		npsd_script_private_key(&c->call, "chunk:%d-%" PRId64 "-%u", k, snap->epoch, piece->number);
		bytes += piece->len;
		n++;
	}
	begin_args(snap, c);
	for (uint32_t i = snap->written; i < to; i++) {
		if (snap->piece[i].len == 0)
			continue;
		add_name(&c->call, snap, snap->piece[i].number);
		npsd_script_arg_ref(&c->call, snap->bytes.p + snap->piece[i].at, snap->piece[i].len);
	}
	snap->sent = to;
	if (n > 0)
		return submit(snap, c);
	snap->written = to;
	return true;
}

/* The fields of new chunks with their names, then those of chunks that have no pane any more. */
static void add_chunks(struct npsd_script_build *call, const struct npsd_snapshot *snap)
{
	const struct npsd_counts *counts = &snap->shard->counts;
	const struct npsd_piece *last = snap->piece + snap->npieces;
	uint32_t fresh = 0;

	for (const struct npsd_piece *p = snap->piece; p < last; p++)
		fresh += p->len > 0;
	npsd_script_int(call, fresh);
	for (const struct npsd_piece *p = snap->piece; p < last; p++)
		if (p->len > 0) {
			npsd_manifest_add_field(call, counts, counts->chunks.at[p->chunk].key);
			add_name(call, snap, p->number);
		}
	for (const struct npsd_piece *p = snap->piece; p < last; p++)
		if (p->len == 0 && counts->chunks.at[p->chunk].named)
			npsd_manifest_add_field(call, counts, counts->chunks.at[p->chunk].key);
}

static bool write_manifest(struct npsd_snapshot *snap, struct npsd_fold_context *c)
{
	int k = snap->shard->counts.view.shard;

	npsd_script_begin_private(&c->call, NPSD_S_manifest);
	npsd_script_private_key(&c->call, "manifest:%d", k);
	npsd_script_private_key(&c->call, "chunks:%d", k);
	npsd_script_private_key(&c->call, "log:%d", k);
	begin_args(snap, c);
	npsd_script_argz(&c->call, snap->shard->manifest.version);
	npsd_script_argz(&c->call, snap->manifest.version);
	npsd_script_argz(&c->call, c->cfg->clock == NPSD_CLOCK_EVENT ? "event" : "wall");
	npsd_script_int(&c->call, snap->manifest.seq);
	npsd_script_argz(&c->call, snap->hash);
	npsd_script_int(&c->call, snap->t_ms);
	npsd_script_int(&c->call, snap->dropped_ms);
	npsd_script_argz(&c->call, snap->positions);
	add_chunks(&c->call, snap);
	return submit(snap, c);
}

/* --- the life of a snapshot --- */

/* Whether all panes of a chunk are dropped. */
static bool is_past(const struct npsd_counts *c, struct npsd_chunk_key key)
{
	int64_t from_s;

	return npsd_counts_span(&from_s, c, key) <= npsd_panes_kept_s(c->view.panes, key.step);
}

static void begin(struct npsd_snapshot *snap, struct npsd_shard *s)
{
	const struct npsd_shard_view *v = &s->counts.view;
	struct npsd_chunks *chunks = &s->counts.chunks;

	if (!npsd_pub_busy(s->pub)) /* a round reads the panes that would be dropped */
		npsd_counts_drop(&s->counts);
	snap->shard = s;
	snap->epoch = v->epoch;
	snap->manifest.seq = v->seq;
	npsd_manifest_version(snap->manifest.version, v->epoch, v->seq);
	snap->t_ms = v->t_ms;
	snap->dropped_ms = s->counts.dropped_ms;
	snap->log_bytes = s->log_bytes;
	memcpy(snap->hash, v->hash, sizeof snap->hash);
	snap->positions = strdup(v->positions);
	snap->piece = malloc((chunks->n + 1) * sizeof *snap->piece);
	npsd_assert(snap->positions && snap->piece);
	snap->npieces = snap->packed = snap->written = snap->sent = 0;
	for (uint32_t i = 0; i < chunks->n; i++) {
		struct npsd_chunk *chunk = &chunks->at[i];

		if (is_past(&s->counts, chunk->key) ? chunk->named : chunk->dirty)
			snap->piece[snap->npieces++] = (struct npsd_piece){.chunk = i};
		chunk->dirty = false;
	}
	npsd_buf_clear(&snap->bytes);
}

/* The manifest is stored. */
static void finish(struct npsd_snapshot *snap, const struct npsd_fold_context *c)
{
	struct npsd_shard *s = snap->shard;

	for (uint32_t i = 0; i < snap->npieces; i++) {
		struct npsd_chunk *chunk = &s->counts.chunks.at[snap->piece[i].chunk];

		chunk->named = snap->piece[i].len > 0;
		chunk->epoch = snap->epoch;
		chunk->number = snap->piece[i].number;
	}
	npsd_chunks_purge(&s->counts.chunks);
	s->manifest = snap->manifest;
	s->log_bytes -= snap->log_bytes;
	s->snapshot_mono_ms = c->now_mono_ms + c->cfg->snapshot_interval_ms;
	end(snap);
}

void npsd_snapshot_done(struct npsd_snapshot *snap, struct npsd_fold_context *c, const struct npsd_done *done)
{
	struct npsd_result r = npsd_fold_result(c, done, 1);

	snap->call = 0;
	end_void(snap);
	if (!snap->shard)
		return;
	if (r.kind == NPSD_RESULT_OK && snap->what == NPSD_S_manifest) {
		finish(snap, c);
	} else if (r.kind == NPSD_RESULT_OK) {
		snap->written = snap->sent;
	} else if (r.kind == NPSD_RESULT_REFUSED) {
		npsd_log(NPSD_LOG_WARN, "fold",
		    "snapshot of shard %d at %" PRId64 " was refused: %s; acquiring the shard again",
		    snap->shard->counts.view.shard, snap->manifest.seq, r.text);
		npsd_shard_restart(c, snap->shard, r.refusal == NPSD_REFUSAL_epoch);
	}
}

/* The shard whose snapshot has been due longest; a shard with a long log is due before its time. */
static struct npsd_shard *find_due(const struct npsd_fold_context *c, struct npsd_shard *shard, int n)
{
	struct npsd_shard *first = NULL;

	for (struct npsd_shard *s = shard; s < shard + n; s++) {
		if (s->state != NPSD_SHARD_RUNNING || s->call || s->counts.view.seq <= s->manifest.seq)
			continue;
		if ((s->log_bytes > c->cfg->log_max_bytes / 2 || c->now_mono_ms >= s->snapshot_mono_ms) &&
		    (!first || s->snapshot_mono_ms < first->snapshot_mono_ms))
			first = s;
	}
	return first;
}

bool npsd_snapshot_step(
    struct npsd_snapshot *snap, struct npsd_fold_context *c, struct npsd_shard *shard, int n)
{
	bool did = false;

	end_void(snap);
	if (!snap->shard) {
		struct npsd_shard *s = find_due(c, shard, n);

		if (!s)
			return false;
		begin(snap, s);
		did = true;
	}
	if (snap->packed < snap->npieces)
		did |= pack(snap);
	if (snap->call || !npsd_fold_ready(c))
		return did;
	if (snap->written < snap->packed)
		return write_chunks(snap, c) || did;
	if (snap->packed == snap->npieces)
		return write_manifest(snap, c) || did;
	return did;
}

const struct npsd_shard *npsd_snapshot_frozen(const struct npsd_snapshot *snap)
{
	return snap->packed < snap->npieces ? snap->shard : NULL;
}
