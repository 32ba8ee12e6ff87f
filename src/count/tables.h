/*
 * What a worker has counted since its last batch. A segment has one 64-byte cell, for the newest pane it was
 * counted in; a side table holds cells for its other panes. Both are bounded: the worker checks for room
 * before it counts a record, and seals the batch if there is none. Thread: worker, for all; Waits: never
 */
#ifndef NPSD_COUNT_TABLES_H
#define NPSD_COUNT_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "npsd/segment.h"

#define NPSD_CELL_LIMIT                                                                                      \
	32000 /* the batch is sealed when a counter reaches it; 16 bits have room for more events */

/* One cache line. */
struct npsd_cell {
	struct npsd_seg seg;
	int64_t pane_s;
	int16_t v[NPSD_NCOUNTER];
	uint16_t dirty; /* it changed since the last seal, and is in the list */
};
_Static_assert(sizeof(struct npsd_cell) == 64, "a cell is a cache line: more counters need a second one");

struct npsd_tables {
	struct npsd_cell *cell; /* a segment keeps its cell until the table is emptied */
	uint32_t cells, max_cells;
	uint32_t *dirty; /* numbers of changed cells */
	uint32_t ndirty;
	struct npsd_cell *side;
	uint32_t sides, max_sides;
	uint32_t *seg_index, seg_mask; /* cell + 1, by hash of the segment: sets of two and more dimensions */
	uint32_t *side_index, side_mask; /* side + 1 by hash of segment and pane */
	uint32_t *by_id;		 /* cell + 1, by id and kind: sets of one dimension */
	uint32_t by_ids;		 /* ids that by_id has room for */
	uint32_t by_word[NPSD_NDIM + 1][NPSD_ID_FIRST]
			[4]; /* the same for ids 0 and 1; the last row is the set `all` */
	bool full;	     /* a counter is near its limit */
	int64_t clock_ms;    /* highest event time added since the last seal; NPSD_TIME_NONE: none */
};

/* What one answer adds to a segment. */
struct npsd_count {
	uint8_t counter; /* enum npsd_counter */
	bool comment;
	int8_t sign; /* 1 or -1 */
	int64_t pane_s;
};

void npsd_tables_init(struct npsd_tables *t, uint32_t max_cells, uint32_t max_sides);
void npsd_tables_free(struct npsd_tables *t);
/* Makes room in the index by id for a dictionary of len entries. */
void npsd_tables_names(struct npsd_tables *t, uint32_t len);
/* Whether there is room for an event that touches that number of segments. */
static inline bool npsd_tables_room(const struct npsd_tables *t, uint32_t segments)
{
	return !t->full && t->max_cells - t->cells >= segments && t->max_sides - t->sides >= segments;
}
/* Counts in a segment of the set `all` (dim == NPSD_NDIM) or of one dimension: no hashing. */
void npsd_tables_add_one(
    struct npsd_tables *t, const struct npsd_count *c, struct npsd_seg seg, int dim, uint32_t id);
/* Counts in a segment of any other set. */
void npsd_tables_add(struct npsd_tables *t, const struct npsd_count *c, struct npsd_seg seg);
/* An upper bound of the deltas to seal. */
static inline uint32_t npsd_tables_rows(const struct npsd_tables *t)
{
	return t->ndirty + t->sides;
}
/* After a seal: sets all counters to 0. Segments keep their cells unless few free cells are left. */
void npsd_tables_clear(struct npsd_tables *t);
/* Clears, and no segment keeps its cell: ids have another meaning from now on. */
void npsd_tables_reset(struct npsd_tables *t);

#endif
