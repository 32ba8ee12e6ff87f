/*
 * A naive second reader of log entries and snapshots, written from docs/formats.md. It keeps a plain list of
 * cells and shares no code with the fold, whose result for the same bytes is compared with it.
 */
#ifndef NAIVE_SHARD_H
#define NAIVE_SHARD_H

#include "help_shard.h"

#define NAIVE_CELLS 16384

/* A counter of a segment in a pane, not 0. Sorted by the fields before v. */
struct naive_cell {
	uint64_t hi, lo;
	int64_t step_s, start_s;
	int counter;
	int64_t v;
};

struct naive {
	struct naive_cell cell[NAIVE_CELLS];
	size_t n;
	bool over_max; /* a counter is out of range, or there are too many cells: the rest is undefined */
};

enum naive_result {
	NAIVE_REFUSED,
	NAIVE_ACCEPTED,
	NAIVE_WAITING,	/* its dictionary is longer than the present one */
	NAIVE_UNDECIDED /* a segment occurs twice and none of its panes is kept */
};

/* Adds the deltas of the entry. The cells stay unchanged if it is not accepted. */
enum naive_result naive_entry(struct naive *n, const struct bed_entry *e);
/* Reads the snapshot that the manifest names, with the epoch and the clock of the bed b. */
enum naive_result naive_snapshot(struct naive *n, const struct bed_stored *stored, const struct bed *b);
/* Removes cells that no window reads at t, and cells of 0. Sorts the others. */
void naive_settle(struct naive *n, int64_t t_ms);
/* The settled cells of the panes of the fold. */
void naive_of_bed(struct naive *n, const struct bed *b);
/* Whether both, settled, are equal. */
bool naive_equal(const struct naive *a, const struct naive *b);

#endif
