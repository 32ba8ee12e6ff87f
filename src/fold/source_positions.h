/* The last position of each partition in the entries that a shard has applied. Thread: fold, for all */
#ifndef NPSD_FOLD_SOURCE_POSITIONS_H
#define NPSD_FOLD_SOURCE_POSITIONS_H

#include "base/buf.h"
#include "npsd/batch.h"

#define NPSD_TP_TEXT 264 /* TOPIC/PARTITION, zero-terminated */

struct npsd_position {
	char tp[NPSD_TP_TEXT];
	struct npsd_pos pos;
};

/* at[0 .. n - 1] ascend by tp */
struct npsd_source_positions {
	struct npsd_position *at;
	uint32_t n, cap;
	struct npsd_buf text; /* as stored, zero-terminated */
};

void npsd_source_positions_init(struct npsd_source_positions *p);
void npsd_source_positions_free(struct npsd_source_positions *p);
/* Reads what is stored, `TP INC:OFFSET;...` or nothing. False: it is malformed */
bool npsd_source_positions_read(struct npsd_source_positions *p, struct npsd_str stored);
/* Advances each partition of a batch, `TP CLAIM INC:OFFSET;...`. False: it is malformed, and none advances */
bool npsd_source_positions_advance(struct npsd_source_positions *p, struct npsd_str batch);
/* The text, valid until the next call. */
const char *npsd_source_positions_text(struct npsd_source_positions *p);

#endif
