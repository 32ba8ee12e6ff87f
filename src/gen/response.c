/* Records of responses: first ones, edits, withdrawals, and those that change nothing. */
#include "gen/core.h"

#define TRIES 6

/* A response whose last counted record is least to most ms behind; recent ones more often. NULL: none was
 * found. */
static struct gen_slot *pick_slot(struct gen *g, int64_t record_ms, int64_t least, int64_t most)
{
	uint64_t n = g->nslots < GEN_SLOTS ? g->nslots : GEN_SLOTS;

	for (int tries = 0; n && tries < TRIES; tries++) {
		uint64_t u = gen_rand(&g->rand) >> 44, back = (u * u >> 20) * u >> 20; /* cubed: below 2^20 */
		struct gen_slot *s = &g->slots[(g->nslots - 1 - (back * n >> 20)) % GEN_SLOTS];
		int64_t age = record_ms - s->last_ms;

		if (age >= least && age <= most)
			return s;
	}
	return NULL;
}

static struct gen_slot *pick_known(struct gen *g, int64_t record_ms)
{
	return pick_slot(g, record_ms, 0, GEN_NEAR_MS - GEN_JITTER_MS);
}

/* A response that is withdrawn and known as such; NULL: none was found. */
static struct gen_slot *pick_withdrawn(struct gen *g, int64_t record_ms)
{
	uint32_t n = (uint32_t)(g->nwithdrawn < GEN_WITHDRAWN ? g->nwithdrawn : GEN_WITHDRAWN);

	for (int tries = 0; n && tries < TRIES; tries++) {
		struct gen_slot *s = &g->slots[g->withdrawn[gen_below(&g->rand, n)]];
		int64_t age = record_ms - s->last_ms;

		if (s->withdrawn && age >= 0 && age <= GEN_NEAR_MS - GEN_JITTER_MS)
			return s;
	}
	return NULL;
}

const struct gen_slot *gen_any_slot(struct gen *g, int64_t record_ms)
{
	return pick_slot(g, record_ms, 0, GEN_NEAR_MS);
}

bool gen_lend_id(struct gen *g, uint64_t *id_seed, int64_t record_ms)
{
	struct gen_slot *s = pick_slot(g, record_ms, 0, GEN_NEAR_MS);

	if (!s || s->lent)
		return false;
	s->lent = true;
	*id_seed = s->id_seed;
	return true;
}

/* --- what a record is to its response --- */

/* The contract's order: whether a record comes after what is known. */
static bool is_newer(const struct gen_slot *s, const struct gen_answer *a)
{
	if (a->revision && s->revision)
		return a->revision > s->revision;
	if (a->updated_ms != GEN_NO_TIME && s->updated_ms != GEN_NO_TIME)
		return a->updated_ms > s->updated_ms;
	return true;
}

static bool retracts(const struct gen_answer *a)
{
	return a->type == GEN_RETRACTED || a->excluded;
}

/* Whether it may create or revive: a submitted always is (this generator forgets nothing in one). */
static bool is_whole(const struct gen_answer *a)
{
	const uint32_t needed = GEN_SAYS_SCORE | GEN_SAYS_KIND | GEN_SAYS_LOCATION;

	return a->type != GEN_UPDATED || ((a->says & needed) == needed && a->time_field == GEN_RESPONDED_AT);
}

/* What creates or revives has no past: what it does not mention is none. */
static void forget_unsaid(struct gen_answer *a)
{
	if (!(a->says & GEN_SAYS_THEMES))
		a->is.themes = 0;
	if (!(a->says & GEN_SAYS_COMMENT))
		a->is.comment = 0;
	for (int l = 0; l < GEN_NLIST; l++)
		if (!(a->says & (uint32_t)GEN_SAYS_LIST << l))
			a->is.value[l] = 0;
}

static void keep_order(struct gen_slot *s, const struct gen_answer *a)
{
	if (a->revision)
		s->revision = a->revision;
	if (a->updated_ms != GEN_NO_TIME)
		s->updated_ms = a->updated_ms;
}

static void apply(struct gen *g, struct gen_slot *s, int64_t record_ms)
{
	s->before = s->now;
	s->has_before = true;
	s->now = g->answer;
	s->last_ms = record_ms;
	keep_order(s, &g->answer);
	s->withdrawn = retracts(&g->answer);
	if (s->withdrawn)
		g->withdrawn[g->nwithdrawn++ % GEN_WITHDRAWN] = (uint32_t)(s - g->slots);
}

/* Sends g->answer as the first record of a response that nobody knows. */
static void make_first(struct gen *g, struct gen_record *out)
{
	struct gen_slot *s = &g->slots[g->nslots++ % GEN_SLOTS];

	*s = (struct gen_slot){.id_seed = gen_new_id(g),
	    .event_ms = gen_own_ms(&g->answer, out->record_ms),
	    .updated_ms = GEN_NO_TIME};
	apply(g, s, out->record_ms);
	s->has_before = false;
	out->intent = s->withdrawn ? GEN_WITHDRAWS : GEN_CREATES;
	out->event_ms = s->event_ms;
	gen_emit(g, out, s->id_seed, NULL);
}

/* Sends g->answer for a response that is known: its order and its state say what comes of it. */
static void make_again(struct gen *g, struct gen_record *out, struct gen_slot *s)
{
	bool newer = is_newer(s, &g->answer), counts = !s->withdrawn;

	out->event_ms = s->event_ms;
	if (!newer || (!counts && retracts(&g->answer))) {
		out->intent = GEN_DUPLICATE;
		if (newer)
			keep_order(s, &g->answer);
	} else if (!counts && !is_whole(&g->answer)) {
		out->intent = GEN_LATE;
		out->reason = "unknown_update";
	} else {
		out->intent = retracts(&g->answer) ? GEN_WITHDRAWS : counts ? GEN_EDITS : GEN_REVIVES;
		if (counts) {
			g->was = s->now.is;
			out->was = &g->was;
		} else {
			out->event_ms = s->event_ms = gen_own_ms(&g->answer, out->record_ms);
			forget_unsaid(&g->answer);
		}
		apply(g, s, out->record_ms);
	}
	gen_emit(g, out, s->id_seed, NULL);
}

/* --- the kinds of records --- */

/* Some answers follow from an invitation: they are of its place, kind, channel and survey. The others come by
 * channels that nobody is invited to, so that these have a response rate as people know it. */
static void follow_invite(struct gen *g, struct gen_content *c)
{
	const struct gen_invite *i = gen_chance(&g->rand, 300000) ? gen_answer_invite(g) : NULL;

	if (!i) {
		if (g->opt.funnel && c->value[GEN_CHANNEL] && c->value[GEN_CHANNEL] <= GEN_INVITING)
			c->value[GEN_CHANNEL] =
			    (uint8_t)(1 + GEN_INVITING +
				      gen_below(&g->rand, gen_list_len(GEN_CHANNEL) - GEN_INVITING));
		return;
	}
	c->location = i->now.is.location;
	c->kind = i->now.is.kind;
	c->value[GEN_CHANNEL] = i->now.is.value[GEN_CHANNEL];
	c->value[GEN_SURVEY] = i->now.is.value[GEN_SURVEY];
}

void gen_make_new(struct gen *g, struct gen_record *out)
{
	int64_t delay =
	    gen_chance(&g->rand, 30000) ? -(int64_t)gen_below(&g->rand, 90000) : gen_pick_delay(g);

	gen_fill_answer(g, &g->answer, out->record_ms, delay);
	follow_invite(g, &g->answer.is);
	if (gen_chance(&g->rand, 40000))
		g->answer.time_field = GEN_UNTIMED;
	make_first(g, out);
}

bool gen_make_duplicate(struct gen *g, struct gen_record *out)
{
	if (g->opt.funnel && gen_chance(&g->rand, 300000) && gen_make_repeat(g, out))
		return true;
	for (int tries = 0; tries < TRIES; tries++) {
		struct gen_slot *s = pick_known(g, out->record_ms);

		if (!s)
			return false;
		/* mostly the very same bytes, sometimes an older state that comes behind a newer one */
		g->answer = s->has_before && gen_chance(&g->rand, 400000) ? s->before : s->now;
		if (is_newer(s, &g->answer) && !(s->withdrawn && retracts(&g->answer)))
			continue; /* ordered by offset only, the same bytes would be an edit */
		make_again(g, out, s);
		return true;
	}
	return false;
}

/* Later in the order than all that is known, by revision, update time or offset alone. */
static void order_edit(struct gen *g, struct gen_answer *a, const struct gen_slot *s, int64_t record_ms)
{
	bool mixed = gen_chance(&g->rand, 100000); /* another system writes this one */
	int64_t now = gen_shape_round(a->shape, record_ms);

	a->revision = s->revision ? s->revision + 1 + gen_below(&g->rand, 3) : 0;
	a->updated_ms = s->updated_ms == GEN_NO_TIME ? GEN_NO_TIME
			: now > s->updated_ms	     ? now
						     : s->updated_ms + 1000;
	if (mixed && gen_chance(&g->rand, 500000))
		a->revision = s->revision ? 0 : 1;
	else if (mixed)
		a->updated_ms = s->updated_ms == GEN_NO_TIME ? now : GEN_NO_TIME;
}

/* A record that comes behind all that is known of a response: what it says changes as little as it may. */
static void continue_slot(struct gen *g, const struct gen_slot *s, enum gen_type type, int64_t record_ms)
{
	struct gen_answer *a = &g->answer;
	bool dated;

	*a = s->now;
	dated = a->time_field != GEN_UNTIMED;
	if (gen_chance(&g->rand, 800000))
		a->quirks = (uint32_t)gen_rand(&g->rand);
	a->type = (uint8_t)type;
	a->says = GEN_SAYS_ALL;
	a->excluded = false;
	order_edit(g, a, s, record_ms);
	/* some sources date an answer anew: the event time of one that counts stays */
	if (gen_chance(&g->rand, 60000) || (dated && record_ms - a->own_ms > GEN_NEAR_MS - GEN_JITTER_MS))
		a->own_ms = gen_shape_round(a->shape, record_ms - gen_below(&g->rand, 172800000));
	if (a->ce_ms != GEN_NO_TIME)
		a->ce_ms = record_ms - gen_below(&g->rand, 5000);
}

static struct gen_slot *pick_for_edit(struct gen *g, int64_t record_ms)
{
	struct gen_slot *s = gen_chance(&g->rand, 60000) ? pick_withdrawn(g, record_ms) : NULL;

	return s ? s : pick_known(g, record_ms);
}

bool gen_make_edit(struct gen *g, struct gen_record *out)
{
	struct gen_slot *s = pick_for_edit(g, out->record_ms);

	if (!s)
		return false;
	continue_slot(g, s, GEN_SUBMITTED, out->record_ms);
	gen_change_content(g, &g->answer.is);
	make_again(g, out, s);
	return true;
}

/* An update of a response that nobody knows: whole, so that it creates, or not. */
static void make_unknown_update(struct gen *g, struct gen_record *out)
{
	static const uint32_t missing[] = {GEN_SAYS_SCORE, GEN_SAYS_KIND, GEN_SAYS_LOCATION,
	    GEN_SAYS_SCORE | GEN_SAYS_KIND | GEN_SAYS_LOCATION, 0};
	uint32_t which = gen_below(&g->rand, 10);

	gen_fill_answer(g, &g->answer, out->record_ms, gen_pick_delay(g));
	g->answer.type = GEN_UPDATED;
	g->answer.time_field = GEN_RESPONDED_AT;
	if (which >= 5) {
		make_first(g, out);
		return;
	}
	g->answer.says &= ~missing[which];
	if (!missing[which])
		g->answer.time_field = GEN_AT;
	out->intent = GEN_LATE;
	out->reason = "unknown_update";
	out->event_ms = gen_own_ms(&g->answer, out->record_ms);
	gen_emit(g, out, gen_new_id(g), NULL);
}

bool gen_make_update(struct gen *g, struct gen_record *out)
{
	struct gen_answer *a = &g->answer;
	struct gen_slot *s;
	uint32_t changed;

	if (gen_chance(&g->rand, 60000)) {
		make_unknown_update(g, out);
		return true;
	}
	s = pick_for_edit(g, out->record_ms);
	if (!s)
		return false;
	continue_slot(g, s, GEN_UPDATED, out->record_ms);
	changed = gen_change_content(g, &a->is);
	if (s->withdrawn && gen_chance(&g->rand, 700000)) {
		a->time_field = GEN_RESPONDED_AT; /* revives */
		a->own_ms = gen_shape_round(a->shape, out->record_ms - gen_below(&g->rand, 172800000));
	} else {
		a->says = changed;
		if (gen_chance(&g->rand, 200000))
			a->says |= (uint32_t)gen_rand(&g->rand) & GEN_SAYS_ALL; /* as it was */
		if (gen_chance(&g->rand, 600000))
			a->time_field = GEN_UNTIMED;
	}
	make_again(g, out, s);
	return true;
}

bool gen_make_retraction(struct gen *g, struct gen_record *out)
{
	struct gen_answer *a = &g->answer;
	struct gen_slot *s = NULL;

	if (!gen_chance(&g->rand, 80000))
		s = gen_chance(&g->rand, 50000) ? pick_withdrawn(g, out->record_ms)
						: pick_known(g, out->record_ms);
	if (s)
		continue_slot(g, s, GEN_RETRACTED, out->record_ms);
	else
		gen_fill_answer(g, a, out->record_ms, gen_pick_delay(g));
	a->type = GEN_RETRACTED;
	if (gen_chance(&g->rand, 300000)) {
		a->type = gen_chance(&g->rand, 300000) ? GEN_UPDATED : GEN_SUBMITTED;
		a->excluded = true;
	} else if (gen_chance(&g->rand, 600000)) {
		a->time_field = GEN_UNTIMED;
	}
	if (s && a->revision && gen_chance(&g->rand, 50000))
		a->revision = s->revision; /* another one was told first */
	if (s)
		make_again(g, out, s);
	else
		make_first(g, out);
	return true;
}

/* A withdrawn response comes again, in order but with a time that is long past. */
static bool make_late_revival(struct gen *g, struct gen_record *out)
{
	struct gen_slot *s = pick_withdrawn(g, out->record_ms);

	if (!s)
		return false;
	gen_fill_answer(g, &g->answer, out->record_ms, GEN_FAR_MS + gen_below(&g->rand, 2592000000u));
	order_edit(g, &g->answer, s, out->record_ms);
	out->intent = GEN_LATE;
	out->event_ms = gen_own_ms(&g->answer, out->record_ms);
	gen_emit(g, out, s->id_seed, NULL);
	return true;
}

/* A forgotten response comes again, or an unknown one long after its time. */
bool gen_make_late(struct gen *g, struct gen_record *out)
{
	uint32_t roll = gen_below(&g->rand, 100);
	struct gen_slot *s = roll < 50 ? pick_slot(g, out->record_ms, GEN_FAR_MS, INT64_MAX) : NULL;

	if (roll >= 90 && g->opt.funnel)
		return gen_make_late_stage(g, out);
	if (roll >= 85 && make_late_revival(g, out))
		return true;
	if (s && is_whole(&s->now) && gen_own_ms(&s->now, out->record_ms) <= out->record_ms - GEN_FAR_MS)
		g->answer = s->now;
	else
		gen_fill_answer(g, &g->answer, out->record_ms, GEN_FAR_MS + gen_below(&g->rand, 2592000000u));
	if (!s && g->opt.retractions && gen_chance(&g->rand, 200000))
		g->answer.type = GEN_RETRACTED;
	else if (!s && g->opt.updates && g->answer.time_field == GEN_RESPONDED_AT &&
		 gen_chance(&g->rand, 200000))
		g->answer.type = GEN_UPDATED;
	out->intent = GEN_LATE;
	out->event_ms = gen_own_ms(&g->answer, out->record_ms);
	gen_emit(g, out, s ? s->id_seed : gen_new_id(g), NULL);
	return true;
}
