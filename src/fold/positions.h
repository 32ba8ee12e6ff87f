/* How far each partition of the source is counted in what a shard has applied. Thread: fold, for all */
#ifndef NPSD_FOLD_POSITIONS_H
#define NPSD_FOLD_POSITIONS_H

#include "base/buf.h"
#include "npsd/batch.h"

#define NPSD_TP_TEXT 264 /* TOPIC/PARTITION, zero-terminated */

struct npsd_position {
	char tp[NPSD_TP_TEXT];
	struct npsd_pos pos;
};

/* at[0 .. n - 1], sorted by tp; text is them as stored, zero-terminated */
struct npsd_positions {
	struct npsd_position *at;
	size_t n, cap;
	struct npsd_buf text;
};

void npsd_positions_init(struct npsd_positions *p);
void npsd_positions_clear(struct npsd_positions *p);
void npsd_positions_free(struct npsd_positions *p);
/* What is stored: `TP INC:OFFSET;...`, possibly empty. False: it is not of this form */
bool npsd_positions_read(struct npsd_positions *p, struct npsd_str stored);
/* Moves each partition of a batch to its end: `TP CLAIM INC:OFFSET;...`. False: it is not of this form, and
 * none was moved */
bool npsd_positions_batch(struct npsd_positions *p, struct npsd_str batch);
/* Makes text anew. */
const char *npsd_positions_text(struct npsd_positions *p);

#endif
