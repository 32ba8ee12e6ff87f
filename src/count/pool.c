#include "count/pool.h"

#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "npsd/err.h"

#define FIRST_ROWS 64u

static uint32_t *row_at(const struct npsd_pool *p, uint32_t number)
{
	return p->row + (size_t)number * (p->width + 2);
}

static uint32_t *refs_of(const struct npsd_pool *p, uint32_t number)
{
	return row_at(p, number) + p->width;
}

static uint32_t hash_of(const struct npsd_pool *p, uint32_t number)
{
	return row_at(p, number)[p->width + 1];
}

static void put_index(struct npsd_pool *p, uint32_t number)
{
	uint32_t i = hash_of(p, number) & p->mask;

	while (p->index[i])
		i = (i + 1) & p->mask;
	p->index[i] = number + 1;
}

static void resize(struct npsd_pool *p, uint32_t cap)
{
	npsd_assert(cap <= NPSD_POOL_MAX);
	p->row = realloc(p->row, (size_t)cap * (p->width + 2) * sizeof *p->row);
	npsd_assert(p->row);
	p->cap = cap;
	free(p->index);
	p->mask = cap * 2 - 1;
	p->index = calloc((size_t)cap * 2, sizeof *p->index);
	npsd_assert(p->index);
	for (uint32_t i = 0; i < p->rows; i++)
		if (*refs_of(p, i))
			put_index(p, i);
}

void npsd_pool_init(struct npsd_pool *p, uint32_t width, const uint32_t *first)
{
	*p = (struct npsd_pool){.width = width};
	resize(p, FIRST_ROWS);
	npsd_assert(npsd_pool_take(p, first) == 0);
}

void npsd_pool_free(struct npsd_pool *p)
{
	free(p->row);
	free(p->index);
	*p = (struct npsd_pool){0};
}

void npsd_pool_reserve(struct npsd_pool *p, uint32_t n)
{
	while (p->cap - p->live < n)
		resize(p, p->cap * 2);
}

uint32_t npsd_pool_take(struct npsd_pool *p, const uint32_t *words)
{
	uint32_t hash = (uint32_t)XXH3_64bits(words, p->width * sizeof *words);
	uint32_t i = hash & p->mask, number;

	for (; p->index[i]; i = (i + 1) & p->mask) {
		number = p->index[i] - 1;
		if (hash_of(p, number) == hash &&
		    !memcmp(row_at(p, number), words, p->width * sizeof *words)) {
			++*refs_of(p, number);
			return number;
		}
	}
	npsd_assert(p->live < p->cap);
	if (p->free) {
		number = p->free - 1;
		p->free = *row_at(p, number);
	} else {
		number = p->rows++;
	}
	memcpy(row_at(p, number), words, p->width * sizeof *words);
	*refs_of(p, number) = 1;
	row_at(p, number)[p->width + 1] = hash;
	p->index[i] = number + 1;
	p->live++;
	return number;
}

/* Closes the gap at index i: later entries of the run that belong at or before it move up. */
static void close_gap(struct npsd_pool *p, uint32_t i)
{
	uint32_t j = i;

	for (;;) {
		uint32_t home;

		p->index[i] = 0;
		do {
			j = (j + 1) & p->mask;
			if (!p->index[j])
				return;
			home = hash_of(p, p->index[j] - 1) & p->mask;
		} while (((j - home) & p->mask) < ((j - i) & p->mask));
		p->index[i] = p->index[j];
		i = j;
	}
}

void npsd_pool_drop(struct npsd_pool *p, uint32_t number)
{
	uint32_t i = hash_of(p, number) & p->mask;

	npsd_assert(*refs_of(p, number) > 0);
	if (--*refs_of(p, number) > 0)
		return;
	npsd_assert(number != 0);
	while (p->index[i] != number + 1)
		i = (i + 1) & p->mask;
	close_gap(p, i);
	*row_at(p, number) = p->free;
	p->free = number + 1;
	p->live--;
}

const uint32_t *npsd_pool_row(const struct npsd_pool *p, uint32_t number)
{
	npsd_assert(number < p->rows);
	return row_at(p, number);
}

size_t npsd_pool_bytes(const struct npsd_pool *p)
{
	return (size_t)p->live * (p->width + 2) * sizeof *p->row + ((size_t)p->mask + 1) * sizeof *p->index;
}
