/*
 * Rows of ids that many responses share: sets of themes, values of the rarer dimensions. A row is kept once,
 * counts its references and has a number below 2^28. Row 0 is the one given at birth, and stays. Thread:
 * worker, for all; Waits: never
 */
#ifndef NPSD_COUNT_POOL_H
#define NPSD_COUNT_POOL_H

#include <stddef.h>
#include <stdint.h>

#define NPSD_POOL_MAX (1u << 28)

struct npsd_pool {
	uint32_t width;	     /* words of a row */
	uint32_t rows, live; /* numbers given so far; rows in use. live <= rows <= cap */
	uint32_t cap;
	uint32_t free;	 /* first free row + 1, linked by its word 0; 0: none */
	uint32_t *row;	 /* cap rows of width words, references, hash */
	uint32_t *index; /* row + 1, by hash; 0: empty. At most half are used */
	uint32_t mask;
};

void npsd_pool_init(struct npsd_pool *p, uint32_t width, const uint32_t *first);
void npsd_pool_free(struct npsd_pool *p);
/* Makes room for n more rows. Only this grows the pool. */
void npsd_pool_reserve(struct npsd_pool *p, uint32_t n);
/* The number of the row, with one more reference. Room must be reserved. */
uint32_t npsd_pool_take(struct npsd_pool *p, const uint32_t *words);
void npsd_pool_drop(struct npsd_pool *p, uint32_t number);
/* Valid until the next reserve. */
const uint32_t *npsd_pool_row(const struct npsd_pool *p, uint32_t number);
/* Bytes of the rows in use and of the table that finds them. */
size_t npsd_pool_bytes(const struct npsd_pool *p);

#endif
