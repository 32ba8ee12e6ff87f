/* Records of invitations: each stage once, mostly in its order, and what repeats or comes too late. */
#include "gen/core.h"

#define TRIES 8
#define BIT(type) (1u << ((type)-GEN_INVITED))

/* Which stages an invitation goes through: of a hundred, 96 arrive, 43 of them are opened. */
static uint8_t pick_plan(struct gen *g)
{
	uint32_t roll = gen_below(&g->rand, 1000), plan = BIT(GEN_INVITED);

	if (roll < 40)
		return (uint8_t)(plan | BIT(GEN_BOUNCED));
	plan |= BIT(GEN_DELIVERED);
	if (roll < 450)
		plan |= BIT(GEN_OPENED);
	if (roll < 80)
		plan |= BIT(GEN_DECLINED);
	if (roll % 100 == 99 || roll < 50)
		plan |= BIT(GEN_UNSUBSCRIBED);
	return (uint8_t)plan;
}

/* Surveys go out by mail or message; what only an answer can say is not there yet. */
static void fill_invitation(struct gen *g, struct gen_answer *a, int64_t record_ms, int64_t delay)
{
	gen_fill_answer(g, a, record_ms, delay);
	a->is.value[GEN_CHANNEL] = (uint8_t)(1 + gen_below(&g->rand, GEN_INVITING));
	a->is.value[GEN_OWNER] = 0;
	a->is.themes = a->is.comment = 0;
	a->is.score = -1;
	a->revision = 0;
	a->updated_ms = GEN_NO_TIME;
}

static struct gen_invite *new_invite(struct gen *g, int64_t record_ms)
{
	struct gen_invite *i = &g->invites[g->ninvites++ % GEN_INVITES];

	*i = (struct gen_invite){.plan = pick_plan(g), .last_ms = record_ms};
	/* two name spaces: some invitations bear the name of a response */
	if (!gen_chance(&g->rand, 20000) || !gen_lend_id(g, &i->id_seed, record_ms))
		i->id_seed = gen_new_id(g);
	fill_invitation(g, &i->now, record_ms, 0);
	return i;
}

/* An invitation of which something was heard lately, with (or without) stages to come; NULL: none was found.
 */
static struct gen_invite *pick_invite(struct gen *g, int64_t record_ms, bool pending)
{
	uint64_t n = g->ninvites < GEN_INVITES ? g->ninvites : GEN_INVITES;

	for (int tries = 0; n && tries < TRIES; tries++) {
		uint64_t u = gen_rand(&g->rand) >> 44, back = u * u >> 20; /* squared: below 2^20 */
		struct gen_invite *i = &g->invites[(g->ninvites - 1 - (back * n >> 20)) % GEN_INVITES];
		int64_t age = record_ms - i->last_ms;

		if (age >= 0 && age <= GEN_NEAR_MS - GEN_JITTER_MS && (!pending || i->sent != i->plan))
			return i;
	}
	return NULL;
}

const struct gen_invite *gen_answer_invite(struct gen *g)
{
	uint64_t n = g->ninvites < GEN_INVITES ? g->ninvites : GEN_INVITES;

	for (int tries = 0; n && tries < TRIES; tries++) {
		struct gen_invite *i = &g->invites[gen_below(&g->rand, (uint32_t)n)];

		if (i->answered || !(i->sent & BIT(GEN_DELIVERED)))
			continue;
		i->answered = true;
		return i;
	}
	return NULL;
}

/* Its next stage; now and then one that comes before it was due. */
static enum gen_type next_stage(struct gen *g, const struct gen_invite *i)
{
	uint32_t left = i->plan & ~(uint32_t)i->sent;
	bool last = gen_chance(&g->rand, 50000);

	npsd_assert(left);
	return (enum gen_type)(GEN_INVITED + (last ? 31 - __builtin_clz(left) : __builtin_ctz(left)));
}

static void date_stage(struct gen *g, struct gen_answer *a, int64_t record_ms)
{
	uint32_t roll = gen_below(&g->rand, 100);

	a->time_field = roll < 75 ? GEN_AT : roll < 90 ? GEN_INVITED_AT : GEN_UNTIMED;
	a->own_ms = gen_shape_round(a->shape, record_ms - gen_pick_delay(g));
	if (a->ce_ms != GEN_NO_TIME)
		a->ce_ms = record_ms - gen_below(&g->rand, 5000);
}

static bool emit_stage(struct gen *g, struct gen_record *out, const struct gen_invite *i)
{
	out->event_ms = gen_own_ms(&g->answer, out->record_ms);
	gen_emit(g, out, i->id_seed, NULL);
	return true;
}

bool gen_make_stage(struct gen *g, struct gen_record *out)
{
	struct gen_invite *i = gen_chance(&g->rand, 640000) ? pick_invite(g, out->record_ms, true) : NULL;

	if (!i)
		i = new_invite(g, out->record_ms);
	i->now.type = (uint8_t)next_stage(g, i);
	i->now.quirks = (uint32_t)gen_rand(&g->rand);
	date_stage(g, &i->now, out->record_ms);
	i->sent |= (uint8_t)BIT(i->now.type);
	i->last_ms = out->record_ms;
	g->answer = i->now;
	out->intent = GEN_REACHES;
	return emit_stage(g, out, i);
}

/* A stage that was told already: the last one as it was, or an earlier one with another time. */
bool gen_make_repeat(struct gen *g, struct gen_record *out)
{
	struct gen_invite *i = pick_invite(g, out->record_ms, false);

	if (!i)
		return false;
	g->answer = i->now;
	if (gen_chance(&g->rand, 300000)) {
		g->answer.type = (uint8_t)(GEN_INVITED + __builtin_ctz(i->sent));
		date_stage(g, &g->answer, out->record_ms);
	}
	out->intent = GEN_DUPLICATE;
	return emit_stage(g, out, i);
}

bool gen_make_late_stage(struct gen *g, struct gen_record *out)
{
	struct gen_invite gone = {.id_seed = gen_new_id(g)};

	fill_invitation(g, &g->answer, out->record_ms, GEN_FAR_MS + gen_below(&g->rand, 2592000000u));
	g->answer.type = (uint8_t)(GEN_INVITED + gen_below(&g->rand, GEN_NTYPE - GEN_INVITED));
	g->answer.time_field = GEN_AT;
	out->intent = GEN_LATE;
	return emit_stage(g, out, &gone);
}
