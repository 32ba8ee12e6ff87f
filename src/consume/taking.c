/*
 * All that is assigned is taken together: when each partition is claimed they are delivered and handed to
 * their workers, and the shards that go with them to fold.
 */
#include <string.h>

#include "base/log.h"
#include "consume/group.h"

#define COMPACTED_TRIES 5

/* Shard k belongs to the holder of partition k mod P of the first topic. False: P is not known now. */
static bool shards_order(struct npsd_group *g)
{
	struct npsd_command o = {.what = NPSD_CMD_SHARDS};
	int32_t parts = group_parts(g, 0);

	if (parts == 0)
		return false;
	for (uint32_t k = 0; k < (uint32_t)g->pl->cfg->shards; k++)
		for (size_t i = 0; i < g->ntakes; i++)
			if (g->take[i]->tp.topic == 0 &&
			    g->take[i]->tp.part == (int32_t)(k % (uint32_t)parts))
				o.shards[k / 8] |= (uint8_t)(1 << k % 8);
	group_command_send(g, g->pl->group_to_fold, &o);
	return true;
}

static void take_orders(struct npsd_group *g, struct take *t)
{
	struct npsd_command o = {.what = NPSD_CMD_ACQUIRE, .state = t->state, .names = g->names};

	group_command_send(g, g->pl->group_to_commit, &o);
	o.keep = strcmp(t->held, t->state.claim) == 0;
	o.load_from = o.keep ? t->state.pos.offset : take_load_from(t);
	o.rulings = t->rulings;
	o.nrulings = t->nrulings;
	t->rulings = NULL; /* the order owns them now */
	t->nrulings = 0;
	memcpy(t->held, t->state.claim, sizeof t->held);
	group_command_send(g, g->pl->group_to_worker[t->tp.part % g->pl->workers], &o);
}

/*
 * Of a compacted topic older answers are gone: a recount could never prove the counts. One topic a step, for
 * the broker may let us wait; one that does not answer is asked again a few times. True: all were asked.
 */
static bool see_compacted(struct npsd_group *g)
{
	const char *topic;
	enum npsd_compacted answer;

	if (g->compacted_next == g->pl->cfg->ntopics || g->pl->cfg->allow_compacted ||
	    !g->pl->broker.compacted)
		return true;
	topic = g->pl->cfg->topics[g->compacted_next];
	answer = g->pl->broker.compacted(g->pl->broker.self, g->compacted_next);
	if (answer == NPSD_COMPACTED_LATER && ++g->compacted_tries < COMPACTED_TRIES)
		return false;
	if (answer == NPSD_COMPACTED_YES) {
		group_fail(g, 2,
		    "topic %s is compacted, so that a recount may differ: use another, or set "
		    "allow_compacted",
		    topic);
		return false;
	}
	if (answer != NPSD_COMPACTED_NO)
		npsd_log(NPSD_LOG_WARN, "consume", "%s: cannot see whether the topic is compacted", topic);
	g->compacted_tries = 0;
	return ++g->compacted_next == g->pl->cfg->ntopics;
}

bool group_taking(struct npsd_group *g)
{
	struct npsd_offset at[NPSD_MAX_PARTS];
	int64_t now = group_mono_ms(g);
	bool any = false, ready = true;

	if (!see_compacted(g))
		return true;
	for (size_t i = 0; i < g->ntakes && g->phase == PHASE_TAKING; i++) {
		/* a broker that is slow to say its ends must not keep the group from being polled */
		if (group_mono_ms(g) - now < GROUP_ENDS_MS)
			any |= take_advance(g, (uint32_t)i, now);
		ready = ready && g->take[i]->step == TAKE_READY;
	}
	if (!ready || g->commands_out || g->phase != PHASE_TAKING || !shards_order(g))
		return any;
	for (size_t i = 0; i < g->ntakes; i++) {
		struct take *t = g->take[i];
		bool keep = strcmp(t->held, t->state.claim) == 0;

		at[i] = (struct npsd_offset){t->tp, keep ? t->state.pos.offset : take_load_from(t)};
	}
	if (!g->pl->broker.assign(g->pl->broker.self, at, g->ntakes)) {
		for (size_t i = 0; i < g->ntakes; i++)
			take_again(g, g->take[i], GROUP_AGAIN_MS);
		return true;
	}
	for (size_t i = 0; i < g->ntakes; i++)
		take_orders(g, g->take[i]);
	group_command_workers(g, &(struct npsd_command){.what = NPSD_CMD_FETCH});
	group_wake_all(g);
	g->phase = PHASE_RUNNING;
	npsd_log(NPSD_LOG_INFO, "consume", "%zu partitions taken", g->ntakes);
	return true;
}
