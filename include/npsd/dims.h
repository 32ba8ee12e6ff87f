/* Dimensions, and the segment sets that are configured over them. */
#ifndef NPSD_DIMS_H
#define NPSD_DIMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* dims.def, then the declared attributes. The survey kind is not a dimension: its values are enum npsd_kind.
 */
enum npsd_dim {
#define X(name, cap) NPSD_DIM_##name,
#include "tbl/dims.def"
#undef X
	NPSD_DIM_ATTR0, /* declared attributes.X, in the order of the configuration */
};
#define NPSD_MAX_ATTR 6
#define NPSD_NDIM (NPSD_DIM_ATTR0 + NPSD_MAX_ATTR)
_Static_assert(NPSD_NDIM <= 16, "16 dimensions of 16,000,000 values, the largest cap, fit in 28-bit ids");

enum npsd_kind { NPSD_KIND_NONE, NPSD_KIND_TRANSACTIONAL, NPSD_KIND_RELATIONAL, NPSD_KIND_OTHER };
extern const char *const npsd_kind_names[4]; /* [0] is "all": kinds are not split */

/* The kind of a word, or NPSD_KIND_NONE (also for "all"). Thread: any */
uint8_t npsd_kind_find(struct npsd_str word);

#define NPSD_LEVELS 8  /* of a location, at most */
#define NPSD_THEMES 16 /* of an event, at most */
#define NPSD_SET_DIMS 4
#define NPSD_MAX_SETS 32

struct npsd_set {
	uint16_t number;	     /* stored; assigned once by a script and never reused */
	int64_t since_ms;	     /* the set counts event times at or after this; 0: all */
	uint8_t ndims;		     /* 0: the set `all` */
	uint8_t dims[NPSD_SET_DIMS]; /* enum npsd_dim, in the configured order */
	char name[320];		     /* `location,channel`; `all` */
};

struct npsd_sets {
	struct npsd_set set[NPSD_MAX_SETS];
	int n;
	const char *attr[NPSD_MAX_ATTR];      /* the X of the declared attributes.X */
	const char *attr_word[NPSD_MAX_ATTR]; /* `attributes.X` */
	int nattr;
	uint32_t attr_unused; /* bit i: no set uses attr[i] any more; the dictionary keeps its number */
};

/* Whether the set counts a response of that event time. Adding and subtracting use the same rule. Thread: any
 */
static inline bool npsd_set_counts(const struct npsd_set *set, int64_t event_ms)
{
	return set->since_ms == 0 || event_ms >= set->since_ms;
}

/* The word of a dimension (`location`, `attributes.plan`), or NULL if there is no such dimension.
 * Thread: any; Owns: sets keeps the text */
const char *npsd_dim_word(const struct npsd_sets *sets, int dim);
/* The dimension of a word, or -1. Thread: any */
int npsd_dim_find(const struct npsd_sets *sets, struct npsd_str word);
/* Place in sets->set of the set with that number; -1: it is not configured. Thread: any */
int npsd_set_place(const struct npsd_sets *sets, uint32_t number);

#endif
