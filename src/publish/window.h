/* One window of one segment as the JSON object that stands in `PFX:v:{SEG}`. */
#ifndef NPSD_PUBLISH_WINDOW_H
#define NPSD_PUBLISH_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "npsd/config.h"

#define NPSD_WINDOW_JSON_MAX 2048 /* longest object: 40 numbers of at most 20 digits, and their names */

struct npsd_window_counts {
	int64_t from_s, to_s;	     /* the window: from_s <= start of a pane < to_s */
	int64_t t_ms;		     /* the t it was computed for */
	int64_t whole_ms;	     /* a window that begins before is partial; 0: none is */
	int64_t now[NPSD_NCOUNTER];  /* no counter below zero */
	int64_t prev[NPSD_NCOUNTER]; /* of the window before it */
};

/*
 * Appends the object. False, and nothing is appended: neither the window nor the one before it counts
 * anything. Such a window has no field. cfg: thresholds of `fragile`. Thread: any
 */
bool npsd_window_write(struct npsd_buf *out, const struct npsd_config *cfg, const struct npsd_window *w,
    const struct npsd_window_counts *c);

#endif
