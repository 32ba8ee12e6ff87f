/*
 * The chunks of a shard: the name under which each is stored, and which have changed since. A chunk is a
 * slice of the segments, a step and a span of panes. Thread: fold, for all
 */
#ifndef NPSD_FOLD_CHUNKS_H
#define NPSD_FOLD_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npsd/segment.h"

/* Both are part of the stored format. */
#define NPSD_SLICES 16	   /* of the segments of a shard */
#define NPSD_SPAN_PANES 64 /* span n: panes 64 n .. 64 n + 63 of its step */

struct npsd_chunk_key {
	uint32_t slice; /* 0 .. NPSD_SLICES - 1 */
	int32_t step;	/* index of the step */
	int64_t span;
};

struct npsd_chunk {
	struct npsd_chunk_key key;
	int64_t epoch; /* its name is K-EPOCH-NUMBER */
	uint32_t number;
	bool named; /* in the manifest */
	bool dirty; /* a pane of it changed since it was packed */
};

/* at[0 .. n - 1] and the hash table over them */
struct npsd_chunks {
	struct npsd_chunk *at;
	uint32_t n, cap;
	uint32_t *table; /* place + 1, 0: free; at most half is in use */
	uint32_t mask;
};

static inline uint32_t npsd_chunk_slice(struct npsd_seg seg)
{
	return (uint32_t)(npsd_seg_hash(seg) >> 26) % NPSD_SLICES;
}

void npsd_chunks_free(struct npsd_chunks *c);
/* The chunk, made if it is new. Its index is stable until npsd_chunks_purge, its address until the next get.
 */
struct npsd_chunk *npsd_chunks_get(struct npsd_chunks *c, struct npsd_chunk_key key);
/* Removes chunks that are neither named nor dirty. */
void npsd_chunks_purge(struct npsd_chunks *c);

#endif
