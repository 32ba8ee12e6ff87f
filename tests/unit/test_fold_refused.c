/* What the fold refuses from a log, a manifest or a chunk; of what it refuses it applies nothing. */
#include <criterion/criterion.h>
#include <msgpack.h>

#include "fold/pane.h"
#include "help_shard.h"

#define NOW_S 1795381440 /* 2026-11-22T21:04:00Z */
#define C(name) (1u << NPSD_C_##name)

/* --- segments of the shard --- */

static const struct npsd_set *set_of(int ndims, int dim)
{
	const struct npsd_sets *sets = &bed_world()->cfg->sets;

	for (int i = 0; i < sets->n; i++)
		if (sets->set[i].ndims == ndims && (ndims == 0 || sets->set[i].dims[0] == dim))
			return &sets->set[i];
	cr_assert_fail("no such set");
	return NULL;
}

/* The first of the ids from `from` on whose segment lies in the shard. */
static struct npsd_seg seg_of(uint32_t set, uint32_t kind, uint32_t from)
{
	for (uint32_t id = from;; id++) {
		const uint32_t ids[NPSD_SET_DIMS] = {id};
		struct npsd_seg seg = npsd_seg_pack(set, kind, ids);

		if (npsd_seg_shard(seg, BED_SHARDS) == BED_SHARD)
			return seg;
	}
}

static struct npsd_seg location(uint32_t kind)
{
	return seg_of(set_of(1, NPSD_DIM_location)->number, kind, NPSD_ID_FIRST);
}

/* --- logs --- */

struct delta {
	struct npsd_seg seg;
	int64_t pane_s;
	uint32_t bits;
	int64_t v;
};

static void pack_delta(msgpack_packer *pk, const struct delta *d)
{
	msgpack_pack_array(pk, 5);
	msgpack_pack_uint64(pk, d->seg.hi);
	msgpack_pack_uint64(pk, d->seg.lo);
	msgpack_pack_int64(pk, d->pane_s);
	msgpack_pack_uint32(pk, d->bits);
	msgpack_pack_int64(pk, d->v);
}

/* Reads an entry of these deltas, the next one of the log. */
static enum bed_end read_deltas(struct bed *b, const struct delta *d, size_t n, const char *batch)
{
	const struct bed_world *w = bed_world();
	uint32_t len = npsd_names_len_any(w->names);
	struct bed_entry e = {.seq = b->s->counts.view.seq + 1, .b = npsd_str(batch)};
	char header[128], x[41];
	msgpack_sbuffer sb;
	msgpack_packer pk;
	enum bed_end end;

	snprintf(header, sizeof header, "%s %u %s", w->cfg->hash, len, npsd_names_chain_any(w->names, len));
	bed_chain(x, b->s->counts.view.hash, e.b);
	msgpack_sbuffer_init(&sb);
	msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
	msgpack_pack_array(&pk, n);
	for (size_t i = 0; i < n; i++)
		pack_delta(&pk, &d[i]);
	e.h = npsd_str(header);
	e.x = npsd_str(x);
	e.d = (struct npsd_str){sb.data, (uint32_t)sb.size};
	end = bed_read(b, &e);
	msgpack_sbuffer_destroy(&sb);
	return end;
}

static struct bed *bed_of_nothing(void)
{
	static struct bed_stored nothing;
	struct bed *b = bed_new(NOW_S * 1000ll, 1);

	bed_stored_clear(&nothing);
	cr_assert_eq(bed_load(b, &nothing), BED_RUNS);
	return b;
}

static void expect_delta(const char *what, struct delta d, enum bed_end expect, uint32_t segments)
{
	struct bed *b = bed_of_nothing();

	cr_expect_eq(read_deltas(b, &d, 1, "t/0 cccc 0:1"), expect, "%s: %s", what, b->pl.fault_fold.text);
	cr_expect_eq(npsd_panes_segments(b->s->counts.view.panes), segments, "%s", what);
	cr_expect_eq(b->s->counts.view.seq, expect == BED_RUNS, "%s", what);
	bed_free(&b);
}

Test(fold_refused, deltas_that_count_cannot_have_written)
{
	const struct bed_world *w = bed_world();
	uint32_t locations = set_of(1, NPSD_DIM_location)->number, all = set_of(0, 0)->number;
	uint32_t len = npsd_names_len_any(w->names), given = w->cfg->sets_given;
	const struct delta good = {location(NPSD_KIND_OTHER), NOW_S, C(h9), 1};
	struct delta d;

	expect_delta("good", good, BED_RUNS, 1);
#define ROW(what, field, value, expect, segments)                                                            \
	d = good;                                                                                            \
	d.field = (value);                                                                                   \
	expect_delta(what, d, expect, segments)
	ROW("a set that is not counted any more", seg, seg_of(w->gone, 1, 2), BED_RUNS, 0);
	ROW("a set that was never given", seg, seg_of(given, 1, 2), BED_REFUSED, 0);
	ROW("no kind, where kinds are split", seg, location(NPSD_KIND_NONE), BED_REFUSED, 0);
	ROW("a kind that there is not", seg, location(4), BED_REFUSED, 0);
	ROW("an id of another dimension", seg, seg_of(locations, 1, 2 + w->locations), BED_REFUSED, 0);
	ROW("an id that nobody has", seg, seg_of(locations, 1, 2 + len), BED_REFUSED, 0);
	ROW("more ids than dimensions", seg, seg_of(all, 1, 2), BED_REFUSED, 0);
	ROW("another shard's", seg.lo, good.seg.lo + 1, BED_REFUSED, 0);
	ROW("no counter", bits, 0, BED_REFUSED, 0);
	ROW("a counter that there is not", bits, 1u << NPSD_NCOUNTER, BED_REFUSED, 0);
	ROW("more counters than values", bits, C(h9) | C(h10), BED_REFUSED, 0);
	ROW("nothing", v, 0, BED_REFUSED, 0);
	ROW("much", v, INT32_MAX, BED_RUNS, 1);
	ROW("little", v, -INT32_MAX, BED_RUNS, 1);
	ROW("too much", v, (int64_t)INT32_MAX + 1, BED_REFUSED, 0);
	ROW("too little", v, -(int64_t)INT32_MAX - 1, BED_REFUSED, 0);
	ROW("no pane's beginning", pane_s, NOW_S + 1, BED_REFUSED, 0);
	ROW("before all panes", pane_s, -(int64_t)INT32_MAX * 60, BED_REFUSED, 0);
	ROW("after all panes", pane_s, (int64_t)INT32_MAX * 60, BED_REFUSED, 0);
	ROW("the last pane", pane_s, ((int64_t)INT32_MAX - 1) * 60, BED_RUNS, 1);
#undef ROW
}

Test(fold_refused, deltas_out_of_order_or_twice)
{
	const struct delta a = {location(1), NOW_S, C(h9), 1}, b = {location(2), NOW_S - 60, C(h9), 1};
	const struct delta later = {location(1), NOW_S + 60, C(h9), 1};
	const struct {
		const char *what;
		struct delta d[2];
		enum bed_end expect;
	} rows[] = {
	    {"segments ascend", {a, b}, BED_RUNS},
	    {"panes ascend", {a, later}, BED_RUNS},
	    {"segments go back", {b, a}, BED_REFUSED},
	    {"panes go back", {later, a}, BED_REFUSED},
	    {"one twice", {a, a}, BED_REFUSED},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bed *bed = bed_of_nothing();

		cr_expect_eq(
		    read_deltas(bed, rows[i].d, 2, "t/0 cccc 0:1"), rows[i].expect, "%s", rows[i].what);
		bed_free(&bed);
	}
}

/* If the second partition of a batch is malformed, the first does not advance. */
Test(fold_refused, a_batch_with_a_malformed_part)
{
	const struct delta d = {location(1), NOW_S, C(h9), 1};
	struct bed *b = bed_of_nothing();

	cr_expect_eq(read_deltas(b, &d, 1, "t/0 cccc 0:1"), BED_RUNS);
	cr_expect_eq(read_deltas(b, &d, 1, "t/0 cccc 0:2;t/1 cccc 0"), BED_REFUSED);
	cr_expect_str_eq(b->s->counts.view.positions, "t/0 0:1");
	cr_expect_eq(b->s->counts.view.seq, 1);
	bed_free(&b);
}

/* Sums of windows would overflow: the fold stops, and publishes the shard no more. */
Test(fold_refused, a_counter_larger_than_any_that_is_counted)
{
	const struct delta d = {location(1), NOW_S, C(h9), INT32_MAX};
	struct bed *b = bed_of_nothing();
	const int64_t most = NPSD_PANE_MAX - 1;

	cr_expect_eq(read_deltas(b, &d, 1, "t/0 cccc 0:1"), BED_RUNS);
	cr_assert(npsd_panes_put(b->s->counts.view.panes, 0, 1, NOW_S / 300 * 300, C(h10), &most));
	cr_expect_eq(
	    read_deltas(b, &(struct delta){location(1), NOW_S, C(h10), 2}, 1, "t/0 cccc 0:2"), BED_REFUSED);
	cr_expect_eq(b->s->counts.view.seq, 1);
	bed_free(&b);
}

/* --- snapshots --- */

/* A shard with one answer, packed. */
static void pack_one(struct bed_stored *out)
{
	const struct delta d = {location(1), NOW_S, C(h9), 1};
	struct bed *b = bed_of_nothing();

	cr_assert_eq(read_deltas(b, &d, 1, "t/0 cccc 0:1"), BED_RUNS);
	bed_pack(out, b);
	bed_free(&b);
}

static enum bed_end load(const struct bed_stored *stored)
{
	struct bed *b = bed_new(NOW_S * 1000ll, 2);
	enum bed_end end = bed_load(b, stored);

	bed_free(&b);
	return end;
}

Test(fold_refused, manifests_that_the_fold_cannot_have_written)
{
	static const struct {
		const char *field, *value;
		enum bed_end expect;
	} rows[] = {
	    {"a newer version's", "x", BED_RUNS}, {"seq", "2", BED_REFUSED}, /* version says 1 */
	    {"seq", "+1", BED_REFUSED}, {"seq", " 1", BED_REFUSED}, {"seq", "9007199254740993", BED_REFUSED},
	    {"version", "1-1", BED_RUNS}, {"version", "01-1", BED_REFUSED}, {"version", "1-1 ", BED_REFUSED},
	    {"version", "9795381445001-1", BED_REFUSED}, /* a later epoch */
	    {"hash", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", BED_REFUSED}, {"dict_len", "", BED_REFUSED},
	    {"dict_len", "268435456", BED_REFUSED}, {"dict_len", "1000", BED_WAITS},
	    {"dict_chain", "0123456789012345678901234567890123456789", BED_REFUSED},
	    {"t_ms", "1000000000000000000", BED_REFUSED}, {"dropped_ms", "-9223372036854775808", BED_REFUSED},
	    {"dropped_ms", "1795381440001", BED_REFUSED}, /* greater than the clock */
	    {"positions", "", BED_RUNS}, {"positions", "t/0 0:1;", BED_REFUSED},
	    {"chunk:", "1-1-1", BED_REFUSED}, {"chunk:00/60/1", "1-1-1", BED_REFUSED},
	    {"chunk:+1/60/1", "1-1-1", BED_REFUSED}, {"chunk:1/60/-0", "1-1-1", BED_REFUSED},
	    {"chunk:1/60/33554432", "1-1-1", BED_REFUSED}, {"chunk:1/60/1", "1-9795381445001-1", BED_REFUSED},
	    {"chunk:1/60/1", "1-1-4294967297", BED_REFUSED},
	    {"chunk:1/60/1", "1-1-1", BED_AGAIN}, /* the chunk is gone */
	};
	static struct bed_stored stored;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		pack_one(&stored);
		bed_field(&stored, npsd_str(rows[i].field), npsd_str(rows[i].value));
		cr_expect_eq(
		    load(&stored), rows[i].expect, "row %zu: %s %s", i, rows[i].field, rows[i].value);
	}
}

Test(fold_refused, manifests_that_lack_a_field)
{
	static struct bed_stored stored;

	for (size_t i = 0;; i++) {
		bool chunk;

		pack_one(&stored);
		if (i == stored.nfields)
			break;
		chunk = memcmp(stored.field[i].name.p, "chunk:", 6) == 0;
		stored.field[i] = stored.field[--stored.nfields];
		cr_expect_eq(load(&stored), chunk ? BED_RUNS : BED_REFUSED, "field %zu", i);
	}
}

/* A pane of a chunk. */
struct cell {
	struct npsd_seg seg;
	int64_t start_s;
	uint32_t bits;
	int64_t v;
};

/* [[hi, lo, [start, bits, v]...]...]: a cell of the segment before goes with it. */
static void pack_cells(msgpack_packer *pk, const struct cell *c, const char *panes)
{
	size_t segments = strlen(panes);

	msgpack_pack_array(pk, segments);
	for (size_t s = 0; s < segments; s++) {
		size_t n = (size_t)(panes[s] - '0');

		msgpack_pack_array(pk, 2 + n);
		msgpack_pack_uint64(pk, c->seg.hi);
		msgpack_pack_uint64(pk, c->seg.lo);
		for (; n > 0; n--, c++) {
			msgpack_pack_array(pk, 3);
			msgpack_pack_int64(pk, c->start_s);
			msgpack_pack_uint32(pk, c->bits);
			msgpack_pack_int64(pk, c->v);
		}
	}
}

/* The one chunk of the finest step, with these panes in place of its own. */
static enum bed_end load_cells(const struct cell *c, const char *panes)
{
	static struct bed_stored stored;
	struct npsd_str name = {NULL, 0};
	msgpack_sbuffer sb;
	msgpack_packer pk;
	enum bed_end end;

	pack_one(&stored);
	for (size_t i = 0; i < stored.nfields; i++)
		if (memmem(stored.field[i].name.p, stored.field[i].name.n, "/60/", 4))
			name = stored.field[i].value;
	cr_assert(name.p);
	msgpack_sbuffer_init(&sb);
	msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
	pack_cells(&pk, c, panes);
	bed_chunk(&stored, name, (struct npsd_str){sb.data, (uint32_t)sb.size});
	end = load(&stored);
	msgpack_sbuffer_destroy(&sb);
	return end;
}

Test(fold_refused, chunks_that_the_fold_cannot_have_written)
{
	const int64_t span_s = NPSD_SPAN_PANES * 60, from_s = NOW_S / span_s * span_s, most = NPSD_PANE_MAX;
	const struct npsd_seg seg = location(1);
	const struct cell good = {seg, NOW_S, C(h9), 1}, first = {seg, from_s, C(h9), 1};
	struct npsd_seg elsewhere = seg;
	struct cell c;

	for (uint32_t kind = 1; npsd_chunk_slice(elsewhere) == npsd_chunk_slice(seg); kind++)
		elsewhere = location(kind % 3 + 1);
	cr_expect_eq(load_cells(&good, "1"), BED_RUNS);
	cr_expect_eq(load_cells((struct cell[]){first, good}, "2"), BED_RUNS);
	cr_expect_eq(load_cells((struct cell[]){good, first}, "2"), BED_REFUSED, "panes go back");
	cr_expect_eq(load_cells((struct cell[]){good, good}, "2"), BED_REFUSED, "a pane twice");
	cr_expect_eq(load_cells((struct cell[]){good, first}, "11"), BED_REFUSED, "a segment twice");
	cr_expect_eq(load_cells(&good, "0"), BED_REFUSED, "a segment without panes");
#define ROW(what, field, value, expect)                                                                      \
	c = good;                                                                                            \
	c.field = (value);                                                                                   \
	cr_expect_eq(load_cells(&c, "1"), expect, what)
	ROW("another slice's", seg, elsewhere, BED_REFUSED);
	ROW("a kind that there is not", seg, location(4), BED_REFUSED);
	ROW("the first of the span", start_s, from_s, BED_RUNS);
	ROW("before the span", start_s, from_s - 60, BED_REFUSED);
	ROW("the last of the span", start_s, from_s + span_s - 60, BED_RUNS);
	ROW("after the span", start_s, from_s + span_s, BED_REFUSED);
	ROW("no pane's beginning", start_s, NOW_S + 1, BED_REFUSED);
	ROW("no counter", bits, 0, BED_REFUSED);
	ROW("nothing", v, 0, BED_REFUSED);
	ROW("as much as may be", v, most, BED_RUNS);
	ROW("too much", v, most + 1, BED_REFUSED);
	ROW("too little", v, -most - 1, BED_REFUSED);
#undef ROW
}
