/* From an answer to its segments: in every configured set, every ancestor of its location, and once each of
 * its themes. */
#ifndef NPSD_COUNT_ROUTE_H
#define NPSD_COUNT_ROUTE_H

#include "count/content.h"
#include "count/tables.h"
#include "npsd/config.h"

#define NPSD_ROUTE_WAYS                                                                                      \
	(NPSD_THEMES +                                                                                       \
	    1) /* values of one dimension that an answer counts in: themes, or 8 levels and a word */

/* Segments that one answer touches at most. Thread: any */
uint32_t npsd_route_most(const struct npsd_config *cfg);
/*
 * Adds to all segments of that content (sign 1), or subtracts from them (-1), in the pane of that event time;
 * sets count->pane_s. The tables must have room. Thread: worker
 */
void npsd_route_count(struct npsd_tables *t, struct npsd_count *count, const struct npsd_content *c,
    int64_t event_ms, const struct npsd_config *cfg, const struct npsd_names *names);

#endif
