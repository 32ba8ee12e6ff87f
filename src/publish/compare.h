/*
 * The last step of a flush: what stands in indexes and ranks of the segments of this shard is read back and
 * compared with what was acknowledged. A difference is in doubt, so it is written again; then all is compared
 * again. If something else writes the same keys, that would never end: the differences of some passes on end
 * are given up on.
 *
 *   event                                       NONE     RUNS     EQUAL    GIVEN_UP
 *   a flush begins, a new connection            NONE     NONE     NONE     NONE
 *   step, while nothing else is to be written   RUNS     .        .        .
 *   a pass ends without a difference            .        EQUAL    .        .
 *   a pass ends with differences                .        NONE     .        .
 *   the last of TRIES passes ends with some     .        GIVEN_UP .        .
 */
#ifndef NPSD_PUBLISH_COMPARE_H
#define NPSD_PUBLISH_COMPARE_H

#include "publish/index_set.h"
#include "publish/rank.h"

#define NPSD_COMPARE_MEMBERS 128u /* of one call */

enum npsd_compare_phase { NPSD_COMPARE_NONE, NPSD_COMPARE_RUNS, NPSD_COMPARE_EQUAL, NPSD_COMPARE_GIVEN_UP };

struct npsd_compare {
	enum npsd_compare_phase phase;
	struct npsd_list_key list; /* that is compared */
	uint32_t next;		   /* segment to go on with */
	uint32_t batch[NPSD_COMPARE_MEMBERS], nbatch;
	uint32_t differences; /* of this pass */
	int passes;	      /* with differences */
};

/* Thread: owner, for all */
void npsd_compare_reset(struct npsd_compare *p);
/* Submits a call, or ends a pass. True: there is more to do. */
bool npsd_compare_step(struct npsd_compare *p, struct npsd_pub_context *c, const struct npsd_index_set *x,
    const struct npsd_ranks *r);
void npsd_compare_done(struct npsd_compare *p, struct npsd_pub_context *c, struct npsd_index_set *x,
    struct npsd_ranks *r, const struct npsd_done *done);

#endif
