/*
 * Windows over simulated years: answers come in and are withdrawn at random times, t goes on by anything from
 * a second to months, panes are dropped behind it, and every window of every segment is compared with a count
 * over the plain list of answers. By the event clock t is the highest time counted; by the wall clock it goes
 * ahead of them, and behind those that come early.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "help_names.h"
#include "npsd/panes.h"

#define MINUTE INT64_C(60)
#define HOUR INT64_C(3600)
#define DAY INT64_C(86400)
#define SEGMENTS 3
#define ANSWERS 4000
#define EARLY_S 300 /* how far an answer may be ahead of the wall clock */

static const struct npsd_config cfg = {
    .windows = {{"1h", HOUR, 60, 0}, {"3h", 3 * HOUR, 60, 0}, {"24h", DAY, 300, 0}, {"7d", 7 * DAY, HOUR, 0},
	{"31d", 31 * DAY, HOUR, 0}, {"90d", 90 * DAY, DAY, 0}, {"365d", 365 * DAY, DAY, 0}},
    .nwindows = 7,
    .pane_s = 60,
};

struct answer {
	uint32_t segment;
	int64_t at_ms;
	int counter; /* enum npsd_counter */
	bool withdrawn;
};

/* answers[0 .. n) are all that were ever counted, in the order they came */
struct world {
	struct npsd_panes *panes;
	uint32_t index[SEGMENTS];
	int step_of[NPSD_MAX_WINDOWS];
	struct answer answer[ANSWERS];
	int n;
	int64_t t_ms, highest_ms;
	uint64_t seed;
};

static uint64_t next_random(struct world *w)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return w->seed;
}

static int64_t below(struct world *w, int64_t n)
{
	return (int64_t)(next_random(w) % (uint64_t)n);
}

static void begin(struct world *w, uint64_t seed, int64_t t_ms)
{
	int64_t step_s[NPSD_MAX_STEPS];
	int nsteps = npsd_panes_steps(step_s, &cfg);

	*w = (struct world){.panes = npsd_panes_new(&cfg), .seed = seed, .t_ms = t_ms, .highest_ms = t_ms};
	for (uint32_t i = 0; i < SEGMENTS; i++)
		w->index[i] = npsd_panes_find(w->panes, (struct npsd_seg){1, i}, true);
	for (int k = 0; k < cfg.nwindows; k++)
		while (step_s[w->step_of[k]] != cfg.windows[k].step_s)
			cr_assert_lt(++w->step_of[k], nsteps);
}

static void add(struct world *w, const struct answer *a, int64_t by)
{
	/* the finest pane it lies in, worked out here: times are after 1970 */
	int64_t pane_s = a->at_ms / 60000 * 60;

	npsd_panes_add(w->panes, w->index[a->segment], pane_s, 1u << a->counter, &by);
}

/* An answer up to so long before now_ms, most of them recent. */
static void count_one(struct world *w, int64_t now_ms, int64_t most_ms)
{
	int64_t back = below(w, 3) ? below(w, 2 * HOUR * 1000) : below(w, most_ms);
	struct answer *a = &w->answer[w->n++];

	*a =
	    (struct answer){(uint32_t)below(w, SEGMENTS), now_ms - back, (int)below(w, NPSD_NCOUNTER), false};
	if (a->at_ms > w->highest_ms)
		w->highest_ms = a->at_ms;
	add(w, a, 1);
}

static void withdraw_one(struct world *w)
{
	struct answer *a = &w->answer[below(w, w->n)];

	if (a->withdrawn)
		return;
	a->withdrawn = true;
	add(w, a, -1);
}

/* Start of the window, step by step from midnight: every step divides a day. */
static int64_t window_from_ms(int64_t t_ms, int64_t width_s, int64_t step_s)
{
	int64_t end = t_ms / (DAY * 1000) * DAY * 1000;

	while (end <= t_ms)
		end += step_s * 1000;
	return end - width_s * 1000;
}

static void recount(
    int64_t out[NPSD_NCOUNTER], const struct world *w, uint32_t segment, int64_t from_ms, int64_t to_ms)
{
	memset(out, 0, NPSD_NCOUNTER * sizeof *out);
	for (int i = 0; i < w->n; i++) {
		const struct answer *a = &w->answer[i];

		out[a->counter] +=
		    a->segment == segment && !a->withdrawn && a->at_ms >= from_ms && a->at_ms < to_ms;
	}
}

static void compare(const struct world *w)
{
	for (int k = 0; k < cfg.nwindows; k++) {
		const struct npsd_window *win = &cfg.windows[k];
		int64_t from_s = npsd_window_from_s(win, w->t_ms);

		cr_assert_eq(from_s * 1000, window_from_ms(w->t_ms, win->width_s, win->step_s), "%s at %lld",
		    win->name, (long long)w->t_ms);
		for (uint32_t i = 0; i < SEGMENTS; i++)
			for (int before = 0; before <= 1; before++) {
				int64_t start = from_s - before * win->width_s, due[NPSD_NCOUNTER],
					found[NPSD_NCOUNTER];

				recount(due, w, i, start * 1000, (start + win->width_s) * 1000);
				npsd_panes_sum(
				    w->panes, w->index[i], w->step_of[k], start, start + win->width_s, found);
				cr_assert_eq(memcmp(found, due, sizeof due), 0, "segment %u, %s%s at %lld", i,
				    before ? "before " : "", win->name, (long long)w->t_ms);
			}
	}
}

/* From a second to months, most of them short. */
static int64_t stride_ms(struct world *w)
{
	static const int64_t most_s[] = {1, 60, 300, HOUR, HOUR, DAY, DAY, 7 * DAY, 100 * DAY};

	return 1 + below(w, most_s[below(w, sizeof most_s / sizeof most_s[0])] * 1000);
}

static void check_clock(bool wall, uint64_t seed)
{
	static struct world w;
	int64_t begin_ms = 1700000000000 + (int64_t)seed * 7777777;
	int64_t now_ms = begin_ms;
	int compared = 0;

	begin(&w, seed * 0x9e3779b97f4a7c15u + 1, begin_ms);
	while (w.n < ANSWERS - 40) {
		now_ms += stride_ms(&w);
		for (int64_t i = below(&w, 12); i >= 0; i--)
			count_one(&w, now_ms + (wall ? below(&w, EARLY_S * 1000) : 0), 8 * DAY * 1000);
		for (int64_t i = below(&w, 4); i > 0; i--)
			withdraw_one(&w);
		w.t_ms = wall ? now_ms : w.highest_ms;
		if (below(&w, 2))
			npsd_panes_drop(w.panes, w.t_ms);
		compare(&w);
		compared++;
	}
	cr_expect_gt(compared, 100);
	cr_expect_gt(w.t_ms - begin_ms, 3 * 365 * DAY * 1000, "seed %llu: years", (unsigned long long)seed);
	/* silence: all of it leaves */
	w.t_ms += 731 * DAY * 1000;
	npsd_panes_drop(w.panes, w.t_ms);
	compare(&w);
	for (uint32_t i = 0; i < SEGMENTS; i++)
		for (int s = 0; s < 4; s++)
			cr_expect_not(npsd_panes_any(w.panes, w.index[i], s, -DAY, w.t_ms / 1000 + 2 * DAY));
	npsd_panes_free(&w.panes);
}

Test(years, by_the_wall_clock, .timeout = 120)
{
	for (uint64_t seed = 1; seed <= 6; seed++)
		check_clock(true, seed);
}

Test(years, by_the_event_clock, .timeout = 120)
{
	for (uint64_t seed = 1; seed <= 6; seed++)
		check_clock(false, seed);
}
