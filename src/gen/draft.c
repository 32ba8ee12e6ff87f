#include <inttypes.h>
#include <stdio.h>

#include "gen/draft.h"

/* A few ids hold a zero byte or text that is not ASCII, which the contract allows. */
void gen_put_id(struct gen_id *id, uint64_t seed)
{
	size_t most = sizeof(id->p);
	int n;
	uint64_t a = gen_mix(seed), b = gen_mix(a + 1);

	if (a % 512 == 7)
		n = snprintf(id->p, most, "nul%c%016" PRIx64, 0, seed);
	else if (a % 64 == 5)
		n = snprintf(id->p, most, "отзыв {№=1}:%016" PRIx64, seed);
	else if (a % 4 == 0)
		n = snprintf(id->p, most, "resp-%016" PRIx64, seed);
	else /* the form of a UUID */
		n = snprintf(id->p, most, "%08x-%04x-%04x-%04x-%012" PRIx64, (unsigned)(a >> 32),
		    (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xffff), (unsigned)(b >> 48),
		    b & 0xffffffffffff);
	npsd_assert(n > 0 && (size_t)n < most);
	id->n = (uint32_t)n;
}

/* 0 to 10 with the distribution of the location's sentiment; in 2 % of cases -1. */
static int8_t pick_score(struct gen_source *from, uint8_t sentiment)
{
	static const uint8_t percent[4][11] = {
	    {8, 4, 4, 5, 5, 7, 9, 15, 15, 14, 14},
	    {4, 2, 3, 3, 4, 5, 7, 14, 18, 20, 20},
	    {3, 1, 2, 2, 3, 4, 5, 12, 18, 24, 26},
	    {1, 1, 1, 1, 2, 2, 4, 10, 16, 27, 35},
	};
	uint32_t roll = gen_below(&from->rand, 102), sum = 0;

	for (int8_t s = 0; s <= 10; s++) {
		sum += percent[sentiment][s];
		if (roll < sum)
			return s;
	}
	return -1;
}

static uint32_t pick_comment(struct gen_source *from, int score, uint32_t language)
{
	uint32_t mood = score < 0 || score == 7 || score == 8 ? 1 : score >= 9 ? 2 : 0;

	return ((uint32_t)gen_rand(&from->rand) & ~63u) | mood << 4 | (language ? language - 1 : 0) |
	       1u << 31;
}

/* Bits of up to three themes. */
static uint32_t pick_themes(struct gen_source *from)
{
	uint32_t n = gen_below(&from->rand, 6), bits = 0;

	for (uint32_t i = 3; i < n + 1; i++)
		bits |= 1u << gen_below(&from->rand, GEN_NTHEMES);
	return bits;
}

static uint8_t pick_value(struct gen_source *from, enum gen_list list)
{
	static const uint32_t missing[GEN_NLIST] = {
	    60000, 150000, 100000, 100000, 300000, 50000, 30000, 200000, 400000};
	uint32_t n = gen_list_len(list), a = gen_below(&from->rand, n), b = gen_below(&from->rand, n);

	if (gen_chance(&from->rand, missing[list]))
		return list != GEN_OWNER && a % 8 == 0 ? GEN_TEXT_NONE : 0;
	return (uint8_t)(1 + (a < b ? a : b)); /* the first values more often */
}

static void fill_content(struct gen_source *from, struct gen_content *c)
{
	c->location = gen_catalog_pick(from->catalog, &from->rand);
	c->score = pick_score(from, from->catalog->location[c->location].sentiment);
	c->kind = gen_chance(&from->rand, 700000) ? 0 : gen_chance(&from->rand, 950000) ? 1 : 2;
	for (int l = 0; l < GEN_NLIST; l++)
		c->value[l] = pick_value(from, (enum gen_list)l);
	c->respondent = gen_chance(&from->rand, 850000) ? 1 + gen_below(&from->rand, 50000000) : 0;
	c->themes = pick_themes(from);
	c->comment =
	    gen_chance(&from->rand, 350000) ? pick_comment(from, c->score, c->value[GEN_LANGUAGE]) : 0;
}

/* The bit of one field. */
static uint32_t pick_change(struct gen_source *from)
{
	static const struct {
		uint32_t upto, has;
	} shares[] = {{45, GEN_HAS_SCORE}, {68, GEN_HAS_COMMENT}, {75, GEN_HAS_LOCATION}, {77, GEN_HAS_KIND},
	    {86, GEN_HAS_THEMES}, {92, GEN_HAS_LIST << GEN_OWNER}};
	uint32_t roll = gen_below(&from->rand, 100), list = gen_below(&from->rand, GEN_NLIST);

	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++)
		if (roll < shares[i].upto)
			return shares[i].has;
	return (uint32_t)GEN_HAS_LIST << list;
}

/* Copies the fields in `has` from `other`; a comment is replaced by a new one, rarely by none. */
static void change(
    struct gen_source *from, struct gen_content *c, const struct gen_content *other, uint32_t has)
{
	if (has & GEN_HAS_SCORE)
		c->score = other->score;
	if (has & GEN_HAS_COMMENT)
		c->comment = gen_chance(&from->rand, 130000)
				 ? 0
				 : pick_comment(from, c->score, c->value[GEN_LANGUAGE]);
	if (has & GEN_HAS_LOCATION)
		c->location = other->location;
	if (has & GEN_HAS_KIND)
		c->kind = other->kind;
	if (has & GEN_HAS_THEMES)
		c->themes = other->themes;
	for (int l = 0; l < GEN_NLIST; l++)
		if (has & (uint32_t)GEN_HAS_LIST << l)
			c->value[l] = other->value[l];
}

uint32_t gen_change_content(struct gen_source *from, struct gen_content *c)
{
	struct gen_content other = {0};
	int n = gen_chance(&from->rand, 80000) ? 0 : 1 + gen_chance(&from->rand, 300000);
	uint32_t has = 0;

	fill_content(from, &other);
	while (n-- > 0)
		has |= pick_change(from);
	change(from, c, &other, has);
	return has;
}

int64_t gen_pick_delay(struct gen_source *from)
{
	uint32_t roll = gen_below(&from->rand, 100);

	if (roll < 70)
		return gen_below(&from->rand, 60000);
	if (roll < 90)
		return gen_below(&from->rand, 7200000);
	if (roll < 98)
		return gen_below(&from->rand, 86400000);
	return gen_below(&from->rand, (uint32_t)(GEN_NEAR_MS - GEN_JITTER_MS));
}

int64_t gen_shape_round(int shape, int64_t ms)
{
	static const int64_t step[GEN_SHAPES] = {1, 1000, 1, 250};

	return ms - ms % step[shape];
}

int64_t gen_own_ms(const struct gen_draft *a, int64_t record_ms)
{
	if (a->time_field != GEN_UNTIMED)
		return a->own_ms;
	if (a->updated_ms != GEN_NO_TIME && a->type < GEN_INVITED)
		return a->updated_ms;
	return a->ce_ms != GEN_NO_TIME ? a->ce_ms : record_ms;
}

static void pick_envelope(struct gen_source *from, struct gen_draft *a, int64_t record_ms)
{
	uint32_t roll = gen_below(&from->rand, 1000000), ce_delay = gen_below(&from->rand, 5000);
	bool timed = gen_chance(&from->rand, 800000);

	a->envelope = GEN_BARE;
	a->ce_ms = GEN_NO_TIME;
	if (roll < from->cloudevents) {
		a->envelope = roll % 2 ? GEN_STRUCTURED : GEN_BINARY;
		a->ce_ms = timed ? record_ms - ce_delay : GEN_NO_TIME;
	} else if (roll - from->cloudevents < from->frames) {
		a->envelope = GEN_FRAMED;
	}
}

void gen_fill_draft(struct gen_source *from, struct gen_draft *a, int64_t record_ms, int64_t delay)
{
	uint32_t roll = gen_below(&from->rand, 100);

	memset(a, 0, sizeof(*a));
	fill_content(from, &a->is);
	a->type = GEN_SUBMITTED;
	a->has = GEN_HAS_ALL;
	a->shape = (uint8_t)(gen_below(&from->rand, 10) * GEN_SHAPES / 10);
	a->variant = (uint32_t)gen_rand(&from->rand);
	a->own_ms = gen_shape_round(a->shape, record_ms - delay);
	a->revision = roll < 60 ? 1 + gen_below(&from->rand, 3) : 0;
	a->updated_ms = roll >= 40 && roll < 80 ? a->own_ms : GEN_NO_TIME;
	a->time_field = gen_chance(&from->rand, 930000) ? GEN_RESPONDED_AT : GEN_AT;
	pick_envelope(from, a, record_ms);
}
