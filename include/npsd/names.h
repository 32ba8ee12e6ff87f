/*
 * The dictionary: value <-> id, one append-only list for all dimensions. Redis stores it; this is the copy of
 * one process. Count turns text into ids and publish turns ids into text; between them there are only ids.
 * Commit admits a value by script before it is counted for the first time. An entry is never removed, so that
 * a recount of the same records gives the same ids.
 *
 * Which calls may run at the same time:
 *
 *                 find/text/...  append
 *   find/text     yes            yes
 *   append        yes            no
 *
 * A copy that disagrees with Redis (which may have lost writes) is not corrected: consume makes a new one,
 * and each component uses it from the start of the next session. The old copy is freed when all have changed.
 */
#ifndef NPSD_NAMES_H
#define NPSD_NAMES_H

#include "npsd/dims.h"

#define NPSD_ID_NONE 0u	 /* `__none__` of every dimension */
#define NPSD_ID_OTHER 1u /* `__other__` of every dimension: values over its cap */
#define NPSD_ID_FIRST 2u /* id of the first entry; the id of entry i is i + 2 */
#define NPSD_ID_BITS 28
#define NPSD_ID_MAX ((1u << NPSD_ID_BITS) - 1)
#define NPSD_ID_UNKNOWN UINT32_MAX /* not in this process's copy */

struct npsd_names;

/* Memory grows with the entries and never moves. Thread: main; Owns: the caller frees it and keeps sets */
struct npsd_names *npsd_names_new(const uint32_t caps[NPSD_NDIM], const struct npsd_sets *sets);
void npsd_names_free(struct npsd_names **names);

/*
 * The id of a value. NPSD_ID_NONE: it is absent, empty, or `__none__`. NPSD_ID_OTHER: it is `__other__`, or
 * unknown and its dimension is full. NPSD_ID_UNKNOWN: commit must admit it first. Thread: any; Waits: never
 */
uint32_t npsd_names_find_any(const struct npsd_names *names, int dim, struct npsd_str value);
/* Text of an id (also of 0 and 1); p == NULL if the copy does not have the id.
 * Thread: any; Owns: the dictionary keeps the text */
struct npsd_str npsd_names_text_any(const struct npsd_names *names, uint32_t id);
/* Dimension of an entry's id, or -1. Thread: any */
int npsd_names_dim_any(const struct npsd_names *names, uint32_t id);
/* A location's ancestor one level up, or NPSD_ID_NONE for a location of one level. Thread: any */
uint32_t npsd_names_parent_any(const struct npsd_names *names, uint32_t id);
/* Number of entries in the copy (ids 2 to len+1); an acquire load. Thread: any */
uint32_t npsd_names_len_any(const struct npsd_names *names);
/* Chain hash (40 hex digits and a zero byte) after the first `len` entries: "" for len 0, NULL if the copy
 * has fewer. Thread: any */
const char *npsd_names_chain_any(const struct npsd_names *names, uint32_t len);

/*
 * Appends entry number `index`. True also if the copy has that entry already and it is the same. The cap is
 * not checked: an entry over the cap was admitted under a larger one.
 *
 * The chain hash is sha1hex(PREV .. len(WORD) .. ":" .. WORD .. len(VALUE) .. ":" .. VALUE): lengths in
 * decimal, WORD from npsd_dim_word(), PREV the chain hash of the entry before, "" for the first.
 *
 * Thread: commit; Fails: false and no change if the entry differs from the copy's, skips an index, has a
 * wrong chain hash, or could not have been admitted (a location before its ancestors, a value twice, a value
 * longer or of more levels than decode accepts)
 */
bool npsd_names_append_owner(
    struct npsd_names *names, uint32_t index, int dim, struct npsd_str value, const char chain[40]);

#endif
