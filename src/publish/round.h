/*
 * A round writes keys at one log position and one t. Its keys are chosen first. Then its record is written by
 * script, which also registers them; after that is acknowledged, the keys. While a round is open, fold
 * changes neither.
 *
 *   event                                  NONE            RECORD  WRITE
 *   begin, the record must be written      RECORD          .       .
 *   begin, the last record still holds     WRITE           .       .
 *   the record is acknowledged             .               WRITE   .
 *   the record failed or was refused       .               NONE    .
 *   nothing left to write or in flight     .               .       NONE
 *
 * After the end of a round the next one waits a quarter of an interval. So the first change of a quiet shard
 * is published at once.
 */
#ifndef NPSD_PUBLISH_ROUND_H
#define NPSD_PUBLISH_ROUND_H

#include "publish/context.h"
#include "publish/registry.h"

#define NPSD_ROUND_KEYS 500u /* of one round, at most: fold waits for it */
#define NPSD_SWEEP_KEYS 125u /* of those, keys that only the sweep wants written */

enum npsd_round_phase { NPSD_ROUND_NONE, NPSD_ROUND_RECORD, NPSD_ROUND_WRITE };

struct npsd_round {
	enum npsd_round_phase phase;
	char rev[NPSD_REV_LEN + 1];
	char recorded[NPSD_REV_LEN + 1]; /* of the last record that is acknowledged */
	uint32_t key[NPSD_ROUND_KEYS];	 /* segments whose keys are written in this round */
	uint32_t nkeys, at, swept;	 /* chosen; the next to be written; chosen by the sweep */
	int64_t next_mono_ms;		 /* no round begins before, except in a flush */
};

/* Thread: owner, for all */
void npsd_round_reset(struct npsd_round *r);
/* Begins to build the record of a round with these keys. drop: records before this rev are deleted with the
 * new one; empty: none. True: it is needed, since position or t changed, or for the names that it holds. */
bool npsd_round_prepare(struct npsd_round *r, struct npsd_pub_context *c, struct npsd_registry *g,
    const struct npsd_series *s, const char *drop);
/* Begins the round; record: with the record that was built. False: the store has no room. */
bool npsd_round_begin(struct npsd_round *r, struct npsd_pub_context *c, bool record);
/* The record is acknowledged, and the stored dictionary has that many entries; false: it is not. */
bool npsd_round_recorded(
    struct npsd_round *r, int64_t *dict_len, struct npsd_pub_context *c, const struct npsd_done *done);
void npsd_round_end(struct npsd_round *r, const struct npsd_pub_context *c);

#endif
