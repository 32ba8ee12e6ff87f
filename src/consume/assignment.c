#include "consume/assignment.h"

#include <string.h>

#include "base/log.h"

static bool same_tp(struct npsd_tp a, struct npsd_tp b)
{
	return a.topic == b.topic && a.part == b.part;
}

static bool event_has(const struct npsd_broker_event *e, struct npsd_tp tp)
{
	for (size_t i = 0; i < e->n; i++)
		if (same_tp(e->tps[i].tp, tp))
			return true;
	return false;
}

static bool assignment_has(const struct assignment *s, struct npsd_tp tp)
{
	for (size_t i = 0; i < s->n; i++)
		if (same_tp(s->part[i]->tp, tp))
			return true;
	return false;
}

static void release(struct acquisition **a, struct commands *cmd)
{
	struct npsd_command o = {.what = NPSD_CMD_RELEASE, .state = {.tp = (*a)->tp}};

	commands_to_commit(cmd, &o);
	commands_to_worker(cmd, o.state.tp.part, &o);
	acquisition_free(a);
}

static void restart(struct assignment *s, struct context *c)
{
	memset(c->parts, 0, sizeof c->parts); /* topics grow */
	for (size_t i = 0; i < s->n; i++)
		acquisition_restart(s->part[i], c);
}

void assignment_replace(
    struct assignment *s, struct context *c, struct commands *cmd, const struct npsd_broker_event *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++)
		if (event_has(e, s->part[i]->tp))
			s->part[kept++] = s->part[i];
		else
			release(&s->part[i], cmd);
	s->n = kept;
	for (size_t i = 0; i < e->n; i++)
		if (!assignment_has(s, e->tps[i].tp))
			s->part[s->n++] = acquisition_new(c, e->tps[i].tp);
	restart(s, c);
	npsd_log(NPSD_LOG_INFO, "consume", "%zu partitions assigned; acquiring them", s->n);
}

void assignment_reset(struct assignment *s, struct context *c)
{
	for (size_t i = 0; i < s->n; i++) {
		s->part[i]->held[0] = 0;
		s->part[i]->checked = 0;
	}
	restart(s, c);
}

void assignment_forget(struct assignment *s)
{
	while (s->n)
		acquisition_free(&s->part[--s->n]);
}

bool assignment_advance(struct assignment *s, struct context *c)
{
	int64_t until = npsd_mono_ms(c->clock) + CONTEXT_ENDS_MS;
	bool any = false;

	for (size_t i = 0; i < s->n && npsd_mono_ms(c->clock) < until; i++)
		any |= acquisition_advance(s->part[i], c);
	return any;
}

struct acquisition *assignment_find(const struct assignment *s, uint64_t tag)
{
	for (size_t i = 0; i < s->n; i++)
		if (tag == CONTEXT_TAG(TAG_ACQUISITION, s->part[i]->attempt))
			return s->part[i];
	return NULL;
}

/* --- all are acquired --- */

/* Shard k belongs to the holder of partition k mod P of the first topic. False: P is not known now. */
static bool find_shards(const struct assignment *s, struct context *c, struct npsd_command *out)
{
	int32_t parts = context_parts(c, 0);

	for (int32_t k = 0; parts > 0 && k < c->cfg->shards; k++)
		if (assignment_has(s, (struct npsd_tp){0, k % parts}))
			out->shards[k / 8] |= (uint8_t)(1 << k % 8);
	return parts > 0;
}

static void hand_over(struct acquisition *a, struct commands *cmd, struct npsd_names *names)
{
	struct npsd_command o = {.what = NPSD_CMD_ACQUIRE, .state = a->state, .names = names};

	npsd_backoff_reset(&a->retry);
	commands_to_commit(cmd, &o);
	o.keep = acquisition_keeps(a);
	o.load_from = acquisition_from(a);
	o.rulings = a->rulings; /* the command owns them now */
	o.nrulings = a->nrulings;
	o.cut = a->history.cut;
	o.ncut = a->history.ncut;
	a->history.cut = NULL;
	a->history.ncut = 0;
	a->rulings = NULL;
	a->nrulings = 0;
	memcpy(a->held, a->state.claim, sizeof a->held);
	commands_to_worker(cmd, a->tp.part, &o);
}

bool assignment_deliver(
    struct assignment *s, struct context *c, struct commands *cmd, struct npsd_names *names)
{
	struct npsd_command shards = {.what = NPSD_CMD_SHARDS};
	struct npsd_offset at[NPSD_MAX_PARTS];

	for (size_t i = 0; i < s->n; i++) {
		if (s->part[i]->step != ACQ_READY)
			return false;
		at[i] = (struct npsd_offset){s->part[i]->tp, acquisition_from(s->part[i])};
	}
	if (!find_shards(s, c, &shards))
		return false;
	if (!c->broker->assign(c->broker->self, at, s->n)) {
		for (size_t i = 0; i < s->n; i++)
			acquisition_retry(s->part[i], c, "Kafka", "delivery did not start");
		return false;
	}
	commands_to_fold(cmd, &shards);
	for (size_t i = 0; i < s->n; i++)
		hand_over(s->part[i], cmd, names);
	commands_to_workers(cmd, &(struct npsd_command){.what = NPSD_CMD_FETCH});
	npsd_log(NPSD_LOG_INFO, "consume", "%zu partitions acquired; counting", s->n);
	return true;
}
