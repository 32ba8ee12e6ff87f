#include "gen/core.h"

/* Different seeds, different texts. A few hold what ids should not hold but may. */
void gen_put_id(struct gen_id *id, uint64_t seed)
{
	struct gen_out o = {.p = id->p, .cap = sizeof(id->p)};
	uint64_t a = gen_mix(seed), b = gen_mix(a + 1);

	if (a % 512 == 7) {
		gen_put(&o, "nul\0", 4);
		gen_put_hex(&o, seed, 16);
	} else if (a % 64 == 5) {
		gen_puts(&o, "отзыв {№=1}:");
		gen_put_hex(&o, seed, 16);
	} else if (a % 4 == 0) {
		gen_puts(&o, "resp-");
		gen_put_hex(&o, seed, 16);
	} else { /* the form of a UUID */
		gen_put_hex(&o, a >> 32, 8);
		for (int shift = 16; shift >= 0; shift -= 16) {
			gen_putc(&o, '-');
			gen_put_hex(&o, a >> shift & 0xffff, 4);
		}
		gen_putc(&o, '-');
		gen_put_hex(&o, b >> 48, 4);
		gen_putc(&o, '-');
		gen_put_hex(&o, b & 0xffffffffffff, 12);
	}
	id->n = (uint32_t)o.n;
}

/* 0 to 10 in the shares of a place of that temper, from a bad one to a good one; now and then none. */
static int8_t pick_score(struct gen *g, uint8_t temper)
{
	static const uint8_t percent[4][11] = {
	    {8, 4, 4, 5, 5, 7, 9, 15, 15, 14, 14},
	    {4, 2, 3, 3, 4, 5, 7, 14, 18, 20, 20},
	    {3, 1, 2, 2, 3, 4, 5, 12, 18, 24, 26},
	    {1, 1, 1, 1, 2, 2, 4, 10, 16, 27, 35},
	};
	uint32_t roll = gen_below(&g->rand, 102), sum = 0;

	for (int8_t s = 0; s <= 10; s++) {
		sum += percent[temper][s];
		if (roll < sum)
			return s;
	}
	return -1;
}

static uint32_t pick_comment(struct gen *g, int score, uint32_t language)
{
	uint32_t mood = score < 0 || score == 7 || score == 8 ? 1 : score >= 9 ? 2 : 0;

	return ((uint32_t)gen_rand(&g->rand) & ~63u) | mood << 4 | (language ? language - 1 : 0) | 1u << 31;
}

/* A bit for each of up to three themes. */
static uint32_t pick_themes(struct gen *g)
{
	uint32_t n = gen_below(&g->rand, 6), bits = 0;

	for (uint32_t i = 3; i < n + 1; i++)
		bits |= 1u << gen_below(&g->rand, GEN_NTHEMES);
	return bits;
}

static uint8_t pick_value(struct gen *g, enum gen_list list)
{
	static const uint32_t missing[GEN_NLIST] = {
	    60000, 150000, 100000, 100000, 300000, 50000, 30000, 200000, 400000};
	uint32_t n = gen_list_len(list), a = gen_below(&g->rand, n), b = gen_below(&g->rand, n);

	if (gen_chance(&g->rand, missing[list]))
		return list != GEN_OWNER && a % 8 == 0 ? GEN_SAID_NONE : 0;
	return (uint8_t)(1 + (a < b ? a : b)); /* first ones more often */
}

void gen_fill_content(struct gen *g, struct gen_content *c)
{
	c->location = gen_world_pick(g->world, &g->rand);
	c->score = pick_score(g, g->world->location[c->location].temper);
	c->kind = gen_chance(&g->rand, 700000) ? 0 : gen_chance(&g->rand, 950000) ? 1 : 2;
	for (int l = 0; l < GEN_NLIST; l++)
		c->value[l] = pick_value(g, (enum gen_list)l);
	c->respondent = gen_chance(&g->rand, 850000) ? 1 + gen_below(&g->rand, 50000000) : 0;
	c->themes = pick_themes(g);
	c->comment = gen_chance(&g->rand, 350000) ? pick_comment(g, c->score, c->value[GEN_LANGUAGE]) : 0;
}

/* What changes, as bits: one thing. */
static uint32_t pick_change(struct gen *g)
{
	static const struct {
		uint32_t upto, says;
	} shares[] = {{45, GEN_SAYS_SCORE}, {68, GEN_SAYS_COMMENT}, {75, GEN_SAYS_LOCATION},
	    {77, GEN_SAYS_KIND}, {86, GEN_SAYS_THEMES}, {92, GEN_SAYS_LIST << GEN_OWNER}};
	uint32_t roll = gen_below(&g->rand, 100), list = gen_below(&g->rand, GEN_NLIST);

	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++)
		if (roll < shares[i].upto)
			return shares[i].says;
	return (uint32_t)GEN_SAYS_LIST << list;
}

/* What `says` names becomes as it is in `other`; a comment mostly comes, and seldom goes. */
static void change(struct gen *g, struct gen_content *c, const struct gen_content *other, uint32_t says)
{
	if (says & GEN_SAYS_SCORE)
		c->score = other->score;
	if (says & GEN_SAYS_COMMENT)
		c->comment =
		    gen_chance(&g->rand, 130000) ? 0 : pick_comment(g, c->score, c->value[GEN_LANGUAGE]);
	if (says & GEN_SAYS_LOCATION)
		c->location = other->location;
	if (says & GEN_SAYS_KIND)
		c->kind = other->kind;
	if (says & GEN_SAYS_THEMES)
		c->themes = other->themes;
	for (int l = 0; l < GEN_NLIST; l++)
		if (says & (uint32_t)GEN_SAYS_LIST << l)
			c->value[l] = other->value[l];
}

uint32_t gen_change_content(struct gen *g, struct gen_content *c)
{
	struct gen_content other = {0};
	int things = gen_chance(&g->rand, 80000) ? 0 : 1 + gen_chance(&g->rand, 300000);
	uint32_t says = 0;

	gen_fill_content(g, &other);
	while (things-- > 0)
		says |= pick_change(g);
	change(g, c, &other, says);
	return says;
}

int64_t gen_pick_delay(struct gen *g)
{
	uint32_t roll = gen_below(&g->rand, 100);

	if (roll < 70)
		return gen_below(&g->rand, 60000);
	if (roll < 90)
		return gen_below(&g->rand, 7200000);
	if (roll < 98)
		return gen_below(&g->rand, 86400000);
	return gen_below(&g->rand, (uint32_t)(GEN_NEAR_MS - GEN_JITTER_MS));
}

int64_t gen_own_ms(const struct gen_answer *a, int64_t record_ms)
{
	if (a->time_field != GEN_UNTIMED)
		return a->own_ms;
	if (a->updated_ms != GEN_NO_TIME && a->type < GEN_INVITED)
		return a->updated_ms;
	return a->ce_ms != GEN_NO_TIME ? a->ce_ms : record_ms;
}

static void pick_envelope(struct gen *g, struct gen_answer *a, int64_t record_ms)
{
	uint32_t roll = gen_below(&g->rand, 1000000), behind = gen_below(&g->rand, 5000);
	bool timed = gen_chance(&g->rand, 800000);

	a->envelope = GEN_BARE;
	a->ce_ms = GEN_NO_TIME;
	if (roll < g->opt.cloudevents) {
		a->envelope = roll % 2 ? GEN_STRUCTURED : GEN_BINARY;
		a->ce_ms = timed ? record_ms - behind : GEN_NO_TIME;
	} else if (roll - g->opt.cloudevents < g->opt.frames) {
		a->envelope = GEN_FRAMED;
	}
}

void gen_fill_answer(struct gen *g, struct gen_answer *a, int64_t record_ms, int64_t delay)
{
	uint32_t roll = gen_below(&g->rand, 100);

	memset(a, 0, sizeof(*a));
	gen_fill_content(g, &a->is);
	a->type = GEN_SUBMITTED;
	a->says = GEN_SAYS_ALL;
	a->shape = (uint8_t)(gen_below(&g->rand, 10) * GEN_SHAPES / 10);
	a->quirks = (uint32_t)gen_rand(&g->rand);
	a->own_ms = gen_shape_round(a->shape, record_ms - delay);
	a->revision = roll < 60 ? 1 + gen_below(&g->rand, 3) : 0;
	a->updated_ms = roll >= 40 && roll < 80 ? a->own_ms : GEN_NO_TIME;
	a->time_field = gen_chance(&g->rand, 930000) ? GEN_RESPONDED_AT : GEN_AT;
	pick_envelope(g, a, record_ms);
}
