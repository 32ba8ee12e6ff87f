/*
 * Another reader of log entries and snapshots, written from docs/formats.md alone: it knows nothing of
 * shards, blocks of panes or positions in use, only a list of cells. What the fold makes of the same bytes is
 * held against it.
 */
#ifndef NAIVE_SHARD_H
#define NAIVE_SHARD_H

#include "help_shard.h"

#define NAIVE_CELLS 16384

/* A counter of a segment in a pane that is not 0; sorted by all before v. */
struct naive_cell {
	uint64_t hi, lo;
	int64_t step_s, start_s;
	int counter;
	int64_t v;
};

struct naive {
	struct naive_cell cell[NAIVE_CELLS];
	size_t n;
	bool beyond; /* a counter has passed what is stored, or there are too many cells: nothing more is
			known */
};

enum naive_says {
	NAIVE_REFUSES,
	NAIVE_TAKES,
	NAIVE_WAITS,	  /* its dictionary is longer than the one there is */
	NAIVE_CANNOT_TELL /* a segment that stands twice, of which nothing is kept */
};

/* Adds the entry's deltas; cells are as before where it is not taken. */
enum naive_says naive_entry(struct naive *n, const struct bed_entry *e);
/* Reads what the manifest's fields name; b has taken the shard, which says the epoch and the clock. */
enum naive_says naive_snapshot(struct naive *n, const struct bed_stored *stored, const struct bed *b);
/* Forgets what no window reads at t, and what is 0. */
void naive_settle(struct naive *n, int64_t t_ms);
/* The same of the fold's panes. */
void naive_of_bed(struct naive *n, const struct bed *b);
/* Both settled. */
bool naive_same(const struct naive *a, const struct naive *b);

#endif
