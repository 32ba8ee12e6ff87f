#include "publish/due.h"

void npsd_due_free(struct npsd_due *d)
{
	free(d->seg);
	*d = (struct npsd_due){0};
}

/* Makes segments up to and with i; they are idle. */
static void make(struct npsd_due *d, uint32_t i)
{
	d->seg = npsd_array_reserve(d->seg, &d->cap, i, sizeof *d->seg);
	while (d->n <= i)
		d->seg[d->n++] = (struct npsd_due_seg){.class = NPSD_DUE_CLASSES};
}

void npsd_due_reset(struct npsd_due *d)
{
	d->fresh = d->cool = NPSD_LIST_EMPTY;
	for (int c = 0; c < NPSD_DUE_CLASSES; c++)
		d->ready[c] = NPSD_LIST_EMPTY;
	d->n = d->due = d->nready = d->turn = 0;
}

static void make_ready(struct npsd_due *d, uint32_t i, int64_t now_mono_ms)
{
	struct npsd_due_seg *s = &d->seg[i];

	s->at_mono_ms = now_mono_ms;
	if (s->class == NPSD_DUE_CLASSES) {
		s->place = NPSD_DUE_FRESH;
		npsd_list_push(&d->fresh, NPSD_LINKS(d->seg), i);
		return;
	}
	s->place = NPSD_DUE_READY;
	npsd_list_push(&d->ready[s->class], NPSD_LINKS(d->seg), i);
	d->nready++;
}

void npsd_due_touch(struct npsd_due *d, uint32_t i, int64_t now_mono_ms)
{
	struct npsd_due_seg *s;

	if (i >= d->n)
		make(d, i);
	s = &d->seg[i];
	if (s->place == NPSD_DUE_IDLE) {
		d->due++;
		make_ready(d, i, now_mono_ms);
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

void npsd_due_classify(struct npsd_due *d, int class, int64_t now_mono_ms)
{
	uint32_t i = npsd_list_pop(&d->fresh, NPSD_LINKS(d->seg));

	npsd_assert(class >= 0 && class < NPSD_DUE_CLASSES);
	d->seg[i].class = (uint8_t) class;
	make_ready(d, i, now_mono_ms);
}

void npsd_due_cool(struct npsd_due *d, int64_t now_mono_ms, int64_t interval_ms)
{
	while (!npsd_list_empty(&d->cool) && now_mono_ms - d->seg[d->cool.head].at_mono_ms >= interval_ms) {
		uint32_t i = npsd_list_pop(&d->cool, NPSD_LINKS(d->seg));

		d->seg[i].place = NPSD_DUE_IDLE;
		if (d->seg[i].changed) {
			d->seg[i].changed = false;
			make_ready(d, i, now_mono_ms);
		}
	}
}

/* The list with the oldest head; some list is not empty. */
static struct npsd_list *oldest(struct npsd_due *d)
{
	struct npsd_list *best = NULL;

	for (int c = 0; c < NPSD_DUE_CLASSES; c++) {
		struct npsd_list *l = &d->ready[c];

		if (!npsd_list_empty(l) &&
		    (!best || d->seg[l->head].at_mono_ms < d->seg[best->head].at_mono_ms))
			best = l;
	}
	return best;
}

uint32_t npsd_due_take(struct npsd_due *d)
{
	struct npsd_list *l = d->ready;
	uint32_t i;

	if (d->nready == 0)
		return NPSD_LIST_NONE;
	if (++d->turn % 4 == 0)
		l = oldest(d);
	else
		while (npsd_list_empty(l))
			l++;
	i = npsd_list_pop(l, NPSD_LINKS(d->seg));
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

void npsd_due_written(struct npsd_due *d, uint32_t i, int64_t now_mono_ms)
{
	struct npsd_due_seg *s = &d->seg[i];

	npsd_assert(s->place == NPSD_DUE_FLIGHT);
	s->place = NPSD_DUE_COOL;
	s->at_mono_ms = now_mono_ms;
	npsd_list_push(&d->cool, NPSD_LINKS(d->seg), i);
	if (!s->changed)
		d->due--;
}

void npsd_due_retry(struct npsd_due *d, uint32_t i, int64_t now_mono_ms)
{
	struct npsd_due_seg *s = &d->seg[i];

	npsd_assert(s->place == NPSD_DUE_FLIGHT);
	s->changed = false;
	if (s->class == NPSD_DUE_CLASSES) {
		make_ready(d, i, now_mono_ms);
		return;
	}
	s->place = NPSD_DUE_READY;
	npsd_list_push_front(&d->ready[s->class], NPSD_LINKS(d->seg), i);
	d->nready++;
}
