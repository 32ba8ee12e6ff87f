/* Names of public keys (contract, chapter 3) and of what they are made of. */
#ifndef NPSD_PUBLISH_KEYNAME_H
#define NPSD_PUBLISH_KEYNAME_H

#include "base/buf.h"
#include "npsd/config.h"
#include "npsd/names.h"

#define NPSD_RANK_LISTS (NPSD_MAX_SETS * 4 * (NPSD_LEVELS + 1))

/* An index, or a rank: a list of members. list: place in cfg->sets; of a rank, set, kind and level */
struct npsd_list_key {
	bool ranked;
	int list;
	int window; /* of a rank: place in cfg->windows */
};

/* set: place in cfg->sets; kind: enum npsd_kind; level: 0 except for locations */
struct npsd_rank_parts {
	int set, kind, level;
};

/* Thread: any, for all */
int npsd_rank_list(struct npsd_rank_parts p);
struct npsd_rank_parts npsd_rank_parts(int list);
/* Levels of a location, with its own. */
int npsd_location_level(const struct npsd_names *names, uint32_t id);
/* Replaces out with the name of an index or a rank. */
void npsd_list_name(struct npsd_buf *out, const struct npsd_config *cfg, struct npsd_list_key k);
/* The next index or rank that the configuration has, from {.list = -1} on. False: there is none. */
bool npsd_list_next_key(const struct npsd_config *cfg, struct npsd_list_key *k);

#endif
