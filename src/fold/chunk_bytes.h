/*
 * The bytes of a stored chunk: an array of the segments of its slice that have a pane in its step and span,
 * msgpack:
 *
 *   dd n:32 | dc 2+p:16, hi, lo, [start_s, bits, v ...] * p | ... n segments
 *
 * Panes ascend by start_s; v as in struct npsd_pane. Thread: fold, for all
 */
#ifndef NPSD_FOLD_CHUNK_BYTES_H
#define NPSD_FOLD_CHUNK_BYTES_H

#include "base/buf.h"
#include "fold/counts.h"

/* Appends the chunk. False, and nothing is appended: it has no pane. */
bool npsd_chunk_pack(struct npsd_buf *b, const struct npsd_counts *c, struct npsd_chunk_key key);
/*
 * Adds a stored chunk to the counts; dict_len: length of the dictionary that it was written with. False: it
 * is malformed or holds what belongs to another chunk, and the counts are not to be used any more.
 */
bool npsd_chunk_unpack(
    struct npsd_counts *c, struct npsd_chunk_key key, uint32_t dict_len, struct npsd_str bytes);

#endif
