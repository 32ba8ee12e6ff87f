#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "npsd/rooms.h"

#define RING_ORDERS 4096 /* every partition may be taken and dropped at once */
#define RING_JOBS 16

void npsd_incident_set(struct npsd_wires *w, enum npsd_incident what, const char *fmt, ...)
{
	va_list ap;

	/* Pairs with the release below: one setter writes at a time. The other one's incident is as good as
	 * this one. */
	if (npsd_exchange_acquire(&w->incident_lock, 1) != 0)
		return;
	/* Pairs with the group's release of NONE: it has read the text before. */
	if (npsd_load_acquire(&w->incident) == NPSD_INCIDENT_NONE) {
		va_start(ap, fmt);
		vsnprintf(w->incident_text, sizeof w->incident_text, fmt, ap);
		va_end(ap);
		npsd_store_release(&w->incident, (int)what); /* pairs with the group's acquire */
	}
	npsd_store_release(&w->incident_lock, 0); /* pairs with the exchange */
}

void npsd_rings_new(struct npsd_wires *w)
{
	for (int i = 0; i < w->workers; i++) {
		w->group_to_worker[i] = npsd_ring_new(RING_ORDERS);
		w->worker_to_group[i] = npsd_ring_new(RING_ORDERS);
		w->worker_to_commit[i] = npsd_ring_new(RING_JOBS);
		w->commit_to_worker[i] = npsd_ring_new(RING_JOBS);
	}
	w->group_to_commit = npsd_ring_new(RING_ORDERS);
	w->commit_to_group = npsd_ring_new(RING_ORDERS);
	w->group_to_fold = npsd_ring_new(RING_ORDERS);
	w->fold_to_group = npsd_ring_new(RING_ORDERS);
	w->fold_to_commit = npsd_ring_new(RING_JOBS);
	w->commit_to_fold = npsd_ring_new(RING_JOBS);
}

/* Orders belong to the ring they lie in; jobs to the rooms that made them. */
static void free_orders(struct npsd_ring **ring)
{
	struct npsd_order *o;

	while (*ring && (o = npsd_ring_pop(*ring))) {
		free(o->rulings);
		free(o);
	}
	npsd_ring_free(ring);
}

void npsd_rings_free(struct npsd_wires *w)
{
	for (int i = 0; i < w->workers; i++) {
		free_orders(&w->group_to_worker[i]);
		free_orders(&w->worker_to_group[i]);
		npsd_ring_free(&w->worker_to_commit[i]);
		npsd_ring_free(&w->commit_to_worker[i]);
	}
	free_orders(&w->group_to_commit);
	free_orders(&w->commit_to_group);
	free_orders(&w->group_to_fold);
	free_orders(&w->fold_to_group);
	npsd_ring_free(&w->fold_to_commit);
	npsd_ring_free(&w->commit_to_fold);
}
