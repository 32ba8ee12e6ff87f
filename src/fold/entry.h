/* An entry of a shard's log, checked against the counts before any of it is added. Thread: fold, for all */
#ifndef NPSD_FOLD_ENTRY_H
#define NPSD_FOLD_ENTRY_H

#include "base/unpack.h"
#include "fold/counts.h"
#include "script/result.h"

struct npsd_entry {
	int64_t seq;
	char hash[41]; /* the chain hash at seq */
	struct npsd_str header, batch, deltas;
	struct npsd_str config;	    /* of the header */
	struct npsd_dict_mark dict; /* of the header */
};

/* Whether the entry is the next one: its number is view.seq + 1, its chain hash goes on from view.hash. */
bool npsd_entry_follows(struct npsd_entry *e, const struct npsd_reply *r, const struct npsd_counts *c);
/* Reads the header, `CONFIG DICT_LEN DICT_CHAIN`. False: it is not of this form. */
bool npsd_entry_header(struct npsd_entry *e);
/* Whether each delta is well-formed, of a segment that may belong to the shard, and after the one before. */
bool npsd_entry_check(const struct npsd_entry *e, const struct npsd_counts *c);
/* Reads the next delta. False: it is malformed. */
bool npsd_delta_next(struct npsd_delta *d, struct npsd_unpack *u);

#endif
