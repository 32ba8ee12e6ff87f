/*
 * The values that records choose from: locations, lists, comments. Constant after gen_catalog_new. A value is
 * an index into its list; 0 means absent (except for locations, since each event has one).
 */
#ifndef GEN_CATALOG_H
#define GEN_CATALOG_H

#include <stdint.h>

#include "base/str.h"
#include "gen/out.h"

/* In the order of gen_list_fields. */
enum gen_list {
	GEN_CHANNEL,
	GEN_STAGE,
	GEN_TEAM,
	GEN_PRODUCT,
	GEN_PROFILE,
	GEN_LANGUAGE,
	GEN_SURVEY,
	GEN_OWNER,
	GEN_PLAN, /* the attribute `plan` */
	GEN_NLIST
};

#define GEN_TEXT_NONE 255 /* index of the text `__none__` */
#define GEN_NTHEMES 20	  /* bits of gen_content.themes */
#define GEN_KINDS 3
#define GEN_RESPONDENT "\"cust-%08u\"" /* the id of a respondent */
#define GEN_LOCATION_BYTES 96	       /* at most */
#define GEN_COMMENT_BYTES 6000	       /* at most */

struct gen_location {
	struct npsd_str path; /* in the arena */
	uint8_t sentiment;    /* 0 to 3, from low to high scores */
	uint64_t weight;      /* cumulative: of locations 0 to this one */
};

struct gen_catalog {
	uint32_t nlocations;
	struct gen_location *location; /* by popularity: location i has weight 1/(i+1) */
	struct npsd_buf arena;
};

extern const char *const gen_kind_names[GEN_KINDS];
extern const char *const gen_theme_names[GEN_NTHEMES];
extern const char *const gen_list_fields[GEN_NLIST]; /* names as in segments */

/* locations: 1 to 1,000,000. Thread: main; Owns: the caller frees */
struct gen_catalog *gen_catalog_new(uint32_t locations);
void gen_catalog_free(struct gen_catalog **w);
/* Picks a location by its weight (Zipf). Thread: any */
uint32_t gen_catalog_pick(const struct gen_catalog *w, uint64_t *rand);
/* The number of values in a list; the first index is 1. Thread: any */
uint32_t gen_list_len(enum gen_list list);
struct npsd_str gen_list_value(enum gen_list list, uint32_t index);
/* The text of a comment: bits 0-3 of the code are the language, 4-5 the mood (0 negative, 1 neutral, 2
 * positive), the others choose sentences. Thread: any */
void gen_comment(struct npsd_buf *out, uint32_t code);

#endif
