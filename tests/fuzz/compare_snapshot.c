
/*
 * Compares how the fold reads the snapshot of a shard with a naive reader of docs/formats.md, on any bytes.
 *
 * A shard with the snapshot is acquired. It runs only if the naive reader accepts the whole snapshot. Then
 * its panes equal those of the naive reader, the log continues after the snapshot, and a new snapshot reads
 * back to the same panes. Otherwise its fault has a text, and the shard never runs.
 */
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "naive_shard.h"
#include "npsd/err.h"
#include "items.h"
#include "make_shard.h"

/* Kinds of the items, modulo 4: the name of a field of the manifest and its value; the name of a chunk and
 * its bytes. */
enum { SNAPSHOT_FIELD, SNAPSHOT_VALUE, SNAPSHOT_CHUNK, SNAPSHOT_BYTES };

#define NOW_S 1795381440 /* 2026-11-22T21:04:00Z */
#define PANES_BASE 65536
#define PANES_PER_BYTE 256 /* of input: a block for each of four steps */

struct case_ {
	const void *p;
	size_t n;
	struct bed *bed;
	struct naive want, got;
};

#define must(c, cond) ((cond) ? (void)0 : drive_fail((c)->p, (c)->n, #cond, (c)->bed->pl.fault_fold.text))

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

/* A delta that adds 1 to the largest counter of the finest step; an empty array if there is none. */
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

/* Reads an entry after the snapshot; false: a counter is now greater than the format allows. */
static bool continue_log(struct case_ *c)
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
	must(c, naive_entry(&c->want, &e) == NAIVE_ACCEPTED);
	must(c, bed_read(c->bed, &e) == (c->want.over_max ? BED_REFUSED : BED_RUNS));
	return !c->want.over_max;
}

static void check_accepted(struct case_ *c)
{
	static struct bed_stored stored;
	struct bed *again;

	naive_settle(&c->want, c->bed->clock_ms);
	naive_of_bed(&c->got, c->bed);
	must(c, naive_equal(&c->got, &c->want));
	if (c->bed->s->counts.view.seq == NPSD_SEQ_MAX || !continue_log(c))
		return;
	naive_settle(&c->want, c->bed->clock_ms);
	again = bed_new(c->bed->clock_ms, 3);
	bed_pack(&stored, c->bed);
	must(c, bed_load(again, &stored) == BED_RUNS);
	naive_of_bed(&c->got, again);
	must(c, naive_equal(&c->got, &c->want));
	must(c, strcmp(again->s->counts.view.positions, c->bed->s->counts.view.positions) == 0);
	bed_free(&again);
}

static void compare(struct item_counts *counts, const void *p, size_t n)
{
	static struct bed_stored stored;
	static struct case_ c; /* large */
	enum naive_result naive;
	enum bed_end end;

	store_items(&stored, p, n);
	c = (struct case_){.p = p, .n = n, .bed = bed_new(NOW_S * 1000ll, 2)};
	end = bed_load(c.bed, &stored);
	naive = naive_snapshot(&c.want, &stored, c.bed);
	counts->accepted += end == BED_RUNS;
	counts->refused += end == BED_REFUSED;
	counts->waiting += end == BED_WAITS;
	counts->retried += end == BED_AGAIN;
	if (naive == NAIVE_ACCEPTED)
		must(&c, end == BED_RUNS || c.want.over_max);
	if (naive == NAIVE_WAITING)
		must(&c, end == BED_WAITS);
	if (naive == NAIVE_REFUSED) /* a missing chunk means that there is a newer manifest */
		must(&c, end == BED_REFUSED || end == BED_AGAIN);
	must(&c, npsd_panes_bytes(c.bed->s->counts.view.panes) <= PANES_BASE + PANES_PER_BYTE * n);
	if (end == BED_RUNS && naive == NAIVE_ACCEPTED && !c.want.over_max)
		check_accepted(&c);
	bed_free(&c.bed);
}

static void make(struct drive_input *out)
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

const struct item_test item_test = {.packed = 1u << SNAPSHOT_BYTES,
    .mutations = 4,
    .accepted_min = 0.25,
    .refused_min = 0.25,
    .retries = true,
    .make = make,
    .compare = compare};
