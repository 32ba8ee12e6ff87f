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

/* The order of two events of one response: contract, "Order". */
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

/* The order of an applied event. A revision or updated_at that it does not mention stays. */
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

/* A counted event sets the order, and how long the response stays known. */
static void apply(struct npsd_entry *e, const struct npsd_event *ev, const struct npsd_moment *at)
{
	int64_t after = max64(at->stream_ms, e->event_ms) - e->event_ms;

	keep_order(e, ev, at->pos);
	e->after_ms = after < NPSD_AFTER_MAX ? after : NPSD_AFTER_MAX - 1;
}

static bool is_detractor(const struct npsd_content *c)
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

/* The transition from before (NULL: it did not count) to now (NULL: it is withdrawn). */
static enum npsd_transition transition_of(const struct npsd_content *before, const struct npsd_content *now)
{
	bool was = before && is_detractor(before), is = now && is_detractor(now);

	if (is && !was)
		return NPSD_TRANSITION_RAISED;
	if (was && !is)
		return NPSD_TRANSITION_RETRACTED;
	return was && differs(before, now) ? NPSD_TRANSITION_CHANGED : NPSD_TRANSITION_NONE;
}

/* The event is counted: from now on the response counts as out->now. */
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

/* The content before, with what the event mentions replaced. */
static void merge(struct npsd_content *out, const struct npsd_content *before, const struct npsd_event *ev,
    const struct npsd_content *mentioned)
{
	*out = *before;
	if (ev->score != NPSD_SCORE_ABSENT)
		out->score = mentioned->score;
	if (ev->kind != NPSD_KIND_NONE)
		out->kind = mentioned->kind;
	if (ev->comment.p) {
		out->has_comment = mentioned->has_comment;
		out->comment_hash = mentioned->comment_hash;
	}
	for (int dim = 0; dim < NPSD_NDIM; dim++)
		if (ev->dim[dim].p)
			out->value[dim] = mentioned->value[dim];
	if (ev->dim[NPSD_DIM_location].p)
		out->over_cap = mentioned->over_cap;
	if (ev->has_themes) {
		out->nthemes = mentioned->nthemes;
		memcpy(out->theme, mentioned->theme, sizeof out->theme);
	}
}

/* An `updated` that has every field an answer needs. */
static bool stands_alone(const struct npsd_event *ev, bool location_required)
{
	return ev->has_responded_at && ev->score != NPSD_SCORE_ABSENT &&
	       (ev->kind != NPSD_KIND_NONE || ev->default_kind != NPSD_KIND_NONE) &&
	       (ev->dim[NPSD_DIM_location].n > 0 || !location_required);
}

/* The content of a first event; NULL: it retracts. */
static const struct npsd_content *whole_of(
    struct npsd_decision *out, const struct npsd_event *ev, const struct npsd_content *mentioned)
{
	if (ev->type == NPSD_T_RETRACTED)
		return NULL;
	if (ev->kind != NPSD_KIND_NONE)
		return mentioned;
	out->merged = *mentioned;
	out->merged.kind = ev->default_kind;
	return &out->merged;
}

/* The first event of an unknown response, or of a withdrawn one (known). */
static void decide_first(struct npsd_decision *out, struct npsd_ledger *l, struct npsd_entry *e, bool known,
    const struct npsd_resolved *event, const struct npsd_moment *at)
{
	const struct npsd_event *ev = event->ev;

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
		e = create(l, e, event->key, ev->event_ms);
	out->first = true;
	out->now = whole_of(out, ev, event->content);
	count(out, l, e, ev, at);
}

/* An event of a response that counts. */
static void decide_edit(struct npsd_decision *out, struct npsd_ledger *l, struct npsd_entry *e,
    const struct npsd_resolved *event, const struct npsd_moment *at)
{
	out->had = true;
	npsd_entry_get(&out->before, l, e);
	if (event->ev->type == NPSD_T_SUBMITTED) {
		out->now = event->content;
	} else if (event->ev->type == NPSD_T_UPDATED) {
		merge(&out->merged, &out->before, event->ev, event->content);
		out->now = &out->merged;
	}
	count(out, l, e, event->ev, at);
}

static void decide_response(struct npsd_decision *out, struct npsd_ledger *l, struct npsd_entry *e,
    const struct npsd_resolved *event, const struct npsd_moment *at)
{
	bool known = is_known(e, at);

	if (known && !is_newer(event->ev, e, at->pos)) {
		refuse(out, NPSD_F_duplicate, NPSD_R_ok);
	} else if (known && e->counts) {
		decide_edit(out, l, e, event, at);
	} else if (known && event->ev->type == NPSD_T_RETRACTED) {
		keep_order(e, event->ev, at->pos);
		refuse(out, NPSD_F_duplicate, NPSD_R_ok);
	} else {
		decide_first(out, l, e, known, event, at);
	}
}

/* --- invitations --- */

/*
 * An invitation has no content, so its entry holds other things there:
 *
 *   location    bit s: stage s was counted
 *   event_ms    until when it is known: the latest of its stages' times and of stream time at each
 *   updated_ms  the horizon when it became known. A stage before it may have been counted already, for the
 * same invitation before it was forgotten
 */
_Static_assert(NPSD_NSTAGE <= NPSD_ID_BITS, "a bit of `location` for each stage");

static void decide_stage(struct npsd_decision *out, struct npsd_ledger *l, struct npsd_entry *e,
    const struct npsd_resolved *event, const struct npsd_moment *at)
{
	uint64_t stage = (uint64_t)1 << (event->ev->type - NPSD_T_INVITED);
	bool known = is_known(e, at);

	if (known && (e->location & stage)) {
		refuse(out, NPSD_F_duplicate, NPSD_R_ok);
		return;
	}
	if (event->ev->event_ms < (known ? e->updated_ms : at->horizon_ms)) {
		refuse(out, NPSD_F_late, NPSD_R_ok);
		return;
	}
	if (!known) {
		e = create(l, e, event->key, event->ev->event_ms);
		e->updated_ms = at->horizon_ms;
	}
	e->location |= stage;
	e->event_ms = storable(max64(max64(at->stream_ms, event->ev->event_ms), e->event_ms));
	out->fate = NPSD_F_counted;
	out->entry = e;
	out->first = !known;
	out->now = event->content;
}

void npsd_decide(struct npsd_decision *out, struct npsd_ledger *l, const struct npsd_resolved *event,
    const struct npsd_moment *at)
{
	struct npsd_entry *e = npsd_ledger_find(l, event->key);

	out->reason = NPSD_R_ok;
	out->entry = NULL;
	out->now = NULL;
	out->first = out->had = false;
	out->transition = NPSD_TRANSITION_NONE;
	if (npsd_is_stage(event->ev->type))
		decide_stage(out, l, e, event, at);
	else
		decide_response(out, l, e, event, at);
}
