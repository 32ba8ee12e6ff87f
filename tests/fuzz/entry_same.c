#include "entry_same.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "naive_shard.h"
#include "npsd/err.h"
#include "shard_make.h"

#define NOW_S 1795381440 /* 2026-11-22T21:04:00Z */
#define PANES_LEAST 65536
#define PANES_PER_BYTE 256 /* of an input: four steps, each with a block of its own */

struct case_ {
	const void *p;
	size_t n;
	struct bed *bed;
	struct naive want, got, before;
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

/* What the shard was before an entry that is not taken. */
static void check_untouched(struct case_ *c, int64_t seq, const char *hash, const char *positions)
{
	const struct npsd_shard *s = c->bed->s;

	naive_of_bed(&c->got, c->bed);
	must(c, naive_same(&c->got, &c->before));
	must(c, s->counts.view.seq == seq && strcmp(s->counts.view.hash, hash) == 0);
	must(c, strcmp(s->counts.view.positions, positions) == 0);
}

/* One entry; false: it was not taken. */
static bool read_one(struct case_ *c, struct entry_told *told, const struct bed_entry *e, bool chained)
{
	int64_t seq = c->bed->s->counts.view.seq;
	char hash[41], *positions = strdup(c->bed->s->counts.view.positions);
	enum naive_says says = chained ? naive_entry(&c->want, e) : NAIVE_REFUSES;
	enum bed_end end;

	memcpy(hash, c->bed->s->counts.view.hash, sizeof hash);
	naive_of_bed(&c->before, c->bed);
	end = bed_read(c->bed, e);
	told->taken += end == BED_RUNS;
	told->refused += end == BED_REFUSED;
	told->waits += end == BED_WAITS;
	told->again += end == BED_AGAIN;
	if (c->want.beyond) /* nothing is said of the panes, but that they are not published */
		must(c, end == BED_REFUSED);
	else
		must(c, end == (says == NAIVE_TAKES	 ? BED_RUNS
				   : says == NAIVE_WAITS ? BED_WAITS
				   : chained		 ? BED_REFUSED
							 : BED_AGAIN));
	if (end != BED_RUNS && !c->want.beyond)
		check_untouched(c, seq, hash, positions);
	free(positions);
	return end == BED_RUNS;
}

/* All that was taken: as the naive reader has it, and so again from a snapshot. */
static void check_taken(struct case_ *c)
{
	static struct bed_stored stored;
	struct bed *again = bed_new(c->bed->clock_ms, 2);

	naive_settle(&c->want, c->bed->clock_ms);
	naive_of_bed(&c->got, c->bed);
	must(c, naive_same(&c->got, &c->want));
	must(c, npsd_panes_bytes(c->bed->s->counts.view.panes) <= PANES_LEAST + PANES_PER_BYTE * c->n);
	if (c->bed->s->counts.view.seq > 0) {
		bed_pack(&stored, c->bed);
		must(c, bed_load(again, &stored) == BED_RUNS);
		naive_of_bed(&c->got, again);
		must(c, naive_same(&c->got, &c->want));
		must(c, again->s->counts.view.seq == c->bed->s->counts.view.seq);
		must(c, strcmp(again->s->counts.view.hash, c->bed->s->counts.view.hash) == 0);
		must(c, strcmp(again->s->counts.view.positions, c->bed->s->counts.view.positions) == 0);
	}
	bed_free(&again);
}

void entry_same(struct entry_told *told, const void *p, size_t n)
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
		goes_on = read_one(&c, told, &e, chained);
		chained = true;
	}
	if (c.bed->f->ctx.state == NPSD_FOLD_RUNNING && c.bed->s->state == NPSD_SHARD_RUNNING &&
	    c.bed->s->needs.len == 0)
		check_taken(&c);
	bed_free(&c.bed);
}

void entry_make(struct drive_input *out)
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
