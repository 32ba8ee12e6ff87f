#include "gen/core.h"

/* The stages of an invitation: 96 % are delivered, 43 % of these are opened. */
static uint8_t pick_plan(struct gen *g)
{
	uint32_t roll = gen_below(&g->from.rand, 1000), plan = GEN_STAGE_BIT(GEN_INVITED);

	if (roll < 40)
		return (uint8_t)(plan | GEN_STAGE_BIT(GEN_BOUNCED));
	plan |= GEN_STAGE_BIT(GEN_DELIVERED);
	if (roll < 450)
		plan |= GEN_STAGE_BIT(GEN_OPENED);
	if (roll < 80)
		plan |= GEN_STAGE_BIT(GEN_DECLINED);
	if (roll % 100 == 99 || roll < 50)
		plan |= GEN_STAGE_BIT(GEN_UNSUBSCRIBED);
	return (uint8_t)plan;
}

/* Surveys go out by mail or message. Fields that only a response has are absent. */
static void fill_invitation(struct gen *g, struct gen_draft *a, int64_t record_ms, int64_t delay)
{
	gen_fill_draft(&g->from, a, record_ms, delay);
	a->is.value[GEN_CHANNEL] = (uint8_t)(1 + gen_below(&g->from.rand, GEN_INVITING));
	a->is.value[GEN_OWNER] = 0;
	a->is.themes = a->is.comment = 0;
	a->is.score = -1;
	a->revision = 0;
	a->updated_ms = GEN_NO_TIME;
}

/* Ids of invitations and responses are separate name spaces: a few invitations have the id of a response. */
static uint64_t invite_id(struct gen *g, int64_t record_ms)
{
	struct gen_response *r = NULL;

	if (gen_chance(&g->from.rand, 20000))
		r = gen_history_response(&g->history, &g->from.rand, record_ms, 0, GEN_NEAR_MS);
	if (!r || r->id_shared)
		return gen_new_id(g);
	r->id_shared = true;
	return r->id_seed;
}

static struct gen_invite *new_invite(struct gen *g, int64_t record_ms)
{
	struct gen_invite *i = gen_history_add_invite(&g->history);

	i->plan = pick_plan(g);
	i->last_ms = record_ms;
	i->id_seed = invite_id(g, record_ms);
	fill_invitation(g, &i->now, record_ms, 0);
	return i;
}

/* The next stage; in 5 % of cases the last one, before those between. */
static enum gen_type next_stage(struct gen *g, const struct gen_invite *i)
{
	uint32_t left = i->plan & ~(uint32_t)i->sent;
	bool last = gen_chance(&g->from.rand, 50000);

	npsd_assert(left);
	return (enum gen_type)(GEN_INVITED + (last ? 31 - __builtin_clz(left) : __builtin_ctz(left)));
}

static void date_stage(struct gen *g, struct gen_draft *a, int64_t record_ms)
{
	uint32_t roll = gen_below(&g->from.rand, 100);

	a->time_field = roll < 75 ? GEN_AT : roll < 90 ? GEN_INVITED_AT : GEN_UNTIMED;
	a->own_ms = gen_shape_round(a->shape, record_ms - gen_pick_delay(&g->from));
	if (a->ce_ms != GEN_NO_TIME)
		a->ce_ms = record_ms - gen_below(&g->from.rand, 5000);
}

bool gen_make_stage(struct gen *g, struct gen_record *out)
{
	struct gen_invite *i = NULL;

	if (gen_chance(&g->from.rand, 640000))
		i = gen_history_invite(&g->history, &g->from.rand, out->record_ms, true);
	if (!i)
		i = new_invite(g, out->record_ms);
	i->now.type = (uint8_t)next_stage(g, i);
	i->now.variant = (uint32_t)gen_rand(&g->from.rand);
	date_stage(g, &i->now, out->record_ms);
	i->sent |= (uint8_t)GEN_STAGE_BIT(i->now.type);
	i->last_ms = out->record_ms;
	g->draft = i->now;
	return gen_emit_own(g, out, GEN_REACHES, i->id_seed);
}

bool gen_make_repeat(struct gen *g, struct gen_record *out)
{
	struct gen_invite *i = gen_history_invite(&g->history, &g->from.rand, out->record_ms, false);

	if (!i)
		return false;
	g->draft = i->now;
	if (gen_chance(&g->from.rand, 300000)) {
		g->draft.type = (uint8_t)(GEN_INVITED + __builtin_ctz(i->sent));
		date_stage(g, &g->draft, out->record_ms);
	}
	return gen_emit_own(g, out, GEN_DUPLICATE, i->id_seed);
}

bool gen_make_late_stage(struct gen *g, struct gen_record *out)
{
	fill_invitation(g, &g->draft, out->record_ms, gen_pick_late_delay(g));
	g->draft.type = (uint8_t)(GEN_INVITED + gen_below(&g->from.rand, GEN_NTYPE - GEN_INVITED));
	g->draft.time_field = GEN_AT;
	return gen_emit_own(g, out, GEN_LATE, gen_new_id(g));
}
