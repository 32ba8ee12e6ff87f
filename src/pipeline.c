#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "npsd/pipeline.h"

#define RING_COMMANDS 4096 /* every partition may be taken and dropped at once */
#define RING_REQUESTS 16

void npsd_fault_set(struct npsd_pipeline *pl, enum npsd_fault what, const char *fmt, ...)
{
	va_list ap;

	/* Pairs with the release below: one setter writes at a time. The other one's incident is as good as
	 * this one. */
	if (npsd_exchange_acquire(&pl->incident_lock, 1) != 0)
		return;
	/* Pairs with the group's release of NONE: it has read the text before. */
	if (npsd_load_acquire(&pl->incident) == NPSD_FAULT_NONE) {
		va_start(ap, fmt);
		vsnprintf(pl->incident_text, sizeof pl->incident_text, fmt, ap);
		va_end(ap);
		npsd_store_release(&pl->incident, (int)what); /* pairs with the group's acquire */
	}
	npsd_store_release(&pl->incident_lock, 0); /* pairs with the exchange */
}

void npsd_rings_new(struct npsd_pipeline *pl)
{
	for (int i = 0; i < pl->workers; i++) {
		pl->group_to_worker[i] = npsd_ring_new(RING_COMMANDS);
		pl->worker_to_group[i] = npsd_ring_new(RING_COMMANDS);
		pl->worker_to_commit[i] = npsd_ring_new(RING_REQUESTS);
		pl->commit_to_worker[i] = npsd_ring_new(RING_REQUESTS);
	}
	pl->group_to_commit = npsd_ring_new(RING_COMMANDS);
	pl->commit_to_group = npsd_ring_new(RING_COMMANDS);
	pl->group_to_fold = npsd_ring_new(RING_COMMANDS);
	pl->fold_to_group = npsd_ring_new(RING_COMMANDS);
	pl->fold_to_commit = npsd_ring_new(RING_REQUESTS);
	pl->commit_to_fold = npsd_ring_new(RING_REQUESTS);
}

/* Orders belong to the ring they lie in; jobs to the rooms that made them. */
static void free_commands(struct npsd_ring **ring)
{
	struct npsd_command *o;

	while (*ring && (o = npsd_ring_pop(*ring))) {
		free(o->rulings);
		free(o);
	}
	npsd_ring_free(ring);
}

void npsd_rings_free(struct npsd_pipeline *pl)
{
	for (int i = 0; i < pl->workers; i++) {
		free_commands(&pl->group_to_worker[i]);
		free_commands(&pl->worker_to_group[i]);
		npsd_ring_free(&pl->worker_to_commit[i]);
		npsd_ring_free(&pl->commit_to_worker[i]);
	}
	free_commands(&pl->group_to_commit);
	free_commands(&pl->commit_to_group);
	free_commands(&pl->group_to_fold);
	free_commands(&pl->fold_to_group);
	npsd_ring_free(&pl->fold_to_commit);
	npsd_ring_free(&pl->commit_to_fold);
}
