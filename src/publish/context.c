#include "publish/context.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "npsd/err.h"

#define RETRY_FIRST_MS 250
#define RETRY_MOST_MS 1000
#define LOG_EVERY_MS 10000
#define SAVED_KEYS 2000 /* that a quiet shard saves up, at most */
#define COST_US 30.0	/* of a key with six windows, until it is measured; 20 on a 2.45 GHz Xeon */
#define MEASURED_KEYS 256

void npsd_pub_context_init(
    struct npsd_pub_context *c, const struct npsd_config *cfg, const struct npsd_clock *clock, int shard)
{
	*c = (struct npsd_pub_context){.cfg = cfg,
	    .clock = clock,
	    .shard = shard,
	    .budget = {.tokens = SAVED_KEYS, .cost_us = COST_US, .filled_mono_ms = INT64_MIN},
	    .backoff = {.first_ms = RETRY_FIRST_MS, .most_ms = RETRY_MOST_MS}};
	c->nsteps = npsd_panes_steps(c->step_s, cfg);
	for (int w = 0; w < cfg->nwindows; w++)
		for (int s = 0; s < c->nsteps; s++)
			if (c->step_s[s] == cfg->windows[w].step_s)
				c->window_step[w] = s;
	npsd_script_init(&c->build, cfg, 1 << 22);
	npsd_buf_init(&c->name, 1 << 16);
	npsd_buf_init(&c->text, 1 << 22);
}

void npsd_pub_context_free(struct npsd_pub_context *c)
{
	npsd_script_free(&c->build);
	npsd_buf_free(&c->name);
	npsd_buf_free(&c->text);
}

void npsd_pub_context_reset(struct npsd_pub_context *c)
{
	memset(c->flight, 0, sizeof c->flight);
	/* a number that no call from before had */
	c->calls = (uint64_t)c->v->epoch * 0x9e3779b97f4a7c15u >> 33;
	npsd_backoff_reset(&c->backoff);
	c->state = NPSD_PUB_OK;
}

/* --- calls --- */

void npsd_pub_seg_name(struct npsd_pub_context *c, const char *word, uint32_t i, const char *suffix)
{
	bool named;

	npsd_buf_clear(&c->name);
	npsd_buf_addz(&c->name, c->cfg->prefix);
	npsd_buf_addz(&c->name, ":");
	npsd_buf_addz(&c->name, word);
	npsd_buf_addz(&c->name, "{");
	named = npsd_seg_name(&c->name, npsd_panes_seg(c->v->panes, i), &c->cfg->sets, c->v->names);
	npsd_buf_addz(&c->name, "}");
	npsd_buf_addz(&c->name, suffix);
	/* Its values were in the copy of the dictionary before its deltas were added to the panes. */
	npsd_assert(named && !c->name.full);
}

bool npsd_pub_submit_build(struct npsd_pub_context *c, struct npsd_script_build *b, int flight)
{
	/* 8 bits of the tag are the place in flight; the rest is the call's number, by which the reply to a
	 * forgotten call is recognized */
	uint64_t number = c->calls == UINT32_MAX ? 1 : c->calls + 1;

	_Static_assert(NPSD_NFLIGHT <= 256, "a place in flight is eight bits");
	npsd_assert(c->flight[flight] == 0);
	if (!npsd_script_submit(
		b, c->store, npsd_tag(NPSD_TAG_PUBLISH, c->shard, number << 8 | (uint64_t)flight)))
		return false;
	c->calls = number;
	c->flight[flight] = number;
	return true;
}

int npsd_pub_landed(struct npsd_pub_context *c, const struct npsd_done *done)
{
	uint64_t n = npsd_tag_n(done->tag);
	int flight = (int)(n & 0xff);

	if (flight >= NPSD_NFLIGHT || c->flight[flight] == 0 || c->flight[flight] != n >> 8)
		return -1;
	c->flight[flight] = 0;
	return flight;
}

bool npsd_pub_wrote(const struct npsd_done *done)
{
	uint64_t flight = npsd_tag_n(done->tag) & 0xff;

	return done->outcome == NPSD_DONE &&
	       (flight < NPSD_KEYS_FLIGHT || flight == NPSD_FLIGHT_INDEX || flight == NPSD_FLIGHT_RANK ||
		   flight == NPSD_FLIGHT_SERIES || flight == NPSD_FLIGHT_REMOVE);
}

static void failed(struct npsd_pub_context *c, const struct npsd_result *r)
{
	/* several calls in flight fail together: one failure */
	if (!npsd_backoff_waits(&c->backoff, c->now_mono_ms))
		npsd_backoff_fail(&c->backoff, c->clock, c->now_mono_ms);
	if (npsd_log_every(&c->logged_mono_ms, c->now_mono_ms, LOG_EVERY_MS))
		npsd_log(r->kind == NPSD_RESULT_RETRY ? NPSD_LOG_WARN : NPSD_LOG_ERROR, "publish",
		    "a call for shard %d failed: %s; retrying", c->shard, r->text);
}

static void refused(struct npsd_pub_context *c, const struct npsd_result *r)
{
	struct npsd_str stored = npsd_reply_str(r->reply, 2);
	int64_t epoch = 0;

	/* a stored rev begins with its epoch */
	if (r->refusal == NPSD_REFUSAL_rev && stored.n == NPSD_REV_LEN)
		stored.n = 13;
	if ((r->refusal == NPSD_REFUSAL_rev || r->refusal == NPSD_REFUSAL_epoch) &&
	    npsd_text_int(&epoch, stored, 0) && epoch > c->seen)
		c->seen = epoch;
	if (c->state == NPSD_PUB_OK)
		npsd_log(NPSD_LOG_INFO, "publish", "shard %d must be acquired again: %s", c->shard,
		    npsd_refusal_text(r->refusal));
	c->state = NPSD_PUB_REACQUIRE;
}

bool npsd_pub_ok(struct npsd_pub_context *c, const struct npsd_done *done, size_t least)
{
	struct npsd_result r = npsd_result_of(done, least);

	if (r.kind == NPSD_RESULT_OK && !npsd_backoff_waits(&c->backoff, c->now_mono_ms))
		npsd_backoff_reset(&c->backoff);
	else if (r.kind == NPSD_RESULT_REFUSED)
		refused(c, &r);
	else if (r.kind != NPSD_RESULT_OK)
		failed(c, &r);
	return r.kind == NPSD_RESULT_OK;
}

/* --- budget and revs --- */

void npsd_budget_refill(struct npsd_budget *b, const struct npsd_pub_context *c)
{
	double per_ms = c->cfg->publish_budget * 1000 / (b->cost_us * (double)c->cfg->shards);

	if (b->filled_mono_ms != INT64_MIN)
		b->tokens += per_ms * (double)(c->now_mono_ms - b->filled_mono_ms);
	if (b->tokens > SAVED_KEYS)
		b->tokens = SAVED_KEYS;
	b->filled_mono_ms = c->now_mono_ms;
}

void npsd_budget_measure(struct npsd_budget *b, int64_t now_mono_ms)
{
	double us = (double)(now_mono_ms - b->keys_mono_ms + 1) * 1000 / (double)b->keys;

	/* Keys of other shards in between only raise the result: follow it down at once, and up slowly. */
	if (b->keys >= MEASURED_KEYS)
		b->cost_us = us < b->cost_us ? us : b->cost_us + (us - b->cost_us) / 64;
}

static long long within(int64_t v, int64_t most)
{
	return v < 0 ? 0 : v > most ? most : v;
}

void npsd_pub_rev(char rev[NPSD_REV_LEN + 1], const struct npsd_pub_context *c)
{
	snprintf(rev, NPSD_REV_LEN + 1, "%013lld-%012lld-%013lld", within(c->v->epoch, 9999999999999),
	    within(c->v->seq, 999999999999), within(c->v->t_ms, 9999999999999));
}
