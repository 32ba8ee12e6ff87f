/* Names of public keys (contract, chapter 3) and of what they are made of. */
#ifndef NPSD_PUBLISH_KEYNAME_H
#define NPSD_PUBLISH_KEYNAME_H

#include "base/buf.h"
#include "npsd/config.h"

/* A rank: place in cfg->sets, enum npsd_kind, level (0 except for locations), place in cfg->windows. */
struct npsd_rank_key {
	int set, kind, level, window;
};

/* Place in cfg->sets of the set with that number; -1: it is not configured. Thread: any, for all */
int npsd_set_place(const struct npsd_config *cfg, uint32_t number);
/* Replaces out with the name of a set's index. */
void npsd_index_name(struct npsd_buf *out, const struct npsd_config *cfg, int set);
/* Replaces out with the name of a rank. */
void npsd_rank_name(struct npsd_buf *out, const struct npsd_config *cfg, struct npsd_rank_key k);
/* The next rank that the configuration has, from {.window = -1} on. False: there is none. */
bool npsd_rank_next(const struct npsd_config *cfg, struct npsd_rank_key *k);
/* The last word of a series' name. */
const char *npsd_step_name(int64_t step_s);
/* What follows `PFX:WORD:` in a key that begins with `PFX:`; p == NULL: the key has another word. */
struct npsd_str npsd_key_rest(const struct npsd_config *cfg, struct npsd_str key, const char *word);
/* SEG of `{SEG}`; p == NULL: another form. */
struct npsd_str npsd_in_braces(struct npsd_str text);

#endif
