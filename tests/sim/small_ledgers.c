/* Limits below the least that options allow, so that a short run reaches them. */
#include "small_ledgers.h"

#include "count/ledger.h"
#include "npsd/config.h"

void limit_ledgers(struct npsd_config *cfg, int workers, int partitions, int64_t bytes)
{
	struct npsd_ledger *empty = npsd_ledger_new();

	cfg->ledger_memory_max = workers * (partitions * (int64_t)npsd_ledger_bytes(empty) + bytes);
	npsd_ledger_free(&empty);
}
