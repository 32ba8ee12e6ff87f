#include <stdlib.h>

#include "npsd/pipeline.h"

#define RING_COMMANDS 4096 /* each partition may be acquired and released at once */
#define RING_REQUESTS 16

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

/* A ring owns its commands; a component owns the requests that it made. */
static void free_commands(struct npsd_ring **ring)
{
	struct npsd_command *o;

	while (*ring && (o = npsd_ring_pop(*ring))) {
		free(o->rulings);
		free(o->stands);
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
