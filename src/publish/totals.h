/*
 * `PFX:totals` and `PFX:meta`, by shard 0: one script reads the private slot, then two calls write the public
 * keys, which have slots of their own. They are written if something changed, and as a heartbeat, which also
 * repairs a late write of a former owner.
 *
 *   event                                       READ            COPY_TOTALS    COPY_META
 *   its call is answered:
 *     something changed, or a heartbeat is due  COPY_TOTALS     .              .
 *     otherwise                                 READ            COPY_META      READ
 *   its call failed                             READ            READ           READ
 *
 * A phase is entered when its call can be submitted. READ waits a second, or, if the totals were touched, a
 * quarter of an interval since the last read.
 */
#ifndef NPSD_PUBLISH_TOTALS_H
#define NPSD_PUBLISH_TOTALS_H

#include "publish/context.h"

enum npsd_totals_phase { NPSD_TOTALS_READ, NPSD_TOTALS_COPY_TOTALS, NPSD_TOTALS_COPY_META };

struct npsd_totals {
	enum npsd_totals_phase phase;
	bool touched;	      /* something may have changed since the last read was submitted */
	int64_t read_mono_ms; /* last read */
	int64_t beat_mono_ms; /* next heartbeat */
	struct npsd_script_build totals, meta; /* the calls that copy */
	struct npsd_buf written;	       /* both, as last written, without the heartbeat */
};

/* Thread: owner, for all */
void npsd_totals_init(struct npsd_totals *t, const struct npsd_config *cfg);
void npsd_totals_free(struct npsd_totals *t);
void npsd_totals_reset(struct npsd_totals *t);
/* Submits a call; true if it did. */
bool npsd_totals_step(struct npsd_totals *t, struct npsd_pub_context *c);
void npsd_totals_done(struct npsd_totals *t, struct npsd_pub_context *c, const struct npsd_done *done);
bool npsd_totals_clean(const struct npsd_totals *t, const struct npsd_pub_context *c);

#endif
