#include "publish/due.h"

#include <stdlib.h>
#include <string.h>

#include "npsd/err.h"

static void list_init(struct npsd_due_list *l)
{
	*l = (struct npsd_due_list){NPSD_DUE_NONE, NPSD_DUE_NONE};
}

static void push_back(struct npsd_due *d, struct npsd_due_list *l, uint32_t i)
{
	d->seg[i].next = NPSD_DUE_NONE;
	if (l->tail == NPSD_DUE_NONE)
		l->head = i;
	else
		d->seg[l->tail].next = i;
	l->tail = i;
}

static void push_front(struct npsd_due *d, struct npsd_due_list *l, uint32_t i)
{
	d->seg[i].next = l->head;
	l->head = i;
	if (l->tail == NPSD_DUE_NONE)
		l->tail = i;
}

static uint32_t pop(struct npsd_due *d, struct npsd_due_list *l)
{
	uint32_t i = l->head;

	npsd_assert(i != NPSD_DUE_NONE);
	l->head = d->seg[i].next;
	if (l->head == NPSD_DUE_NONE)
		l->tail = NPSD_DUE_NONE;
	return i;
}

void npsd_due_init(struct npsd_due *d)
{
	*d = (struct npsd_due){0};
	npsd_due_reset(d, 0);
}

void npsd_due_free(struct npsd_due *d)
{
	free(d->seg);
	*d = (struct npsd_due){0};
}

/* Makes segments up to and with i; they are idle. */
static void make(struct npsd_due *d, uint32_t i)
{
	npsd_assert(i < NPSD_DUE_NONE / 2);
	if (i >= d->cap) {
		uint32_t cap = d->cap ? d->cap : 64;

		while (cap <= i)
			cap *= 2;
		d->seg = realloc(d->seg, cap * sizeof *d->seg);
		npsd_assert(d->seg != NULL);
		d->cap = cap;
	}
	while (d->n <= i)
		d->seg[d->n++] = (struct npsd_due_seg){.class = NPSD_DUE_CLASSES};
}

void npsd_due_reset(struct npsd_due *d, uint32_t n)
{
	list_init(&d->fresh);
	list_init(&d->cool);
	for (int c = 0; c < NPSD_DUE_CLASSES; c++)
		list_init(&d->ready[c]);
	d->n = d->due = d->nready = d->turn = 0;
	if (n > 0)
		make(d, n - 1);
}

static void make_ready(struct npsd_due *d, uint32_t i, int64_t mono_ms)
{
	struct npsd_due_seg *s = &d->seg[i];

	s->at_ms = mono_ms;
	if (s->class == NPSD_DUE_CLASSES) {
		s->place = NPSD_DUE_FRESH;
		push_back(d, &d->fresh, i);
		return;
	}
	s->place = NPSD_DUE_READY;
	push_back(d, &d->ready[s->class], i);
	d->nready++;
}

void npsd_due_touch(struct npsd_due *d, uint32_t i, int64_t mono_ms)
{
	struct npsd_due_seg *s;

	if (i >= d->n)
		make(d, i);
	s = &d->seg[i];
	if (s->place == NPSD_DUE_IDLE) {
		d->due++;
		make_ready(d, i, mono_ms);
	} else if (s->place == NPSD_DUE_COOL && !s->changed) {
		d->due++;
		s->changed = true;
	} else if (s->place == NPSD_DUE_FLIGHT) {
		s->changed = true;
	}
}

uint32_t npsd_due_fresh(const struct npsd_due *d)
{
	return d->fresh.head;
}

void npsd_due_classify(struct npsd_due *d, int class, int64_t mono_ms)
{
	uint32_t i = pop(d, &d->fresh);

	npsd_assert(class >= 0 && class < NPSD_DUE_CLASSES);
	d->seg[i].class = (uint8_t) class;
	make_ready(d, i, mono_ms);
}

void npsd_due_cool(struct npsd_due *d, int64_t mono_ms, int64_t interval_ms)
{
	while (d->cool.head != NPSD_DUE_NONE && mono_ms - d->seg[d->cool.head].at_ms >= interval_ms) {
		uint32_t i = pop(d, &d->cool);

		d->seg[i].place = NPSD_DUE_IDLE;
		if (d->seg[i].changed) {
			d->seg[i].changed = false;
			make_ready(d, i, mono_ms);
		}
	}
}

/* The list with the oldest head; some list is not empty. */
static struct npsd_due_list *oldest(struct npsd_due *d)
{
	struct npsd_due_list *best = NULL;

	for (int c = 0; c < NPSD_DUE_CLASSES; c++) {
		struct npsd_due_list *l = &d->ready[c];

		if (l->head != NPSD_DUE_NONE && (!best || d->seg[l->head].at_ms < d->seg[best->head].at_ms))
			best = l;
	}
	return best;
}

uint32_t npsd_due_take(struct npsd_due *d)
{
	struct npsd_due_list *l = d->ready;
	uint32_t i;

	if (d->nready == 0)
		return NPSD_DUE_NONE;
	if (++d->turn % 4 == 0)
		l = oldest(d);
	else
		while (l->head == NPSD_DUE_NONE)
			l++;
	i = pop(d, l);
	d->nready--;
	d->seg[i].place = NPSD_DUE_FLIGHT;
	return i;
}

bool npsd_due_seize(struct npsd_due *d, uint32_t i)
{
	if (i >= d->n)
		make(d, i);
	if (d->seg[i].place != NPSD_DUE_IDLE)
		return false;
	d->seg[i].place = NPSD_DUE_FLIGHT;
	d->due++;
	return true;
}

void npsd_due_written(struct npsd_due *d, uint32_t i, int64_t mono_ms)
{
	struct npsd_due_seg *s = &d->seg[i];

	npsd_assert(s->place == NPSD_DUE_FLIGHT);
	s->place = NPSD_DUE_COOL;
	s->at_ms = mono_ms;
	push_back(d, &d->cool, i);
	if (!s->changed)
		d->due--;
}

void npsd_due_retry(struct npsd_due *d, uint32_t i, int64_t mono_ms)
{
	struct npsd_due_seg *s = &d->seg[i];

	npsd_assert(s->place == NPSD_DUE_FLIGHT);
	s->changed = false;
	if (s->class == NPSD_DUE_CLASSES) {
		make_ready(d, i, mono_ms);
		return;
	}
	s->place = NPSD_DUE_READY;
	push_front(d, &d->ready[s->class], i);
	d->nready++;
}
