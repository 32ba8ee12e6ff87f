/*
 * Orphans: names in Redis that should not be there. These are keys of segments of this shard that hold
 * nothing, their members in indexes and ranks, and, for shard 0, names that no segment has.
 *
 * Another process may just have admitted a value that this copy of the dictionary lacks. So a name is unknown
 * only after the copy has the length that the dictionary had after the scan. A key is removed only while its
 * rev is still the one scanned.
 *
 *   1. scan: all public names, then members of indexes, then of ranks, until all is scanned or memory is full
 *   2. resolve: the next round's record returns the dictionary's length; fold reads what the copy lacks
 *   3. remove: one by one, in a round; then 1 again until all is scanned
 */
#ifndef NPSD_PUBLISH_ORPHANS_H
#define NPSD_PUBLISH_ORPHANS_H

#include "publish/verdict.h"

#define NPSD_ORPHANS 1024u /* in memory; a page is scanned only if 512 more have room */

struct npsd_orphan {
	enum npsd_orphan_kind kind;
	struct npsd_list_key list; /* MEMBER */
	char *text;		   /* its name (KEY, LIST, SERIES: of the key), then its rev as scanned */
	uint32_t len, rev_len;
};

enum npsd_scan { NPSD_SCAN_DONE, NPSD_SCAN_NAMES, NPSD_SCAN_MEMBERS };

struct npsd_orphans {
	enum npsd_scan scan;
	struct npsd_list_key list; /* MEMBERS: what is scanned */
	char cursor[24];
	struct npsd_orphan orphan[NPSD_ORPHANS];
	uint32_t n;	  /* in memory */
	uint32_t removed; /* since the scan began */
	int64_t need_len; /* the dictionary's length after the scan; 0: unknown */
	bool resolved;	  /* the copy of the dictionary has that length */
};

/* Thread: owner, for all */
void npsd_orphans_reset(struct npsd_orphans *o);
void npsd_orphans_begin(struct npsd_orphans *o);
/* All is scanned and no orphan is left. */
static inline bool npsd_orphans_finished(const struct npsd_orphans *o)
{
	return o->scan == NPSD_SCAN_DONE && o->n == 0;
}
/* Submits the scan of a page; true if it did. */
bool npsd_orphans_scan(const struct npsd_orphans *o, struct npsd_pub_context *c);
void npsd_orphans_scanned(
    struct npsd_orphans *o, const struct npsd_holdings *h, const struct npsd_done *done);
/* A round is needed to resolve or remove. False also while fold reads the rest of the dictionary. */
bool npsd_orphans_wait(const struct npsd_orphans *o, const struct npsd_pub_context *c);
/* The record of a round is written, and the stored dictionary had dict_len entries. */
void npsd_orphans_resolve(struct npsd_orphans *o, const struct npsd_pub_context *c, int64_t dict_len);
/* In a round with that rev: removes the next one. True while there is one to be removed. */
bool npsd_orphans_remove(struct npsd_orphans *o, const struct npsd_holdings *h, const char *rev);
void npsd_orphans_removed(struct npsd_orphans *o, struct npsd_pub_context *c, const struct npsd_done *done);

#endif
