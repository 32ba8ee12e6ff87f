#include "count/decide.h"

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

/* Order of an applied event; what it does not mention of revision and updated_at stays. */
static void keep_order(struct npsd_entry *e, const struct npsd_event *ev, struct npsd_pos pos)
{
	npsd_assert(pos.offset >= 0 && pos.offset < (int64_t)1 << 48 && pos.inc <= UINT16_MAX);
	if (ev->revision)
		e->revision = ev->revision;
	if (ev->updated_ms != NPSD_TIME_NONE)
		e->updated_ms = ev->updated_ms;
	e->inc = pos.inc;
	e->offset = (uint64_t)pos.offset;
}

static int64_t storable(int64_t ms)
{
	return ms >= NPSD_MS_MAX ? NPSD_MS_MAX - 1 : max64(ms, -NPSD_MS_MAX);
}

/* Order and memory of a counted event. */
static void apply(struct npsd_entry *e, const struct npsd_event *ev, const struct npsd_moment *at)
{
	int64_t after = max64(at->stream_ms, e->event_ms) - e->event_ms;

	keep_order(e, ev, at->pos);
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

/* What the step from before to now is told as; NULL: it did not count, it counts no more. */
static enum npsd_transition transition_of(const struct npsd_content *before, const struct npsd_content *now)
{
	bool was = before && npsd_is_detractor(before), is = now && npsd_is_detractor(now);

	if (is && !was)
		return NPSD_TRANSITION_RAISED;
	if (was && !is)
		return NPSD_TRANSITION_RETRACTED;
	return was && differs(before, now) ? NPSD_TRANSITION_CHANGED : NPSD_TRANSITION_NONE;
}

/* The event is counted, and the answer is now what out->now says. */
static void count(struct npsd_decision *out, struct npsd_ledger *l, struct npsd_entry *e,
    const struct npsd_event *ev, const struct npsd_moment *at)
{
	out->fate = NPSD_F_counted;
	out->entry = e;
	apply(e, ev, at);
	if (out->now)
		npsd_entry_set(l, e, out->now);
	else
		npsd_entry_clear(l, e);
	if (e->transitions == NPSD_TRANSITIONS_MAX)
		return;
	out->transition = transition_of(out->had ? &out->before : NULL, out->now);
	if (out->transition == NPSD_TRANSITION_NONE)
		return;
	e->transitions++;
	if (out->transition == NPSD_TRANSITION_RAISED)
		e->incident = e->transitions;
}

static void refuse(struct npsd_decision *out, enum npsd_fate fate, enum npsd_reason reason)
{
	out->fate = fate;
	out->reason = reason;
}

static struct npsd_entry *create(
    struct npsd_ledger *l, struct npsd_entry *forgotten, struct npsd_key key, int64_t event_ms)
{
	struct npsd_entry *e;

	if (forgotten)
		npsd_ledger_remove(l, forgotten);
	e = npsd_ledger_add(l, key);
	e->event_ms = storable(event_ms);
	return e;
}

/* --- responses --- */

/* What the answer was, with what the event mentions in its place. */
static void merge(struct npsd_content *out, const struct npsd_content *before, const struct npsd_event *ev,
    const struct npsd_content *said)
{
	*out = *before;
	if (ev->score != NPSD_SCORE_ABSENT)
		out->score = said->score;
	if (ev->kind != NPSD_KIND_NONE)
		out->kind = said->kind;
	if (ev->comment.p) {
		out->has_comment = said->has_comment;
		out->comment_hash = said->comment_hash;
	}
	for (int dim = 0; dim < NPSD_NDIM; dim++)
		if (ev->dim[dim].p)
			out->value[dim] = said->value[dim];
	if (ev->dim[NPSD_DIM_location].p)
		out->over_cap = said->over_cap;
	if (ev->has_themes) {
		out->nthemes = said->nthemes;
		memcpy(out->theme, said->theme, sizeof out->theme);
	}
}

/* An `updated` that has all that an answer needs. */
static bool stands_alone(const struct npsd_event *ev, bool location_required)
{
	return ev->has_responded_at && ev->score != NPSD_SCORE_ABSENT &&
	       (ev->kind != NPSD_KIND_NONE || ev->default_kind != NPSD_KIND_NONE) &&
	       (ev->dim[NPSD_DIM_location].n > 0 || !location_required);
}

/* What a first event says. */
static const struct npsd_content *whole_of(
    struct npsd_decision *out, const struct npsd_event *ev, const struct npsd_content *said)
{
	if (ev->type == NPSD_T_RETRACTED)
		return NULL;
	if (ev->kind != NPSD_KIND_NONE)
		return said;
	out->merged = *said;
	out->merged.kind = ev->default_kind;
	return &out->merged;
}

/* Of an unknown response (known: of a withdrawn one): a first event. */
static void decide_first(struct npsd_decision *out, struct npsd_ledger *l, struct npsd_entry *e, bool known,
    const struct npsd_resolved *said, const struct npsd_moment *at)
{
	const struct npsd_event *ev = said->ev;

	if (ev->type == NPSD_T_UPDATED && !stands_alone(ev, at->location_required)) {
		refuse(out, NPSD_F_late, NPSD_R_unknown_update);
		return;
	}
	if (ev->event_ms < at->horizon_ms) {
		refuse(out, NPSD_F_late, NPSD_R_ok);
		return;
	}
	if (known)
		e->event_ms = storable(ev->event_ms);
	else
		e = create(l, e, said->key, ev->event_ms);
	out->first = true;
	out->now = whole_of(out, ev, said->content);
	count(out, l, e, ev, at);
}

/* Of one that counts. */
static void decide_edit(struct npsd_decision *out, struct npsd_ledger *l, struct npsd_entry *e,
    const struct npsd_resolved *said, const struct npsd_moment *at)
{
	out->had = true;
	npsd_entry_get(&out->before, l, e);
	if (said->ev->type == NPSD_T_SUBMITTED) {
		out->now = said->content;
	} else if (said->ev->type == NPSD_T_UPDATED) {
		merge(&out->merged, &out->before, said->ev, said->content);
		out->now = &out->merged;
	}
	count(out, l, e, said->ev, at);
}

static void decide_response(struct npsd_decision *out, struct npsd_ledger *l, struct npsd_entry *e,
    const struct npsd_resolved *said, const struct npsd_moment *at)
{
	bool known = is_known(e, at);

	if (known && !is_newer(said->ev, e, at->pos)) {
		refuse(out, NPSD_F_duplicate, NPSD_R_ok);
	} else if (known && e->counts) {
		decide_edit(out, l, e, said, at);
	} else if (known && said->ev->type == NPSD_T_RETRACTED) {
		keep_order(e, said->ev, at->pos);
		refuse(out, NPSD_F_duplicate, NPSD_R_ok);
	} else {
		decide_first(out, l, e, known, said, at);
	}
}

/* --- invitations --- */

/* Which stages were counted: an invitation has no score and no kind, whose bits hold them. */
static unsigned stages_of(const struct npsd_entry *e)
{
	return (unsigned)e->score | (unsigned)e->kind << 4;
}

/*
 * An invitation's event_ms says until when it is known: the latest of its stages' times and of stream time as
 * of them. Its updated_ms, since it has no order, is the horizon when it became known: a stage before that
 * may have been counted of the same invitation, which was forgotten.
 */
static void decide_stage(struct npsd_decision *out, struct npsd_ledger *l, struct npsd_entry *e,
    const struct npsd_resolved *said, const struct npsd_moment *at)
{
	unsigned stage = 1u << (said->ev->type - NPSD_T_INVITED), stages;
	bool known = is_known(e, at);

	if (known && (stages_of(e) & stage)) {
		refuse(out, NPSD_F_duplicate, NPSD_R_ok);
		return;
	}
	if (said->ev->event_ms < (known ? e->updated_ms : at->horizon_ms)) {
		refuse(out, NPSD_F_late, NPSD_R_ok);
		return;
	}
	if (!known) {
		e = create(l, e, said->key, said->ev->event_ms);
		e->updated_ms = at->horizon_ms;
	}
	stages = stages_of(e) | stage;
	e->score = stages & 15;
	e->kind = stages >> 4 & 3;
	e->event_ms = storable(max64(max64(at->stream_ms, said->ev->event_ms), e->event_ms));
	out->fate = NPSD_F_counted;
	out->entry = e;
	out->first = !known;
	out->now = said->content;
}

void npsd_decide(struct npsd_decision *out, struct npsd_ledger *l, const struct npsd_resolved *said,
    const struct npsd_moment *at)
{
	struct npsd_entry *e = npsd_ledger_find(l, said->key);

	out->reason = NPSD_R_ok;
	out->entry = NULL;
	out->now = NULL;
	out->first = out->had = false;
	out->transition = NPSD_TRANSITION_NONE;
	if (npsd_is_stage(said->ev->type))
		decide_stage(out, l, e, said, at);
	else
		decide_response(out, l, e, said, at);
}
