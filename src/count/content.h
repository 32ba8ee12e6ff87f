/* The content of an answer, as ids: what it adds to segments, and what an edit is compared with. */
#ifndef NPSD_COUNT_CONTENT_H
#define NPSD_COUNT_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "npsd/batch.h"
#include "npsd/event.h"
#include "npsd/names.h"

struct npsd_content {
	int8_t score; /* 0..10 or NPSD_SCORE_NULL */
	uint8_t kind; /* enum npsd_kind */
	bool has_comment;
	bool over_cap; /* of its location: value[location] is then the nearest ancestor within the cap, if any
			*/
	uint8_t nthemes;	     /* 1 or more: NPSD_ID_NONE stands for none */
	uint32_t comment_hash;	     /* 0 without one */
	uint32_t value[NPSD_NDIM];   /* by enum npsd_dim; [theme] is 0 */
	uint32_t theme[NPSD_THEMES]; /* ascending, no two alike */
};

/*
 * Resolves the values of a well-formed event to ids. False: a value is not in the copy of the dictionary and
 * must be admitted first; *out is incomplete. Thread: worker; Waits: never
 */
bool npsd_content_of(struct npsd_content *out, const struct npsd_event *ev, const struct npsd_names *names);
/* Adds the values of ev that must be admitted, as far as there is room. Thread: worker */
void npsd_content_admit(
    struct npsd_admission *admission, const struct npsd_event *ev, const struct npsd_names *names);
/* The id under which the location is compared with others: NPSD_ID_OTHER if it is over cap. Thread: any */
uint32_t npsd_content_place(const struct npsd_content *c);

#endif
