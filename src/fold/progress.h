/* The last position of each partition in the entries that a shard has applied. Thread: fold, for all */
#ifndef NPSD_FOLD_PROGRESS_H
#define NPSD_FOLD_PROGRESS_H

#include "base/buf.h"
#include "npsd/batch.h"

#define NPSD_TP_TEXT 264 /* TOPIC/PARTITION, zero-terminated */

struct npsd_position {
	char tp[NPSD_TP_TEXT];
	struct npsd_pos pos;
};

/* at[0 .. n - 1] ascend by tp */
struct npsd_progress {
	struct npsd_position *at;
	size_t n, cap;
	struct npsd_buf text; /* as stored, zero-terminated */
};

void npsd_progress_init(struct npsd_progress *p);
void npsd_progress_clear(struct npsd_progress *p);
void npsd_progress_free(struct npsd_progress *p);
/* Reads what is stored, `TP INC:OFFSET;...` or nothing. False: it is malformed */
bool npsd_progress_read(struct npsd_progress *p, struct npsd_str stored);
/* Advances each partition of a batch, `TP CLAIM INC:OFFSET;...`. False: it is malformed, and none advances */
bool npsd_progress_advance(struct npsd_progress *p, struct npsd_str batch);
/* The text, valid until the next call. */
const char *npsd_progress_text(struct npsd_progress *p);

#endif
