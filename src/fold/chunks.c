#include "fold/chunks.h"

#include <stdlib.h>
#include <string.h>

#include "npsd/err.h"

void npsd_chunks_free(struct npsd_chunks *c)
{
	free(c->at);
	free(c->table);
	*c = (struct npsd_chunks){0};
}

static uint32_t *slot_of(const struct npsd_chunks *c, struct npsd_chunk_key key)
{
	uint64_t x = (uint64_t)key.span << 16 ^ (uint64_t)key.slice << 8 ^ (uint64_t)key.step;
	uint32_t k = (uint32_t)(x * 0x9e3779b97f4a7c15u >> 32) & c->mask;

	for (; c->table[k] != 0; k = (k + 1) & c->mask) {
		const struct npsd_chunk_key *at = &c->at[c->table[k] - 1].key;

		if (at->span == key.span && at->slice == key.slice && at->step == key.step)
			break;
	}
	return &c->table[k];
}

static void fill_table(struct npsd_chunks *c)
{
	memset(c->table, 0, ((size_t)c->mask + 1) * sizeof *c->table);
	for (uint32_t i = 0; i < c->n; i++)
		*slot_of(c, c->at[i].key) = i + 1;
}

static void grow(struct npsd_chunks *c)
{
	c->cap = c->cap ? c->cap * 2 : 256;
	c->mask = c->cap * 2 - 1;
	c->at = realloc(c->at, c->cap * sizeof *c->at);
	free(c->table);
	c->table = malloc(((size_t)c->mask + 1) * sizeof *c->table);
	npsd_assert(c->at && c->table && c->mask < UINT32_MAX / 2);
	fill_table(c);
}

struct npsd_chunk *npsd_chunks_get(struct npsd_chunks *c, struct npsd_chunk_key key)
{
	uint32_t *slot;

	if (c->n == c->cap)
		grow(c);
	slot = slot_of(c, key);
	if (*slot)
		return &c->at[*slot - 1];
	c->at[c->n] = (struct npsd_chunk){.key = key};
	*slot = ++c->n;
	return &c->at[c->n - 1];
}

void npsd_chunks_purge(struct npsd_chunks *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n; i++)
		if (c->at[i].named || c->at[i].dirty)
			c->at[n++] = c->at[i];
	c->n = n;
	if (c->cap)
		fill_table(c);
}
