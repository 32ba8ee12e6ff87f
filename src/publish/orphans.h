/*
 * Orphans: public names that should not be there. A sweep reads the registry of the shard, then the members
 * of the indexes and ranks that are registered.
 *
 * A name of a segment of this shard that holds nothing is no orphan: the segment is written again, so its
 * keys are emptied and its members removed in the way of all others. An orphan is a name that no configured
 * set, window or series has, or that has a value which this copy of the dictionary lacks. Another process may
 * just have admitted that value. So the name is unknown only after the copy has the length that the
 * dictionary had after the scan, and a key is removed only while its rev is still the one read before that.
 *
 *   phase    what happens                                                   next
 *   SCAN     pages are read, until memory is full or all are read           MOVE; DONE, if nothing was found
 *   MOVE     names of segments of other shards are handed over to them      ASK
 *   ASK      the revs of the orphans are read                               RESOLVE
 *   RESOLVE  a record returns the dictionary's length, fold reads the rest  REMOVE
 *   REMOVE   orphans are removed one by one, in rounds                      FORGET
 *   FORGET   a record takes their names from the registry                   SCAN; DONE, if all was read and
 *                                                                           nothing has become known since
 */
#ifndef NPSD_PUBLISH_ORPHANS_H
#define NPSD_PUBLISH_ORPHANS_H

#include "publish/due.h"
#include "publish/registry.h"
#include "publish/verdict.h"

#define NPSD_ORPHANS 1024u /* in memory; a page is read only if 512 more have room */

enum npsd_orphans_phase {
	NPSD_ORPHANS_DONE,
	NPSD_ORPHANS_SCAN,
	NPSD_ORPHANS_MOVE,
	NPSD_ORPHANS_ASK,
	NPSD_ORPHANS_RESOLVE,
	NPSD_ORPHANS_REMOVE,
	NPSD_ORPHANS_FORGET,
};

struct npsd_orphan {
	enum npsd_orphan_kind kind;
	struct npsd_list_key list; /* MEMBER */
	int shard;		   /* the name is of a segment of this shard */
	bool gone;		   /* removed */
	char *text;		   /* its name (KEY, LIST, SERIES: of the key), then its rev as read */
	uint32_t len, rev_len;
};

struct npsd_orphans {
	enum npsd_orphans_phase phase;
	bool members;		   /* the scan has read all names, and reads members now */
	bool read;		   /* the scan has read all */
	bool again;		   /* a name became known since it was read: the scan begins again */
	struct npsd_list_key list; /* whose members are read */
	char cursor[24];
	uint32_t indexes;		 /* bit s: the index of set s is registered */
	uint16_t ranks[NPSD_RANK_LISTS]; /* bit w: the rank of window w is registered */
	struct npsd_orphan orphan[NPSD_ORPHANS];
	uint32_t n;	  /* in memory */
	uint32_t at;	  /* ASK, REMOVE: the next one */
	uint32_t nmoved;  /* MOVE: of the call in flight, the last in memory */
	uint32_t removed; /* since the scan began */
	int64_t need_len; /* the dictionary's length after the scan; 0: unknown */
};

/* Thread: owner, for all */
void npsd_orphans_reset(struct npsd_orphans *o);
void npsd_orphans_begin(struct npsd_orphans *o);
/* All is read and no orphan is left. */
static inline bool npsd_orphans_finished(const struct npsd_orphans *o)
{
	return o->phase == NPSD_ORPHANS_DONE;
}
/* SCAN, MOVE, ASK: submits a call; true if it did. */
bool npsd_orphans_step(struct npsd_orphans *o, struct npsd_pub_context *c);
/* Its completion. Segments that are to be written again are touched in `due`. */
void npsd_orphans_done(struct npsd_orphans *o, const struct npsd_holdings *h, struct npsd_due *due,
    const struct npsd_done *done);
/* A record is needed, or a round. False also while fold reads the rest of the dictionary. */
bool npsd_orphans_wait(const struct npsd_orphans *o, const struct npsd_pub_context *c);
/* The next record resolves or forgets. */
bool npsd_orphans_need_record(const struct npsd_orphans *o);
/* FORGET: appends the names to the record that is built. */
void npsd_orphans_forget(struct npsd_orphans *o, const struct npsd_holdings *h);
/* The record is written, and the stored dictionary had dict_len entries. */
void npsd_orphans_recorded(struct npsd_orphans *o, const struct npsd_pub_context *c, int64_t dict_len);
/* REMOVE, in a round: removes the next one. True while there is one to be removed. */
bool npsd_orphans_remove(struct npsd_orphans *o, const struct npsd_holdings *h);
void npsd_orphans_removed(struct npsd_orphans *o, struct npsd_pub_context *c, const struct npsd_done *done);

#endif
