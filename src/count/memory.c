/*
 * What the ledgers of a worker may take. Where they reach it the horizon of each of its partitions moves up,
 * so that about an eighth of the entries are forgotten: earlier than lateness says, which a ruling tells
 * whoever reads the same records again.
 */
#include <inttypes.h>

#include "base/log.h"
#include "count/worker.h"
#include "npsd/err.h"

#define LOOK_GROUPS 64 /* of messages, between two looks */
#define TRIES 8	       /* an eighth each: more than half would have gone */

static bool is_above(const struct npsd_worker *k, int64_t limit)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < k->nparts; i++)
		bytes += (int64_t)npsd_ledger_bytes(k->part[i]->ledger);
	return bytes > limit;
}

/* What is forgotten already goes at once. */
static void sweep_all(struct npsd_worker *k)
{
	for (size_t i = 0; i < k->nparts; i++)
		npsd_ledger_sweep(k->part[i]->ledger, k->part[i]->ledger->high, k->part[i]->horizon_ms);
}

/* Up to where an eighth goes, but never beyond stream time: what is young is not late. True if it moved. */
static bool raise_part(struct npsd_worker *k, struct npsd_part *p)
{
	int64_t eldest = npsd_ledger_eldest_ms(p->ledger), to;

	if (p->loading || eldest == NPSD_TIME_NONE)
		return false;
	to = eldest < p->stream_ms ? eldest + 1 : p->stream_ms;
	if (to <= p->horizon_ms)
		return false;
	npsd_log(NPSD_LOG_WARN, "count",
	    "%s/%" PRId32 ": ledger.memory_max is reached: what was last seen before %" PRId64
	    " is forgotten",
	    k->cfg->topics[p->state.tp.topic], p->state.tp.part, to);
	npsd_part_move_horizon(p, to);
	k->horizons_moved++;
	return true;
}

static bool raise_all(struct npsd_worker *k)
{
	bool any = false;

	for (size_t i = 0; i < k->nparts; i++)
		any |= raise_part(k, k->part[i]);
	return any;
}

static bool is_loading(const struct npsd_worker *k)
{
	for (size_t i = 0; i < k->nparts; i++)
		if (k->part[i]->loading)
			return true;
	return false;
}

bool npsd_memory_fits(struct npsd_worker *k)
{
	int64_t limit = k->cfg->ledger_memory_max / k->pl->workers;

	if (k->groups++ % LOOK_GROUPS != 0 || !is_above(k, limit))
		return true;
	sweep_all(k);
	for (int i = 0; i < TRIES && is_above(k, limit) && raise_all(k); i++)
		sweep_all(k);
	if (!is_above(k, limit) || is_loading(k)) /* a load may exceed it, and is seen to when it has ended */
		return true;
	npsd_worker_fault(k, NPSD_FAULT_BROKEN,
	    "the ledgers of a worker have reached ledger.memory_max (%" PRId64
	    " bytes for each of %d workers), and hold nothing old: raise it",
	    limit, k->pl->workers);
	return false;
}
