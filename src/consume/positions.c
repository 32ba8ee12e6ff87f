/*
 * Positions as they are stored: how far a drain is (whoever counts the partitions), and the group's own
 * offsets, which are for lag monitors only.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "consume/group.h"
#include "consume/stored.h"

int32_t group_parts(struct npsd_group *g, int32_t topic)
{
	int64_t now = group_mono_ms(g);

	if (g->parts[topic] > 0 || now < g->parts_not_before_ms)
		return g->parts[topic];
	g->parts[topic] = g->pl->broker.partitions(g->pl->broker.self, topic);
	if (g->parts[topic] > 0)
		return g->parts[topic];
	g->parts[topic] = 0;
	g->parts_not_before_ms = now + GROUP_AGAIN_MS;
	group_tell_wait(g, "%s: the topic's partitions are not known yet", g->pl->cfg->topics[topic]);
	return 0;
}

/* The partitions of all topics, each asked for once. False: they are not known now. */
static bool targets_name(struct npsd_group *g)
{
	int32_t ntopics = g->pl->cfg->ntopics;
	size_t n = 1;

	for (int32_t t = 0; t < ntopics; t++) {
		if (group_parts(g, t) == 0)
			return false;
		n += (size_t)g->parts[t];
	}
	g->target = calloc(n, sizeof *g->target);
	npsd_assert(g->target);
	for (int32_t t = 0; t < ntopics; t++)
		for (int32_t p = 0; p < g->parts[t]; p++)
			g->target[g->ntargets++] = (struct target){.tp = {t, p}, .end = -1};
	return true;
}

void group_targets_find(struct npsd_group *g)
{
	int64_t now = group_mono_ms(g);

	if (now < g->targets_not_before_ms)
		return;
	if (!g->target && !targets_name(g))
		return;
	g->targets_known = true;
	for (size_t i = 0; i < g->ntargets; i++) {
		struct target *t = &g->target[i];

		if (t->end >= 0)
			continue;
		g->targets_known = false;
		if (!t->asked && group_mono_ms(g) - now < GROUP_ENDS_MS)
			t->asked = g->pl->broker.ends(g->pl->broker.self, GROUP_TAG(TAG_TARGET, i, 0), t->tp);
	}
}

void group_on_target(struct npsd_group *g, uint32_t index, const struct npsd_broker_event *e)
{
	npsd_assert(g->target && index < g->ntargets);
	g->target[index].asked = e->ok;
	g->target[index].low = e->low;
	g->target[index].end = e->ok ? e->high : -1;
	if (!e->ok) {
		group_tell_wait(g, "%s [%" PRId32 "]: ends not known yet: %s",
		    g->pl->cfg->topics[e->tp.topic], e->tp.part, e->text);
		g->targets_not_before_ms = group_mono_ms(g) + GROUP_AGAIN_MS;
	}
}

bool group_positions_ask(struct npsd_group *g)
{
	static const char *const no_keys[1];
	char(*name)[GROUP_TP_TEXT] = calloc(NPSD_MAX_PARTS, sizeof *name);
	const char *args[NPSD_MAX_PARTS + 1];
	size_t n = 0;
	bool sent;

	npsd_assert(name);
	args[0] = "0"; /* no logs */
	if (g->drain)
		for (size_t i = 0; i < g->ntargets && n < NPSD_MAX_PARTS; i++) {
			if (!g->target[i].reached)
				g->positions_tp[n++] = g->target[i].tp;
		}
	else
		for (size_t i = 0; i < g->ntakes; i++)
			g->positions_tp[n++] = g->take[i]->tp;
	for (size_t i = 0; i < n; i++) {
		group_tp_name(g, name[i], g->positions_tp[i]);
		args[i + 1] = name[i];
	}
	g->positions_n = n;
	g->positions_tag = GROUP_TAG(TAG_POSITIONS, 0, ++g->round);
	sent = group_call(g, g->positions_tag, NPSD_S_positions, no_keys, 0, args, n + 1);
	free(name);
	if (!sent)
		g->positions_tag = 0;
	return sent;
}

static void on_position(struct npsd_group *g, struct npsd_tp tp, const char *text)
{
	struct npsd_pos pos = {0, 0};
	bool known = npsd_stored_pos(&pos, npsd_str(text));

	for (size_t i = 0; i < g->ntargets; i++) {
		struct target *t = &g->target[i];

		if (memcmp(&t->tp, &tp, sizeof tp) == 0 &&
		    (t->end <= t->low || (known && pos.offset >= t->end)))
			t->reached = true;
	}
}

void group_on_positions(struct npsd_group *g, const struct npsd_done *done)
{
	const struct npsd_reply *r = done->reply;
	struct npsd_offset at[NPSD_MAX_PARTS];
	size_t n = 0;

	g->positions_tag = 0;
	if (done->outcome == NPSD_BROKEN)
		group_fail(g, 1, "Redis: %s", done->text);
	if (done->outcome != NPSD_DONE || r->n < 3 || strcmp(r->el[0].str, "ok") != 0)
		return; /* asked again; a mismatch is the commit room's to find */
	for (size_t i = 0; i < r->el[2].n && i < g->positions_n; i++) {
		struct npsd_pos pos;

		on_position(g, g->positions_tp[i], r->el[2].el[i].str);
		if (!g->drain && npsd_stored_pos(&pos, npsd_str(r->el[2].el[i].str)))
			at[n++] = (struct npsd_offset){g->positions_tp[i], pos.offset};
	}
	if (n && g->phase == PHASE_RUNNING)
		g->pl->broker.commit(g->pl->broker.self, GROUP_TAG(TAG_ADVISORY, 0, 0), at, n);
}

bool group_drained(const struct npsd_group *g)
{
	for (size_t i = 0; i < g->ntargets; i++)
		if (!g->target[i].reached)
			return false;
	return true;
}
