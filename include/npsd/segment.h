/*
 * Dimensions, segment sets, segments.
 *
 * A segment is 16 bytes everywhere between count and publish: its set's number, survey kind and up to four
 * value ids. Its written name (SEG of the contract) is made only where it is published or told.
 */
#ifndef NPSD_SEGMENT_H
#define NPSD_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* dims.def, then declared attributes. NPSD_DIM_KIND is no dictionary dimension: kinds are a fixed enum. */
enum npsd_dim {
#define X(name, cap) NPSD_DIM_##name,
#include "tbl/dims.def"
#undef X
	NPSD_DIM_ATTR0, /* declared attributes.X, in the order of the configuration */
};
#define NPSD_MAX_ATTR 6
#define NPSD_NDIM (NPSD_DIM_ATTR0 + NPSD_MAX_ATTR)

enum npsd_kind { NPSD_KIND_NONE, NPSD_KIND_TRANSACTIONAL, NPSD_KIND_RELATIONAL, NPSD_KIND_OTHER };
extern const char *const npsd_kind_names[4]; /* [0] is "all": kinds not split */

/* The counters, in the order of counters.def. */
enum npsd_counter {
#define X(name, meaning) NPSD_C_##name,
#include "tbl/counters.def"
#undef X
	NPSD_NCOUNTER
};

#define NPSD_ID_NONE 0u	 /* `__none__` of every dimension */
#define NPSD_ID_OTHER 1u /* `__other__` of every dimension: beyond its cap */
#define NPSD_ID_FIRST 2u /* id of the first entry of the dictionary; its index is id - 2 */
#define NPSD_ID_MAX ((1u << 28) - 1)
#define NPSD_ID_UNKNOWN UINT32_MAX /* not in this process's copy: ask */

#define NPSD_LEVELS 8 /* of a location */
#define NPSD_THEMES 16
#define NPSD_SET_DIMS 4
#define NPSD_MAX_SETS 32

struct npsd_set {
	uint16_t
	    number; /* stored; given by script, never twice. First configuration: its place in the list */
	int64_t since_ms;	     /* counts what has this event time or a later one; 0: all */
	uint8_t ndims;		     /* 0: the set `all` */
	uint8_t dims[NPSD_SET_DIMS]; /* enum npsd_dim, in the order configured */
	char name[320];		     /* `location,channel`; `all` */
};

struct npsd_sets {
	struct npsd_set set[NPSD_MAX_SETS];
	int n;
	const char *attr[NPSD_MAX_ATTR];      /* names X of the declared attributes.X */
	const char *attr_word[NPSD_MAX_ATTR]; /* the same as `attributes.X` */
	int nattr;
	uint32_t
	    attr_unused; /* bit i: attr[i] stands in no set any more; its number is kept for the dictionary */
};

/* Whether a set counts an answer of that event time; adding and taking away ask alike. Thread: any */
static inline bool npsd_set_counts(const struct npsd_set *set, int64_t event_ms)
{
	return set->since_ms == 0 || event_ms >= set->since_ms;
}

/* The word of a dimension: `location`, `attributes.plan`; NULL for none. Thread: any; Owns: sets keeps the
 * text */
const char *npsd_dim_word(const struct npsd_sets *sets, int dim);
/* The reverse; -1 for a word that is no dimension (`kind` is none). Thread: any */
int npsd_dim_find(const struct npsd_sets *sets, struct npsd_str word);

/*
 * hi: set 12 bits | kind 4 | id0 28 | id1's upper 20;   lo: id1's lower 8 | id2 28 | id3 28.
 * Unused ids are 0. Stored in logs and snapshots as two unsigned integers.
 */
struct npsd_seg {
	uint64_t hi, lo;
};

static inline struct npsd_seg npsd_seg_pack(uint32_t set, uint32_t kind, const uint32_t id[NPSD_SET_DIMS])
{
	return (struct npsd_seg){
	    (uint64_t)set << 52 | (uint64_t)kind << 48 | (uint64_t)id[0] << 20 | id[1] >> 8,
	    (uint64_t)(id[1] & 0xff) << 56 | (uint64_t)id[2] << 28 | id[3]};
}

static inline uint32_t npsd_seg_set(struct npsd_seg s)
{
	return (uint32_t)(s.hi >> 52);
}

static inline uint32_t npsd_seg_kind(struct npsd_seg s)
{
	return (uint32_t)(s.hi >> 48) & 15;
}

static inline void npsd_seg_ids(uint32_t id[NPSD_SET_DIMS], struct npsd_seg s)
{
	id[0] = (uint32_t)(s.hi >> 20) & NPSD_ID_MAX;
	id[1] = (uint32_t)(s.hi & 0xfffff) << 8 | (uint32_t)(s.lo >> 56);
	id[2] = (uint32_t)(s.lo >> 28) & NPSD_ID_MAX;
	id[3] = (uint32_t)s.lo & NPSD_ID_MAX;
}

static inline bool npsd_seg_eq(struct npsd_seg a, struct npsd_seg b)
{
	return a.hi == b.hi && a.lo == b.lo;
}

/* Two rounds of a 64-bit finalizer (the constants of MurmurHash3's fmix64): stored shards depend on it, never
 * change it. */
static inline uint64_t npsd_seg_hash(struct npsd_seg s)
{
	uint64_t x = s.hi * 0x9e3779b97f4a7c15u ^ s.lo;

	x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53u;
	return x ^ x >> 33;
}

static inline uint32_t npsd_seg_shard(struct npsd_seg s, uint32_t shards)
{
	return (uint32_t)(npsd_seg_hash(s) >> 32) % shards;
}

struct npsd_names;

/*
 * Appends v in its written form: bytes 00-1F, 7F and `% , = { } :` become %XX, upper-case; all others stay.
 * Thread: any
 */
void npsd_name_encode(struct npsd_buf *out, struct npsd_str v);
/* The reverse; false where `in` is not the written form of any value. Thread: any */
bool npsd_name_decode(struct npsd_buf *out, struct npsd_str in);
/*
 * Appends SEG: `kind=transactional,location=north/lisbon,channel=email`, or `all`. False where the segment's
 * set is not configured or an id is beyond the dictionary. Thread: any
 */
bool npsd_seg_name(
    struct npsd_buf *out, struct npsd_seg s, const struct npsd_sets *sets, const struct npsd_names *names);
/*
 * The reverse, by exact form. False: no configured set has this form, or a value is not in the dictionary.
 * Thread: any
 */
bool npsd_seg_parse(struct npsd_seg *out, struct npsd_str seg, const struct npsd_sets *sets, bool kinds_split,
    const struct npsd_names *names);

#endif
