/* From an answer to its segments: every configured set, every ancestor of its location, once in each of its
 * themes. */
#ifndef NPSD_COUNT_ROUTE_H
#define NPSD_COUNT_ROUTE_H

#include "count/content.h"
#include "count/tables.h"
#include "npsd/config.h"

#define NPSD_ROUTE_WAYS                                                                                      \
	(NPSD_THEMES +                                                                                       \
	    1) /* values of one dimension that an answer counts in: themes, or 8 levels and a word */

/* Segments that one answer touches at most, added or taken away. Thread: any */
uint32_t npsd_route_most(const struct npsd_config *cfg);
/*
 * Adds to or takes from all segments of that content, in the pane of that event time (count->pane_s is set
 * here). Room must be there. Thread: worker
 */
void npsd_route_count(struct npsd_tables *t, struct npsd_count *count, const struct npsd_content *c,
    int64_t event_ms, const struct npsd_config *cfg, const struct npsd_names *names);
/*
 * Ids that an answer counts in by its location, nearest first; returns how many, 1 to NPSD_ROUTE_WAYS.
 * Thread: any
 */
int npsd_route_places(
    uint32_t out[NPSD_ROUTE_WAYS], const struct npsd_content *c, const struct npsd_names *names);

#endif
