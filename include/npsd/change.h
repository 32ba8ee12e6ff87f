/*
 * From one configuration to the next: the stored one decides which numbers the sets have, since when they are
 * counted, and whether a changed configuration may replace it.
 */
#ifndef NPSD_CHANGE_H
#define NPSD_CHANGE_H

#include "npsd/clock.h"
#include "npsd/config.h"
#include "npsd/store.h"

enum npsd_change {
	NPSD_CHANGE_NONE,    /* the configuration must be the stored one */
	NPSD_CHANGE_APPLY,   /* it replaces the stored one */
	NPSD_CHANGE_REBUILD, /* it replaces the stored one later, by npsd_group_rebuild() */
};

/*
 * Reads the stored configurations and sets in cfg what must stay as it is there; with APPLY replaces the
 * stored one. False without an error: stopped. limit_ms: 0 for none. Thread: main; Waits: for Redis, until
 * *stop or the limit; Fails: NPSD_RETRY at the limit, NPSD_INVALID where the configuration differs and must
 * not, NPSD_REFUSED where Redis refuses the scripts or holds what npsd did not write
 */
bool npsd_change_adopt(struct npsd_config *cfg, struct npsd_err *err, struct npsd_store *store,
    const struct npsd_clock *clock, enum npsd_change how, _Atomic int *stop, int64_t limit_ms);

#endif
