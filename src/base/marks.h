/*
 * Marks: offset and hash of records, so that a topic can be compared with the one that was counted. Packed,
 * a mark is 12 bytes, big-endian:
 *
 *   | offset - from (4) | hash (8) |
 *
 * Thread: any, for all
 */
#ifndef NPSD_MARKS_H
#define NPSD_MARKS_H

#include <stdint.h>

#include "base/buf.h"

#define NPSD_MARK_BYTES 12
#define NPSD_MARKS_KEPT 4096 /* of the records counted last: Redis holds at least these, at most twice */

#ifdef __cplusplus /* the simulator */
extern "C" {
#endif

struct npsd_mark {
	int64_t offset;
	uint64_t hash;
};

/* XXH3 of the value's bytes, seeded by the record's timestamp. value may be NULL. */
uint64_t npsd_record_hash(const void *value, size_t len, int64_t record_ms);
/* Appends a mark, whose offset is greater than those before. *from: set with the first. The buffer holds the
 * last NPSD_MARKS_KEPT at least; its limit is NPSD_MARKS_ROOM. */
void npsd_marks_add(struct npsd_buf *b, int64_t *from, struct npsd_mark m);
#define NPSD_MARKS_ROOM ((size_t)2 * NPSD_MARKS_KEPT * NPSD_MARK_BYTES)
/* The packed last marks, at most NPSD_MARKS_KEPT. */
struct npsd_str npsd_marks_last(const struct npsd_buf *b);
/* Mark i of packed ones. */
struct npsd_mark npsd_marks_at(const char *packed, int64_t from, size_t i);

#ifdef __cplusplus
}
#endif

#endif
