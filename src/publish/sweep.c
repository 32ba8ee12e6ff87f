/* A sweep writes every key again, whoever left it wrong; what should not be there at all is looked for by
 * orphans.c. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "npsd/err.h"
#include "publish/pub.h"

void npsd_sweep_reset(struct npsd_sweep *s)
{
	for (uint32_t k = 0; k < s->norphans; k++)
		free(s->orphan[k].text);
	*s = (struct npsd_sweep){.next_ms = INT64_MIN};
}

void npsd_sweep_step(struct npsd_pub *p, const struct npsd_shard_view *v, int64_t mono_ms)
{
	struct npsd_sweep *s = &p->sweep;

	if (s->running || mono_ms < s->next_ms || p->round != NPSD_ROUND_NONE)
		return;
	if (p->flush && s->whole_once && !s->anew)
		return; /* what sweeps for longer than the time between two sweeps would never be clean */
	if (s->anew)
		s->anew = s->whole_once = false;
	s->number++;
	s->running = true;
	s->nkeys = s->left = npsd_panes_segments(v->panes);
	s->at = 0;
	s->scan = NPSD_SCAN_NAMES;
	strcpy(s->cursor, "0");
	s->resolved = false;
	s->removed = 0;
	s->next_ms = mono_ms + p->cfg->publish_sweep_ms;
	npsd_rev_write(s->began, v->epoch, v->seq, v->t_ms);
	if (s->nkeys > 0)
		npsd_pub_key_at(p, s->nkeys - 1);
}

uint32_t npsd_sweep_take(struct npsd_pub *p, int64_t mono_ms)
{
	struct npsd_sweep *s = &p->sweep;

	while (s->running && s->at < s->nkeys) {
		uint32_t i = s->at++;

		if (p->key[i].swept == s->number)
			continue;
		if (npsd_due_seize(&p->due, i))
			return i;
		if (p->due.seg[i].place ==
		    NPSD_DUE_COOL) /* too soon after its last write; others are on their way */
			npsd_due_touch(&p->due, i, mono_ms);
	}
	return NPSD_DUE_NONE;
}

void npsd_sweep_wrote(struct npsd_pub *p, uint32_t i)
{
	struct npsd_sweep *s = &p->sweep;

	if (p->key[i].swept == s->number)
		return;
	p->key[i].swept = s->number;
	if (s->running && i < s->nkeys) {
		npsd_assert(s->left > 0);
		s->left--;
		npsd_sweep_check(p);
	}
}

void npsd_sweep_check(struct npsd_pub *p)
{
	struct npsd_sweep *s = &p->sweep;

	if (!s->running || s->left > 0 || s->scan != NPSD_SCAN_DONE || s->norphans > 0)
		return;
	s->running = false;
	s->whole_once = true;
	/* Two sweeps begun after them are whole: no key holds what a record before the first of the two says.
	 */
	memcpy(s->drop, s->before, sizeof s->drop);
	memcpy(s->before, s->began, sizeof s->before);
	if (s->removed > 0)
		npsd_log(NPSD_LOG_INFO, "publish",
		    "sweep of shard %d removed %u keys and members that nobody counts", p->shard, s->removed);
}
