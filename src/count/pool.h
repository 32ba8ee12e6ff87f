/*
 * Rows of ids that many responses share (sets of themes, values of the rarer dimensions), each kept once and
 * named by a number below 2^28. Row 0 is what it was made with, and stays.
 */
#ifndef NPSD_COUNT_POOL_H
#define NPSD_COUNT_POOL_H

#include <stddef.h>
#include <stdint.h>

#define NPSD_POOL_MAX (1u << 28)

struct npsd_pool {
	uint32_t width;	     /* words of a row */
	uint32_t rows, live; /* numbers given out so far; of these in use. live <= rows <= cap */
	uint32_t cap;
	uint32_t free;	 /* first free row + 1, linked by its word 0; 0: none */
	uint32_t *row;	 /* cap rows of width words, references, hash */
	uint32_t *index; /* row + 1; 0: empty. At most half are taken */
	uint32_t mask;
};

/* Thread: worker, for all; Waits: never */
void npsd_pool_init(struct npsd_pool *p, uint32_t width, const uint32_t *first);
void npsd_pool_free(struct npsd_pool *p);
/* Room for n more rows: all growth is here. */
void npsd_pool_reserve(struct npsd_pool *p, uint32_t n);
/* The row's number, one more reference to it. Room must be there. */
uint32_t npsd_pool_take(struct npsd_pool *p, const uint32_t *words);
void npsd_pool_drop(struct npsd_pool *p, uint32_t number);
/* Valid until the next reserve. */
const uint32_t *npsd_pool_row(const struct npsd_pool *p, uint32_t number);
/* What the rows in use take, and the table that finds them. */
size_t npsd_pool_bytes(const struct npsd_pool *p);

#endif
