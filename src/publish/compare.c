#include "publish/compare.h"

#include <stdlib.h>

#include "base/log.h"

#define TRIES 5

void npsd_compare_reset(struct npsd_compare *p)
{
	p->phase = NPSD_COMPARE_NONE;
	p->passes = 0;
}

static uint32_t next_of(const struct npsd_compare *p, const struct npsd_pub_context *c,
    const struct npsd_index_set *x, const struct npsd_ranks *r)
{
	return p->list.ranked ? npsd_rank_next(r, p->list.list, p->next)
			      : npsd_index_set_next(x, c, p->list.list, p->next);
}

/* Fills the batch with the next members of one list. False: there are none any more. */
static bool gather(struct npsd_compare *p, const struct npsd_pub_context *c, const struct npsd_index_set *x,
    const struct npsd_ranks *r)
{
	uint32_t i;

	while (p->nbatch == 0) {
		while (p->nbatch < NPSD_COMPARE_MEMBERS && (i = next_of(p, c, x, r)) != NPSD_LIST_NONE) {
			p->batch[p->nbatch++] = i;
			p->next = i + 1;
		}
		if (p->nbatch > 0)
			return true;
		p->next = 0;
		if (!npsd_list_next_key(c->cfg, &p->list))
			return false;
	}
	return true;
}

static void end_pass(struct npsd_compare *p, const struct npsd_pub_context *c)
{
	p->phase = p->differences == 0 ? NPSD_COMPARE_EQUAL : NPSD_COMPARE_NONE;
	if (p->differences == 0)
		return;
	npsd_log(NPSD_LOG_INFO, "publish",
	    "%u members of indexes and ranks of shard %d were not as written; writing them again",
	    p->differences, c->shard);
	if (++p->passes == TRIES)
		p->phase = NPSD_COMPARE_GIVEN_UP;
}

static void submit(const struct npsd_compare *p, struct npsd_pub_context *c)
{
	npsd_list_name(&c->name, c->cfg, p->list);
	npsd_pub_begin(c, NPSD_S_lookup);
	npsd_script_argz(&c->build, p->list.ranked ? "ZMSCORE" : "SMISMEMBER");
	for (uint32_t k = 0; k < p->nbatch; k++)
		if (p->list.ranked)
			npsd_rank_add_member(c, p->batch[k]);
		else
			npsd_index_set_add_member(c, p->batch[k]);
	npsd_pub_submit(c, NPSD_FLIGHT_COMPARE); /* false: the next step tries again */
}

bool npsd_compare_step(struct npsd_compare *p, struct npsd_pub_context *c, const struct npsd_index_set *x,
    const struct npsd_ranks *r)
{
	if (c->flight[NPSD_FLIGHT_COMPARE] != 0 || p->phase >= NPSD_COMPARE_EQUAL)
		return false;
	if (p->phase == NPSD_COMPARE_NONE) {
		p->phase = NPSD_COMPARE_RUNS;
		p->list = (struct npsd_list_key){.list = 0};
		p->next = p->nbatch = p->differences = 0;
	}
	if (gather(p, c, x, r)) {
		submit(p, c);
		return true;
	}
	end_pass(p, c);
	return p->differences > 0;
}

/* text: of the reply: empty where it is no member, `1` or its score */
static bool is_equal(const struct npsd_compare *p, struct npsd_pub_context *c, const struct npsd_index_set *x,
    const struct npsd_ranks *r, uint32_t i, struct npsd_str text)
{
	if (!p->list.ranked)
		return x->seg[i].holds == (text.n > 0);
	npsd_rank_score_text(c, r, i, p->list);
	if (c->text.n == 0 || text.n == 0)
		return c->text.n == text.n;
	npsd_buf_add(&c->text, "", 1);
	return strtod(text.p, NULL) == strtod(c->text.p, NULL);
}

void npsd_compare_done(struct npsd_compare *p, struct npsd_pub_context *c, struct npsd_index_set *x,
    struct npsd_ranks *r, const struct npsd_done *done)
{
	if (!npsd_pub_ok(c, done, p->nbatch + 1) || p->phase != NPSD_COMPARE_RUNS)
		return;
	for (uint32_t k = 0; k < p->nbatch; k++) {
		uint32_t i = p->batch[k];

		if (is_equal(p, c, x, r, i, npsd_reply_str(done->reply, k + 1)))
			continue;
		p->differences++;
		if (p->list.ranked)
			npsd_rank_doubt(r, c, i, p->list);
		else
			npsd_index_set_doubt(x, c, i);
	}
	p->nbatch = 0;
}
