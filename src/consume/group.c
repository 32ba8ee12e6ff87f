/*
 * The group's thread: what Kafka assigns is claimed, loaded and counted; what it takes is finished first;
 * what goes wrong anywhere ends in the one recovery (drop all that is in hand, take the partitions anew).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "consume/group.h"

#define PAUSE_MS 2000	 /* given partitions and SIGTERM wait so long for what is in hand */
#define FLUSH_MS 3000	 /* a stop waits so long for what is due to be published; a drain has no limit */
#define ADVISORY_MS 5000 /* the group's own offsets are for lag monitors only */
#define DRAIN_LOOK_MS 50
#define TELL_MS 5000

int64_t group_mono_ms(const struct npsd_group *g)
{
	return g->pl->clock.mono_ms(g->pl->clock.self);
}

void group_fail(struct npsd_group *g, int code, const char *fmt, ...)
{
	va_list ap;

	if (g->phase == PHASE_FAILED)
		return;
	va_start(ap, fmt);
	vsnprintf(g->error, sizeof g->error, fmt, ap);
	va_end(ap);
	g->code = code;
	g->phase = PHASE_FAILED;
}

void group_tell_wait(struct npsd_group *g, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (!npsd_log_every(&g->told_ms, group_mono_ms(g), TELL_MS))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	npsd_log(NPSD_LOG_WARN, "consume", "%s", text);
}

static void unassign(struct npsd_group *g)
{
	g->pl->broker.unassign(g->pl->broker.self);
	g->assigned = false;
}

/* Nothing is on its way: what is assigned is taken. */
static void go_on(struct npsd_group *g)
{
	memset(g->parts, 0, sizeof g->parts);
	g->phase = g->assigned ? PHASE_TAKING : PHASE_IDLE;
}

/* --- recovery --- */

static void reset_begin(struct npsd_group *g, bool renew_names)
{
	struct npsd_command o = {.what = NPSD_CMD_RESET};

	g->session++;
	if (g->phase == PHASE_PAUSING && g->after_pause == THEN_UNASSIGN)
		g->unassign_pending = true; /* the group still waits for it */
	if (renew_names && !g->names_old) {
		g->names_old = g->names;
		g->names = npsd_names_new(g->pl->cfg->caps, &g->pl->cfg->sets);
		g->names_renewed = true;
	}
	o.names = g->names;
	for (size_t i = 0; i < g->ntakes; i++)
		g->take[i]->held[0] = 0;
	group_command_workers(g, &o);
	group_command_send(g, g->pl->group_to_commit, &o);
	if (g->names_renewed || g->phase == PHASE_FLUSHING) /* it gives up the flush, which may take long */
		group_command_send(g, g->pl->group_to_fold, &o);
	group_wake_all(g);
	g->phase = PHASE_RESETTING;
	g->positions_tag = 0;
}

/* The incident that is set, and its text; the next may come. */
static int incident_take(struct npsd_group *g, char text[256])
{
	int what = npsd_load_acquire(&g->pl->incident); /* pairs with npsd_fault_set */

	if (what == NPSD_FAULT_NONE)
		return what;
	memcpy(text, g->pl->incident_text, 256);
	npsd_store_release(&g->pl->incident, NPSD_FAULT_NONE); /* pairs with npsd_fault_set's look */
	return what;
}

static bool incident_handle(struct npsd_group *g)
{
	char text[256];
	int what = incident_take(g, text);
	bool names = what == NPSD_FAULT_DICT || what == NPSD_FAULT_EMPTY;

	switch (what) {
	case NPSD_FAULT_NONE:
		return false;
	case NPSD_FAULT_CONFIG:
		group_fail(g, 2, "another configuration was applied to these keys: %s", text);
		return true;
	case NPSD_FAULT_BROKEN:
		group_fail(g, 1, "%s", text);
		return true;
	default:
		break;
	}
	if (g->phase == PHASE_RESETTING && (!names || g->names_renewed))
		return true; /* recovery is under way */
	npsd_log(NPSD_LOG_WARN, "consume", "recovery: %s", text);
	reset_begin(g, names);
	return true;
}

static void takes_forget(struct npsd_group *g)
{
	for (size_t i = 0; i < g->ntakes; i++)
		take_free(&g->take[i]);
	g->ntakes = 0;
}

/* Recoveries that follow each other closely wait for each other, up to 5 s. */
static int64_t reset_delay(struct npsd_group *g)
{
	int64_t now = group_mono_ms(g), wait;

	g->resets = now - g->last_reset_ms < 10000 ? g->resets + 1 : 0;
	g->last_reset_ms = now;
	wait = g->resets ? 50LL << (g->resets < 7 ? g->resets : 7) : 0;
	return wait < 5000 ? wait : 5000;
}

static void reset_end(struct npsd_group *g)
{
	int64_t wait;

	if (incident_handle(g) && (g->phase != PHASE_RESETTING || g->commands_out))
		return;
	npsd_names_free(&g->names_old);
	g->names_renewed = false;
	if (g->unassign_pending) {
		unassign(g);
		g->unassign_pending = false;
		takes_forget(g);
		g->phase = PHASE_IDLE;
		return;
	}
	wait = reset_delay(g);
	for (size_t i = 0; i < g->ntakes; i++)
		take_again(g, g->take[i], wait);
	go_on(g);
}

/* --- assignment --- */

static bool has_tp(const struct npsd_offset *tps, size_t n, struct npsd_tp tp)
{
	for (size_t i = 0; i < n; i++)
		if (tps[i].tp.topic == tp.topic && tps[i].tp.part == tp.part)
			return true;
	return false;
}

static void drop_part(struct npsd_group *g, struct npsd_tp tp)
{
	struct npsd_command o = {.what = NPSD_CMD_RELEASE, .state = {.tp = tp}};

	group_command_send(g, g->pl->group_to_commit, &o);
	group_command_send(g, g->pl->group_to_worker[tp.part % g->pl->workers], &o);
}

static void on_assign(struct npsd_group *g, const struct npsd_broker_event *e)
{
	size_t kept = 0;

	g->assigned = true;
	for (size_t i = 0; i < g->ntakes; i++) {
		if (has_tp(e->tps, e->n, g->take[i]->tp)) {
			g->take[kept++] = g->take[i];
			continue;
		}
		drop_part(g, g->take[i]->tp);
		take_free(&g->take[i]);
	}
	g->ntakes = kept;
	for (size_t i = 0; i < e->n; i++) {
		size_t j = 0;

		while (j < kept && memcmp(&g->take[j]->tp, &e->tps[i].tp, sizeof e->tps[i].tp) != 0)
			j++;
		if (j == kept)
			g->take[g->ntakes++] = take_new(g, e->tps[i].tp);
	}
	memset(g->parts, 0, sizeof g->parts);
	for (size_t i = 0; i < g->ntakes; i++)
		take_again(g, g->take[i], 0);
	npsd_log(NPSD_LOG_INFO, "consume", "%zu partitions assigned", g->ntakes);
	if (g->phase != PHASE_RESETTING && g->phase != PHASE_START) {
		g->phase = PHASE_TAKING;
		group_wake_all(g);
	}
}

static void pause_begin(struct npsd_group *g, enum after_pause after)
{
	struct npsd_command o = {.what = NPSD_CMD_PAUSE};

	group_command_workers(g, &o);
	group_wake_all(g);
	g->after_pause = after;
	g->deadline_ms = group_mono_ms(g) + PAUSE_MS;
	g->phase = PHASE_PAUSING;
}

static void on_revoke(struct npsd_group *g, bool lost)
{
	npsd_log(NPSD_LOG_INFO, "consume", "%zu partitions %s", g->ntakes,
	    lost ? "lost: expelled from the group" : "revoked");
	switch (g->phase) {
	case PHASE_RESETTING:
		g->unassign_pending = true;
		break;
	case PHASE_RUNNING:
		if (!lost) {
			pause_begin(g, THEN_UNASSIGN);
			break;
		}
		/* fall through */
	case PHASE_PAUSING:
	case PHASE_FLUSHING:
	case PHASE_WATCHING:
		g->unassign_pending = true;
		reset_begin(g, false);
		break;
	default: /* nothing is delivered yet */
		unassign(g);
		if (g->phase == PHASE_START)
			takes_forget(g);
		if (g->phase == PHASE_TAKING || g->phase == PHASE_IDLE)
			g->phase = PHASE_IDLE;
		break;
	}
}

/* --- running, and its ends --- */

/* What is in hand is counted again, and what is due is published, by who comes next. */
static bool stopped(struct npsd_group *g)
{
	if (g->drain) {
		npsd_log(NPSD_LOG_WARN, "consume", "stopped before all was counted and published");
		g->code = 1;
	}
	g->phase = PHASE_DONE;
	return true;
}

static bool running(struct npsd_group *g)
{
	int64_t now = group_mono_ms(g), every = g->drain ? DRAIN_LOOK_MS : ADVISORY_MS;

	if (g->stopping || (g->drain && g->targets_known && group_drained(g))) {
		npsd_log(NPSD_LOG_INFO, "consume", "%s: finishing what is in hand",
		    g->stopping ? "asked to stop" : "counted to the end");
		pause_begin(g, THEN_FLUSH);
		return true;
	}
	if (g->positions_tag || now - g->positions_last_ms < every || (g->drain && !g->targets_known))
		return false;
	g->positions_last_ms = now;
	return (g->ntakes || g->drain) && group_positions_ask(g);
}

static void flush_begin(struct npsd_group *g)
{
	struct npsd_command o = {.what = NPSD_CMD_FLUSH};

	group_command_send(g, g->pl->group_to_fold, &o);
	group_wake_all(g);
	g->deadline_ms = group_mono_ms(g) + FLUSH_MS;
	g->phase = PHASE_FLUSHING;
}

static bool pausing(struct npsd_group *g)
{
	if (g->commands_out) {
		if (group_mono_ms(g) < g->deadline_ms)
			return false;
		if (g->after_pause == THEN_FLUSH && g->stopping)
			return stopped(g);
		g->unassign_pending = g->after_pause == THEN_UNASSIGN;
		reset_begin(g, false);
		return true;
	}
	if (g->after_pause == THEN_FLUSH) {
		flush_begin(g);
		return true;
	}
	unassign(g);
	g->phase = PHASE_IDLE; /* ledgers stay, in case the same partitions come back */
	return true;
}

static bool flushing(struct npsd_group *g)
{
	struct npsd_command o = {.what = NPSD_CMD_CHECK_FENCE};

	if (g->commands_out) {
		if (!g->stopping || group_mono_ms(g) < g->deadline_ms)
			return false;
		return stopped(g);
	}
	if (g->stopping)
		return stopped(g);
	g->commands_ok = true;
	group_command_send(g, g->pl->group_to_commit, &o);
	group_wake_all(g);
	g->phase = PHASE_WATCHING;
	return true;
}

static bool watching(struct npsd_group *g)
{
	if (g->commands_out)
		return g->stopping && stopped(g);
	if (!g->commands_ok) {
		reset_begin(g, false);
		return true;
	}
	npsd_log(
	    NPSD_LOG_INFO, "consume", "drained: all that was there at the start is counted and published");
	g->phase = PHASE_DONE;
	return true;
}

/* --- the step --- */

static bool on_event(struct npsd_group *g, const struct npsd_broker_event *e)
{
	uint32_t index = (uint32_t)(e->tag >> 32) & 0xffffff;
	struct take *t = index < g->ntakes ? g->take[index] : NULL;

	switch (e->what) {
	case NPSD_B_ASSIGN:
		on_assign(g, e);
		break;
	case NPSD_B_REVOKE:
	case NPSD_B_LOST:
		on_revoke(g, e->what == NPSD_B_LOST);
		break;
	case NPSD_B_ENDS:
		if (e->tag >> 56 == TAG_TARGET) {
			group_on_target(g, index, e);
			break;
		}
		g->calls_out--;
		if (t && t->round == (uint32_t)e->tag)
			take_on_ends(g, t, e);
		break;
	case NPSD_B_COMMITTED:
		if (e->tag >> 56 != TAG_TAKE)
			break;
		g->calls_out--;
		if (t && t->round == (uint32_t)e->tag)
			take_on_committed(g, t, e);
		break;
	case NPSD_B_FATAL:
		group_fail(g, 1, "kafka: %s", e->text);
		break;
	}
	return true;
}

static bool on_store(struct npsd_group *g, const struct npsd_done *done)
{
	uint32_t index = (uint32_t)(done->tag >> 32) & 0xffffff;

	if (done->tag >> 56 == TAG_POSITIONS) {
		if (done->tag == g->positions_tag)
			group_on_positions(g, done);
		return true;
	}
	g->calls_out--;
	if (done->tag >> 56 == TAG_REBUILD) {
		group_on_rebuild(g, done);
		return true;
	}
	if (index < g->ntakes && g->take[index]->round == (uint32_t)done->tag)
		take_on_store(g, g->take[index], done);
	return true;
}

static bool phase_step(struct npsd_group *g)
{
	switch (g->phase) {
	case PHASE_START:
		if (g->stopping)
			return stopped(g);
		if (g->commands_out)
			return false;
		if (g->rebuild != REBUILD_NONE)
			return group_rebuild_step(g);
		go_on(g);
		return true;
	case PHASE_IDLE:
		return g->stopping && stopped(g);
	case PHASE_TAKING:
		return g->stopping ? stopped(g) : group_taking(g);
	case PHASE_RUNNING:
		return running(g);
	case PHASE_PAUSING:
		return pausing(g);
	case PHASE_RESETTING:
		if (g->stopping)
			return stopped(g); /* nothing in hand will be kept */
		if (g->commands_out)
			return false;
		reset_end(g);
		return true;
	case PHASE_FLUSHING:
		return flushing(g);
	case PHASE_WATCHING:
		return watching(g);
	case PHASE_DONE:
	case PHASE_FAILED:
		break;
	}
	return false;
}

bool npsd_group_step(struct npsd_group *g, int wait_ms)
{
	struct npsd_broker_event e;
	struct npsd_done done;
	bool any;

	if (g->phase == PHASE_DONE || g->phase == PHASE_FAILED)
		return false;
	g->stopping = g->stopping || npsd_load_relaxed(&g->stop);
	any = group_collect_commands(g);
	any |= incident_handle(g);
	while (g->phase != PHASE_FAILED && g->pl->store_group.poll(g->pl->store_group.self, &done, 0))
		any |= on_store(g, &done);
	if (g->drain && !g->targets_known)
		group_targets_find(g);
	if (g->phase != PHASE_FAILED)
		any |= phase_step(g);
	/* an answer of the store, or an order that comes back, does not end the broker's wait */
	if (any)
		wait_ms = 0;
	else if ((g->calls_out || g->commands_out || g->positions_tag) && wait_ms > 2)
		wait_ms = 2;
	if (g->phase != PHASE_FAILED && g->pl->broker.poll(g->pl->broker.self, &e, wait_ms))
		any |= on_event(g, &e);
	return any;
}

struct npsd_group *npsd_group_new(struct npsd_pipeline *pl, bool drain)
{
	struct npsd_group *g = aligned_alloc(_Alignof(struct npsd_group), sizeof *g);
	struct npsd_command o = {.what = NPSD_CMD_RESET};

	npsd_assert(g);
	memset(g, 0, sizeof *g);
	g->pl = pl;
	g->drain = drain;
	g->header = pl->cfg->hash;
	g->session = 1;
	g->positions_last_ms = group_mono_ms(g) - DRAIN_LOOK_MS;
	g->names = npsd_names_new(pl->cfg->caps, &pl->cfg->sets);
	o.names = g->names;
	group_command_workers(g, &o);
	group_command_send(g, pl->group_to_commit, &o);
	group_command_send(g, pl->group_to_fold, &o);
	return g;
}

void npsd_group_rebuild(struct npsd_group *g, bool accept_loss)
{
	g->rebuild = REBUILD_ENDS;
	g->accept_loss = accept_loss;
}

void npsd_group_free(struct npsd_group **g)
{
	if (!*g)
		return;
	takes_forget(*g);
	free((*g)->target);
	npsd_names_free(&(*g)->names_old);
	npsd_names_free(&(*g)->names);
	free(*g);
	*g = NULL;
}

void npsd_group_stop_any(struct npsd_group *g)
{
	npsd_store_relaxed(&g->stop, 1);
	g->pl->broker.wake(g->pl->broker.self);
}

enum npsd_group_state npsd_group_state(const struct npsd_group *g)
{
	return g->phase == PHASE_DONE	  ? NPSD_GROUP_DONE
	       : g->phase == PHASE_FAILED ? NPSD_GROUP_FAILED
					  : NPSD_GROUP_RUNS;
}

int npsd_group_code(const struct npsd_group *g)
{
	return g->code;
}

const char *npsd_group_error(const struct npsd_group *g)
{
	return g->error;
}
