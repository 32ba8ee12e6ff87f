#include "consume/assignment.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define WAIT_FOR_REST_MS 1000 /* each addition makes the workers stand still */

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

const struct acquisition *assignment_of(const struct assignment *s, struct npsd_tp tp)
{
	for (size_t i = 0; i < s->n; i++)
		if (same_tp(s->part[i]->tp, tp))
			return s->part[i];
	return NULL;
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
	context_forget_parts(c);
	s->shards_given = false; /* a RESET takes them from fold */
	s->due_mono_ms = npsd_mono_ms(c->clock) + WAIT_FOR_REST_MS;
	for (size_t i = 0; i < s->n; i++)
		acquisition_begin(s->part[i], c);
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
		if (!assignment_of(s, e->tps[i].tp))
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
	bool any = false;

	for (size_t i = 0; i < s->n; i++)
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

/* --- shards --- */

/*
 * The topic whose partitions stand for shards: of those that exist the first by name, so that processes that
 * list them in another order agree. -1: unknown, a topic that was not described may be the one.
 */
static int32_t shards_topic(const struct context *c)
{
	int32_t first = -1;

	for (int32_t i = 0; i < c->cfg->ntopics; i++) {
		if (c->topic[i].missing)
			continue;
		if (first < 0 || strcmp(c->cfg->topics[i], c->cfg->topics[first]) < 0)
			first = i;
	}
	return first >= 0 && c->topic[first].parts > 0 ? first : -1;
}

/* Shard k belongs to the holder of partition k mod P of that topic, be the partition counted or not. */
bool assignment_give_shards(struct assignment *s, struct context *c, struct commands *cmd)
{
	struct npsd_command shards = {.what = NPSD_CMD_SHARDS};
	int32_t topic = shards_topic(c);

	if (topic < 0 || !c->stored)
		return false;
	for (int32_t k = 0; k < c->cfg->shards; k++)
		if (assignment_of(s, (struct npsd_tp){topic, k % c->topic[topic].parts}))
			shards.shards[k / 8] |= (uint8_t)(1 << k % 8);
	if (s->shards_given && memcmp(shards.shards, s->shards, sizeof s->shards) == 0)
		return false;
	memcpy(s->shards, shards.shards, sizeof s->shards);
	s->shards_given = true;
	commands_to_fold(cmd, &shards);
	return true;
}

/* --- delivery --- */

static size_t count(const struct assignment *s, enum acquisition_step step)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->part[i]->step == step;
	return n;
}

void assignment_paused(struct assignment *s, struct commands *cmd)
{
	for (size_t i = 0; i < cmd->nstands; i++)
		for (size_t k = 0; k < s->n; k++)
			if (same_tp(s->part[k]->tp, cmd->stands[i].tp))
				s->part[k]->next = cmd->stands[i].offset;
	cmd->nstands = 0;
}

size_t assignment_ready(const struct assignment *s)
{
	return count(s, ACQ_READY);
}

bool assignment_all_counted(const struct assignment *s)
{
	return count(s, ACQ_COUNTED) == s->n;
}

bool assignment_due(const struct assignment *s, const struct context *c)
{
	return count(s, ACQ_READY) + count(s, ACQ_COUNTED) == s->n ||
	       npsd_mono_ms(c->clock) >= s->due_mono_ms;
}

/* Whether somebody else may have set the group's offset: npsd commits it after the position, and at times. */
static bool offset_differs(const struct acquisition *a)
{
	bool counted = npsd_pos_cmp(a->state.pos, a->state.base) != 0;

	return a->step == ACQ_READY && !acquisition_keeps(a) && counted &&
	       a->committed != a->state.pos.offset;
}

/* Whoever resets the group's offsets wants something else to be counted. */
static void log_offsets(const struct assignment *s)
{
	const struct acquisition *first = NULL;
	char offset[24] = "none";
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (offset_differs(s->part[i]) && n++ == 0)
			first = s->part[i];
	if (!first)
		return;
	if (first->committed >= 0)
		snprintf(offset, sizeof offset, "%" PRId64, first->committed);
	npsd_log(NPSD_LOG_INFO, "consume",
	    "the group's offset in Kafka differs from the stored position of %zu partitions (%s: %s, stored "
	    "%" PRId64
	    "); counting goes on at the stored positions. Positions live in Redis, and the offsets in "
	    "Kafka are for lag monitors: to reset them changes nothing; --rebuild counts all records again",
	    n, first->name, offset, first->state.pos.offset);
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
	a->step = ACQ_COUNTED;
}

/* Nothing is delivered: all that was acquired begins again. */
static void not_delivered(struct assignment *s, struct context *c)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->part[i]->step == ACQ_READY || s->part[i]->step == ACQ_COUNTED)
			acquisition_retry(s->part[i], c, "Kafka", "delivery did not start");
}

bool assignment_deliver(
    struct assignment *s, struct context *c, struct commands *cmd, struct npsd_names *names)
{
	struct npsd_offset at[NPSD_MAX_PARTS];
	size_t n = 0, added = count(s, ACQ_READY);

	for (size_t i = 0; i < s->n; i++) {
		const struct acquisition *a = s->part[i];

		if (a->step == ACQ_READY)
			at[n++] = (struct npsd_offset){a->tp, acquisition_from(a)};
		else if (a->step == ACQ_COUNTED)
			at[n++] = (struct npsd_offset){a->tp, a->next};
	}
	s->due_mono_ms = npsd_mono_ms(c->clock) + WAIT_FOR_REST_MS;
	if (!c->broker->assign(c->broker->self, at, n)) {
		not_delivered(s, c);
		return false;
	}
	log_offsets(s);
	assignment_give_shards(s, c, cmd);
	for (size_t i = 0; i < s->n; i++)
		if (s->part[i]->step == ACQ_READY)
			hand_over(s->part[i], cmd, names);
	commands_to_workers(cmd, &(struct npsd_command){.what = NPSD_CMD_FETCH});
	npsd_log(NPSD_LOG_INFO, "consume", "%zu partitions acquired; counting %zu of %zu%s", added, n, s->n,
	    n < s->n ? ", the others when they are acquired" : "");
	return true;
}
