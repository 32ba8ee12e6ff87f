#include <stdlib.h>

#include "gen/core.h"

#define OUT_BYTES (1u << 20)
#define HEAD_BYTES 1024
#define MILLION 1000000u

const char *const gen_intent_names[GEN_NINTENT] = {
    "creates", "edits", "withdraws", "revives", "reaches", "duplicate", "late", "rejected", "ignored"};
const char *const gen_type_names[GEN_NTYPE] = {"response.submitted", "response.updated", "response.retracted",
    "survey.invited", "survey.delivered", "survey.opened", "survey.declined", "survey.bounced",
    "survey.unsubscribed"};

struct gen *gen_new(const struct gen_options *options)
{
	struct gen *g = calloc(1, sizeof(*g));

	npsd_assert(g);
	g->opt = *options;
	g->world = gen_world_new(options->locations);
	g->rand = gen_mix(options->seed + 1);
	g->id_base = gen_rand(&g->rand);
	g->slots = calloc(GEN_SLOTS, sizeof(*g->slots));
	g->invites = calloc(GEN_INVITES, sizeof(*g->invites));
	g->withdrawn = calloc(GEN_WITHDRAWN, sizeof(*g->withdrawn));
	g->out = (struct gen_out){.p = malloc(OUT_BYTES), .cap = OUT_BYTES};
	g->head = (struct gen_out){.p = malloc(HEAD_BYTES), .cap = HEAD_BYTES};
	npsd_assert(g->slots && g->invites && g->withdrawn && g->out.p && g->head.p);
	return g;
}

void gen_free(struct gen **g)
{
	if (!*g)
		return;
	gen_world_free(&(*g)->world);
	free((*g)->slots);
	free((*g)->invites);
	free((*g)->withdrawn);
	free((*g)->out.p);
	free((*g)->head.p);
	free(*g);
	*g = NULL;
}

const struct gen_world *gen_world(const struct gen *g)
{
	return g->world;
}

uint64_t gen_new_id(struct gen *g)
{
	return g->id_base + g->seq * 0x9e3779b97f4a7c15u;
}

static int64_t record_time(struct gen *g)
{
	int64_t ms = g->opt.start_ms + (int64_t)((__int128)(g->seq - 1) * g->opt.step_us / 1000);
	int64_t back = gen_chance(&g->rand, 200000) ? gen_below(&g->rand, GEN_JITTER_MS) : 0;

	return ms - back < g->opt.start_ms ? g->opt.start_ms : ms - back;
}

void gen_emit(struct gen *g, struct gen_record *out, uint64_t id_seed, const struct gen_bad *bad)
{
	const struct gen_answer *a = &g->answer;

	gen_put_id(&g->id, id_seed);
	out->id = &g->id;
	out->type = (enum gen_type)a->type;
	gen_wrap(out, g, bad);
	if (bad)
		return;
	out->says = a->says;
	out->excluded = a->excluded;
	if (a->type != GEN_RETRACTED && !a->excluded)
		out->is = &a->is;
	out->at_ms = a->updated_ms != GEN_NO_TIME ? a->updated_ms : gen_own_ms(a, out->record_ms);
}

/* Bad ones are of those kinds that are sent at all. */
static bool is_sent(const struct gen_options *o, const struct gen_bad *bad)
{
	if (bad->envelope == GEN_STRUCTURED && !o->cloudevents)
		return false;
	return bad->type == GEN_SUBMITTED   ? true
	       : bad->type == GEN_UPDATED   ? o->updates > 0
	       : bad->type == GEN_RETRACTED ? o->retractions > 0
					    : o->funnel > 0;
}

static const struct gen_bad *next_bad(struct gen *g)
{
	const struct gen_bad *bad;

	do
		bad = gen_bad_way(g->nbad++);
	while (!is_sent(&g->opt, bad));
	return bad;
}

static bool make_bad(struct gen *g, struct gen_record *out)
{
	const struct gen_bad *bad = next_bad(g);
	const struct gen_slot *s = gen_chance(&g->rand, 500000) ? gen_any_slot(g, out->record_ms) : NULL;

	gen_fill_answer(g, &g->answer, out->record_ms, gen_pick_delay(g));
	g->answer.type = bad->type;
	g->answer.envelope = bad->envelope;
	g->answer.ce_ms = GEN_NO_TIME;
	if (bad->harm == GEN_H_FUTURE)
		g->answer.own_ms = gen_shape_round(g->answer.shape, out->record_ms + 3600000);
	out->intent = bad->intent;
	out->reason = bad->reason;
	gen_emit(g, out, s ? s->id_seed : gen_new_id(g), bad);
	return true;
}

/* The record that the roll falls on; false: there is nothing yet to make it of. */
static bool make_rolled(struct gen *g, struct gen_record *out, uint32_t roll)
{
	const struct {
		uint32_t share;
		bool (*make)(struct gen *g, struct gen_record *out);
	} kinds[] = {{g->opt.bad, make_bad}, {g->opt.late, gen_make_late},
	    {g->opt.duplicates, gen_make_duplicate}, {g->opt.edits, gen_make_edit},
	    {g->opt.updates, gen_make_update}, {g->opt.retractions, gen_make_retraction},
	    {g->opt.funnel, gen_make_stage}};

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
	if (!make_rolled(g, out, gen_below(&g->rand, MILLION)))
		gen_make_new(g, out);
	return true;
}
