/*
 * A fold that holds one shard, without a Redis: the calls it makes are answered from what the test keeps, as
 * the scripts would. What is wrong in the bytes of a log, a manifest or a chunk meets the very code that
 * reads them.
 */
#ifndef HELP_SHARD_H
#define HELP_SHARD_H

#include "fold/fold.h"

#define BED_SHARD 1 /* of BED_SHARDS; shard 0 has totals, too */
#define BED_SHARDS 2
#define BED_WORDS 1024

/* Name and bytes: a field of the manifest, a chunk. */
struct bed_pair {
	struct npsd_str name, value;
};

/* What is stored of the shard; the bytes lie in `text`. No two names of a list are alike. */
struct bed_stored {
	struct bed_pair field[BED_WORDS], chunk[BED_WORDS];
	size_t nfields, nchunks;
	struct npsd_buf text;
};

/* Makes room; again and again the same one. */
void bed_stored_clear(struct bed_stored *s);
void bed_stored_free(struct bed_stored *s);
/* As HSET: in place of one of that name. */
void bed_field(struct bed_stored *s, struct npsd_str name, struct npsd_str value);
void bed_chunk(struct bed_stored *s, struct npsd_str name, struct npsd_str bytes);
/* p == NULL: there is none. */
struct npsd_str bed_field_of(const struct bed_stored *s, const char *name);

/* What all beds have: read once. */
struct bed_world {
	struct npsd_config *cfg;
	struct npsd_names *names;
	uint32_t locations, channels; /* ids FIRST .. FIRST + locations - 1, and the channels behind them */
	uint32_t gone;		      /* number of a set that was taken out of the configuration */
};
const struct bed_world *bed_world(void);

struct bed {
	struct npsd_fold *f;
	struct npsd_shard *s;
	struct npsd_pipeline pl;
	int64_t clock_ms; /* the event clock in the fence */
	char epoch[24];	  /* that the shard is given; the wall clock says the same */
	struct bed_call {
		bool out;
		uint64_t tag;
		enum npsd_script script;
		struct npsd_str word[2 * BED_WORDS]; /* keys, then arguments */
		size_t nkeys, n;
	} call;
};

/* Thread: main. */
/* taking: the shard is taken for the so-manieth time, from 1 on; each is given a higher epoch. */
struct bed *bed_new(int64_t clock_ms, int taking);
void bed_free(struct bed **b);

/* How far a shard got. */
enum bed_end {
	BED_RUNS,    /* all is read, and would be published */
	BED_WAITS,   /* for a dictionary longer than there is */
	BED_AGAIN,   /* given up, to be taken anew */
	BED_REFUSED, /* an incident is set, with its reason */
};

/* The shard is taken, and what is stored of it loaded: RUNS where all of that could be read. */
enum bed_end bed_load(struct bed *b, const struct bed_stored *stored);

struct bed_entry {
	int64_t seq;
	struct npsd_str h, b, x, d;
};
/* The log holds this entry behind those applied; NULL: none. */
enum bed_end bed_read(struct bed *b, const struct bed_entry *entry);
/* Packs all of it, as one snapshot. */
void bed_pack(struct bed_stored *out, struct bed *b);

/* The chain hash behind an entry, worked out apart from src/fold. */
void bed_chain(char out[41], const char *before, struct npsd_str batch);

#endif
