/*
 * From one configuration to the next: what is stored decides under which numbers sets go on and since when
 * they are counted, and whether a changed configuration may be put in force.
 */
#ifndef NPSD_CHANGE_H
#define NPSD_CHANGE_H

#include "npsd/clock.h"
#include "npsd/config.h"
#include "npsd/store.h"

enum npsd_change {
	NPSD_CHANGE_NONE,    /* the configuration must be the stored one */
	NPSD_CHANGE_APPLY,   /* it is put in force in place of the stored one */
	NPSD_CHANGE_REBUILD, /* it will be, when what was counted is dropped (npsd_group_rebuild) */
};

/*
 * Reads the stored configurations and takes over from them what must go on; with APPLY puts a changed one in
 * force. Waits for Redis until *stop. False without an error: stopped. Thread: main; Waits: for Redis; Fails:
 * NPSD_INVALID where the configuration differs and may not, NPSD_REFUSED where Redis refuses our scripts
 */
bool npsd_change_adopt(struct npsd_config *cfg, struct npsd_err *err, struct npsd_store *store,
    const struct npsd_clock *clock, enum npsd_change how, _Atomic int *stop);

#endif
