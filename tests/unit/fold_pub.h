/* A publish that only counts its calls: npsd_pub_* for the tests of fold. */
#ifndef FOLD_PUB_H
#define FOLD_PUB_H

#include <criterion/criterion.h>
#include <stdlib.h>

#include "npsd/publish.h"

struct npsd_pub {
	int touched, turns, steps, flushes, leaves;
	bool busy, clean;
	enum npsd_pub_state state;
	int64_t seen, needs, before_ms, turn_ms;
};

static int pubs_taken; /* since the program began */
static bool pubs_busy; /* what a new one begins with */

struct npsd_pub *npsd_pub_new(const struct npsd_config *cfg, const struct npsd_clock *clock, int shard)
{
	struct npsd_pub *p = calloc(1, sizeof *p);

	(void)cfg;
	(void)clock;
	(void)shard;
	cr_assert(p);
	p->busy = pubs_busy;
	return p;
}

void npsd_pub_free(struct npsd_pub **p)
{
	cr_assert(!*p || !(*p)->busy, "freed while calls are in flight");
	free(*p);
	*p = NULL;
}

void npsd_pub_acquired(struct npsd_pub *p, const struct npsd_shard_view *v)
{
	(void)p;
	cr_assert(v->panes && v->names && v->epoch > 0);
	pubs_taken++;
}

void npsd_pub_touch(
    struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i, int64_t pane_s, int64_t mono_ms)
{
	cr_assert(npsd_panes_segments(v->panes) > i && pane_s % 60 == 0);
	(void)mono_ms;
	cr_assert_not(p->busy, "applied while a round is open");
	p->touched++;
}

void npsd_pub_turn(struct npsd_pub *p, const struct npsd_shard_view *v, int64_t before_ms, int64_t mono_ms)
{
	(void)mono_ms;
	cr_assert_not(p->busy, "t moved while a round is open");
	cr_assert_gt(v->t_ms, before_ms);
	p->turns++;
	p->before_ms = before_ms;
	p->turn_ms = v->t_ms;
}

bool npsd_pub_step(
    struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store, int64_t mono_ms)
{
	(void)v;
	(void)store;
	(void)mono_ms;
	p->steps++;
	return false;
}

void npsd_pub_done(
    struct npsd_pub *p, const struct npsd_shard_view *v, const struct npsd_done *done, int64_t mono_ms)
{
	(void)p;
	(void)v;
	(void)done;
	(void)mono_ms;
}

bool npsd_pub_busy(const struct npsd_pub *p)
{
	return p->busy;
}

void npsd_pub_leave(struct npsd_pub *p, int64_t mono_ms)
{
	(void)mono_ms;
	p->leaves++;
}

bool npsd_pub_clean(const struct npsd_pub *p)
{
	return p->clean;
}

void npsd_pub_flush(struct npsd_pub *p)
{
	p->flushes++;
}

enum npsd_pub_state npsd_pub_state(const struct npsd_pub *p)
{
	return p->state;
}

int64_t npsd_pub_seen(const struct npsd_pub *p)
{
	return p->seen;
}

int64_t npsd_pub_needs(const struct npsd_pub *p)
{
	return p->needs;
}

#endif
