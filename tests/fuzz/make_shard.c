#include "make_shard.h"

#include <stdlib.h>

#include "commit/pack.h"
#include "count/worker.h"
#include "npsd/err.h"

#define FIRST_PART 12 /* argument of commit.lua, from 0 */
#define PART_ARGS 8

struct maker {
	struct npsd_pipeline pl;
	struct npsd_worker *worker;
	struct npsd_script_build build;
	struct npsd_buf header, batch;
	int64_t offset; /* the end of the last batch */
};

static void no_wake(void *self)
{
	(void)self;
}

static int64_t zero(void *self)
{
	(void)self;
	return 0;
}

static struct maker *the_maker(void)
{
	static struct maker m;

	if (m.worker)
		return &m;
	m.pl = (struct npsd_pipeline){.cfg = bed_world()->cfg,
	    .workers = 1,
	    .clock = {NULL, zero, zero, NULL},
	    .store_commit = {.wake = no_wake},
	    .worker_to_commit = {npsd_ring_new(4)}};
	m.worker = npsd_worker_new(&m.pl, 0);
	m.worker->names = bed_world()->names;
	npsd_tables_names(&m.worker->tables, npsd_names_len_any(m.worker->names));
	npsd_script_init(&m.build, bed_world()->cfg, PACK_TEXT_MAX);
	npsd_buf_init(&m.header, 256);
	npsd_buf_init(&m.batch, 4096);
	return &m;
}

/* A segment of a configured set, or of one that was removed. */
static struct npsd_seg random_segment(void)
{
	const struct bed_world *w = bed_world();
	const struct npsd_sets *sets = &w->cfg->sets;
	int s = (int)drive_below((uint64_t)sets->n + 1);
	uint32_t id[NPSD_SET_DIMS] = {0}, number = s < sets->n ? sets->set[s].number : w->gone;

	for (int i = 0; s < sets->n && i < sets->set[s].ndims; i++) {
		id[i] = (uint32_t)drive_below(2); /* none, other */
		if (sets->set[s].dims[i] == NPSD_DIM_location && drive_below(8))
			id[i] = NPSD_ID_FIRST + (uint32_t)drive_below(w->locations);
		if (sets->set[s].dims[i] == NPSD_DIM_channel && drive_below(8))
			id[i] = NPSD_ID_FIRST + w->locations + (uint32_t)drive_below(w->channels);
	}
	return npsd_seg_pack(number, 1 + (uint32_t)drive_below(3), id);
}

static void count_one(struct npsd_worker *k, int64_t now_s)
{
	static const int64_t back[] = {0, 0, 0, 60, 3600, 86400, 100 * 86400, -60};
	struct npsd_count c = {
	    .counter = (uint8_t)drive_below(NPSD_NCOUNTER), .comment = drive_below(4) == 0};
	struct npsd_seg seg = random_segment();
	uint64_t times = drive_below(16) ? 1 : 300;

	c.sign = drive_below(4) ? 1 : -1;
	c.pane_s = (now_s - DRIVE_ONE_OF(back)) / 60 * 60;
	if (npsd_seg_shard(seg, BED_SHARDS) != BED_SHARD)
		return;
	for (; times > 0; times--)
		npsd_tables_add(&k->tables, &c, seg);
}

static struct npsd_str arg_of(const struct npsd_script_build *p, size_t n)
{
	const struct npsd_script_item *it = &p->item[p->nkeys + n];

	return (struct npsd_str){it->ref ? it->ref : p->text.p + it->at, (uint32_t)it->n};
}

static void add_arg(struct npsd_buf *b, const struct npsd_script_build *p, size_t n, const char *after)
{
	struct npsd_str s = arg_of(p, n);

	npsd_buf_add(b, s.p, s.n);
	npsd_buf_addz(b, after);
}

/* Adds one or two partitions to the batch. */
static void add_parts(struct maker *m, struct npsd_batch *b)
{
	b->nparts = 1 + (uint32_t)drive_below(2);
	for (uint32_t i = 0; i < b->nparts; i++) {
		b->part[i].end = (struct npsd_part_state){.tp = {0, (int32_t)(i + drive_below(3))},
		    .claim = "00ff00ff00ff00ff",
		    .pos = {(uint32_t)drive_below(2), ++m->offset}};
		b->part[i].from = (struct npsd_pos){0, 0};
		b->part[i].first_ms = 0;
	}
}

bool make_entry(struct bed_entry *out, int64_t now_s, uint64_t most)
{
	struct maker *m = the_maker();
	struct npsd_batch *b;
	bool any;

	for (uint64_t n = 1 + drive_below(most); n > 0; n--)
		count_one(m->worker, now_s);
	npsd_batch_seal(m->worker);
	npsd_assert(npsd_ring_pop(m->pl.worker_to_commit[0]) == &m->worker->sent->req);
	b = m->worker->sent;
	add_parts(m, b);
	pack_commit(&m->build, bed_world()->names, b, 0);
	/* as commit.lua writes the entry */
	npsd_buf_clear(&m->header);
	npsd_buf_clear(&m->batch);
	for (size_t i = 0; i < 3; i++)
		add_arg(&m->header, &m->build, i, i < 2 ? " " : "");
	for (size_t i = 0; i < b->nparts; i++) {
		size_t at = FIRST_PART + PART_ARGS * i;

		npsd_buf_addz(&m->batch, i ? ";" : "");
		add_arg(&m->batch, &m->build, at, " ");
		add_arg(&m->batch, &m->build, at + 1, " ");
		add_arg(&m->batch, &m->build, at + 3, "");
	}
	any = b->nshards == 1 && b->shard[0].shard == BED_SHARD;
	*out = (struct bed_entry){.h = npsd_buf_str(&m->header), .b = npsd_buf_str(&m->batch)};
	if (any)
		out->d = arg_of(&m->build, FIRST_PART + PART_ARGS * b->nparts + 1);
	m->worker->spare = b; /* its bytes stay until it fills again */
	m->worker->sent = NULL;
	return any;
}

void make_snapshot(struct bed_stored *out, int64_t now_s)
{
	static struct bed_stored nothing;
	struct bed *b = bed_new(now_s * 1000, 1);
	char x[41];

	bed_stored_clear(&nothing);
	npsd_assert(bed_load(b, &nothing) == BED_RUNS);
	for (uint64_t n = 1 + drive_below(3); n > 0 || b->s->counts.view.seq == 0; n -= n > 0) {
		struct bed_entry e;

		if (!make_entry(&e, now_s, 8))
			continue;
		e.seq = b->s->counts.view.seq + 1;
		bed_chain(x, b->s->counts.view.hash, e.b);
		e.x = npsd_str(x);
		npsd_assert(bed_read(b, &e) == BED_RUNS);
	}
	bed_pack(out, b);
	bed_free(&b);
}
