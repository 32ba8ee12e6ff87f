/*
 * The counters of counters.def and their groups. Score s is counter NPSD_C_FIRST_SCORE + s, of NPSD_NSCORE;
 * stage i of an invitation is counter NPSD_C_FIRST_STAGE + i, of NPSD_NSTAGE. The group `response` may have
 * gaps: a loop over it runs over all counters and skips the other groups.
 */
#ifndef NPSD_COUNTERS_H
#define NPSD_COUNTERS_H

enum npsd_counter_group { NPSD_GROUP_score, NPSD_GROUP_response, NPSD_GROUP_stage };

enum npsd_counter {
#define X(group, name, meaning) NPSD_C_##name,
#include "tbl/counters.def"
#undef X
	NPSD_NCOUNTER,
	NPSD_NSCORE = 0
#define X(group, name, meaning) +(NPSD_GROUP_##group == NPSD_GROUP_score) /* NOLINT: a summand */
#include "tbl/counters.def"
#undef X
	,
	NPSD_NSTAGE = 0
#define X(group, name, meaning) +(NPSD_GROUP_##group == NPSD_GROUP_stage) /* NOLINT: a summand */
#include "tbl/counters.def"
#undef X
	,
	NPSD_C_FIRST_SCORE = 0,
	NPSD_C_FIRST_STAGE = /* the first row of the group */
#define X(group, name, meaning) NPSD_GROUP_##group == NPSD_GROUP_stage ? NPSD_C_##name:
#include "tbl/counters.def"
#undef X
	NPSD_NCOUNTER
};

/* The number of the stage that a counter counts, from 0. */
#define NPSD_STAGE_OF(counter) ((counter)-NPSD_C_FIRST_STAGE)
/* Whether the counter is in the range of its group's consecutive numbers. */
#define NPSD_IS_SCORE(counter) ((counter) < NPSD_NSCORE)
#define NPSD_IS_STAGE(counter)                                                                               \
	((counter) >= NPSD_C_FIRST_STAGE && (counter) < NPSD_C_FIRST_STAGE + NPSD_NSTAGE)

_Static_assert(NPSD_NCOUNTER <= 32, "a counter is a bit of a packed delta");
_Static_assert(NPSD_NSCORE == 11, "scores are 0 to 10");
#define X(group, name, meaning)                                                                              \
	_Static_assert((NPSD_GROUP_##group == NPSD_GROUP_score) == NPSD_IS_SCORE(NPSD_C_##name) &&           \
			   (NPSD_GROUP_##group == NPSD_GROUP_stage) == NPSD_IS_STAGE(NPSD_C_##name),         \
	    "counters.def: the scores come first, and the stages are consecutive: " #name);
#include "tbl/counters.def"
#undef X

#endif
