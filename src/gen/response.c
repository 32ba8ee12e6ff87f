#include "gen/core.h"

#define TRIES 6

/* Whether the contract orders a record after those already applied. */
static bool is_newer(const struct gen_response *r, const struct gen_draft *a)
{
	if (a->revision && r->revision)
		return a->revision > r->revision;
	if (a->updated_ms != GEN_NO_TIME && r->updated_ms != GEN_NO_TIME)
		return a->updated_ms > r->updated_ms;
	return true;
}

static bool retracts(const struct gen_draft *a)
{
	return a->type == GEN_RETRACTED || a->excluded;
}

/* Whether a record may create or revive; a submitted one always has all the fields that this needs. */
static bool is_complete(const struct gen_draft *a)
{
	const uint32_t needed = GEN_HAS_SCORE | GEN_HAS_KIND | GEN_HAS_LOCATION;

	return a->type != GEN_UPDATED || ((a->has & needed) == needed && a->time_field == GEN_RESPONDED_AT);
}

/* For a record that creates or revives, a field that it does not mention is none. */
static void clear_unmentioned(struct gen_draft *a)
{
	if (!(a->has & GEN_HAS_THEMES))
		a->is.themes = 0;
	if (!(a->has & GEN_HAS_COMMENT))
		a->is.comment = 0;
	for (int l = 0; l < GEN_NLIST; l++)
		if (!(a->has & (uint32_t)GEN_HAS_LIST << l))
			a->is.value[l] = 0;
}

static void keep_order(struct gen_response *r, const struct gen_draft *a)
{
	if (a->revision)
		r->revision = a->revision;
	if (a->updated_ms != GEN_NO_TIME)
		r->updated_ms = a->updated_ms;
}

static void apply(struct gen *g, struct gen_response *r, int64_t record_ms)
{
	r->before = r->now;
	r->has_before = true;
	r->now = g->draft;
	r->last_ms = record_ms;
	keep_order(r, &g->draft);
	r->withdrawn = retracts(&g->draft);
	if (r->withdrawn)
		gen_history_add_withdrawn(&g->history, r);
}

/* Makes g->draft the first record of a new response. */
static bool make_first(struct gen *g, struct gen_record *out)
{
	struct gen_response *r = gen_history_add_response(&g->history);

	r->id_seed = gen_new_id(g);
	r->event_ms = gen_own_ms(&g->draft, out->record_ms);
	apply(g, r, out->record_ms);
	r->has_before = false;
	return gen_emit_own(g, out, r->withdrawn ? GEN_WITHDRAWS : GEN_CREATES, r->id_seed);
}

/* Makes g->draft the next record of a response; the order of both and the response's state determine the
 * intent. */
static bool make_next(struct gen *g, struct gen_record *out, struct gen_response *r)
{
	bool newer = is_newer(r, &g->draft), counts = !r->withdrawn;

	out->event_ms = r->event_ms;
	if (!newer || (!counts && retracts(&g->draft))) {
		out->intent = GEN_DUPLICATE;
		if (newer)
			keep_order(r, &g->draft);
	} else if (!counts && !is_complete(&g->draft)) {
		out->intent = GEN_LATE;
		out->reason = "unknown_update";
	} else {
		out->intent = retracts(&g->draft) ? GEN_WITHDRAWS : counts ? GEN_EDITS : GEN_REVIVES;
		if (counts) {
			g->was = r->now.is;
			out->was = &g->was;
		} else {
			out->event_ms = r->event_ms = gen_own_ms(&g->draft, out->record_ms);
			clear_unmentioned(&g->draft);
		}
		apply(g, r, out->record_ms);
	}
	return gen_emit(g, out, r->id_seed, NULL);
}

/* Some responses answer an invitation and have its location, kind, channel and survey. The others avoid the
 * channels of the invitations, so that the response rates of these channels are realistic. */
static void follow_invite(struct gen *g, struct gen_content *c)
{
	struct gen_invite *i = NULL;

	if (gen_chance(&g->from.rand, 300000))
		i = gen_history_unanswered(&g->history, &g->from.rand);
	if (!i) {
		if (g->opt.funnel && c->value[GEN_CHANNEL] && c->value[GEN_CHANNEL] <= GEN_INVITING)
			c->value[GEN_CHANNEL] =
			    (uint8_t)(1 + GEN_INVITING +
				      gen_below(&g->from.rand, gen_list_len(GEN_CHANNEL) - GEN_INVITING));
		return;
	}
	i->answered = true;
	c->location = i->now.is.location;
	c->kind = i->now.is.kind;
	c->value[GEN_CHANNEL] = i->now.is.value[GEN_CHANNEL];
	c->value[GEN_SURVEY] = i->now.is.value[GEN_SURVEY];
}

bool gen_make_new(struct gen *g, struct gen_record *out)
{
	bool ahead = gen_chance(&g->from.rand, 30000);
	int64_t delay = ahead ? -(int64_t)gen_below(&g->from.rand, 90000) : gen_pick_delay(&g->from);

	gen_fill_draft(&g->from, &g->draft, out->record_ms, delay);
	follow_invite(g, &g->draft.is);
	if (gen_chance(&g->from.rand, 40000))
		g->draft.time_field = GEN_UNTIMED;
	return make_first(g, out);
}

bool gen_make_duplicate(struct gen *g, struct gen_record *out)
{
	for (int tries = 0; tries < TRIES; tries++) {
		struct gen_response *r = gen_history_current(&g->history, &g->from.rand, out->record_ms);

		if (!r)
			return false;
		/* mostly the same bytes, sometimes an older state after a newer one */
		g->draft = r->has_before && gen_chance(&g->from.rand, 400000) ? r->before : r->now;
		/* without revision and update time the same bytes would be an edit */
		if (!is_newer(r, &g->draft) || (r->withdrawn && retracts(&g->draft)))
			return make_next(g, out, r);
	}
	return false;
}

/* Orders a draft after all records of the response, by revision, by update time, or by offset alone. */
static void order_edit(struct gen *g, struct gen_draft *a, const struct gen_response *r, int64_t record_ms)
{
	bool mixed = gen_chance(&g->from.rand, 100000); /* another producer, with other fields */
	int64_t now = gen_shape_round(a->shape, record_ms);

	a->revision = r->revision ? r->revision + 1 + gen_below(&g->from.rand, 3) : 0;
	a->updated_ms = r->updated_ms == GEN_NO_TIME ? GEN_NO_TIME
			: now > r->updated_ms	     ? now
						     : r->updated_ms + 1000;
	if (mixed && gen_chance(&g->from.rand, 500000))
		a->revision = r->revision ? 0 : 1;
	else if (mixed)
		a->updated_ms = r->updated_ms == GEN_NO_TIME ? now : GEN_NO_TIME;
}

/* Drafts the next record of a response, with its content unchanged. */
static void draft_next(struct gen *g, const struct gen_response *r, enum gen_type type, int64_t record_ms)
{
	struct gen_draft *a = &g->draft;
	bool dated;

	*a = r->now;
	dated = a->time_field != GEN_UNTIMED;
	if (gen_chance(&g->from.rand, 800000))
		a->variant = (uint32_t)gen_rand(&g->from.rand);
	a->type = (uint8_t)type;
	a->has = GEN_HAS_ALL;
	a->excluded = false;
	order_edit(g, a, r, record_ms);
	/* some producers send a new time; the event time of a response that counts does not change */
	if (gen_chance(&g->from.rand, 60000) ||
	    (dated && record_ms - a->own_ms > GEN_NEAR_MS - GEN_JITTER_MS))
		a->own_ms = gen_shape_round(a->shape, record_ms - gen_below(&g->from.rand, 172800000));
	if (a->ce_ms != GEN_NO_TIME)
		a->ce_ms = record_ms - gen_below(&g->from.rand, 5000);
}

static struct gen_response *pick_for_edit(struct gen *g, int64_t record_ms)
{
	struct gen_response *r = NULL;

	if (gen_chance(&g->from.rand, 60000))
		r = gen_history_withdrawn(&g->history, &g->from.rand, record_ms);
	return r ? r : gen_history_current(&g->history, &g->from.rand, record_ms);
}

bool gen_make_edit(struct gen *g, struct gen_record *out)
{
	struct gen_response *r = pick_for_edit(g, out->record_ms);

	if (!r)
		return false;
	draft_next(g, r, GEN_SUBMITTED, out->record_ms);
	gen_change_content(&g->from, &g->draft.is);
	return make_next(g, out, r);
}

/* An update of an unknown response: half of them are complete and create it, the others are late. */
static bool make_unknown_update(struct gen *g, struct gen_record *out)
{
	static const uint32_t missing[] = {GEN_HAS_SCORE, GEN_HAS_KIND, GEN_HAS_LOCATION,
	    GEN_HAS_SCORE | GEN_HAS_KIND | GEN_HAS_LOCATION, 0};
	uint32_t which = gen_below(&g->from.rand, 10);

	gen_fill_draft(&g->from, &g->draft, out->record_ms, gen_pick_delay(&g->from));
	g->draft.type = GEN_UPDATED;
	g->draft.time_field = GEN_RESPONDED_AT;
	if (which >= 5)
		return make_first(g, out);
	g->draft.has &= ~missing[which];
	if (!missing[which])
		g->draft.time_field = GEN_AT;
	out->reason = "unknown_update";
	return gen_emit_own(g, out, GEN_LATE, gen_new_id(g));
}

bool gen_make_update(struct gen *g, struct gen_record *out)
{
	struct gen_draft *a = &g->draft;
	struct gen_response *r;
	uint32_t changed;

	if (gen_chance(&g->from.rand, 60000))
		return make_unknown_update(g, out);
	r = pick_for_edit(g, out->record_ms);
	if (!r)
		return false;
	draft_next(g, r, GEN_UPDATED, out->record_ms);
	changed = gen_change_content(&g->from, &a->is);
	if (r->withdrawn && gen_chance(&g->from.rand, 700000)) {
		a->time_field = GEN_RESPONDED_AT; /* revives */
		a->own_ms = gen_shape_round(a->shape, out->record_ms - gen_below(&g->from.rand, 172800000));
	} else {
		a->has = changed;
		if (gen_chance(&g->from.rand, 200000))
			a->has |= (uint32_t)gen_rand(&g->from.rand) & GEN_HAS_ALL; /* unchanged */
		if (gen_chance(&g->from.rand, 600000))
			a->time_field = GEN_UNTIMED;
	}
	return make_next(g, out, r);
}

bool gen_make_retraction(struct gen *g, struct gen_record *out)
{
	struct gen_draft *a = &g->draft;
	struct gen_response *r = NULL;

	if (!gen_chance(&g->from.rand, 80000))
		r = gen_chance(&g->from.rand, 50000)
			? gen_history_withdrawn(&g->history, &g->from.rand, out->record_ms)
			: gen_history_current(&g->history, &g->from.rand, out->record_ms);
	if (r)
		draft_next(g, r, GEN_RETRACTED, out->record_ms);
	else
		gen_fill_draft(&g->from, a, out->record_ms, gen_pick_delay(&g->from));
	a->type = GEN_RETRACTED;
	if (gen_chance(&g->from.rand, 300000)) {
		a->type = gen_chance(&g->from.rand, 300000) ? GEN_UPDATED : GEN_SUBMITTED;
		a->excluded = true;
	} else if (gen_chance(&g->from.rand, 600000)) {
		a->time_field = GEN_UNTIMED;
	}
	if (r && a->revision && gen_chance(&g->from.rand, 50000))
		a->revision = r->revision; /* a duplicate by revision */
	return r ? make_next(g, out, r) : make_first(g, out);
}

bool gen_make_late_revival(struct gen *g, struct gen_record *out)
{
	struct gen_response *r = gen_history_withdrawn(&g->history, &g->from.rand, out->record_ms);

	if (!r)
		return false;
	gen_fill_draft(&g->from, &g->draft, out->record_ms, gen_pick_late_delay(g));
	order_edit(g, &g->draft, r, out->record_ms);
	return gen_emit_own(g, out, GEN_LATE, r->id_seed);
}

bool gen_make_late(struct gen *g, struct gen_record *out, bool again)
{
	struct gen_draft *a = &g->draft;
	struct gen_response *r = NULL;

	if (again)
		r = gen_history_response(&g->history, &g->from.rand, out->record_ms, GEN_FAR_MS, INT64_MAX);
	if (r && is_complete(&r->now) && gen_own_ms(&r->now, out->record_ms) <= out->record_ms - GEN_FAR_MS)
		*a = r->now;
	else
		gen_fill_draft(&g->from, a, out->record_ms, gen_pick_late_delay(g));
	if (!r && g->opt.retractions && gen_chance(&g->from.rand, 200000))
		a->type = GEN_RETRACTED;
	else if (!r && g->opt.updates && a->time_field == GEN_RESPONDED_AT &&
		 gen_chance(&g->from.rand, 200000))
		a->type = GEN_UPDATED;
	return gen_emit_own(g, out, GEN_LATE, r ? r->id_seed : gen_new_id(g));
}
