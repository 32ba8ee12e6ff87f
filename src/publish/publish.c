#include "npsd/publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npsd/err.h"
#include "npsd/event.h"
#include "publish/pub.h"

struct npsd_pub *npsd_pub_new(const struct npsd_config *cfg, int shard)
{
	struct npsd_pub *p = calloc(1, sizeof *p);

	npsd_assert(p != NULL);
	p->cfg = cfg;
	p->shard = shard;
	snprintf(p->shard_text, sizeof p->shard_text, "%d", shard);
	p->nsteps = npsd_panes_steps(p->step_s, cfg);
	for (int w = 0; w < cfg->nwindows; w++)
		for (int s = 0; s < p->nsteps; s++)
			if (p->step_s[s] == cfg->windows[w].step_s) {
				p->window_step[w] = s;
				p->step_windows[s] |= (uint16_t)(1u << w);
			}
	_Static_assert(NPSD_MAX_WINDOWS <= 16, "a window is a bit");
	npsd_buf_init(&p->name, 1 << 16);
	npsd_buf_init(&p->text, 1 << 22);
	npsd_due_init(&p->due);
	npsd_round_init(p);
	npsd_pub_index_reset(p);
	p->ranks = npsd_ranks_new();
	p->series = npsd_series_new(p);
	p->sweep.next_ms = INT64_MAX; /* until it is taken */
	if (shard == 0)
		p->totals = npsd_totals_new();
	return p;
}

void npsd_pub_free(struct npsd_pub **pub)
{
	struct npsd_pub *p = *pub;

	*pub = NULL;
	if (!p)
		return;
	npsd_sweep_reset(&p->sweep);
	npsd_totals_free(&p->totals);
	npsd_ranks_free(&p->ranks);
	npsd_series_free(&p->series);
	npsd_due_free(&p->due);
	npsd_buf_free(&p->name);
	npsd_buf_free(&p->text);
	free(p->key);
	free(p);
}

void npsd_pub_taken(struct npsd_pub *p, const struct npsd_shard_view *v)
{
	uint32_t n = npsd_panes_segments(v->panes);

	/* Answers to what was on its way belong to the time before: the numbers go on elsewhere. */
	memset(p->slot, 0, sizeof p->slot);
	p->calls = (uint64_t)v->epoch * 0x9e3779b97f4a7c15u >> 33;
	p->nflight = 0;
	p->round = NPSD_ROUND_NONE;
	p->recorded[0] = 0;
	p->round_next_ms = p->pause_ms = INT64_MIN;
	p->state = NPSD_PUB_OK;
	p->leaving = false;
	p->nkeys = 0;
	npsd_due_reset(&p->due, n);
	npsd_pub_index_reset(p);
	npsd_ranks_reset(p->ranks);
	npsd_series_reset(p->series);
	npsd_sweep_reset(&p->sweep);
	if (p->totals)
		npsd_totals_reset(p->totals);
	for (uint32_t i = 0; i < n; i++)
		npsd_due_touch(&p->due, i, 0);
}

void npsd_pub_touch(
    struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i, int64_t pane_s, int64_t mono_ms)
{
	npsd_series_touch(p, v, i, pane_s);
	npsd_due_touch(&p->due, i, mono_ms);
	npsd_totals_touch(p);
}

static int64_t pane_end_s(int64_t t_ms, int64_t step_s)
{
	int64_t step_ms = step_s * 1000, n = t_ms / step_ms - (t_ms % step_ms < 0);

	return (n + 1) * step_s;
}

void npsd_pub_turn(struct npsd_pub *p, const struct npsd_shard_view *v, int64_t before_ms, int64_t mono_ms)
{
	uint32_t n = npsd_panes_segments(v->panes);

	for (int s = 0; s < p->nsteps; s++) {
		int64_t to = pane_end_s(v->t_ms, p->step_s[s]), from = INT64_MIN;

		if (before_ms != NPSD_TIME_NONE)
			from = pane_end_s(before_ms, p->step_s[s]);
		if (from == to)
			continue;
		/* What was shown moves; what was counted ahead of t comes in. */
		for (uint32_t i = 0; i < n; i++)
			if ((npsd_pub_key_at(p, i)->shown & p->step_windows[s]) ||
			    npsd_panes_any(v->panes, i, s, from, to))
				npsd_due_touch(&p->due, i, mono_ms);
	}
}

/* Another server may be behind the address, or lost what was written last: everything is written again. */
static void watch_connection(struct npsd_pub *p, struct npsd_store *store, int64_t mono_ms)
{
	uint32_t now = store->connection(store->self);

	if (now == p->connection)
		return;
	if (p->connection != 0) {
		p->sweep.anew = true;
		if (p->sweep.next_ms > mono_ms)
			p->sweep.next_ms = mono_ms;
	}
	p->connection = now;
}

bool npsd_pub_step(
    struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store, int64_t mono_ms)
{
	bool did;

	if (p->state != NPSD_PUB_OK || mono_ms < p->pause_ms)
		return false;
	watch_connection(p, store, mono_ms);
	for (uint32_t i; (i = npsd_due_fresh(&p->due)) != NPSD_DUE_NONE;)
		npsd_due_classify(&p->due, npsd_pub_class(p, v, i), mono_ms);
	npsd_due_cool(&p->due, mono_ms, p->flush ? 0 : p->cfg->publish_interval_ms);
	npsd_sweep_step(p, v, mono_ms);
	did = npsd_pub_index_step(p, v, store);
	did |= npsd_rank_step(p, v, store, mono_ms);
	did |= npsd_series_step(p, v, store);
	if (p->totals)
		did |= npsd_totals_step(p, v, store, mono_ms);
	did |= npsd_orphans_scan(p, store);
	did |= npsd_round_step(p, v, store, mono_ms);
	if (p->flush && npsd_pub_clean(p))
		p->flush = false;
	return did;
}

void npsd_pub_done(
    struct npsd_pub *p, const struct npsd_shard_view *v, const struct npsd_done *done, int64_t mono_ms)
{
	int slot = (int)(npsd_tag_n(done->tag) & 0xff);

	if (slot >= NPSD_NSLOT || p->slot[slot] == 0 || p->slot[slot] != npsd_tag_n(done->tag) >> 8)
		return;
	p->slot[slot] = 0;
	switch (slot) {
	case NPSD_SLOT_ROUND:
		npsd_round_recorded(p, v, done, mono_ms);
		break;
	case NPSD_SLOT_REMOVE:
		npsd_orphans_removed(p, done, mono_ms);
		break;
	case NPSD_SLOT_INDEX:
		npsd_pub_index_done(p, done, mono_ms);
		break;
	case NPSD_SLOT_RANK:
		npsd_rank_done(p, done, mono_ms);
		break;
	case NPSD_SLOT_SERIES:
		npsd_series_done(p, done, mono_ms);
		break;
	case NPSD_SLOT_SCAN:
		npsd_orphans_scanned(p, v, done, mono_ms);
		break;
	case NPSD_SLOT_TOTALS:
	case NPSD_SLOT_COPY_TOTALS:
	case NPSD_SLOT_COPY_META:
		npsd_totals_done(p, done, slot, mono_ms);
		break;
	default:
		npsd_pub_key_done(p, v, done, slot, mono_ms);
	}
	if (p->leaving || p->state != NPSD_PUB_OK || mono_ms < p->pause_ms)
		npsd_round_break_off(p, mono_ms);
}

void npsd_pub_leave(struct npsd_pub *p, int64_t mono_ms)
{
	p->leaving = true;
	npsd_round_break_off(p, mono_ms);
}

bool npsd_pub_busy(const struct npsd_pub *p)
{
	return p->round != NPSD_ROUND_NONE;
}

bool npsd_pub_clean(const struct npsd_pub *p)
{
	return p->state == NPSD_PUB_OK && p->due.due == 0 && p->round == NPSD_ROUND_NONE &&
	       p->sweep.whole_once && !p->sweep.anew && npsd_pub_index_clean(p) && npsd_rank_clean(p) &&
	       npsd_series_clean(p) && npsd_totals_clean(p);
}

void npsd_pub_flush(struct npsd_pub *p)
{
	p->flush = true;
	npsd_totals_touch(p);
}

enum npsd_pub_state npsd_pub_state(const struct npsd_pub *p)
{
	return p->state;
}

int64_t npsd_pub_seen(const struct npsd_pub *p)
{
	return p->seen;
}
