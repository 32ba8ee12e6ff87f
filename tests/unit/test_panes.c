#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "fold/pane.h"
#include "npsd/panes.h"

#define DAY 86400
#define HOUR 3600

static const struct npsd_config all_steps = {
    .windows = {{"1h", HOUR, 60, 0}, {"24h", DAY, 300, 0}, {"7d", 7 * DAY, HOUR, 0},
	{"30d", 30 * DAY, HOUR, 0}, {"90d", 90 * DAY, DAY, 0}},
    .nwindows = 5,
};

static const struct npsd_config short_steps = {
    .windows = {{"1h", HOUR, 60, 0}, {"2h", 2 * HOUR, 60, 0}, {"6h", 6 * HOUR, 300, 0}},
    .nwindows = 3,
};

static struct npsd_seg seg_of(uint32_t n)
{
	const uint32_t id[NPSD_SET_DIMS] = {n, n / 7};

	return npsd_seg_pack(1, NPSD_KIND_TRANSACTIONAL, id);
}

static uint64_t seed_of_run(void)
{
	const char *text = getenv("NPSD_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : 20261122;

	printf("NPSD_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

static uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

Test(panes, steps_are_those_of_the_windows)
{
	int64_t step_s[NPSD_MAX_STEPS];

	cr_expect_eq(npsd_panes_steps(step_s, &all_steps), 4);
	cr_expect(step_s[0] == 60 && step_s[1] == 300 && step_s[2] == HOUR && step_s[3] == DAY);
	cr_expect_eq(npsd_panes_steps(step_s, &short_steps), 2);
}

Test(panes, a_window_holds_the_running_pane)
{
	static const struct {
		int64_t width_s, step_s, t_ms, from_s;
	} rows[] = {
	    {HOUR, 60, 0, 60 - HOUR},
	    {HOUR, 60, 59999, 60 - HOUR},
	    {HOUR, 60, 60000, 120 - HOUR},
	    {HOUR, 60, -1, -HOUR},
	    {DAY, 300, 1795334400000, 1795334400 + 300 - DAY},
	    {DAY, 300, 1795334399999, 1795334400 - DAY},
	    {90 * DAY, DAY, 1795334400000 + 5, 1795305600 + DAY - 90 * DAY},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_window w = {.width_s = rows[i].width_s, .step_s = rows[i].step_s};

		cr_expect_eq(npsd_window_from_s(&w, rows[i].t_ms), rows[i].from_s, "row %zu", i);
	}
}

Test(panes, segments_keep_their_index)
{
	struct npsd_panes *p = npsd_panes_new(&all_steps);

	cr_expect_eq(npsd_panes_find(p, seg_of(1), false), UINT32_MAX);
	for (uint32_t n = 0; n < 10000; n++)
		cr_expect_eq(npsd_panes_find(p, seg_of(n), true), n);
	for (uint32_t n = 0; n < 10000; n++) {
		cr_expect_eq(npsd_panes_find(p, seg_of(n), false), n);
		cr_expect(npsd_seg_eq(npsd_panes_seg(p, n), seg_of(n)));
	}
	cr_expect_eq(npsd_panes_segments(p), 10000);
	npsd_panes_free(&p);
	cr_expect_null(p);
}

Test(panes, a_pane_of_zeros_is_gone)
{
	struct npsd_panes *p = npsd_panes_new(&all_steps);
	uint32_t i = npsd_panes_find(p, seg_of(1), true);
	const int64_t up[2] = {3, 1}, down[2] = {-3, -1};
	int64_t out[NPSD_NCOUNTER];
	size_t empty = npsd_panes_bytes(p);

	npsd_panes_add(p, i, 600, 1u << NPSD_C_h9 | 1u << NPSD_C_comments, up);
	cr_expect(npsd_panes_any(p, i, 3, 0, DAY));
	cr_expect_gt(npsd_panes_bytes(p), empty);
	npsd_panes_add(p, i, 600, 1u << NPSD_C_h9 | 1u << NPSD_C_comments, down);
	for (int step = 0; step < 4; step++) {
		cr_expect_not(npsd_panes_any(p, i, step, -DAY, DAY));
		cr_expect_not(npsd_panes_sum(p, i, step, -DAY, DAY, out));
	}
	cr_expect_eq(npsd_panes_bytes(p), empty);
	npsd_panes_free(&p);
}

Test(panes, counters_widen_and_go_below_zero)
{
	static const int64_t rows[] = {
	    1, -1, 2147483647, 2147483648, -2147483648, -2147483649, 140737488355328, -9};
	struct npsd_panes *p = npsd_panes_new(&short_steps);
	uint32_t i = npsd_panes_find(p, seg_of(1), true);
	int64_t sum = 0, out[NPSD_NCOUNTER];

	for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
		const int64_t v[2] = {rows[r], 1};

		sum += rows[r];
		npsd_panes_add(p, i, 120, 1u << NPSD_C_h3 | 1u << NPSD_C_h7, v);
		npsd_panes_sum(p, i, 0, 120, 180, out);
		cr_expect_eq(out[NPSD_C_h3], sum, "row %zu", r);
		cr_expect_eq(out[NPSD_C_h7], (int64_t)r + 1, "row %zu", r);
	}
	npsd_panes_free(&p);
}

/* So that a sum over the panes of any window fits 64 bits. */
Test(panes, a_counter_larger_than_any_that_is_counted_is_refused)
{
	static const struct {
		int64_t before, added;
		bool fits;
	} rows[] = {
	    {NPSD_PANE_MAX - 1, 1, true},
	    {NPSD_PANE_MAX, 1, false},
	    {NPSD_PANE_MAX, NPSD_PANE_MAX, false},
	    {-NPSD_PANE_MAX + 1, -1, true},
	    {-NPSD_PANE_MAX, -1, false},
	    {1, NPSD_PANE_MAX, false},
	    {-1, NPSD_PANE_MAX, true},
	};

	for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
		struct npsd_panes *p = npsd_panes_new(&short_steps);
		uint32_t i = npsd_panes_find(p, seg_of(1), true);
		int64_t out[NPSD_NCOUNTER];

		cr_expect(npsd_panes_put(p, i, 0, 120, 1u << NPSD_C_h3, &rows[r].before), "row %zu", r);
		cr_expect_eq(npsd_panes_put(p, i, 0, 120, 1u << NPSD_C_h3, &rows[r].added), rows[r].fits,
		    "row %zu", r);
		npsd_panes_sum(p, i, 0, 120, 180, out);
		cr_expect_eq(
		    out[NPSD_C_h3], rows[r].before + (rows[r].fits ? rows[r].added : 0), "row %zu", r);
		cr_expect(
		    npsd_panes_add(p, i, 180, 1u << NPSD_C_h3, &rows[0].added), "another pane, row %zu", r);
		cr_expect_not(npsd_panes_add(p, i, 180, 1u << NPSD_C_h3, &rows[2].added), "row %zu", r);
		npsd_panes_free(&p);
	}
}

Test(panes, what_no_window_reads_is_forgotten_and_not_added)
{
	struct npsd_panes *p = npsd_panes_new(&short_steps);
	uint32_t i = npsd_panes_find(p, seg_of(1), true);
	const int64_t one = 1;
	int64_t out[NPSD_NCOUNTER], t_ms = 100 * HOUR * 1000ll + 30000;
	/* 2h of step 60: two of it end at 100 h + 60 s; 6h of step 300 likewise */
	int64_t kept60 = 96 * HOUR + 60, kept300 = 88 * HOUR + 300;

	for (int64_t s = 80 * HOUR; s < 101 * HOUR; s += 60)
		npsd_panes_add(p, i, s, 1u << NPSD_C_h0, &one);
	npsd_panes_drop(p, t_ms);
	for (int twice = 0; twice < 2; twice++) {
		npsd_panes_add(p, i, kept60 - 60, 1u << NPSD_C_h0, &one);
		npsd_panes_sum(p, i, 0, 0, kept60, out);
		cr_expect_eq(out[0], 0);
		npsd_panes_add(p, i, kept300 - 60, 1u << NPSD_C_h0, &one);
		npsd_panes_sum(p, i, 1, 0, kept300, out);
		cr_expect_eq(out[0], 0);
		npsd_panes_drop(p, t_ms - HOUR * 1000); /* never back */
	}
	npsd_panes_sum(p, i, 0, kept60, kept60 + 60, out);
	cr_expect_eq(out[0], 1);
	npsd_panes_sum(p, i, 1, kept300, kept300 + 300, out);
	cr_expect_eq(out[0], 5);
	npsd_panes_free(&p);
}

Test(panes, few_answers_cost_hundreds_of_bytes)
{
	struct npsd_panes *p = npsd_panes_new(&all_steps);
	uint64_t rnd = 1;
	const int64_t one[2] = {1, 1};
	size_t a_segment;

	for (uint32_t n = 0; n < 16384; n++) {
		uint32_t i = npsd_panes_find(p, seg_of(n), true);

		for (int answer = 0; answer < 3; answer++)
			npsd_panes_add(p, i, (int64_t)(next_random(&rnd) % HOUR / 60 * 60),
			    1u << next_random(&rnd) % 11 | 1u << NPSD_C_comments, one);
	}
	a_segment = npsd_panes_bytes(p) / 16384;
	cr_expect_lt(a_segment, 480, "%zu bytes", a_segment);
	npsd_panes_free(&p);
}

/* --- against a model that keeps every counter of every finest pane of two simulated days --- */

#define MODEL_SEGS 5
#define MODEL_PANES (3 * DAY / 60)

struct model {
	struct npsd_panes *p;
	const struct npsd_config *cfg;
	int64_t (*at)[MODEL_PANES][NPSD_NCOUNTER];
	int64_t t_s;
	uint64_t rnd;
};

static void model_add(struct model *m)
{
	uint32_t seg = (uint32_t)(next_random(&m->rnd) % MODEL_SEGS), n = 0;
	uint64_t back = next_random(&m->rnd) % 8 ? 0 : next_random(&m->rnd) % (6 * HOUR);
	int64_t pane = (m->t_s - (int64_t)back) / 60, v[NPSD_NCOUNTER];
	uint32_t bits =
	    1u << next_random(&m->rnd) % NPSD_NCOUNTER | 1u << next_random(&m->rnd) % NPSD_NCOUNTER;

	for (uint32_t rest = bits; rest; rest &= rest - 1) {
		int64_t *held = &m->at[seg][pane][__builtin_ctz(rest)];

		switch (next_random(&m->rnd) % 8) {
		case 0:
			v[n] = -*held; /* back to zero, or a zero */
			break;
		case 1:
			v[n] = (int64_t)(next_random(&m->rnd) % (1ull << 40)) - (1ll << 39);
			break;
		default:
			v[n] = (int64_t)(next_random(&m->rnd) % 9) - 3;
		}
		*held += v[n++];
	}
	npsd_panes_add(m->p, npsd_panes_find(m->p, seg_of(seg), true), pane * 60, bits, v);
}

/* Each window and the one before it, from the model's panes. */
static void model_check(const struct model *m, uint32_t seg)
{
	int64_t step_s[NPSD_MAX_STEPS];
	int nsteps = npsd_panes_steps(step_s, m->cfg);
	uint32_t i = npsd_panes_find(m->p, seg_of(seg), false);

	for (int w = 0; w < m->cfg->nwindows && i != UINT32_MAX; w++) {
		const struct npsd_window *win = &m->cfg->windows[w];
		int64_t from = npsd_window_from_s(win, m->t_s * 1000);
		int step = 0;

		while (step < nsteps && step_s[step] != win->step_s)
			step++;
		for (int prev = 0; prev < 2; prev++, from -= win->width_s) {
			int64_t out[NPSD_NCOUNTER], expect[NPSD_NCOUNTER] = {0};
			bool any = false;

			for (int64_t s = from < 0 ? 0 : from; s < from + win->width_s; s += 60)
				for (int c = 0; c < NPSD_NCOUNTER; c++)
					expect[c] += s / 60 < MODEL_PANES ? m->at[seg][s / 60][c] : 0;
			for (int c = 0; c < NPSD_NCOUNTER; c++)
				any = any || expect[c] != 0;
			cr_assert_eq(npsd_panes_sum(m->p, i, step, from, from + win->width_s, out), any);
			cr_assert_arr_eq(out, expect, sizeof out, "%s at %lld", win->name, (long long)m->t_s);
			cr_assert(!any || npsd_panes_any(m->p, i, step, from, from + win->width_s));
		}
	}
}

static void model_run(const struct npsd_config *cfg)
{
	struct model m = {.cfg = cfg, .p = npsd_panes_new(cfg), .rnd = seed_of_run(), .t_s = 6 * HOUR};

	m.at = calloc(MODEL_SEGS, sizeof *m.at);
	cr_assert(m.at);
	while (m.t_s < 2 * DAY) {
		uint64_t what = next_random(&m.rnd) % 64;

		if (what < 40)
			model_add(&m);
		else if (what < 60)
			m.t_s += (int64_t)(next_random(&m.rnd) % 60);
		else if (what < 62)
			npsd_panes_drop(m.p, m.t_s * 1000);
		else if (what == 62 && next_random(&m.rnd) % 32 == 0)
			m.t_s += (int64_t)(next_random(&m.rnd) % (2 * HOUR));
		else if (what == 63 && next_random(&m.rnd) % 8 == 0)
			model_check(&m, (uint32_t)(next_random(&m.rnd) % MODEL_SEGS));
	}
	for (uint32_t seg = 0; seg < MODEL_SEGS; seg++)
		model_check(&m, seg);
	free(m.at);
	npsd_panes_free(&m.p);
}

Test(panes, two_days_of_short_windows_equal_the_model)
{
	model_run(&short_steps);
}

Test(panes, two_days_of_all_steps_equal_the_model)
{
	model_run(&all_steps);
}

Test(panes, stored_panes_come_back_one_step_at_a_time)
{
	struct npsd_panes *a = npsd_panes_new(&all_steps), *b = npsd_panes_new(&all_steps);
	int64_t step_s[NPSD_MAX_STEPS], v[2] = {1, -2};
	uint32_t i = npsd_panes_find(a, seg_of(4), true), k = npsd_panes_find(b, seg_of(4), true);
	struct npsd_pane pane, again;

	npsd_panes_steps(step_s, &all_steps);
	for (int64_t s = 0; s < 2 * DAY; s += 420)
		npsd_panes_add(a, i, s - s % 60, 1u << (s / 420 % 11) | 1u << NPSD_C_opened, v);
	for (int step = 0; step < 4; step++)
		for (int64_t from = INT64_MIN; npsd_panes_next(&pane, a, i, step, from, INT64_MAX);
		     from = pane.start_s + step_s[step])
			npsd_panes_put(b, k, step, pane.start_s, pane.bits, pane.v);
	for (int step = 0; step < 4; step++)
		for (int64_t from = -DAY; npsd_panes_next(&pane, a, i, step, from, 3 * DAY);
		     from = pane.start_s + step_s[step]) {
			cr_assert(npsd_panes_next(&again, b, k, step, from, 3 * DAY));
			cr_assert(again.start_s == pane.start_s && again.bits == pane.bits);
			cr_assert_arr_eq(again.v, pane.v, (size_t)__builtin_popcount(pane.bits) * sizeof *v);
		}
	npsd_panes_free(&a);
	npsd_panes_free(&b);
}
