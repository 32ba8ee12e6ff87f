/*
 * The dictionary: value <-> id, one append-only list for all dimensions, kept in Redis; this is the process's
 * copy. Text comes in at count and goes out at publish; between them there are only ids. What is in the list
 * decides, whoever recounts: a value is admitted by script (commit) before it is first counted, and never
 * removed.
 *
 *                 find/text/...  append   (which calls may meet)
 *   find/text     yes            yes
 *   append        yes            no
 *
 * A copy that turns out wrong (Redis went back) is not mended: consume makes a new one, and each room changes
 * over when it is told to start anew (struct npsd_run); the old one is freed when all have.
 */
#ifndef NPSD_NAMES_H
#define NPSD_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "npsd/segment.h"

struct npsd_names;

/* Memory grows with the entries and never moves. sets is kept. Thread: main; Owns: the caller frees */
struct npsd_names *npsd_names_new(const uint32_t caps[NPSD_NDIM], const struct npsd_sets *sets);
void npsd_names_free(struct npsd_names **names);

/*
 * The id of a value: NPSD_ID_NONE for an absent or empty one and for the text `__none__`, NPSD_ID_OTHER for
 * `__other__` and for an unknown value of a full dimension, NPSD_ID_UNKNOWN where the dictionary must be
 * asked. Thread: any; Waits: never
 */
uint32_t npsd_names_find_any(const struct npsd_names *names, int dim, struct npsd_str value);
/* Text of an id (also of 0 and 1); p == NULL beyond the copy. Thread: any; Owns: the dictionary keeps the
 * text */
struct npsd_str npsd_names_text_any(const struct npsd_names *names, uint32_t id);
int npsd_names_dim_any(const struct npsd_names *names, uint32_t id);
/* A location's ancestor one level up; NPSD_ID_NONE for a region. Thread: any */
uint32_t npsd_names_parent_any(const struct npsd_names *names, uint32_t id);
/* Entries in the copy (ids 2 .. len+1), acquired. Thread: any */
uint32_t npsd_names_len_any(const struct npsd_names *names);
/* Chain hash (40 hex digits and a zero) after the first `len` entries; "" for none, NULL beyond the copy.
 * Thread: any */
const char *npsd_names_chain_any(const struct npsd_names *names, uint32_t len);

/*
 * Appends entry number `index`. One that is there already must be the same. An entry beyond the cap of its
 * dimension is taken: what is in the list was admitted, under whatever cap. False: the entry disagrees with
 * the copy, skips an index, is no value that was admitted (a location before its ancestors, a value
 * twice, one that is longer or has more levels than the decoder takes), or breaks the chain, which is
 * checked: sha1hex(PREV .. len(WORD) .. ":" .. WORD .. len(VALUE) ..
 * ":" .. VALUE), lengths in decimal, WORD as npsd_dim_word gives it, PREV the chain hash before, "" for the
 * first. Thread: commit
 */
bool npsd_names_append_owner(
    struct npsd_names *names, uint32_t index, int dim, struct npsd_str value, const char chain[40]);

#endif
