/* The publisher of a shard: its parts. publish.c alone passes events between them. */
#ifndef NPSD_PUBLISH_PUB_H
#define NPSD_PUBLISH_PUB_H

#include "publish/compare.h"
#include "publish/context.h"
#include "publish/due.h"
#include "publish/index_set.h"
#include "publish/key.h"
#include "publish/orphans.h"
#include "publish/pane_series.h"
#include "publish/rank.h"
#include "publish/registry.h"
#include "publish/round.h"
#include "publish/sweep.h"
#include "publish/totals.h"

struct npsd_pub {
	struct npsd_pub_context context;
	struct npsd_holdings holdings;
	bool leaving;			       /* nothing more is submitted */
	uint16_t step_windows[NPSD_MAX_STEPS]; /* bit w: window w has this step */
	struct npsd_due due;
	struct npsd_registry registry;
	struct npsd_index_set index;
	struct npsd_ranks ranks;
	struct npsd_compare compare;
	struct npsd_series series;
	struct npsd_totals totals; /* shard 0 */
	struct npsd_sweep sweep;
	struct npsd_orphans orphans;
	struct npsd_round round;
	struct npsd_keys keys;
};

#endif
