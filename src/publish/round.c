/* Rounds: a record by script, then, at the same frozen log position and t, the keys that are due. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npsd/err.h"
#include "publish/pub.h"

#define COST_US 30.0 /* of a key with six windows, until it is measured; 20 on a 2.45 GHz Xeon */

static bool has_work(const struct npsd_pub *p, const struct npsd_shard_view *v)
{
	return p->due.nready > 0 || (p->sweep.running && p->sweep.at < p->sweep.nkeys) ||
	       npsd_orphans_wait(p, v);
}

/* The budget is shared by all shards, whoever holds them: they write into one Redis. */
static void refill(struct npsd_pub *p, int64_t mono_ms)
{
	double per_ms = p->cfg->publish_budget * 1000 / (p->cost_us * (double)p->cfg->shards);

	if (p->tokens_ms != INT64_MIN)
		p->tokens += per_ms * (double)(mono_ms - p->tokens_ms);
	if (p->tokens > NPSD_SAVED_KEYS)
		p->tokens = NPSD_SAVED_KEYS;
	p->tokens_ms = mono_ms;
}

static bool may_write(const struct npsd_pub *p)
{
	return p->flush || p->tokens >= 1;
}

static bool submit_record(struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store)
{
	struct npsd_pub_header h = {0};
	struct npsd_arg keys[3], args[8];
	size_t a, b, c, text;
	char epoch[24];

	npsd_buf_clear(&p->name);
	npsd_pub_private(p, &p->name, "fence");
	a = p->name.n;
	npsd_pub_private(p, &p->name, "dict");
	b = p->name.n;
	npsd_pub_private(p, &p->name, "rounds:");
	npsd_buf_addz(&p->name, p->shard_text);
	c = p->name.n;
	keys[0] = npsd_arg_buf(&p->name, 0, a);
	keys[1] = npsd_arg_buf(&p->name, a, b);
	keys[2] = npsd_arg_buf(&p->name, b, c);
	npsd_buf_clear(&p->text);
	npsd_buf_addz(&p->text, v->hash);
	npsd_buf_addz(&p->text, " ");
	npsd_buf_addz(&p->text, v->positions);
	text = p->text.n;
	npsd_assert(!p->text.full);
	snprintf(epoch, sizeof epoch, "%lld", (long long)v->epoch);
	npsd_pub_header(&h, p, v);
	memcpy(args, h.arg, sizeof h.arg);
	args[3] = npsd_arg_z(p->shard_text);
	args[4] = npsd_arg_z(epoch);
	args[5] = npsd_arg_z(p->rev);
	args[6] = npsd_arg_buf(&p->text, 0, text);
	args[7] = npsd_arg_z(p->sweep.drop);
	return npsd_pub_submit(p, store, NPSD_SLOT_ROUND, NPSD_S_round, keys, 3, args, 8);
}

static bool begin(
    struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store, int64_t mono_ms)
{
	if (!has_work(p, v) || !(p->flush || (mono_ms >= p->round_next_ms && may_write(p))))
		return false;
	npsd_rev_write(p->rev, v->epoch, v->seq, v->t_ms);
	p->round_keys = p->round_swept = 0;
	/* Nothing moved since the last round: its record stands. Strays want to know the dictionary's length
	 * again. */
	if (strcmp(p->rev, p->recorded) == 0 && p->sweep.drop[0] == 0 &&
	    (!npsd_orphans_wait(p, v) || p->sweep.resolved)) {
		p->round = NPSD_ROUND_WRITE;
		return true;
	}
	if (!submit_record(p, v, store))
		return false;
	p->round = NPSD_ROUND_RECORD;
	return true;
}

static void end(struct npsd_pub *p, int64_t mono_ms)
{
	p->round = NPSD_ROUND_NONE;
	/* A quiet shard's first change goes out at once; a busy one's rounds are a quarter of an interval
	 * apart. */
	p->round_next_ms = mono_ms + p->cfg->publish_interval_ms / 4;
	npsd_totals_touch(p);
}

static uint32_t next_key(struct npsd_pub *p, int64_t mono_ms)
{
	uint32_t i;

	if (p->round_keys >= NPSD_ROUND_KEYS || !may_write(p))
		return NPSD_DUE_NONE;
	i = npsd_due_take(&p->due);
	if (i != NPSD_DUE_NONE || p->round_swept >= NPSD_SWEEP_KEYS)
		return i;
	i = npsd_sweep_take(p, mono_ms);
	p->round_swept += i != NPSD_DUE_NONE;
	return i;
}

/* Writes as many keys as may be on their way; ends the round after the last answer. */
static bool write_keys(
    struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store, int64_t mono_ms)
{
	bool removing = npsd_orphans_remove(p, v, store), did = false;
	uint32_t i;

	while (p->nflight < NPSD_KEYS_FLIGHT) {
		i = next_key(p, mono_ms);
		if (i == NPSD_DUE_NONE)
			break;
		p->round_keys++;
		if (!npsd_pub_key_write(p, v, store, i, mono_ms))
			return did;
		p->tokens -= p->flush ? 0 : 1;
		did = true;
	}
	if (p->nflight > 0 || removing)
		return did;
	end(p, mono_ms);
	return true;
}

bool npsd_round_step(
    struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store, int64_t mono_ms)
{
	refill(p, mono_ms);
	switch (p->round) {
	case NPSD_ROUND_NONE:
		return begin(p, v, store, mono_ms);
	case NPSD_ROUND_RECORD:
		return false;
	default:
		return write_keys(p, v, store, mono_ms);
	}
}

void npsd_round_recorded(
    struct npsd_pub *p, const struct npsd_shard_view *v, const struct npsd_done *done, int64_t mono_ms)
{
	if (done->outcome == NPSD_DONE && npsd_reply_is(done->reply, "ok", 2)) {
		memcpy(p->recorded, p->rev, sizeof p->recorded);
		p->sweep.drop[0] = 0;
		npsd_orphans_resolve(p, v, npsd_reply_int(&done->reply->el[1]));
		p->round = NPSD_ROUND_WRITE;
		return;
	}
	if (done->outcome == NPSD_DONE && npsd_reply_is(done->reply, "refused", 2))
		npsd_pub_refused(p, done->reply);
	else
		npsd_pub_failed(p, done, mono_ms);
	end(p, mono_ms);
}

void npsd_round_break_off(struct npsd_pub *p, int64_t mono_ms)
{
	if (p->round == NPSD_ROUND_WRITE && p->nflight == 0 && p->slot[NPSD_SLOT_REMOVE] == 0)
		end(p, mono_ms);
}

void npsd_round_init(struct npsd_pub *p)
{
	p->cost_us = COST_US;
	p->tokens = NPSD_SAVED_KEYS;
	p->tokens_ms = INT64_MIN;
}
