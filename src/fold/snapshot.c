/*
 * Snapshots: what has changed of a shard is packed at one log position, written as chunks under fresh names,
 * and made current by the manifest. The shard is frozen while it is packed; what is packed waits in memory
 * until it is written, and packing waits where that is too much.
 */
#include <inttypes.h>
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/unpack.h"
#include "fold/fold.h"
#include "fold/pane.h"
#include "npsd/err.h"

#define PACKED_MAX ((size_t)8 << 20)
#define STEP_BYTES ((size_t)128 << 10) /* packed in a step, about */
#define STEP_SEGMENTS 16384u	       /* looked at in a step, about */
#define CALL_BYTES ((size_t)1 << 20)
#define CALL_PIECES 256u
#define PAUSE_MS 100
#define SPAN_S(f, step) ((f)->step_s[step] * NPSD_SPAN_PANES)

/* --- packing --- */

static int buf_write(void *to, const char *p, size_t n)
{
	npsd_buf_add(to, p, n);
	return 0;
}

static void put_u16(char *p, uint32_t v)
{
	p[0] = (char)(v >> 8);
	p[1] = (char)v;
}

/* [hi, lo, [start, bits, v...]...] of one segment; false, and nothing written, where it has no pane there. */
static bool pack_segment(struct npsd_buf *b, msgpack_packer *pk, const struct npsd_panes *panes, uint32_t i,
    int step, int64_t from_s, int64_t to_s)
{
	struct npsd_seg seg = npsd_panes_seg(panes, i);
	struct npsd_pane pane;
	size_t at = b->n;
	uint32_t n = 0;

	if (!npsd_panes_any(panes, i, step, from_s, to_s))
		return false;
	npsd_buf_add(b, "\xdc\0\0", 3); /* array of 16 bit length, set below */
	msgpack_pack_uint64(pk, seg.hi);
	msgpack_pack_uint64(pk, seg.lo);
	for (; npsd_panes_next(&pane, panes, i, step, from_s, to_s); n++) {
		uint32_t values = (uint32_t)__builtin_popcount(pane.bits);

		msgpack_pack_array(pk, 2 + values);
		msgpack_pack_int64(pk, pane.start_s);
		msgpack_pack_uint32(pk, pane.bits);
		for (uint32_t v = 0; v < values; v++)
			msgpack_pack_int64(pk, pane.v[v]);
		from_s = pane.start_s + 1;
	}
	npsd_assert(!b->full && n <= NPSD_SPAN_PANES);
	put_u16(b->p + at + 1, 2 + n);
	return true;
}

static void add_piece(struct npsd_snapshot *snap, struct npsd_piece piece)
{
	if (snap->npieces == snap->cap) {
		snap->cap = snap->cap ? snap->cap * 2 : 256;
		snap->piece = realloc(snap->piece, snap->cap * sizeof *snap->piece);
		npsd_assert(snap->piece);
	}
	snap->piece[snap->npieces++] = piece;
}

static void pack_chunk(struct npsd_fold *f, uint32_t place)
{
	struct npsd_snapshot *snap = &f->snap;
	struct npsd_shard *s = snap->shard;
	struct npsd_chunk_key key = s->chunks.at[place].key;
	const struct npsd_bucket *bucket = &s->bucket[key.bucket];
	struct npsd_piece piece = {.chunk = place, .at = snap->bytes.n};
	int64_t from_s = key.span * SPAN_S(f, key.step);
	msgpack_packer pk;
	uint32_t n = 0;

	msgpack_packer_init(&pk, &snap->bytes, buf_write);
	npsd_buf_add(&snap->bytes, "\xdd\0\0\0\0", 5); /* array of 32 bit length, set below */
	for (uint32_t i = 0; i < bucket->n; i++)
		n += pack_segment(&snap->bytes, &pk, s->view.panes, bucket->at[i], key.step, from_s,
		    from_s + SPAN_S(f, key.step));
	if (n == 0) {
		snap->bytes.n = piece.at;
	} else {
		put_u16(snap->bytes.p + piece.at + 1, n >> 16);
		put_u16(snap->bytes.p + piece.at + 3, n & 0xffff);
		piece.len = snap->bytes.n - piece.at;
		piece.number = ++s->chunk_last;
	}
	add_piece(snap, piece);
}

/* Packs some more; true if it did. */
static bool pack(struct npsd_fold *f)
{
	struct npsd_snapshot *snap = &f->snap;
	struct npsd_chunks *chunks = &snap->shard->chunks;
	size_t from;
	uint32_t segments = 0;

	if (snap->bytes.n > PACKED_MAX) {
		if (snap->written < snap->npieces)
			return false;
		npsd_buf_clear(&snap->bytes);
	}
	from = snap->bytes.n;
	while (snap->next < snap->ndirty && snap->bytes.n - from < STEP_BYTES && segments < STEP_SEGMENTS) {
		uint32_t place = snap->dirty[snap->next++];

		segments += snap->shard->bucket[chunks->at[place].key.bucket].n;
		pack_chunk(f, place);
	}
	return true;
}

/* --- writing --- */

static void chunk_name(struct npsd_fold *f, const char *key, const struct npsd_piece *piece)
{
	int k = npsd_shard_number(f, f->snap.shard);
	int64_t epoch = f->snap.shard->view.epoch;

	if (key)
		npsd_fold_args_key(&f->args, "%s%d-%" PRId64 "-%u", key, k, epoch, piece->number);
	else
		npsd_fold_args_addf(&f->args, "%d-%" PRId64 "-%u", k, epoch, piece->number);
}

static void epoch_args(struct npsd_fold *f)
{
	npsd_fold_header(f);
	npsd_fold_args_addf(&f->args, "%d", npsd_shard_number(f, f->snap.shard));
	npsd_fold_args_addf(&f->args, "%" PRId64, f->snap.shard->view.epoch);
}

/* Submits the next pieces, or skips what has nothing to write. */
static bool write_chunks(struct npsd_fold *f)
{
	struct npsd_snapshot *snap = &f->snap;
	char key[128];
	size_t bytes = 0;
	uint32_t end = snap->written, n = 0;

	snprintf(key, sizeof key, "{%s:alerts}:chunk:", f->pl->cfg->prefix);
	npsd_fold_begin(f);
	npsd_fold_key(f, "chunks", npsd_shard_number(f, snap->shard));
	for (; end < snap->npieces && bytes < CALL_BYTES && n < CALL_PIECES; end++) {
		if (snap->piece[end].len == 0)
			continue;
		chunk_name(f, key, &snap->piece[end]);
		bytes += snap->piece[end].len;
		n++;
	}
	epoch_args(f);
	for (uint32_t i = snap->written; i < end; i++) {
		if (snap->piece[i].len == 0)
			continue;
		chunk_name(f, NULL, &snap->piece[i]);
		npsd_fold_args_far(&f->args, snap->bytes.p + snap->piece[i].at, snap->piece[i].len);
	}
	snap->sent = end;
	if (n == 0) {
		snap->written = end;
		return true;
	}
	snap->manifest = false;
	snap->call = npsd_fold_submit(f, NPSD_S_chunk_write, npsd_shard_number(f, snap->shard));
	return snap->call != 0;
}

static void chunk_field(struct npsd_fold *f, const struct npsd_chunk *c)
{
	npsd_fold_args_addf(
	    &f->args, "chunk:%u/%" PRId64 "/%" PRId64, c->key.bucket, f->step_s[c->key.step], c->key.span);
}

static bool write_manifest(struct npsd_fold *f)
{
	struct npsd_snapshot *snap = &f->snap;
	struct npsd_shard *s = snap->shard;
	int k = npsd_shard_number(f, s);
	uint32_t fresh = 0;

	npsd_fold_begin(f);
	npsd_fold_key(f, "manifest", k);
	npsd_fold_key(f, "chunks", k);
	npsd_fold_key(f, "log", k);
	epoch_args(f);
	npsd_fold_args_addz(&f->args, s->version);
	npsd_fold_args_addz(&f->args, snap->version);
	npsd_fold_args_addz(&f->args, f->pl->cfg->clock == NPSD_CLOCK_EVENT ? "event" : "wall");
	npsd_fold_args_addf(&f->args, "%" PRId64, snap->seq);
	npsd_fold_args_addz(&f->args, snap->hash);
	npsd_fold_args_addf(&f->args, "%" PRId64, snap->t_ms);
	npsd_fold_args_addf(&f->args, "%" PRId64, snap->dropped_ms);
	npsd_fold_args_addz(&f->args, snap->positions);
	for (uint32_t i = 0; i < snap->npieces; i++)
		fresh += snap->piece[i].len > 0;
	npsd_fold_args_addf(&f->args, "%u", fresh);
	for (uint32_t i = 0; i < snap->npieces; i++)
		if (snap->piece[i].len > 0) {
			chunk_field(f, &s->chunks.at[snap->piece[i].chunk]);
			chunk_name(f, NULL, &snap->piece[i]);
		}
	for (uint32_t i = 0; i < snap->npieces; i++)
		if (snap->piece[i].len == 0 && s->chunks.at[snap->piece[i].chunk].named)
			chunk_field(f, &s->chunks.at[snap->piece[i].chunk]);
	snap->manifest = true;
	snap->call = npsd_fold_submit(f, NPSD_S_manifest, k);
	return snap->call != 0;
}

/* --- the life of a snapshot --- */

void npsd_snapshot_abandon(struct npsd_fold *f)
{
	free(f->snap.positions);
	free(f->snap.dirty);
	f->snap.positions = NULL;
	f->snap.dirty = NULL;
	f->snap.shard = NULL;
	f->snap.call = 0;
}

bool npsd_snapshot_freezes(const struct npsd_fold *f, const struct npsd_shard *s)
{
	return f->snap.shard == s && f->snap.next < f->snap.ndirty;
}

/* Whether all panes of a chunk are forgotten. */
static bool is_past(const struct npsd_fold *f, const struct npsd_shard *s, const struct npsd_chunk *c)
{
	int64_t kept_s = npsd_panes_kept_s(s->view.panes, c->key.step);

	return kept_s != INT64_MIN && (c->key.span + 1) * SPAN_S(f, c->key.step) <= kept_s;
}

static void begin(struct npsd_fold *f, struct npsd_shard *s)
{
	struct npsd_snapshot *snap = &f->snap;
	struct npsd_chunks *c = &s->chunks;

	if (!npsd_pub_busy(s->pub)) /* else it still reads what would go */
		npsd_shard_forget(f, s, true);
	snap->shard = s;
	snap->seq = s->view.seq;
	snap->t_ms = s->view.t_ms;
	snap->dropped_ms = s->dropped_ms;
	snap->log_bytes = s->log_bytes;
	memcpy(snap->hash, s->view.hash, sizeof snap->hash);
	snprintf(snap->version, sizeof snap->version, "%" PRId64 "-%" PRId64, s->view.epoch, s->view.seq);
	snap->positions = strdup(s->view.positions);
	snap->dirty = malloc((c->n + 1) * sizeof *snap->dirty);
	npsd_assert(snap->positions && snap->dirty);
	snap->ndirty = snap->next = 0;
	for (uint32_t i = 0; i < c->n; i++) {
		bool past = is_past(f, s, &c->at[i]);

		if (past ? c->at[i].named : c->at[i].dirty)
			snap->dirty[snap->ndirty++] = i;
		c->at[i].dirty = false;
	}
	c->ndirty = 0;
	snap->npieces = snap->written = snap->sent = 0;
	snap->retry_mono = 0;
	npsd_buf_clear(&snap->bytes);
}

static void finish(struct npsd_fold *f)
{
	struct npsd_snapshot *snap = &f->snap;
	struct npsd_shard *s = snap->shard;

	for (uint32_t i = 0; i < snap->npieces; i++) {
		struct npsd_chunk *c = &s->chunks.at[snap->piece[i].chunk];

		c->named = snap->piece[i].len > 0;
		c->epoch = s->view.epoch;
		c->number = snap->piece[i].number;
	}
	npsd_chunks_purge(&s->chunks);
	memcpy(s->version, snap->version, sizeof s->version);
	s->manifest_seq = snap->seq;
	s->log_bytes -= snap->log_bytes;
	s->snapshot_mono = f->mono_ms + f->pl->cfg->snapshot_interval_ms;
	npsd_snapshot_abandon(f);
}

void npsd_snapshot_done(struct npsd_fold *f, const struct npsd_done *done)
{
	struct npsd_snapshot *snap = &f->snap;
	struct npsd_shard *s = snap->shard;
	struct npsd_str reason;
	bool ok = npsd_fold_answer(f, &reason, done);

	snap->call = 0;
	if (ok && snap->manifest) {
		finish(f);
	} else if (ok) {
		snap->written = snap->sent;
	} else if (reason.p) {
		npsd_log(NPSD_LOG_WARN, "fold", "snapshot of shard %d at %" PRId64 " was refused (%.*s)",
		    s->view.shard, snap->seq, (int)reason.n, reason.p);
		npsd_shard_leave(f, s, npsd_str_eq(reason, NPSD_STR("epoch")));
	} else {
		snap->retry_mono = f->mono_ms + PAUSE_MS;
	}
}

/* The shard whose snapshot is due longest; where its log is long, before its time. */
static struct npsd_shard *due(struct npsd_fold *f)
{
	struct npsd_shard *first = NULL;

	for (int k = 0; k < f->nshards; k++) {
		struct npsd_shard *s = &f->shard[k];
		bool is_long = s->log_bytes > f->pl->cfg->log_max_bytes / 2;

		if (s->state != NPSD_SHARD_RUNS || s->leaving || s->reading || s->view.seq <= s->manifest_seq)
			continue;
		if ((is_long || f->mono_ms >= s->snapshot_mono) &&
		    (!first || s->snapshot_mono < first->snapshot_mono))
			first = s;
	}
	return first;
}

bool npsd_snapshot_step(struct npsd_fold *f)
{
	struct npsd_snapshot *snap = &f->snap;
	bool did = false;

	if (!snap->shard) {
		struct npsd_shard *s = due(f);

		if (!s)
			return false;
		begin(f, s);
		did = true;
	}
	if (snap->next < snap->ndirty)
		did |= pack(f);
	if (snap->call || f->mono_ms < snap->retry_mono)
		return did;
	if (snap->written < snap->npieces)
		return write_chunks(f) || did;
	if (snap->next == snap->ndirty)
		return write_manifest(f) || did;
	return did;
}

/* --- loading --- */

/* [start, bits, v...] within the chunk's span, behind the pane before. */
static bool read_pane(struct npsd_pane *out, int64_t *last_s, struct npsd_unpack *u,
    const struct npsd_fold *f, struct npsd_chunk_key key)
{
	int64_t step_s = f->step_s[key.step], number;
	uint32_t n = npsd_unpack_array(u), values;
	uint64_t bits;

	out->start_s = npsd_unpack_int(u);
	bits = npsd_unpack_uint(u);
	number = out->start_s / step_s;
	if (u->bad || bits == 0 || bits >> NPSD_NCOUNTER || out->start_s % step_s != 0 ||
	    out->start_s <= *last_s || out->start_s >= (key.span + 1) * SPAN_S(f, key.step) ||
	    number >= NPSD_PANE_NUMBER_MAX || number <= -NPSD_PANE_NUMBER_MAX)
		return false;
	out->bits = (uint32_t)bits;
	values = (uint32_t)__builtin_popcount(out->bits);
	if (n != 2 + values)
		return false;
	for (uint32_t k = 0; k < values; k++) {
		out->v[k] = npsd_unpack_int(u);
		if (out->v[k] == 0 || out->v[k] > NPSD_PANE_MAX || out->v[k] < -NPSD_PANE_MAX)
			return false;
	}
	*last_s = out->start_s;
	return !u->bad;
}

static bool load_segment(
    struct npsd_fold *f, struct npsd_shard *s, struct npsd_chunk_key key, struct npsd_unpack *u)
{
	int64_t from_s = key.span * SPAN_S(f, key.step), last_s = from_s - 1;
	uint32_t n = npsd_unpack_array(u), i = 0;
	struct npsd_seg seg = {npsd_unpack_uint(u), 0};
	struct npsd_pane pane;
	bool counts;

	seg.lo = npsd_unpack_uint(u);
	if (u->bad || n < 3 || npsd_chunk_bucket(seg) != key.bucket ||
	    !npsd_shard_may_hold(f, s, seg, s->dict_len))
		return false;
	counts = npsd_shard_counts(f, seg);
	if (counts)
		i = npsd_shard_segment(s, seg);
	/* each segment once */
	if (counts && npsd_panes_any(s->view.panes, i, key.step, from_s, from_s + SPAN_S(f, key.step)))
		return false;
	for (n -= 2; n > 0; n--) {
		if (!read_pane(&pane, &last_s, u, f, key))
			return false;
		if (counts)
			npsd_panes_put(s->view.panes, i, key.step, pane.start_s, pane.bits, pane.v);
	}
	return true;
}

bool npsd_snapshot_load(
    struct npsd_fold *f, struct npsd_shard *s, struct npsd_chunk_key key, const void *bytes, size_t n)
{
	struct npsd_unpack u = npsd_unpack_of(bytes, n);

	for (uint32_t segments = npsd_unpack_array(&u); segments > 0; segments--)
		if (!load_segment(f, s, key, &u))
			return false;
	return !u.bad && u.p == u.end;
}
