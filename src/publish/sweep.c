#include "publish/sweep.h"

void npsd_sweep_reset(struct npsd_sweep *s)
{
	*s = (struct npsd_sweep){.next_mono_ms = INT64_MIN,
	    .connection = s->connection,
	    .swept = {.at = s->swept.at, .cap = s->swept.cap}};
}

bool npsd_sweep_watch(struct npsd_sweep *s, const struct npsd_pub_context *c)
{
	uint32_t now = c->store->connection(c->store->self);

	if (now == s->connection)
		return false;
	if (s->connection != 0) {
		s->proof = NPSD_SWEEP_VOID;
		if (s->next_mono_ms > c->now_mono_ms)
			s->next_mono_ms = c->now_mono_ms;
	}
	s->connection = now;
	return true;
}

bool npsd_sweep_begin(struct npsd_sweep *s, const struct npsd_pub_context *c)
{
	if (s->running || c->now_mono_ms < s->next_mono_ms)
		return false;
	/* a flush would never end if a sweep took longer than the time between two sweeps */
	if (c->flush && s->proof == NPSD_SWEEP_WHOLE)
		return false;
	if (s->proof == NPSD_SWEEP_VOID)
		s->proof = NPSD_SWEEP_NONE;
	s->number++;
	s->running = true;
	s->nkeys = s->left = npsd_panes_segments(c->v->panes);
	s->at = 0;
	s->next_mono_ms = c->now_mono_ms + c->cfg->publish_sweep_ms;
	npsd_pub_rev(s->began, c);
	return true;
}

uint32_t npsd_sweep_take(struct npsd_sweep *s, const struct npsd_pub_context *c, struct npsd_due *due)
{
	while (npsd_sweep_has_more(s)) {
		uint32_t i = s->at++;

		if (*npsd_numbers_at(&s->swept, i) == s->number)
			continue;
		if (npsd_due_seize(due, i))
			return i;
		/* too soon after its last write; segments in other places will be written anyway */
		if (due->seg[i].place == NPSD_DUE_COOL)
			npsd_due_touch(due, i, c->now_mono_ms);
	}
	return NPSD_LIST_NONE;
}

bool npsd_sweep_wrote(struct npsd_sweep *s, uint32_t i)
{
	uint32_t *swept = npsd_numbers_at(&s->swept, i);

	if (*swept == s->number)
		return false;
	*swept = s->number;
	if (s->running && i < s->nkeys) {
		npsd_assert(s->left > 0);
		s->left--;
	}
	return true;
}

void npsd_sweep_finish(struct npsd_sweep *s)
{
	s->running = false;
	if (s->proof == NPSD_SWEEP_NONE)
		s->proof = NPSD_SWEEP_WHOLE;
	/* All keys were written again since the sweep before this one began: no key holds the state of an
	 * older record. */
	memcpy(s->drop, s->before, sizeof s->drop);
	memcpy(s->before, s->began, sizeof s->before);
}
