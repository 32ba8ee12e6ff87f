#include "snapshot_same.h"

#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "naive_shard.h"
#include "npsd/err.h"
#include "shard_make.h"

#define NOW_S 1795381440 /* 2026-11-22T21:04:00Z */
#define PANES_LEAST 65536
#define PANES_PER_BYTE 256 /* of an input: a segment has blocks for four steps */

struct case_ {
	const void *p;
	size_t n;
	struct bed *bed;
	struct naive want, got;
};

static void fail(const struct case_ *c, const char *what)
{
	const unsigned char *p = c->p;

	fprintf(stderr, "%s\n%s\n%zu bytes: ", what, c->bed->pl.fault_fold.text, c->n);
	for (size_t i = 0; i < c->n; i++)
		fprintf(stderr, "\\x%02x", p[i]);
	fprintf(stderr, "\n");
	abort();
}

#define must(c, cond) ((cond) ? (void)0 : fail((c), #cond))

static void store_items(struct bed_stored *out, const void *p, size_t n)
{
	struct npsd_str field = NPSD_STR(""), chunk = NPSD_STR("");
	struct item it;

	bed_stored_clear(out);
	for (size_t at = 0; item_next(&it, &at, p, n);)
		switch (it.kind % 4) {
		case SNAPSHOT_FIELD:
			field = it.text;
			break;
		case SNAPSHOT_VALUE:
			bed_field(out, field, it.text);
			break;
		case SNAPSHOT_CHUNK:
			chunk = it.text;
			break;
		default:
			bed_chunk(out, chunk, it.text);
		}
}

static int64_t size_of(const struct naive_cell *c)
{
	return c->v < 0 ? -c->v : c->v;
}

/* One more of the largest counter of the snapshot in its finest step; nothing where there is none. */
static struct npsd_str one_delta(char out[64], const struct case_ *c)
{
	msgpack_sbuffer sb;
	msgpack_packer pk;
	const struct naive_cell *most = NULL;
	size_t n;

	for (size_t i = 0; i < c->want.n; i++)
		if (c->want.cell[i].step_s == 60 && (!most || size_of(&c->want.cell[i]) > size_of(most)))
			most = &c->want.cell[i];
	if (!most)
		return NPSD_STR("\x90");
	msgpack_sbuffer_init(&sb);
	msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
	msgpack_pack_array(&pk, 1);
	msgpack_pack_array(&pk, 5);
	msgpack_pack_uint64(&pk, most->hi);
	msgpack_pack_uint64(&pk, most->lo);
	msgpack_pack_int64(&pk, most->start_s);
	msgpack_pack_uint32(&pk, 1u << most->counter);
	msgpack_pack_int64(&pk, most->v < 0 ? -1 : 1);
	n = sb.size;
	npsd_assert(n <= 64);
	memcpy(out, sb.data, n);
	msgpack_sbuffer_destroy(&sb);
	return (struct npsd_str){out, (uint32_t)n};
}

/* The log goes on behind it; false: a counter is now larger than any that is stored. */
static bool go_on(struct case_ *c)
{
	const struct bed_world *w = bed_world();
	uint32_t len = npsd_names_len_any(w->names);
	struct bed_entry e = {
	    .seq = c->bed->s->counts.view.seq + 1, .b = NPSD_STR("survey-events/0 00ff00ff00ff00ff 0:1")};
	char header[128], x[41], delta[64];

	snprintf(header, sizeof header, "%s %u %s", w->cfg->hash, len, npsd_names_chain_any(w->names, len));
	bed_chain(x, c->bed->s->counts.view.hash, e.b);
	e.h = npsd_str(header);
	e.x = npsd_str(x);
	e.d = one_delta(delta, c);
	must(c, naive_entry(&c->want, &e) == NAIVE_TAKES);
	must(c, bed_read(c->bed, &e) == (c->want.beyond ? BED_REFUSED : BED_RUNS));
	return !c->want.beyond;
}

static void check_taken(struct case_ *c)
{
	static struct bed_stored stored;
	struct bed *again;

	naive_settle(&c->want, c->bed->clock_ms);
	naive_of_bed(&c->got, c->bed);
	must(c, naive_same(&c->got, &c->want));
	if (c->bed->s->counts.view.seq == NPSD_SEQ_MAX || !go_on(c))
		return;
	naive_settle(&c->want, c->bed->clock_ms);
	again = bed_new(c->bed->clock_ms, 3);
	bed_pack(&stored, c->bed);
	must(c, bed_load(again, &stored) == BED_RUNS);
	naive_of_bed(&c->got, again);
	must(c, naive_same(&c->got, &c->want));
	must(c, strcmp(again->s->counts.view.positions, c->bed->s->counts.view.positions) == 0);
	bed_free(&again);
}

void snapshot_same(struct snapshot_told *told, const void *p, size_t n)
{
	static struct bed_stored stored;
	static struct case_ c; /* large */
	enum naive_says says;
	enum bed_end end;

	store_items(&stored, p, n);
	c = (struct case_){.p = p, .n = n, .bed = bed_new(NOW_S * 1000ll, 2)};
	end = bed_load(c.bed, &stored);
	says = naive_snapshot(&c.want, &stored, c.bed);
	told->taken += end == BED_RUNS;
	told->refused += end == BED_REFUSED;
	told->waits += end == BED_WAITS;
	told->again += end == BED_AGAIN;
	if (says == NAIVE_TAKES)
		must(&c, end == BED_RUNS || c.want.beyond);
	if (says == NAIVE_WAITS)
		must(&c, end == BED_WAITS);
	if (says == NAIVE_REFUSES) /* a chunk that is gone means that there is a newer manifest */
		must(&c, end == BED_REFUSED || end == BED_AGAIN);
	must(&c, npsd_panes_bytes(c.bed->s->counts.view.panes) <= PANES_LEAST + PANES_PER_BYTE * n);
	if (end == BED_RUNS && says == NAIVE_TAKES && !c.want.beyond)
		check_taken(&c);
	bed_free(&c.bed);
}

void snapshot_make(struct drive_input *out)
{
	static struct bed_stored stored;

	make_snapshot(&stored, NOW_S);
	out->n = 0;
	for (size_t i = 0; i < stored.nfields; i++) {
		item_add(out, SNAPSHOT_FIELD, stored.field[i].name.p, stored.field[i].name.n);
		item_add(out, SNAPSHOT_VALUE, stored.field[i].value.p, stored.field[i].value.n);
	}
	for (size_t i = 0; i < stored.nchunks; i++) {
		item_add(out, SNAPSHOT_CHUNK, stored.chunk[i].name.p, stored.chunk[i].name.n);
		item_add(out, SNAPSHOT_BYTES, stored.chunk[i].value.p, stored.chunk[i].value.n);
	}
}
