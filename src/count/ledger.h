/*
 * The ledger of a partition maps the key of a response or an invitation to its present state. Entries are
 * packed in one array, and an index of 64-byte buckets (12 fingerprints, 12 entry numbers) finds them:
 *
 *   key ── hash ──> bucket [f0 .. f11 | passed | n0 .. n11] ── n_i ──> entry[n_i - 1]
 *
 * An entry takes 80 bytes and 6 to 8 bytes of index; with the slack of both at most about 96 bytes a live
 * entry.
 *
 * An entry before the horizon is forgotten, whether or not the sweep has removed it: whoever finds an entry
 * compares it with the horizon. So no decision depends on the sweep. Thread: worker, for all; Waits: never
 */
#ifndef NPSD_COUNT_LEDGER_H
#define NPSD_COUNT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count/content.h"
#include "count/pool.h"

/* The name spaces of ids: a response and an invitation may have the same id. */
enum npsd_space { NPSD_SPACE_RESPONSE, NPSD_SPACE_INVITATION };

/* 128 bits of XXH3 over the id, seeded by its name space. */
struct npsd_key {
	uint64_t lo, hi;
};

#define NPSD_KEY_HIGH_BITS 40 /* of hi kept in the entry; 8 more are the index's fingerprint */
#define NPSD_TRANSITIONS_MAX ((1u << 24) - 1) /* of one response; later ones are not alerts any more */
#define NPSD_MS_MAX ((int64_t)1 << 47)	      /* times are kept between -NPSD_MS_MAX and NPSD_MS_MAX - 1 */
#define NPSD_AFTER_MAX ((int64_t)1 << 39)     /* ms; seventeen years */

/* 80 bytes. Times in ms. live: transitions >= incident */
struct npsd_entry {
	uint64_t key_lo;
	uint64_t key_hi : NPSD_KEY_HIGH_BITS;
	uint64_t transitions : 24; /* of it so far; each is an alert */
	int64_t revision;	   /* 0: never mentioned */
	int64_t updated_ms;	   /* NPSD_TIME_NONE: never mentioned */
	int64_t event_ms : 48;
	uint64_t inc : 16;
	int64_t after_ms : 40;	/* known until event_ms + after_ms is before the horizon */
	uint64_t incident : 24; /* sequence of its last `raised` */
	uint64_t offset : 48;	/* of the last applied event */
	uint64_t score : 4;	/* 11: without one */
	uint64_t kind : 2;
	uint64_t has_comment : 1;
	uint64_t over_cap : 1;
	uint64_t live : 1;   /* 0: the place is free */
	uint64_t counts : 1; /* it has content, which is counted in segments */
	uint64_t location : 28;
	uint64_t owner : 28;
	uint64_t : 0;
	uint64_t channel : 28;
	uint64_t rest : 28; /* number of the row with its other dimensions */
	uint64_t : 0;
	uint64_t comment_hash : 32;
	uint64_t themes : 28; /* row */
};
_Static_assert(sizeof(struct npsd_entry) == 80, "a live entry costs at most 96 bytes with the index");

/* writer and reader: the worker of the partition; live <= high <= cap */
struct npsd_ledger {
	struct npsd_entry *entry; /* cap of them; [0, high) were used */
	uint32_t cap, high, live;
	uint32_t free; /* first free entry + 1, linked by offset; 0: none */
	struct npsd_bucket *bucket;
	uint32_t buckets;
	uint32_t swept; /* next entry of the sweep */
	struct npsd_pool rest, themes;
};

struct npsd_key npsd_key_of(enum npsd_space space, struct npsd_str id);
struct npsd_ledger *npsd_ledger_new(void);
void npsd_ledger_free(struct npsd_ledger **l);
/* Makes room for n more entries. Only this grows the ledger; it invalidates pointers to entries. */
void npsd_ledger_reserve(struct npsd_ledger *l, uint32_t n);
void npsd_ledger_prefetch_bucket(const struct npsd_ledger *l, struct npsd_key key);
void npsd_ledger_prefetch_entry(const struct npsd_ledger *l, struct npsd_key key);
/* The entry, also one before the horizon; NULL: there is none. */
struct npsd_entry *npsd_ledger_find(const struct npsd_ledger *l, struct npsd_key key);
/* A new entry without content. The key must not be there; room must be reserved. */
struct npsd_entry *npsd_ledger_add(struct npsd_ledger *l, struct npsd_key key);
void npsd_ledger_remove(struct npsd_ledger *l, struct npsd_entry *e);
/* Looks at the next n entries, cyclically, and removes those before the horizon. */
void npsd_ledger_sweep(struct npsd_ledger *l, uint32_t n, int64_t horizon_ms);
/* Reads, sets or clears the content of an entry. */
void npsd_entry_get(struct npsd_content *out, const struct npsd_ledger *l, const struct npsd_entry *e);
void npsd_entry_set(struct npsd_ledger *l, struct npsd_entry *e, const struct npsd_content *c);
void npsd_entry_clear(struct npsd_ledger *l, struct npsd_entry *e);
/* A time at or before which about an eighth of the entries were last seen; NPSD_TIME_NONE: there is no entry.
 */
int64_t npsd_ledger_eldest_ms(const struct npsd_ledger *l);
/* Bytes that live entries and the tables that find them take. */
size_t npsd_ledger_bytes(const struct npsd_ledger *l);

static inline int64_t npsd_entry_seen_ms(const struct npsd_entry *e)
{
	return e->event_ms + e->after_ms;
}

#endif
