#include <inttypes.h>
#include <msgpack.h>
#include <stdlib.h>

#include "count/worker.h"
#include "npsd/err.h"

#define URGENT_MS 5
#define DELTAS_MAX ((size_t)64 << 20)
#define ALERTS_MAX ((size_t)64 << 20)
#define MAP_MAX ((size_t)256 << 10)

void npsd_batch_init(struct npsd_batch *b)
{
	memset(b, 0, sizeof *b);
	npsd_buf_init(&b->totals, MAP_MAX);
	npsd_buf_init(&b->meta, MAP_MAX);
	npsd_buf_init(&b->alerts, ALERTS_MAX);
	npsd_buf_init(&b->deltas, DELTAS_MAX);
	for (int i = 0; i < NPSD_BATCH_PARTS; i++) {
		npsd_buf_init(&b->part[i].rulings, NPSD_RULINGS_TEXT);
		npsd_buf_init(&b->part[i].marks, NPSD_MARKS_ROOM);
	}
	npsd_batch_clear(b);
}

void npsd_batch_clear(struct npsd_batch *b)
{
	b->nparts = b->nalerts = b->nshards = 0;
	b->urgent = false;
	b->clock_ms = NPSD_TIME_NONE;
	npsd_buf_clear(&b->totals);
	npsd_buf_clear(&b->meta);
	npsd_buf_clear(&b->alerts);
	npsd_buf_clear(&b->deltas);
}

void npsd_worker_forget(struct npsd_worker *k)
{
	for (size_t i = 0; i < k->nparts; i++)
		k->part[i]->in = NULL;
	npsd_batch_clear(k->batch);
	npsd_tables_clear(&k->tables);
	memset(k->tally, 0, sizeof k->tally);
	memset(k->other, 0, sizeof k->other);
	k->undated = k->records_ahead = k->horizons_moved = 0;
	k->full = false;
}

int64_t npsd_batch_due_mono_ms(const struct npsd_worker *k)
{
	bool sooner = k->batch->urgent && k->cfg->batch_age_ms > URGENT_MS;

	return k->batch->oldest_mono_ms + (sooner ? URGENT_MS : k->cfg->batch_age_ms);
}

bool npsd_batch_is_due(const struct npsd_worker *k, bool now)
{
	if (k->batch->nparts == 0 || k->sent || k->halted)
		return false;
	return now || k->full || k->mono_ms >= npsd_batch_due_mono_ms(k);
}

/* --- totals and meta --- */

static int write_to(void *to, const char *p, size_t n)
{
	npsd_buf_add(to, p, n);
	return 0;
}

/* A msgpack map of names and numbers other than 0. Its length is known at the end only. */
struct map {
	uint32_t n;
	msgpack_packer pk;
	struct npsd_buf *buf;
};

/* the head of a map 32; map_end() fills the length in */
static void map_begin(struct map *m, struct npsd_buf *buf)
{
	*m = (struct map){.buf = buf};
	msgpack_packer_init(&m->pk, buf, write_to);
	npsd_buf_add(buf, "\xdf\0\0\0\0", 5);
}

static void map_add(struct map *m, const char *prefix, const char *a, const char *b, int64_t value)
{
	char name[512];
	int n;

	if (value == 0)
		return;
	n = snprintf(name, sizeof name, "%s%s%s", prefix, a, b);
	npsd_assert(n > 0 && (size_t)n < sizeof name);
	msgpack_pack_str(&m->pk, (size_t)n);
	msgpack_pack_str_body(&m->pk, name, (size_t)n);
	msgpack_pack_int64(&m->pk, value);
	m->n++;
}

static void map_end(struct map *m)
{
	npsd_assert(!m->buf->full);
	for (int i = 0; i < 4; i++)
		m->buf->p[1 + i] = (char)(m->n >> (24 - 8 * i));
}

static void add_tally(struct map *m, const char *prefix, const struct npsd_tally *t)
{
	map_add(m, prefix, "consumed", "", t->consumed);
	for (int f = 0; f < NPSD_NFATE; f++)
		map_add(m, prefix, npsd_fate_names[f], "", t->fate[f]);
	for (int r = NPSD_R_ok + 1; r < NPSD_NREASON; r++) {
		char fate[32];

		snprintf(fate, sizeof fate, "%s:", npsd_fate_names[npsd_reason_fate[r]]);
		map_add(m, prefix, fate, npsd_reason_names[r], t->reason[r]);
	}
}

static void assert_fates(const struct npsd_tally *t)
{
	int64_t sum = 0;

	for (int f = 0; f < NPSD_NFATE; f++)
		sum += t->fate[f];
	npsd_assert(t->consumed == sum);
}

static void pack_totals(struct npsd_buf *out, const struct npsd_worker *k)
{
	struct npsd_tally all = {0};
	struct map m;

	map_begin(&m, out);
	for (int t = 0; t < k->cfg->ntopics; t++) {
		char prefix[300];

		assert_fates(&k->tally[t]);
		all.consumed += k->tally[t].consumed;
		for (int f = 0; f < NPSD_NFATE; f++)
			all.fate[f] += k->tally[t].fate[f];
		for (int r = 0; r < NPSD_NREASON; r++)
			all.reason[r] += k->tally[t].reason[r];
		snprintf(prefix, sizeof prefix, "%s/", k->cfg->topics[t]);
		add_tally(&m, prefix, &k->tally[t]);
	}
	add_tally(&m, "", &all);
	map_end(&m);
}

static void pack_meta(struct npsd_buf *out, const struct npsd_worker *k)
{
	struct map m;

	map_begin(&m, out);
	map_add(&m, "undated", "", "", k->undated);
	map_add(&m, "ahead", "", "", k->records_ahead);
	map_add(&m, "horizon_moved", "", "", k->horizons_moved);
	for (int dim = 0; dim < NPSD_DIM_ATTR0 + k->cfg->sets.nattr; dim++)
		map_add(&m, "other:", npsd_dim_word(&k->cfg->sets, dim), "", k->other[dim]);
	map_end(&m);
}

/* --- deltas --- */

static int compare_rows(const void *a, const void *b)
{
	const struct npsd_row *x = a, *y = b;
	const struct npsd_cell *s = x->cell, *t = y->cell;

	if (x->shard != y->shard)
		return x->shard < y->shard ? -1 : 1;
	if (s->seg.hi != t->seg.hi)
		return s->seg.hi < t->seg.hi ? -1 : 1;
	if (s->seg.lo != t->seg.lo)
		return s->seg.lo < t->seg.lo ? -1 : 1;
	return s->pane_s < t->pane_s ? -1 : s->pane_s > t->pane_s;
}

static uint32_t bits_of(const struct npsd_cell *s)
{
	uint32_t bits = 0;

	for (int c = 0; c < NPSD_NCOUNTER; c++)
		bits |= (uint32_t)(s->v[c] != 0) << c;
	return bits;
}

static void collect_row(struct npsd_worker *k, const struct npsd_cell *s)
{
	if (bits_of(s) == 0)
		return;
	k->row[k->rows].shard = (uint16_t)npsd_seg_shard(s->seg, (uint32_t)k->cfg->shards);
	k->row[k->rows++].cell = s;
}

static void collect_rows(struct npsd_worker *k)
{
	k->rows = 0;
	for (uint32_t i = 0; i < k->tables.ndirty; i++)
		collect_row(k, &k->tables.cell[k->tables.dirty[i]]);
	for (uint32_t i = 0; i < k->tables.sides; i++)
		collect_row(k, &k->tables.side[i]);
	qsort(k->row, k->rows, sizeof *k->row, compare_rows);
}

static void pack_row(msgpack_packer *pk, const struct npsd_cell *s)
{
	uint32_t bits = bits_of(s);

	msgpack_pack_array(pk, 4 + (size_t)__builtin_popcount(bits));
	msgpack_pack_uint64(pk, s->seg.hi);
	msgpack_pack_uint64(pk, s->seg.lo);
	msgpack_pack_int64(pk, s->pane_s);
	msgpack_pack_uint32(pk, bits);
	for (int c = 0; c < NPSD_NCOUNTER; c++)
		if (s->v[c])
			msgpack_pack_int64(pk, s->v[c]);
}

static void pack_deltas(struct npsd_batch *b, struct npsd_worker *k)
{
	msgpack_packer pk;

	collect_rows(k);
	msgpack_packer_init(&pk, &b->deltas, write_to);
	for (uint32_t i = 0, end; i < k->rows; i = end) {
		uint16_t shard = k->row[i].shard;

		for (end = i; end < k->rows && k->row[end].shard == shard; end++)
			;
		b->shard[b->nshards].shard = shard;
		b->shard[b->nshards].at = (uint32_t)b->deltas.n;
		msgpack_pack_array(&pk, end - i);
		for (uint32_t r = i; r < end; r++)
			pack_row(&pk, k->row[r].cell);
		b->shard[b->nshards].len = (uint32_t)b->deltas.n - b->shard[b->nshards].at;
		b->nshards++;
	}
	npsd_assert(!b->deltas.full);
}

void npsd_batch_seal(struct npsd_worker *k)
{
	struct npsd_batch *b = k->batch;

	b->req = (struct npsd_request){.what = NPSD_REQ_COMMIT, .session = k->session};
	b->worker = k->number;
	for (size_t i = 0; i < k->nparts; i++)
		if (k->part[i]->in)
			npsd_part_leave(k->part[i]);
	b->dict_len = npsd_names_len_any(k->names);
	b->clock_ms = k->tables.clock_ms;
	pack_totals(&b->totals, k);
	pack_meta(&b->meta, k);
	pack_deltas(b, k);
	npsd_assert(npsd_ring_push(k->pl->worker_to_commit[k->number], &b->req));
	k->pl->store_commit.wake(k->pl->store_commit.self);
	k->sent = b;
	k->batch = k->spare;
	k->spare = NULL;
	npsd_worker_forget(k);
}
