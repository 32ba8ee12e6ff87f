
/*
 * Compares how the fold reads the log of a shard with a naive reader of docs/formats.md, on any bytes.
 *
 * The items are log entries, read in order until one is not accepted. The naive reader agrees on that. An
 * entry that is not accepted leaves panes, position and hash unchanged, and its fault has a text. The
 * accepted entries give the panes of the naive reader, and a snapshot of them reads back to the same panes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "naive_shard.h"
#include "npsd/err.h"
#include "items.h"
#include "make_shard.h"

/*
 * Kinds of the items, modulo 4: header and batch id of the entries that follow; deltas, which end an entry; a
 * wrong chain hash for the next entry.
 */
enum { ENTRY_HEADER, ENTRY_BATCH, ENTRY_DELTAS, ENTRY_CHAIN };

#define NOW_S 1795381440 /* 2026-11-22T21:04:00Z */
#define PANES_BASE 65536
#define PANES_PER_BYTE 256 /* of input: a block for each of four steps */

struct case_ {
	const void *p;
	size_t n;
	struct bed *bed;
	struct naive want, got, before;
};

#define must(c, cond) ((cond) ? (void)0 : drive_fail((c)->p, (c)->n, #cond, (c)->bed->pl.fault_fold.text))

/* The shard is as before the entry that was not accepted. */
static void check_untouched(struct case_ *c, int64_t seq, const char *hash, const char *positions)
{
	const struct npsd_shard *s = c->bed->s;

	naive_of_bed(&c->got, c->bed);
	must(c, naive_equal(&c->got, &c->before));
	must(c, s->counts.view.seq == seq && strcmp(s->counts.view.hash, hash) == 0);
	must(c, strcmp(s->counts.view.positions, positions) == 0);
}

/* Reads one entry; false: it was not accepted. */
static bool read_one(struct case_ *c, struct item_counts *counts, const struct bed_entry *e, bool chained)
{
	int64_t seq = c->bed->s->counts.view.seq;
	char hash[41], *positions = strdup(c->bed->s->counts.view.positions);
	enum naive_result naive = chained ? naive_entry(&c->want, e) : NAIVE_REFUSED;
	enum bed_end end;

	memcpy(hash, c->bed->s->counts.view.hash, sizeof hash);
	naive_of_bed(&c->before, c->bed);
	end = bed_read(c->bed, e);
	counts->accepted += end == BED_RUNS;
	counts->refused += end == BED_REFUSED;
	counts->waiting += end == BED_WAITS;
	counts->retried += end == BED_AGAIN;
	if (c->want.over_max) /* the panes are undefined, and are not published */
		must(c, end == BED_REFUSED);
	else
		must(c, end == (naive == NAIVE_ACCEPTED	    ? BED_RUNS
				   : naive == NAIVE_WAITING ? BED_WAITS
				   : chained		    ? BED_REFUSED
							    : BED_AGAIN));
	if (end != BED_RUNS && !c->want.over_max)
		check_untouched(c, seq, hash, positions);
	free(positions);
	return end == BED_RUNS;
}

/* The panes equal those of the naive reader, also after a snapshot was written and read. */
static void check_accepted(struct case_ *c)
{
	static struct bed_stored stored;
	struct bed *again = bed_new(c->bed->clock_ms, 2);

	naive_settle(&c->want, c->bed->clock_ms);
	naive_of_bed(&c->got, c->bed);
	must(c, naive_equal(&c->got, &c->want));
	must(c, npsd_panes_bytes(c->bed->s->counts.view.panes) <= PANES_BASE + PANES_PER_BYTE * c->n);
	if (c->bed->s->counts.view.seq > 0) {
		bed_pack(&stored, c->bed);
		must(c, bed_load(again, &stored) == BED_RUNS);
		naive_of_bed(&c->got, again);
		must(c, naive_equal(&c->got, &c->want));
		must(c, again->s->counts.view.seq == c->bed->s->counts.view.seq);
		must(c, strcmp(again->s->counts.view.hash, c->bed->s->counts.view.hash) == 0);
		must(c, strcmp(again->s->counts.view.positions, c->bed->s->counts.view.positions) == 0);
	}
	bed_free(&again);
}

static void compare(struct item_counts *counts, const void *p, size_t n)
{
	static struct bed_stored nothing;
	static struct case_ c; /* large */
	const struct bed_world *w = bed_world();
	uint32_t len = npsd_names_len_any(w->names);
	struct bed_entry e = {.b = NPSD_STR("survey-events/0 00ff00ff00ff00ff 0:1")};
	bool chained = true, goes_on = true;
	char header[128], x[41];
	struct item it;

	snprintf(header, sizeof header, "%s %u %s", w->cfg->hash, len, npsd_names_chain_any(w->names, len));
	e.h = npsd_str(header);
	bed_stored_clear(&nothing);
	c = (struct case_){.p = p, .n = n, .bed = bed_new(NOW_S * 1000ll, 1)};
	must(&c, bed_load(c.bed, &nothing) == BED_RUNS);
	for (size_t at = 0; goes_on && item_next(&it, &at, p, n);) {
		if (it.kind % 4 == ENTRY_HEADER)
			e.h = it.text;
		else if (it.kind % 4 == ENTRY_BATCH)
			e.b = it.text;
		else if (it.kind % 4 == ENTRY_CHAIN)
			chained = false;
		if (it.kind % 4 != ENTRY_DELTAS)
			continue;
		e.seq = c.bed->s->counts.view.seq + 1;
		e.d = it.text;
		bed_chain(x, chained ? c.bed->s->counts.view.hash : "other", e.b);
		e.x = npsd_str(x);
		goes_on = read_one(&c, counts, &e, chained);
		chained = true;
	}
	if (c.bed->f->ctx.state == NPSD_FOLD_RUNNING && c.bed->s->state == NPSD_SHARD_RUNNING &&
	    c.bed->s->needs.len == 0)
		check_accepted(&c);
	bed_free(&c.bed);
}

static void make(struct drive_input *out)
{
	out->n = 0;
	for (uint64_t n = 1 + drive_below(3); n > 0; n--) {
		struct bed_entry e;

		if (!make_entry(&e, NOW_S, 10))
			continue;
		if (drive_below(2))
			item_add(out, ENTRY_HEADER, e.h.p, e.h.n);
		if (drive_below(2))
			item_add(out, ENTRY_BATCH, e.b.p, e.b.n);
		if (drive_below(64) == 0)
			item_add(out, ENTRY_CHAIN, "", 0);
		item_add(out, ENTRY_DELTAS, e.d.p, e.d.n);
	}
}

const struct item_test item_test = {.packed = 1u << ENTRY_DELTAS,
    .mutations = 4,
    .accepted_min = 0.5,
    .refused_min = 0.125,
    .retries = true,
    .make = make,
    .compare = compare};
