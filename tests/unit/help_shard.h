/*
 * A fold with one shard and without a Redis: the test replies to its calls as the scripts would. Malformed
 * bytes of a log, a manifest or a chunk are read by the code of src/fold.
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

/* What is stored of the shard; the bytes lie in `text`. Names of a list are unique. */
struct bed_stored {
	struct bed_pair field[BED_WORDS], chunk[BED_WORDS];
	size_t nfields, nchunks;
	struct npsd_buf text;
};

/* Makes it empty; the memory is used again. */
void bed_stored_clear(struct bed_stored *s);
void bed_stored_free(struct bed_stored *s);
/* As HSET: replaces one of that name. */
void bed_field(struct bed_stored *s, struct npsd_str name, struct npsd_str value);
void bed_chunk(struct bed_stored *s, struct npsd_str name, struct npsd_str bytes);
/* p == NULL: there is none. */
struct npsd_str bed_field_of(const struct bed_stored *s, const char *name);

/* What all beds share. */
struct bed_world {
	struct npsd_config *cfg;
	struct npsd_names *names;
	uint32_t locations, channels; /* ids FIRST .. FIRST + locations - 1, then the channels */
	uint32_t gone;		      /* number of a set that was removed from the configuration */
};
const struct bed_world *bed_world(void);

struct bed {
	struct npsd_fold *f;
	struct npsd_shard *s;
	struct npsd_pipeline pl;
	int64_t clock_ms; /* the event clock in the fence */
	char epoch[24];	  /* of the next acquisition, also the wall clock */
	struct bed_call {
		bool out;
		uint64_t tag;
		enum npsd_script script;
		struct npsd_str word[2 * BED_WORDS]; /* keys, then arguments */
		size_t nkeys, n;
	} call;
};

/* Thread: main. */
/* acquisition: the number of this one, from 1; each has a greater epoch. */
struct bed *bed_new(int64_t clock_ms, int acquisition);
void bed_free(struct bed **b);

/* The state that a shard reached. */
enum bed_end {
	BED_RUNS,    /* everything is read */
	BED_WAITS,   /* for a dictionary longer than there is */
	BED_AGAIN,   /* to be acquired again */
	BED_REFUSED, /* a fault is raised */
};

/* Acquires the shard and loads what is stored. */
enum bed_end bed_load(struct bed *b, const struct bed_stored *stored);

struct bed_entry {
	int64_t seq;
	struct npsd_str h, b, x, d;
};
/* The next entry of the log; NULL: none. */
enum bed_end bed_read(struct bed *b, const struct bed_entry *entry);
/* Packs all chunks, as one snapshot. */
void bed_pack(struct bed_stored *out, struct bed *b);

/* The chain hash after an entry, computed without src/fold. */
void bed_chain(char out[41], const char *before, struct npsd_str batch);

#endif
