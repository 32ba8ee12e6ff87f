#include <stdlib.h>

#include "gen/core.h"
#include "gen/gen.h"

#define VALUE_BYTES (1u << 20)
#define HEADER_BYTES 1024
#define MILLION 1000000u

struct gen *gen_new(const struct gen_options *options)
{
	struct gen *g = calloc(1, sizeof(*g));

	npsd_assert(g);
	g->opt = *options;
	g->from = (struct gen_source){gen_mix(options->seed + 1), gen_catalog_new(options->locations),
	    options->cloudevents, options->frames};
	g->id_base = gen_rand(&g->from.rand);
	npsd_buf_init(&g->buf.value, VALUE_BYTES);
	npsd_buf_init(&g->buf.headers, HEADER_BYTES);
	npsd_buf_reserve(&g->buf.headers, HEADER_BYTES); /* so that no header moves */
	return g;
}

void gen_free(struct gen **g)
{
	if (!*g)
		return;
	gen_catalog_free(&(*g)->from.catalog);
	npsd_buf_free(&(*g)->buf.value);
	npsd_buf_free(&(*g)->buf.headers);
	free(*g);
	*g = NULL;
}

const struct gen_catalog *gen_catalog(const struct gen *g)
{
	return g->from.catalog;
}

static int64_t record_time(struct gen *g)
{
	int64_t ms = g->opt.start_ms + (int64_t)((__int128)(g->seq - 1) * g->opt.step_us / 1000);
	int64_t back = gen_chance(&g->from.rand, 200000) ? gen_below(&g->from.rand, GEN_JITTER_MS) : 0;

	return ms - back < g->opt.start_ms ? g->opt.start_ms : ms - back;
}

/* Whether the options allow records of this type and envelope. */
static bool is_allowed(const struct gen *g, const struct gen_bad *bad)
{
	if (bad->envelope == GEN_STRUCTURED && !g->from.cloudevents)
		return false;
	return bad->type == GEN_SUBMITTED   ? true
	       : bad->type == GEN_UPDATED   ? g->opt.updates > 0
	       : bad->type == GEN_RETRACTED ? g->opt.retractions > 0
					    : g->opt.funnel > 0;
}

static bool make_bad(struct gen *g, struct gen_record *out)
{
	const struct gen_bad *bad;
	const struct gen_response *r = NULL;

	do
		bad = gen_bad_row(g->nbad++);
	while (!is_allowed(g, bad));
	if (gen_chance(&g->from.rand, 500000))
		r = gen_history_response(&g->history, &g->from.rand, out->record_ms, 0, GEN_NEAR_MS);
	gen_fill_draft(&g->from, &g->draft, out->record_ms, gen_pick_delay(&g->from));
	g->draft.type = bad->type;
	g->draft.envelope = bad->envelope;
	g->draft.ce_ms = GEN_NO_TIME;
	if (bad->damage == GEN_DAMAGE_FUTURE)
		g->draft.own_ms = gen_shape_round(g->draft.shape, out->record_ms + 3600000);
	out->intent = bad->intent;
	out->reason = bad->reason;
	return gen_emit(g, out, r ? r->id_seed : gen_new_id(g), bad);
}

static bool make_late(struct gen *g, struct gen_record *out)
{
	uint32_t roll = gen_below(&g->from.rand, 100);

	if (roll >= 90 && g->opt.funnel)
		return gen_make_late_stage(g, out);
	return (roll >= 85 && gen_make_late_revival(g, out)) || gen_make_late(g, out, roll < 50);
}

static bool make_duplicate(struct gen *g, struct gen_record *out)
{
	return (g->opt.funnel && gen_chance(&g->from.rand, 300000) && gen_make_repeat(g, out)) ||
	       gen_make_duplicate(g, out);
}

/* Makes a record of a kind chosen by its share; false: the history holds nothing to make it from. */
static bool make_one(struct gen *g, struct gen_record *out)
{
	const struct {
		uint32_t share;
		bool (*make)(struct gen *g, struct gen_record *out);
	} kinds[] = {{g->opt.bad, make_bad}, {g->opt.late, make_late}, {g->opt.duplicates, make_duplicate},
	    {g->opt.edits, gen_make_edit}, {g->opt.updates, gen_make_update},
	    {g->opt.retractions, gen_make_retraction}, {g->opt.funnel, gen_make_stage}};
	uint32_t roll = gen_below(&g->from.rand, MILLION);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (roll < kinds[i].share)
			return kinds[i].make(g, out);
		roll -= kinds[i].share;
	}
	return false;
}

bool gen_next(struct gen *g, struct gen_record *out)
{
	if (g->seq == g->opt.events)
		return false;
	g->seq++;
	*out = (struct gen_record){.seq = g->seq, .record_ms = record_time(g)};
	return make_one(g, out) || gen_make_new(g, out);
}
