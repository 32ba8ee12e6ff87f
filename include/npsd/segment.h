/*
 * A segment is one value for each dimension of a segment set. From count to publish it is 16 bytes: the
 * number of the set, the survey kind and up to four value ids. Its name (SEG of the contract) is made where
 * it is published or put in an alert.
 */
#ifndef NPSD_SEGMENT_H
#define NPSD_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "npsd/counters.h"
#include "npsd/dims.h"
#include "npsd/names.h"

/*
 * hi: set (12 bits) | kind (4) | id0 (28) | upper bits of id1 (20)
 * lo: lower bits of id1 (8) | id2 (28) | id3 (28)
 *
 * Unused ids are 0. Logs and snapshots store a segment as two unsigned integers.
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

/* Two rounds of a 64-bit finalizer with the constants of MurmurHash3's fmix64. The shards in Redis depend on
 * it, so it never changes. */
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

/*
 * Appends v in its written form: bytes 00-1F, 7F and `% , = { } :` become %XX in upper case; all other bytes
 * are copied. Thread: any
 */
void npsd_name_encode(struct npsd_buf *out, struct npsd_str v);
/* The inverse. Thread: any; Fails: false if `in` is not the written form of a value */
bool npsd_name_decode(struct npsd_buf *out, struct npsd_str in);
/*
 * Appends SEG: `kind=transactional,location=north/lisbon,channel=email`, or `all`.
 * Thread: any; Fails: false if the set is not configured or the copy of the dictionary does not have an id
 */
bool npsd_seg_name(
    struct npsd_buf *out, struct npsd_seg s, const struct npsd_sets *sets, const struct npsd_names *names);
/*
 * The inverse; only the exact form that npsd_seg_name() writes is accepted.
 * Thread: any; Fails: false if no configured set has this form or a value is not in the dictionary
 */
bool npsd_seg_parse(struct npsd_seg *out, struct npsd_str seg, const struct npsd_sets *sets, bool kinds_split,
    const struct npsd_names *names);

#endif
