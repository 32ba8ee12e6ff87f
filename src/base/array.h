/* Arrays that grow by doubling, and lists of their elements. */
#ifndef NPSD_ARRAY_H
#define NPSD_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "npsd/err.h"

#define NPSD_LIST_NONE UINT32_MAX

/* The array with room for element i. Thread: owner, for all */
static inline void *npsd_array_reserve(void *array, uint32_t *cap, uint32_t i, size_t size)
{
	npsd_assert(i < NPSD_LIST_NONE / 2);
	if (i < *cap)
		return array;
	*cap = *cap ? *cap : 64;
	while (*cap <= i)
		*cap *= 2;
	array = realloc(array, *cap * size);
	npsd_assert(array != NULL);
	return array;
}

/* A number for each segment, 0 at first. */
struct npsd_numbers {
	uint32_t *at;
	uint32_t n, cap;
};

static inline uint32_t *npsd_numbers_at(struct npsd_numbers *a, uint32_t i)
{
	a->at = npsd_array_reserve(a->at, &a->cap, i, sizeof *a->at);
	while (a->n <= i)
		a->at[a->n++] = 0;
	return &a->at[i];
}

/* Elements of an array, first in, first out. The first member of an element is `uint32_t next`, so that an
 * element is in at most one list. `array, size`: NPSD_LINKS(array). */
struct npsd_list {
	uint32_t head, tail;
};

#define NPSD_LIST_EMPTY ((struct npsd_list){NPSD_LIST_NONE, NPSD_LIST_NONE})
#define NPSD_LINKS(array) (array), sizeof *(array)

static inline uint32_t *npsd_list_next(void *array, size_t size, uint32_t i)
{
	return (uint32_t *)((char *)array + size * i);
}

static inline bool npsd_list_empty(const struct npsd_list *l)
{
	return l->head == NPSD_LIST_NONE;
}

static inline void npsd_list_push(struct npsd_list *l, void *array, size_t size, uint32_t i)
{
	*npsd_list_next(array, size, i) = NPSD_LIST_NONE;
	if (npsd_list_empty(l))
		l->head = i;
	else
		*npsd_list_next(array, size, l->tail) = i;
	l->tail = i;
}

static inline void npsd_list_push_front(struct npsd_list *l, void *array, size_t size, uint32_t i)
{
	*npsd_list_next(array, size, i) = l->head;
	if (npsd_list_empty(l))
		l->tail = i;
	l->head = i;
}

/* The list is not empty. */
static inline uint32_t npsd_list_pop(struct npsd_list *l, void *array, size_t size)
{
	uint32_t i = l->head;

	npsd_assert(i != NPSD_LIST_NONE);
	l->head = *npsd_list_next(array, size, i);
	if (npsd_list_empty(l))
		l->tail = NPSD_LIST_NONE;
	return i;
}

#endif
