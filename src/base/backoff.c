#include "base/backoff.h"

void npsd_backoff_fail(struct npsd_backoff *b, const struct npsd_clock *clock, int64_t now_mono_ms)
{
	int64_t wait = b->first_ms;

	for (int i = 0; i < b->failures && wait < b->most_ms; i++)
		wait *= 2;
	if (wait > b->most_ms)
		wait = b->most_ms;
	b->failures++;
	b->retry_mono_ms =
	    now_mono_ms + wait / 2 + (int64_t)(clock->random(clock->self) % (uint64_t)(wait + 1));
}
