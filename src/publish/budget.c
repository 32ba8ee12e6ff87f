#include "publish/budget.h"

#define SAVED_KEYS 2000 /* that a quiet shard saves up, at most */
#define COST_US 30.0	/* of a key with six windows, until it is measured; 20 on a 2.45 GHz Xeon */
#define MEASURED_KEYS 256

void npsd_budget_init(struct npsd_budget *b)
{
	*b = (struct npsd_budget){.tokens = SAVED_KEYS, .cost_us = COST_US, .filled_mono_ms = INT64_MIN};
}

void npsd_budget_refill(struct npsd_budget *b, const struct npsd_config *cfg, int64_t now_mono_ms)
{
	double per_ms = cfg->publish_budget * 1000 / (b->cost_us * (double)cfg->shards);

	if (b->filled_mono_ms != INT64_MIN)
		b->tokens += per_ms * (double)(now_mono_ms - b->filled_mono_ms);
	if (b->tokens > SAVED_KEYS)
		b->tokens = SAVED_KEYS;
	b->filled_mono_ms = now_mono_ms;
}

void npsd_budget_submitted(struct npsd_budget *b, bool first, int64_t now_mono_ms)
{
	if (first) {
		b->keys = 0;
		b->keys_mono_ms = now_mono_ms;
	}
	b->keys++;
}

void npsd_budget_answered(struct npsd_budget *b, int64_t now_mono_ms)
{
	double us;

	if (b->keys < MEASURED_KEYS)
		return;
	us = (double)(now_mono_ms - b->keys_mono_ms + 1) * 1000 / (double)b->keys;
	/* Keys of other shards in between only raise the result: follow it down at once, and up slowly. */
	b->cost_us = us < b->cost_us ? us : b->cost_us + (us - b->cost_us) / 64;
}
