#include "npsd/publish.h"

#include "base/log.h"
#include "npsd/event.h"
#include "publish/pub.h"

struct npsd_pub *npsd_pub_new(const struct npsd_config *cfg, const struct npsd_clock *clock, int shard)
{
	struct npsd_pub *p = calloc(1, sizeof *p);

	npsd_assert(p != NULL);
	npsd_pub_context_init(&p->context, cfg, clock, shard);
	p->context.registered = &p->registry.now;
	p->holdings =
	    (struct npsd_holdings){&p->context, &p->registry, &p->keys, &p->index, &p->ranks, &p->series};
	_Static_assert(NPSD_MAX_WINDOWS <= 16, "a window is a bit");
	for (int w = 0; w < cfg->nwindows; w++)
		p->step_windows[p->context.window_step[w]] |= (uint16_t)(1u << w);
	npsd_series_init(&p->series, &p->context);
	npsd_totals_init(&p->totals, cfg);
	return p;
}

void npsd_pub_free(struct npsd_pub **pub)
{
	struct npsd_pub *p = *pub;

	*pub = NULL;
	if (!p)
		return;
	npsd_due_free(&p->due);
	free(p->index.seg);
	npsd_ranks_free(&p->ranks);
	npsd_series_free(&p->series);
	npsd_totals_free(&p->totals);
	free(p->sweep.swept.at);
	npsd_orphans_reset(&p->orphans);
	npsd_registry_free(&p->registry);
	free(p->keys.key);
	npsd_pub_context_free(&p->context);
	free(p);
}

static struct npsd_pub_context *enter(struct npsd_pub *p, const struct npsd_shard_view *v, int64_t mono_ms)
{
	p->context.v = v;
	p->context.now_mono_ms = mono_ms;
	return &p->context;
}

/* --- events of fold --- */

void npsd_pub_acquired(struct npsd_pub *p, const struct npsd_shard_view *v)
{
	uint32_t n = npsd_panes_segments(v->panes);

	npsd_pub_context_reset(enter(p, v, 0));
	p->leaving = false;
	npsd_due_reset(&p->due);
	npsd_index_set_reset(&p->index);
	npsd_ranks_reset(&p->ranks);
	npsd_series_reset(&p->series);
	npsd_totals_reset(&p->totals);
	npsd_compare_reset(&p->compare);
	npsd_sweep_reset(&p->sweep);
	npsd_orphans_reset(&p->orphans);
	npsd_registry_reset(&p->registry);
	npsd_round_reset(&p->round);
	npsd_keys_reset(&p->keys);
	for (uint32_t i = 0; i < n; i++)
		npsd_due_touch(&p->due, i, 0);
}

void npsd_pub_touch(
    struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i, int64_t pane_s, int64_t mono_ms)
{
	npsd_series_touch(&p->series, enter(p, v, mono_ms), i, pane_s);
	npsd_due_touch(&p->due, i, mono_ms);
	p->totals.touched = true;
}

static int64_t pane_end_s(int64_t t_ms, int64_t step_s)
{
	return (npsd_floor_div(t_ms, step_s * 1000) + 1) * step_s;
}

void npsd_pub_turn(struct npsd_pub *p, const struct npsd_shard_view *v, int64_t before_ms, int64_t mono_ms)
{
	const struct npsd_pub_context *c = enter(p, v, mono_ms);
	uint32_t n = npsd_panes_segments(v->panes);

	for (int s = 0; s < c->nsteps; s++) {
		int64_t to = pane_end_s(v->t_ms, c->step_s[s]), from = INT64_MIN;

		if (before_ms != NPSD_TIME_NONE)
			from = pane_end_s(before_ms, c->step_s[s]);
		if (from == to)
			continue;
		/* windows in a key move; what was counted ahead of t enters windows */
		for (uint32_t i = 0; i < n; i++)
			if ((npsd_key_shown(&p->keys, i) & p->step_windows[s]) ||
			    npsd_panes_any(v->panes, i, s, from, to))
				npsd_due_touch(&p->due, i, mono_ms);
	}
}

/* --- rounds and sweeps --- */

/* Keys that were chosen and not written go back. */
static void end_round(struct npsd_pub *p)
{
	struct npsd_round *r = &p->round;

	while (r->nkeys > r->at)
		npsd_due_retry(&p->due, r->key[--r->nkeys], p->context.now_mono_ms);
	r->nkeys = r->at = 0;
	npsd_round_end(r, &p->context);
	p->totals.touched = true;
}

/* Ends the round now if nothing of it is in flight, else after the last reply. */
static void break_off_round(struct npsd_pub *p)
{
	if (p->round.phase == NPSD_ROUND_WRITE && p->keys.nflight == 0 &&
	    p->context.flight[NPSD_FLIGHT_REMOVE] == 0)
		end_round(p);
}

static void begin_sweep(struct npsd_pub *p)
{
	if (p->round.phase == NPSD_ROUND_NONE && npsd_sweep_begin(&p->sweep, &p->context))
		npsd_orphans_begin(&p->orphans);
}

static void finish_sweep(struct npsd_pub *p)
{
	if (!p->sweep.running || p->sweep.left > 0 || !npsd_orphans_finished(&p->orphans))
		return;
	npsd_sweep_finish(&p->sweep);
	if (p->orphans.removed > 0)
		npsd_log(NPSD_LOG_INFO, "publish", "the sweep of shard %d removed %u orphans",
		    p->context.shard, p->orphans.removed);
}

/* The key of segment i is as it should be. True: for the first time since the last sweep began. */
static bool written(struct npsd_pub *p, uint32_t i)
{
	npsd_due_written(&p->due, i, p->context.now_mono_ms);
	return npsd_sweep_wrote(&p->sweep, i);
}

static uint32_t next_key(struct npsd_pub *p)
{
	const struct npsd_pub_context *c = &p->context;
	uint32_t i;

	if (p->round.nkeys >= NPSD_ROUND_KEYS || (!c->flush && c->budget.tokens < p->round.nkeys + 1))
		return NPSD_LIST_NONE;
	i = npsd_due_take(&p->due);
	if (i != NPSD_LIST_NONE || p->round.swept >= NPSD_SWEEP_KEYS)
		return i;
	i = npsd_sweep_take(&p->sweep, &p->context, &p->due);
	p->round.swept += i != NPSD_LIST_NONE;
	return i;
}

static void choose_keys(struct npsd_pub *p)
{
	uint32_t i;

	p->round.nkeys = p->round.at = p->round.swept = 0;
	while ((i = next_key(p)) != NPSD_LIST_NONE)
		p->round.key[p->round.nkeys++] = i;
}

static bool begin_round(struct npsd_pub *p)
{
	struct npsd_pub_context *c = &p->context;
	bool more = npsd_orphans_wait(&p->orphans, c) || npsd_registry_has_idle(&p->registry, c, &p->series);
	bool record;

	if (p->due.nready == 0 && !npsd_sweep_has_more(&p->sweep) && !more)
		return false;
	if (!c->flush && (c->now_mono_ms < p->round.next_mono_ms || c->budget.tokens < 1))
		return false;
	choose_keys(p);
	record = npsd_round_prepare(&p->round, c, &p->registry, &p->series, p->sweep.drop);
	npsd_orphans_forget(&p->orphans, &p->holdings);
	if (npsd_round_begin(&p->round, c, record || npsd_orphans_need_record(&p->orphans)))
		return true;
	npsd_registry_recorded(&p->registry, false);
	end_round(p);
	return false;
}

/* Writes the next key of the round. False: the store has no room. */
static bool write_key(struct npsd_pub *p)
{
	uint32_t i = p->round.key[p->round.at];

	/* the connection is a new one since the record */
	if (!npsd_registered_seg(&p->registry.now, i) && npsd_seg_holds(&p->context, i)) {
		npsd_due_retry(&p->due, i, p->context.now_mono_ms);
		p->round.at++;
		return true;
	}
	switch (npsd_key_write(&p->keys, &p->context, i, p->round.rev)) {
	case NPSD_KEY_NO_ROOM:
		return false;
	case NPSD_KEY_NOTHING:
		npsd_registry_emptied(&p->registry, i);
		written(p, i);
		break;
	case NPSD_KEY_SUBMITTED:
		break;
	}
	npsd_pub_spend(&p->context, 1);
	p->round.at++;
	return true;
}

/* Writes as many keys as can be in flight. Ends the round after the last reply. */
static bool write_keys(struct npsd_pub *p)
{
	bool removing = npsd_orphans_remove(&p->orphans, &p->holdings), did = false;

	while (p->keys.nflight < NPSD_KEYS_FLIGHT && p->round.at < p->round.nkeys) {
		if (!write_key(p))
			return did;
		did = true;
	}
	if (p->keys.nflight > 0 || removing)
		return did;
	end_round(p);
	return true;
}

/* --- step --- */

/* Nothing is due or in flight of what the sweep that must be finished, or a change, has written. */
static bool is_written(const struct npsd_pub *p)
{
	const struct npsd_pub_context *c = &p->context;

	return c->state == NPSD_PUB_OK && p->due.due == 0 && p->round.phase == NPSD_ROUND_NONE &&
	       p->sweep.proof == NPSD_SWEEP_WHOLE && npsd_index_set_clean(&p->index) &&
	       npsd_rank_clean(&p->ranks) && npsd_series_clean(&p->series, c) &&
	       (c->shard != 0 || npsd_totals_clean(&p->totals, c));
}

static bool compare(struct npsd_pub *p)
{
	struct npsd_pub_context *c = &p->context;
	bool did = npsd_compare_step(&p->compare, c, &p->index, &p->ranks);

	if (p->compare.phase == NPSD_COMPARE_GIVEN_UP)
		c->state = NPSD_PUB_DIFFERS;
	return did;
}

bool npsd_pub_step(
    struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store, int64_t mono_ms)
{
	struct npsd_pub_context *c = enter(p, v, mono_ms);
	bool did;

	if (npsd_pub_paused(c))
		return false;
	c->store = store;
	if (npsd_sweep_watch(&p->sweep, c)) {
		npsd_registry_void(&p->registry);
		npsd_compare_reset(&p->compare);
	}
	c->connection = p->sweep.connection;
	for (uint32_t i; (i = npsd_due_fresh(&p->due)) != NPSD_LIST_NONE;)
		npsd_due_classify(&p->due, npsd_seg_class(c, i), mono_ms);
	npsd_due_cool(&p->due, mono_ms, c->flush ? 0 : c->cfg->publish_interval_ms);
	begin_sweep(p);
	did = npsd_index_set_step(&p->index, c);
	did |= npsd_rank_step(&p->ranks, c,
	    p->due.due == 0 && npsd_list_empty(&p->due.cool) && p->round.phase == NPSD_ROUND_NONE);
	did |= npsd_series_step(&p->series, c);
	if (c->shard == 0)
		did |= npsd_totals_step(&p->totals, c);
	did |= npsd_orphans_step(&p->orphans, c);
	if (c->flush && is_written(p))
		did |= compare(p);
	npsd_budget_refill(&c->budget, c);
	if (p->round.phase == NPSD_ROUND_NONE)
		did |= begin_round(p);
	else if (p->round.phase == NPSD_ROUND_WRITE)
		did |= write_keys(p);
	finish_sweep(p);
	if (c->flush && npsd_pub_clean(p))
		c->flush = false;
	return did;
}

/* --- completions --- */

static void round_recorded(struct npsd_pub *p, const struct npsd_done *done)
{
	int64_t dict_len;

	bool ok = npsd_round_recorded(&p->round, &dict_len, &p->context, done);

	npsd_registry_recorded(&p->registry, ok);
	if (!ok) {
		end_round(p);
		return;
	}
	p->sweep.drop[0] = 0;
	npsd_orphans_recorded(&p->orphans, &p->context, dict_len);
}

static void key_done(struct npsd_pub *p, const struct npsd_done *done, int flight)
{
	const struct npsd_key_flight *f = &p->keys.flight[flight];
	struct npsd_pub_context *c = &p->context;
	bool first;

	if (!npsd_key_done(&p->keys, c, done, flight)) {
		npsd_due_retry(&p->due, f->seg, c->now_mono_ms);
		return;
	}
	first = written(p, f->seg);
	if (f->shown == 0)
		npsd_registry_emptied(&p->registry, f->seg);
	npsd_index_set_acknowledged(&p->index, c, f->seg, f->shown != 0, first);
	npsd_rank_acknowledged(&p->ranks, c, f->seg, f->lo, first);
	npsd_series_acknowledged(&p->series, c, f->seg, first);
}

void npsd_pub_done(
    struct npsd_pub *p, const struct npsd_shard_view *v, const struct npsd_done *done, int64_t mono_ms)
{
	struct npsd_pub_context *c = enter(p, v, mono_ms);
	int flight = npsd_pub_landed(c, done);

	switch (flight) {
	case -1:
		return;
	case NPSD_FLIGHT_ROUND:
		round_recorded(p, done);
		break;
	case NPSD_FLIGHT_REMOVE:
		npsd_orphans_removed(&p->orphans, c, done);
		break;
	case NPSD_FLIGHT_INDEX:
		npsd_index_set_done(&p->index, c, done);
		break;
	case NPSD_FLIGHT_RANK:
		npsd_rank_done(&p->ranks, c, done);
		break;
	case NPSD_FLIGHT_SERIES:
		npsd_series_done(&p->series, c, done);
		break;
	case NPSD_FLIGHT_COMPARE:
		npsd_compare_done(&p->compare, c, &p->index, &p->ranks, done);
		break;
	case NPSD_FLIGHT_SCAN:
		npsd_orphans_done(&p->orphans, &p->holdings, &p->due, done);
		break;
	case NPSD_FLIGHT_TOTALS:
		npsd_totals_done(&p->totals, c, done);
		break;
	default:
		key_done(p, done, flight);
	}
	finish_sweep(p);
	if (p->leaving || npsd_pub_paused(c))
		break_off_round(p);
}

/* --- state --- */

void npsd_pub_leave(struct npsd_pub *p, int64_t mono_ms)
{
	p->context.now_mono_ms = mono_ms;
	p->leaving = true;
	break_off_round(p);
}

bool npsd_pub_busy(const struct npsd_pub *p)
{
	return p->round.phase != NPSD_ROUND_NONE;
}

bool npsd_pub_clean(const struct npsd_pub *p)
{
	return is_written(p) && (!p->context.flush || (p->compare.phase == NPSD_COMPARE_EQUAL &&
							  npsd_registry_clean(&p->registry)));
}

void npsd_pub_flush(struct npsd_pub *p)
{
	p->context.flush = true;
	npsd_compare_reset(&p->compare);
	p->totals.touched = true;
}

int64_t npsd_pub_needs(const struct npsd_pub *p)
{
	return p->orphans.need_len;
}

enum npsd_pub_state npsd_pub_state(const struct npsd_pub *p)
{
	return p->context.state;
}

int64_t npsd_pub_seen(const struct npsd_pub *p)
{
	return p->context.seen;
}
