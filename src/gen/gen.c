#include <stdlib.h>

#include "gen/gen.h"
#include "gen/rand.h"

#define SLOTS (1u << 16) /* responses that may still be edited or sent again */
#define OUT_BYTES (1u << 20)
#define MILLION 1000000u

/* A response, as whoever applies its records in order knows it. */
struct slot {
	uint64_t id_seed;
	struct gen_answer now, before; /* last applied record; the one before it where has_before */
	bool has_before;
	int64_t event_ms;   /* fixed by the first record */
	int64_t revision;   /* last one mentioned by an applied record; 0: none */
	int64_t updated_ms; /* likewise; GEN_NO_TIME: none */
	int64_t last_ms;    /* timestamp of the last applied record */
};

struct gen {
	struct gen_options opt;
	struct gen_world *world;
	uint64_t rand, id_base, seq, nslots, nbad;
	struct slot *slots; /* ring of SLOTS; nslots ever filled */
	struct gen_out out;
	struct gen_id id;
	struct gen_answer answer; /* of the record at hand */
	struct gen_content was;
};

const char *const gen_intent_names[GEN_NINTENT] = {
    "creates", "edits", "duplicate", "late", "rejected", "ignored"};

struct gen *gen_new(const struct gen_options *options)
{
	struct gen *g = calloc(1, sizeof(*g));

	npsd_assert(g);
	g->opt = *options;
	g->world = gen_world_new(options->locations);
	g->rand = gen_mix(options->seed + 1);
	g->id_base = gen_rand(&g->rand);
	g->slots = calloc(SLOTS, sizeof(*g->slots));
	g->out = (struct gen_out){.p = malloc(OUT_BYTES), .cap = OUT_BYTES};
	npsd_assert(g->slots && g->out.p);
	return g;
}

void gen_free(struct gen **g)
{
	if (!*g)
		return;
	gen_world_free(&(*g)->world);
	free((*g)->slots);
	free((*g)->out.p);
	free(*g);
	*g = NULL;
}

const struct gen_world *gen_world(const struct gen *g)
{
	return g->world;
}

/* Different seeds, different texts. A few hold what ids should not hold but may. */
static void put_id(struct gen_id *id, uint64_t seed)
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

static uint64_t new_id(struct gen *g)
{
	return g->id_base + g->seq * 0x9e3779b97f4a7c15u;
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
	    60000, 150000, 100000, 100000, 300000, 50000, 30000, 200000};
	uint32_t n = gen_list_len(list), a = gen_below(&g->rand, n), b = gen_below(&g->rand, n);

	if (gen_chance(&g->rand, missing[list]))
		return list != GEN_OWNER && a % 8 == 0 ? GEN_SAID_NONE : 0;
	return (uint8_t)(1 + (a < b ? a : b)); /* first ones more often */
}

static void fill_content(struct gen *g, struct gen_content *c)
{
	c->location = gen_world_pick(g->world, &g->rand);
	c->score = pick_score(g, g->world->location[c->location].temper);
	c->kind = gen_chance(&g->rand, 700000) ? 0 : gen_chance(&g->rand, 950000) ? 1 : 2;
	for (int l = 0; l < GEN_NLIST; l++)
		c->value[l] = pick_value(g, (enum gen_list)l);
	c->respondent = gen_chance(&g->rand, 850000) ? 1 + gen_below(&g->rand, 50000000) : 0;
	c->themes = pick_themes(g);
	if (gen_chance(&g->rand, 350000))
		c->comment = pick_comment(g, c->score, c->value[GEN_LANGUAGE]);
}

/* How far an answer's own time lies behind its record: mostly seconds, at worst days. */
static int64_t pick_delay(struct gen *g)
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

/* The time that an event says of itself, as the contract picks it. */
static int64_t own_ms(const struct gen_answer *a, int64_t record_ms)
{
	if (a->time_field != GEN_UNTIMED)
		return a->responded_ms;
	return a->updated_ms != GEN_NO_TIME ? a->updated_ms : record_ms;
}

/* A first record of a response; its own time is `delay` before the record's. */
static void fill_answer(struct gen *g, struct gen_answer *a, int64_t record_ms, int64_t delay)
{
	uint32_t roll = gen_below(&g->rand, 100);

	memset(a, 0, sizeof(*a));
	fill_content(g, &a->is);
	a->shape = (uint8_t)(gen_below(&g->rand, 10) * GEN_SHAPES / 10);
	a->quirks = (uint32_t)gen_rand(&g->rand);
	a->responded_ms = gen_shape_round(a->shape, record_ms - delay);
	a->revision = roll < 60 ? 1 + gen_below(&g->rand, 3) : 0;
	a->updated_ms = roll >= 40 && roll < 80 ? a->responded_ms : GEN_NO_TIME;
	a->time_field = gen_chance(&g->rand, 930000) ? GEN_RESPONDED_AT : GEN_AT;
}

static int64_t record_time(struct gen *g)
{
	int64_t ms = g->opt.start_ms + (int64_t)((__int128)(g->seq - 1) * g->opt.step_us / 1000);
	int64_t back = gen_chance(&g->rand, 200000) ? gen_below(&g->rand, GEN_JITTER_MS) : 0;

	return ms - back < g->opt.start_ms ? g->opt.start_ms : ms - back;
}

/* A response whose last applied record is least to most ms behind; recent ones more often. NULL: none was
 * found. */
static struct slot *pick_slot(struct gen *g, int64_t record_ms, int64_t least, int64_t most)
{
	uint64_t n = g->nslots < SLOTS ? g->nslots : SLOTS;

	for (int tries = 0; n && tries < 6; tries++) {
		uint64_t u = gen_rand(&g->rand) >> 44, back = (u * u >> 20) * u >> 20; /* cubed: below 2^20 */
		struct slot *s = &g->slots[(g->nslots - 1 - (back * n >> 20)) % SLOTS];
		int64_t age = record_ms - s->last_ms;

		if (age >= least && age <= most)
			return s;
	}
	return NULL;
}

/* The contract's order: whether a record comes after what is known. */
static bool is_newer(const struct slot *s, const struct gen_answer *a)
{
	if (a->revision && s->revision)
		return a->revision > s->revision;
	if (a->updated_ms != GEN_NO_TIME && s->updated_ms != GEN_NO_TIME)
		return a->updated_ms > s->updated_ms;
	return true;
}

static void apply(struct slot *s, const struct gen_answer *a, int64_t record_ms)
{
	s->before = s->now;
	s->has_before = true;
	s->now = *a;
	if (a->revision)
		s->revision = a->revision;
	if (a->updated_ms != GEN_NO_TIME)
		s->updated_ms = a->updated_ms;
	s->last_ms = record_ms;
}

/* Renders the record at hand and completes *out. */
static void emit(struct gen *g, struct gen_record *out, uint64_t id_seed, const struct gen_bad *bad)
{
	put_id(&g->id, id_seed);
	g->out.n = 0;
	gen_render(&g->out, g->world, &g->id, &g->answer, bad);
	out->id = &g->id;
	out->value = (struct npsd_str){bad && bad->harm == GEN_H_NULL ? NULL : g->out.p, (uint32_t)g->out.n};
	if (bad)
		return;
	out->is = &g->answer.is;
	out->at_ms =
	    g->answer.updated_ms != GEN_NO_TIME ? g->answer.updated_ms : own_ms(&g->answer, out->record_ms);
}

static void make_new(struct gen *g, struct gen_record *out)
{
	struct slot *s = &g->slots[g->nslots % SLOTS];
	int64_t delay = gen_chance(&g->rand, 30000) ? -(int64_t)gen_below(&g->rand, 90000) : pick_delay(g);

	fill_answer(g, &g->answer, out->record_ms, delay);
	if (gen_chance(&g->rand, 40000))
		g->answer.time_field = GEN_UNTIMED;
	*s = (struct slot){
	    .id_seed = new_id(g), .event_ms = own_ms(&g->answer, out->record_ms), .updated_ms = GEN_NO_TIME};
	apply(s, &g->answer, out->record_ms);
	s->has_before = false;
	g->nslots++;
	out->intent = GEN_CREATES;
	out->event_ms = s->event_ms;
	emit(g, out, s->id_seed, NULL);
}

/* Sends `g->answer` for a response that is known; its order says whether it counts. */
static void make_again(struct gen *g, struct gen_record *out, struct slot *s)
{
	out->intent = is_newer(s, &g->answer) ? GEN_EDITS : GEN_DUPLICATE;
	out->event_ms = s->event_ms;
	if (out->intent == GEN_EDITS) {
		g->was = s->now.is;
		out->was = &g->was;
		apply(s, &g->answer, out->record_ms);
	}
	emit(g, out, s->id_seed, NULL);
}

static bool make_duplicate(struct gen *g, struct gen_record *out)
{
	for (int tries = 0; tries < 6; tries++) {
		struct slot *s = pick_slot(g, out->record_ms, 0, GEN_NEAR_MS - GEN_JITTER_MS);

		if (!s)
			return false;
		/* mostly the very same bytes, sometimes an older state that comes behind a newer one */
		g->answer = s->has_before && gen_chance(&g->rand, 400000) ? s->before : s->now;
		if (is_newer(s, &g->answer))
			continue; /* ordered by offset only, the same bytes would be an edit */
		make_again(g, out, s);
		return true;
	}
	return false;
}

static void change_value(struct gen *g, struct gen_content *c, const struct gen_content *other)
{
	uint32_t list = gen_below(&g->rand, GEN_NLIST);

	c->value[list] = other->value[list];
}

/* One or two things change; now and then nothing does. */
static void change_content(struct gen *g, struct gen_content *c)
{
	struct gen_content other = {0};
	int things = gen_chance(&g->rand, 80000) ? 0 : 1 + gen_chance(&g->rand, 300000);

	fill_content(g, &other);
	while (things-- > 0) {
		uint32_t roll = gen_below(&g->rand, 100);

		if (roll < 45)
			c->score = other.score;
		else if (roll < 65)
			c->comment = pick_comment(g, c->score, c->value[GEN_LANGUAGE]);
		else if (roll < 68)
			c->comment = 0;
		else if (roll < 76)
			c->value[GEN_OWNER] = other.value[GEN_OWNER];
		else if (roll < 81)
			c->location = other.location;
		else if (roll < 83)
			c->kind = other.kind;
		else if (roll < 88)
			c->themes = other.themes;
		else
			change_value(g, c, &other);
	}
}

/* Later in the order than all that is known, by revision, update time or offset alone. */
static void order_edit(struct gen *g, struct gen_answer *a, const struct slot *s, int64_t record_ms)
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

static bool make_edit(struct gen *g, struct gen_record *out)
{
	struct slot *s = pick_slot(g, out->record_ms, 0, GEN_NEAR_MS - GEN_JITTER_MS);
	struct gen_answer *a = &g->answer;

	if (!s)
		return false;
	*a = s->now;
	if (gen_chance(&g->rand, 800000))
		a->quirks = (uint32_t)gen_rand(&g->rand);
	change_content(g, &a->is);
	order_edit(g, a, s, out->record_ms);
	if (gen_chance(&g->rand, 60000)) /* some sources date an answer anew; its event time stays */
		a->responded_ms = gen_shape_round(a->shape, out->record_ms - gen_below(&g->rand, 172800000));
	make_again(g, out, s);
	return true;
}

/* A forgotten response comes again, or an unknown one long after its time. */
static void make_late(struct gen *g, struct gen_record *out)
{
	struct slot *s =
	    gen_chance(&g->rand, 500000) ? pick_slot(g, out->record_ms, GEN_FAR_MS, INT64_MAX) : NULL;
	uint64_t id_seed = s ? s->id_seed : new_id(g);

	if (s && own_ms(&s->now, out->record_ms) <= out->record_ms - GEN_FAR_MS)
		g->answer = s->now;
	else
		fill_answer(g, &g->answer, out->record_ms, GEN_FAR_MS + gen_below(&g->rand, 2592000000u));
	out->intent = GEN_LATE;
	out->event_ms = own_ms(&g->answer, out->record_ms);
	emit(g, out, id_seed, NULL);
}

static void make_bad(struct gen *g, struct gen_record *out)
{
	const struct gen_bad *bad = gen_bad_way(g->nbad++);
	struct slot *s = gen_chance(&g->rand, 500000) ? pick_slot(g, out->record_ms, 0, GEN_NEAR_MS) : NULL;

	fill_answer(g, &g->answer, out->record_ms, pick_delay(g));
	if (bad->harm == GEN_H_FUTURE)
		g->answer.responded_ms = gen_shape_round(g->answer.shape, out->record_ms + 3600000);
	out->intent = bad->intent;
	out->reason = bad->reason;
	emit(g, out, s ? s->id_seed : new_id(g), bad);
}

bool gen_next(struct gen *g, struct gen_record *out)
{
	uint32_t roll;

	if (g->seq == g->opt.events)
		return false;
	g->seq++;
	*out = (struct gen_record){.seq = g->seq, .record_ms = record_time(g)};
	roll = gen_below(&g->rand, MILLION);
	if (roll < g->opt.bad) {
		make_bad(g, out);
		return true;
	}
	roll -= g->opt.bad;
	if (roll < g->opt.late) {
		make_late(g, out);
		return true;
	}
	roll -= g->opt.late;
	if (roll < g->opt.duplicates) {
		if (make_duplicate(g, out))
			return true;
	} else if (roll - g->opt.duplicates < g->opt.edits) {
		if (make_edit(g, out))
			return true;
	}
	make_new(g, out);
	return true;
}
