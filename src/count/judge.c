#include "count/judge.h"

#include "npsd/err.h"

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool is_known(const struct npsd_entry *e, const struct npsd_moment *at)
{
	return e && npsd_entry_seen_ms(e) >= at->horizon_ms;
}

/* The contract's order of two events of one response. */
static bool is_newer(const struct npsd_event *ev, const struct npsd_entry *e, struct npsd_pos pos)
{
	if (pos.inc != e->inc)
		return pos.inc > e->inc;
	if (ev->revision && e->revision)
		return ev->revision > e->revision;
	if (ev->updated_ms != NPSD_TIME_NONE && e->updated_ms != NPSD_TIME_NONE)
		return ev->updated_ms > e->updated_ms;
	return (uint64_t)pos.offset > e->offset;
}

/* Order and memory of an applied event; what it does not mention of revision and updated_at stays. */
static void apply_order(struct npsd_entry *e, const struct npsd_event *ev, const struct npsd_moment *at)
{
	int64_t after = max64(at->stream_ms, e->event_ms) - e->event_ms;

	npsd_assert(at->pos.offset >= 0 && at->pos.offset < (int64_t)1 << 48 && at->pos.inc <= UINT16_MAX);
	if (ev->revision)
		e->revision = ev->revision;
	if (ev->updated_ms != NPSD_TIME_NONE)
		e->updated_ms = ev->updated_ms;
	e->inc = at->pos.inc;
	e->offset = (uint64_t)at->pos.offset;
	e->after_ms = after < NPSD_AFTER_MAX ? after : NPSD_AFTER_MAX - 1;
}

bool npsd_is_detractor(const struct npsd_content *c)
{
	return c->score >= 0 && c->score <= 6;
}

static bool differs(const struct npsd_content *a, const struct npsd_content *b)
{
	if (a->score != b->score || a->kind != b->kind || npsd_content_place(a) != npsd_content_place(b))
		return true;
	for (int dim = 0; dim < NPSD_NDIM; dim++)
		if (dim != NPSD_DIM_location && a->value[dim] != b->value[dim])
			return true;
	if (a->nthemes != b->nthemes || memcmp(a->theme, b->theme, a->nthemes * sizeof a->theme[0]) != 0)
		return true;
	return b->has_comment && (!a->has_comment || a->comment_hash != b->comment_hash);
}

/* What the step from before (NULL: it did not count) to now is told as. */
static enum npsd_told told_of(const struct npsd_content *before, const struct npsd_content *now)
{
	bool was = before && npsd_is_detractor(before), is = npsd_is_detractor(now);

	if (is && !was)
		return NPSD_TOLD_RAISED;
	if (was && !is)
		return NPSD_TOLD_RETRACTED;
	return was && differs(before, now) ? NPSD_TOLD_CHANGED : NPSD_TOLD_NOTHING;
}

static void tell(struct npsd_judged *out, const struct npsd_content *now)
{
	struct npsd_entry *e = out->entry;

	out->told = told_of(out->had ? &out->before : NULL, now);
	if (out->told == NPSD_TOLD_NOTHING)
		return;
	npsd_assert(e->told < NPSD_TOLD_MAX);
	e->told++;
	if (out->told == NPSD_TOLD_RAISED)
		e->incident = e->told;
}

static struct npsd_entry *create(
    struct npsd_ledger *l, struct npsd_entry *forgotten, struct npsd_key key, int64_t event_ms)
{
	struct npsd_entry *e;

	if (forgotten)
		npsd_ledger_remove(l, forgotten);
	e = npsd_ledger_add(l, key);
	if (event_ms >= NPSD_MS_MAX)
		event_ms = NPSD_MS_MAX - 1;
	e->event_ms = max64(event_ms, -NPSD_MS_MAX);
	return e;
}

static void judge_submitted(struct npsd_judged *out, struct npsd_ledger *l, struct npsd_key key,
    const struct npsd_event *ev, const struct npsd_content *content, const struct npsd_moment *at)
{
	struct npsd_entry *e = npsd_ledger_find(l, key);

	if (is_known(e, at)) {
		if (!is_newer(ev, e, at->pos)) {
			out->fate = NPSD_F_duplicate;
			return;
		}
		out->had = e->counts;
		if (out->had)
			npsd_entry_get(&out->before, l, e);
	} else {
		if (ev->event_ms < at->horizon_ms) {
			out->fate = NPSD_F_late;
			return;
		}
		e = create(l, e, key, ev->event_ms);
		out->first = true;
	}
	out->fate = NPSD_F_counted;
	out->entry = e;
	apply_order(e, ev, at);
	npsd_entry_set(l, e, content);
	tell(out, content);
}

void npsd_ledger_judge(struct npsd_judged *out, struct npsd_ledger *l, struct npsd_key key,
    const struct npsd_event *ev, const struct npsd_content *content, const struct npsd_moment *at)
{
	out->reason = NPSD_R_ok;
	out->entry = NULL;
	out->first = out->had = false;
	out->told = NPSD_TOLD_NOTHING;
	npsd_assert(ev->type == NPSD_T_SUBMITTED); /* decode lets no other through */
	judge_submitted(out, l, key, ev, content, at);
}
