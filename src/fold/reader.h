/*
 * The reader of the logs: one fold_read in flight, over all shards that may apply entries now, each from its
 * last entry inclusive. Thread: fold, for all
 */
#ifndef NPSD_FOLD_READER_H
#define NPSD_FOLD_READER_H

#include "fold/shard.h"

#define NPSD_MAX_SHARDS 256

/* In flight: at[0 .. n - 1], those of them whose call is still this one. */
struct npsd_reader {
	struct npsd_shard *shard; /* all: shard[0 .. nshards - 1] */
	int nshards;
	uint64_t call; /* 0: none in flight */
	int n;
	struct npsd_shard *at[NPSD_MAX_SHARDS];
	int first; /* the shard that the next read begins with */
	int lag;   /* the pipeline's fold_lag when the last read began */
	int64_t next_mono_ms;
};

/* True if it began a read. The counts of `frozen` must not change now. */
bool npsd_reader_step(struct npsd_reader *r, struct npsd_fold_context *c, const struct npsd_shard *frozen);
void npsd_reader_done(struct npsd_reader *r, struct npsd_fold_context *c, const struct npsd_done *done);

#endif
