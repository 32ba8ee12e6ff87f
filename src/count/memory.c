/*
 * The limit of a worker's ledgers. When they reach it, the horizon of each of its partitions moves up, so
 * that about an eighth of the entries are forgotten. That is earlier than `lateness` says, so a ruling
 * records it for every later reading of the same records.
 */
#include <inttypes.h>

#include "base/log.h"
#include "count/worker.h"
#include "npsd/err.h"

#define CHECK_EVERY 64 /* fetches between two checks */
#define TRIES 8	       /* an eighth each: together more than half of the entries */

static bool is_above(const struct npsd_worker *k, int64_t limit)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < k->nparts; i++)
		bytes += (int64_t)npsd_ledger_bytes(k->part[i]->ledger);
	return bytes > limit;
}

/* Removes what is before the horizon already. */
static void sweep_all(struct npsd_worker *k)
{
	for (size_t i = 0; i < k->nparts; i++)
		npsd_ledger_sweep(k->part[i]->ledger, k->part[i]->ledger->high, k->part[i]->horizon_ms);
}

/* Forgets about an eighth of the entries. The horizon never passes stream time. True: it moved. */
static bool forget_some(struct npsd_worker *k, struct npsd_part *p)
{
	int64_t eldest = npsd_ledger_eldest_ms(p->ledger), to;

	if (p->loading || eldest == NPSD_TIME_NONE)
		return false;
	to = eldest < p->stream_ms ? eldest + 1 : p->stream_ms;
	if (to <= p->horizon_ms)
		return false;
	npsd_log(NPSD_LOG_WARN, "count",
	    "%s/%" PRId32
	    ": the ledgers reached ledger.memory_max; forgetting responses last seen before %" PRId64,
	    k->cfg->topics[p->state.tp.topic], p->state.tp.part, to);
	npsd_part_move_horizon(p, to);
	k->horizons_moved++;
	return true;
}

static bool forget_some_of_all(struct npsd_worker *k)
{
	bool any = false;

	for (size_t i = 0; i < k->nparts; i++)
		any |= forget_some(k, k->part[i]);
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

	if (k->fetches++ % CHECK_EVERY != 0 || !is_above(k, limit))
		return true;
	sweep_all(k);
	for (int i = 0; i < TRIES && is_above(k, limit) && forget_some_of_all(k); i++)
		sweep_all(k);
	if (!is_above(k, limit) || is_loading(k)) /* a load may exceed the limit until it has ended */
		return true;
	npsd_worker_halt(k, NPSD_FAULT_BROKEN,
	    "the ledgers reached ledger.memory_max (%" PRId64
	    " bytes for each of %d workers) and hold no old responses; raise ledger.memory_max",
	    limit, k->pl->workers);
	return false;
}
