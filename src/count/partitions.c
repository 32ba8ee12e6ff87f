/* The partitions that a worker holds, found by topic and number. */
#include <stdlib.h>

#include "count/worker.h"
#include "npsd/err.h"

struct npsd_part *npsd_worker_part(const struct npsd_worker *k, struct npsd_tp tp)
{
	npsd_assert(tp.topic >= 0 && tp.topic < NPSD_MAX_TOPICS && tp.part >= 0);
	return tp.part < k->by_tps[tp.topic] ? k->by_tp[tp.topic][tp.part] : NULL;
}

static void set_index(struct npsd_worker *k, struct npsd_tp tp, struct npsd_part *p)
{
	int32_t n = k->by_tps[tp.topic];

	if (tp.part >= n) {
		size_t size = sizeof(struct npsd_part *);

		k->by_tp[tp.topic] = realloc(k->by_tp[tp.topic], ((size_t)tp.part + 1) * size);
		npsd_assert(k->by_tp[tp.topic]);
		memset(k->by_tp[tp.topic] + n, 0, (size_t)(tp.part + 1 - n) * size);
		k->by_tps[tp.topic] = tp.part + 1;
	}
	k->by_tp[tp.topic][tp.part] = p;
}

void npsd_worker_add_part(struct npsd_worker *k, struct npsd_part *p)
{
	npsd_assert(k->nparts < NPSD_MAX_PARTS && !npsd_worker_part(k, p->state.tp));
	k->part[k->nparts++] = p;
	set_index(k, p->state.tp, p);
}

void npsd_worker_release_part(struct npsd_worker *k, struct npsd_part *p)
{
	size_t i = 0;

	/* messages in hand point to their partition, and so does a batch that fills: PAUSE or RESET come
	 * first */
	npsd_assert(k->in.stage == NPSD_IN_NONE && !p->in);
	while (k->part[i] != p)
		i++;
	k->part[i] = k->part[--k->nparts];
	set_index(k, p->state.tp, NULL);
	npsd_part_free(&p);
}
