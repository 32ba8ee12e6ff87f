/* How far each partition of the source is counted in what a shard has applied. Thread: fold, for all */
#ifndef NPSD_FOLD_PROGRESS_H
#define NPSD_FOLD_PROGRESS_H

#include "base/buf.h"
#include "npsd/batch.h"

#define NPSD_TP_TEXT 264 /* TOPIC/PARTITION, zero-terminated */

struct npsd_position {
	char tp[NPSD_TP_TEXT];
	struct npsd_pos pos;
};

/* at[0 .. n - 1], sorted by tp; text is them as stored, zero-terminated */
struct npsd_progress {
	struct npsd_position *at;
	size_t n, cap;
	struct npsd_buf text;
};

void npsd_progress_init(struct npsd_progress *p);
void npsd_progress_clear(struct npsd_progress *p);
void npsd_progress_free(struct npsd_progress *p);
/* What is stored: `TP INC:OFFSET;...`, possibly empty. False: it is not of this form */
bool npsd_progress_read(struct npsd_progress *p, struct npsd_str stored);
/* Moves each partition of a batch to its end: `TP CLAIM INC:OFFSET;...`. False: it is not of this form, and
 * none was moved */
bool npsd_progress_advance(struct npsd_progress *p, struct npsd_str batch);
/* Makes text anew. */
const char *npsd_progress_text(struct npsd_progress *p);

#endif
