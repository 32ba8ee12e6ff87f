/*
 * The share of Redis's time that a shard may use for public keys (`publish.budget`), in keys. All shards
 * share it evenly, in whichever processes they are, because they write into one Redis.
 */
#ifndef NPSD_PUBLISH_BUDGET_H
#define NPSD_PUBLISH_BUDGET_H

#include "npsd/config.h"

struct npsd_budget {
	double tokens;	/* keys that may be written now; below zero after ranks and series */
	double cost_us; /* time that Redis needs for a key: an upper bound, measured */
	int64_t filled_mono_ms;
	uint64_t keys; /* submitted since no key was in flight */
	int64_t keys_mono_ms;
};

/* Thread: owner, for all */
void npsd_budget_init(struct npsd_budget *b);
void npsd_budget_refill(struct npsd_budget *b, const struct npsd_config *cfg, int64_t now_mono_ms);
/* A key was submitted. first: no other was in flight */
void npsd_budget_submitted(struct npsd_budget *b, bool first, int64_t now_mono_ms);
/* The last key in flight was answered: measures the cost. */
void npsd_budget_answered(struct npsd_budget *b, int64_t now_mono_ms);

#endif
