/*
 * The world that answers come from: locations, values of the other dimensions, comments. Constant after
 * set-up; values are told apart by their index, 0 meaning "not mentioned" (locations begin at 0: there is
 * always one).
 */
#ifndef GEN_WORLD_H
#define GEN_WORLD_H

#include <stdint.h>

#include "base/str.h"
#include "gen/out.h"

/* Value lists; the order is that of gen_world_names. */
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

#define GEN_SAID_NONE 255 /* index of the text `__none__`: mentioned, but none */
#define GEN_NTHEMES 20	  /* bits of gen_content.themes */
#define GEN_KINDS 3

struct gen_location {
	uint32_t at; /* in the arena */
	uint16_t n;
	uint8_t temper; /* 0 to 3: how well it is liked */
};

struct gen_world {
	uint32_t nlocations;
	struct gen_location *location; /* by popularity: location i has weight 1/(i+1) */
	uint64_t *upto;		       /* upto[i]: weight of locations 0 .. i */
	char *arena;
};

extern const char *const gen_kind_names[GEN_KINDS];
extern const char *const gen_theme_names[GEN_NTHEMES];
extern const char
    *const gen_list_fields[GEN_NLIST]; /* the event's field; of an attribute `attributes.NAME` */

/* locations: 1 to 1,000,000. Thread: main; Owns: the caller frees */
struct gen_world *gen_world_new(uint32_t locations);
void gen_world_free(struct gen_world **world);
/* A location, popular ones more often (Zipf). Thread: any */
uint32_t gen_world_pick(const struct gen_world *world, uint64_t *rand);
/* The path, levels with one `/` between. Thread: any */
struct npsd_str gen_world_location(const struct gen_world *world, uint32_t location);
/* How many values a list has; indices run from 1. Thread: any */
uint32_t gen_list_len(enum gen_list list);
struct npsd_str gen_list_value(enum gen_list list, uint32_t index);
/*
 * The text of a comment: code bits 0-3 language, 4-5 mood (0 bad, 1 so-so, 2 good), the rest which sentences.
 * Same code, same text. Thread: any
 */
void gen_comment(struct gen_out *out, uint32_t code);

#endif
