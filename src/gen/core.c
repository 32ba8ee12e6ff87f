#include "gen/core.h"

uint64_t gen_new_id(struct gen *g)
{
	return g->id_base + g->seq * 0x9e3779b97f4a7c15u;
}

bool gen_emit(struct gen *g, struct gen_record *out, uint64_t id_seed, const struct gen_bad *bad)
{
	const struct gen_draft *a = &g->draft;

	gen_put_id(&g->id, id_seed);
	out->id = &g->id;
	out->type = (enum gen_type)a->type;
	gen_wrap(out, &g->buf, g->from.catalog, a, bad, g->opt.plain);
	if (bad)
		return true;
	out->has = a->has;
	out->excluded = a->excluded;
	if (a->type != GEN_RETRACTED && !a->excluded)
		out->is = &a->is;
	out->at_ms = a->updated_ms != GEN_NO_TIME ? a->updated_ms : gen_own_ms(a, out->record_ms);
	return true;
}

bool gen_emit_own(struct gen *g, struct gen_record *out, enum gen_intent intent, uint64_t id_seed)
{
	out->intent = intent;
	out->event_ms = gen_own_ms(&g->draft, out->record_ms);
	return gen_emit(g, out, id_seed, NULL);
}

int64_t gen_pick_late_delay(struct gen *g)
{
	return GEN_FAR_MS + gen_below(&g->from.rand, 2592000000u);
}
