/*
 * The group's thread. What Kafka assigns is acquired, loaded and counted; what it revokes is finished first.
 * Every fault ends in one recovery: all components drop what they hold, and the partitions are acquired
 * again.
 */
#include "consume/group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define PAUSE_MS 2000 /* limit of REVOKING, FINISHING and STOPPING */
#define FLUSH_MS 3000 /* limit of STOP_FLUSHING; a drain has none */
#define RECOVERY_CLOSE_MS 10000

enum group_event {
	EVENT_ASSIGN, /* this and the next two: see npsd/broker.h */
	EVENT_REVOKE,
	EVENT_LOST,
	EVENT_BACK,	/* all commands came back */
	EVENT_LATE,	/* the deadline has passed, and not all commands came back */
	EVENT_MISMATCH, /* CHECK_FENCE found another claim or position; or a topic holds other records */
	EVENT_ACQUIRED, /* what is acquired is delivered, or may be added to what is */
	EVENT_DRAINED,	/* all targets are reached */
	EVENT_STOP,	/* a stop was asked for, now or earlier */
	EVENT_FAULT,	/* a component reported a fault that recovery mends */
};

/* --- actions of the transitions; g->phase is the next phase already --- */

static void reset_all(struct npsd_group *g)
{
	struct npsd_command o = {.what = NPSD_CMD_RESET, .names = g->names};

	g->commands.session++;
	commands_to_workers(&g->commands, &o);
	commands_to_commit(&g->commands, &o);
	commands_to_fold(&g->commands, &o);
}

static void recover(struct npsd_group *g)
{
	int64_t now = npsd_mono_ms(g->context.clock);

	if (g->recovered_mono_ms && now - g->recovered_mono_ms < RECOVERY_CLOSE_MS)
		npsd_backoff_fail(&g->recovery, g->context.clock, now);
	else
		npsd_backoff_reset(&g->recovery);
	g->recovered_mono_ms = now;
	reset_all(g);
	npsd_log(NPSD_LOG_WARN, "consume", "recovering: all partitions are acquired again");
}

static void reset_done(struct npsd_group *g)
{
	npsd_names_free(&g->names_old);
	assignment_reset(&g->assignment, &g->context);
	recheck_begin(&g->recheck, &g->context);
}

static void unassign(struct npsd_group *g)
{
	g->context.broker->unassign(g->context.broker->self);
}

static void reset_done_unassign(struct npsd_group *g)
{
	npsd_names_free(&g->names_old);
	assignment_forget(&g->assignment);
	unassign(g);
}

/* Kafka may take back what it has assigned only when delivery has begun, be it of nothing. */
static void join_group(struct npsd_group *g)
{
	g->context.broker->assign(g->context.broker->self, NULL, 0);
}

static void pause_workers(struct npsd_group *g)
{
	npsd_log(NPSD_LOG_INFO, "consume", "%s; finishing what is in flight",
	    g->phase == PHASE_REVOKING	 ? "partitions revoked"
	    : g->phase == PHASE_ADDING	 ? "more partitions are acquired"
	    : g->phase == PHASE_STOPPING ? "stop asked for"
	    : *g->gave_up		 ? g->gave_up
					 : "counted to the end");
	commands_to_workers(&g->commands, &(struct npsd_command){.what = NPSD_CMD_PAUSE});
	g->deadline_mono_ms = npsd_mono_ms(g->context.clock) + PAUSE_MS;
}

static void flush(struct npsd_group *g)
{
	commands_to_fold(&g->commands, &(struct npsd_command){.what = NPSD_CMD_FLUSH});
	g->deadline_mono_ms = npsd_mono_ms(g->context.clock) + FLUSH_MS;
}

static void check_fence(struct npsd_group *g)
{
	commands_to_commit(&g->commands, &(struct npsd_command){.what = NPSD_CMD_CHECK_FENCE});
}

static void go_on_comparing(struct npsd_group *g)
{
	recheck_go_on(&g->recheck);
}

static void drained(struct npsd_group *g)
{
	if (g->gave_up[0]) {
		context_fail(&g->context, 1, "%s; the others are counted and published", g->gave_up);
		return;
	}
	npsd_log(NPSD_LOG_INFO, "consume",
	    "drained: all that Kafka held at the start is counted and published; the process ends");
}

/* What is in flight is counted again, and what is due is published, by the next owner. */
static void stopped(struct npsd_group *g)
{
	if (!g->progress.drain)
		return;
	npsd_log(NPSD_LOG_WARN, "consume",
	    "stopped before all was counted and published; the next start goes on from there");
	g->context.code = 1;
}

/* --- the transitions --- */

#define IN(phase) (1u << PHASE_##phase)
#define ON(event) (1u << EVENT_##event)
#define RESETTING (IN(RESETTING_IDLE) | IN(RESETTING_ASSIGNED) | IN(RESETTING_REVOKED))
#define ENDING (IN(FINISHING) | IN(FLUSHING) | IN(CHECKING_FENCE) | IN(STOPPING) | IN(STOP_FLUSHING))
#define IDLE_OR_ACQUIRING (IN(IDLE) | IN(ACQUIRING))
#define COUNTING (IN(RUNNING) | IN(ADDING))

/* A phase that has no row for an event ignores it; none has two. */
static const struct transition {
	uint32_t in, on;
	enum group_phase next;
	void (*action)(struct npsd_group *g); /* may be NULL */
} transitions[] = {
    {IN(RESETTING_IDLE), ON(BACK), PHASE_IDLE, reset_done},
    {IN(RESETTING_ASSIGNED), ON(BACK), PHASE_ACQUIRING, reset_done},
    {IN(RESETTING_REVOKED), ON(BACK), PHASE_IDLE, reset_done_unassign},
    {RESETTING, ON(ASSIGN), PHASE_RESETTING_ASSIGNED, join_group},
    {RESETTING, ON(REVOKE) | ON(LOST), PHASE_RESETTING_REVOKED, NULL},

    {IDLE_OR_ACQUIRING | COUNTING | IN(REVOKING) | ENDING, ON(ASSIGN), PHASE_ACQUIRING, join_group},
    {IDLE_OR_ACQUIRING, ON(REVOKE) | ON(LOST), PHASE_IDLE, unassign},
    {IN(ACQUIRING), ON(ACQUIRED), PHASE_RUNNING, go_on_comparing},
    {IN(RUNNING), ON(ACQUIRED), PHASE_ADDING, pause_workers},
    {IN(ADDING), ON(BACK), PHASE_ACQUIRING, NULL}, /* which delivers at once */
    {COUNTING, ON(REVOKE), PHASE_REVOKING, pause_workers},
    {COUNTING, ON(LOST), PHASE_RESETTING_REVOKED, recover},
    {IN(REVOKING), ON(BACK), PHASE_IDLE, unassign}, /* the parts may come back: ledgers stay */
    {IN(REVOKING), ON(LATE), PHASE_RESETTING_REVOKED, recover},
    {IN(REVOKING) | ENDING, ON(REVOKE) | ON(LOST), PHASE_RESETTING_REVOKED, recover},

    {IN(RUNNING), ON(MISMATCH), PHASE_RESETTING_ASSIGNED, recover},
    {IN(RUNNING), ON(DRAINED), PHASE_FINISHING, pause_workers},
    {IN(FINISHING), ON(BACK), PHASE_FLUSHING, flush},
    {IN(FINISHING), ON(LATE), PHASE_RESETTING_ASSIGNED, recover},
    {IN(FLUSHING), ON(BACK), PHASE_CHECKING_FENCE, check_fence},
    {IN(CHECKING_FENCE), ON(BACK), PHASE_DONE, drained},
    {IN(CHECKING_FENCE), ON(MISMATCH), PHASE_RESETTING_ASSIGNED, recover},

    {RESETTING | IDLE_OR_ACQUIRING | IN(CHECKING_FENCE), ON(STOP), PHASE_DONE, stopped},
    {COUNTING, ON(STOP), PHASE_STOPPING, pause_workers},
    {IN(FINISHING), ON(STOP), PHASE_STOPPING, NULL},
    {IN(FLUSHING), ON(STOP), PHASE_STOP_FLUSHING, NULL},
    {IN(STOPPING), ON(BACK), PHASE_STOP_FLUSHING, flush},
    {IN(STOPPING), ON(LATE), PHASE_DONE, stopped},
    {IN(STOP_FLUSHING), ON(BACK) | ON(LATE), PHASE_DONE, stopped},

    {IN(IDLE) | IN(RESETTING_IDLE), ON(FAULT), PHASE_RESETTING_IDLE, recover},
    {IN(REVOKING) | IN(RESETTING_REVOKED), ON(FAULT), PHASE_RESETTING_REVOKED, recover},
    {IN(ACQUIRING) | COUNTING | ENDING | IN(RESETTING_ASSIGNED), ON(FAULT), PHASE_RESETTING_ASSIGNED,
	recover},
};

/* False: the phase ignores the event. */
static bool handle(struct npsd_group *g, enum group_event event)
{
	for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++) {
		const struct transition *t = &transitions[i];

		if (!(t->in >> g->phase & 1) || !(t->on >> event & 1))
			continue;
		g->progress.tag = 0;
		g->phase = t->next;
		if (t->action)
			t->action(g);
		return true;
	}
	return false;
}

/* --- the step --- */

static bool failed(struct npsd_group *g)
{
	if (g->context.error[0])
		g->phase = PHASE_FAILED;
	return g->phase == PHASE_FAILED;
}

static void find_worse(
    const struct npsd_fault_cell **worst, const struct npsd_fault_cell *cell, uint32_t session)
{
	if (npsd_fault_of(cell, session) > (*worst ? npsd_fault_of(*worst, session) : NPSD_FAULT_NONE))
		*worst = cell;
}

/* Looks for the greatest fault of this session: recovers, or the process ends. */
static bool fault_step(struct npsd_group *g)
{
	const struct npsd_pipeline *pl = g->commands.pl;
	const struct npsd_fault_cell *worst = NULL;
	uint32_t session = g->commands.session;
	enum npsd_fault fault;

	for (int i = 0; i < pl->workers; i++)
		find_worse(&worst, &pl->fault_worker[i], session);
	find_worse(&worst, &pl->fault_commit, session);
	find_worse(&worst, &pl->fault_fold, session);
	if (!worst)
		return false;
	fault = npsd_fault_of(worst, session);
	if (fault >= NPSD_FAULT_CONFIG) {
		context_fail(&g->context, fault == NPSD_FAULT_CONFIG ? 2 : 1, "%s%s",
		    fault == NPSD_FAULT_CONFIG ? "another configuration was applied to these keys: " : "",
		    worst->text);
		return true;
	}
	if (fault == NPSD_FAULT_EMPTY)
		g->context.stored = false;
	if (fault >= NPSD_FAULT_DICT && !g->names_old) {
		g->names_old = g->names;
		g->names = npsd_names_new(pl->cfg->caps, &pl->cfg->sets);
	}
	npsd_log(NPSD_LOG_WARN, "consume", "%s", worst->text);
	handle(g, EVENT_FAULT);
	return true;
}

static bool acquiring(struct npsd_group *g)
{
	struct context *c = &g->context;
	bool any;

	if (npsd_backoff_waits(&g->recovery, npsd_mono_ms(c->clock)))
		return false;
	if (g->rebuild.step != REBUILD_NONE)
		return rebuild_step(&g->rebuild, c, &g->progress);
	any = assignment_advance(&g->assignment, c);
	if (g->commands.out || failed(g) || !assignment_due(&g->assignment, c) ||
	    !assignment_deliver(&g->assignment, c, &g->commands, g->names))
		return any;
	return handle(g, EVENT_ACQUIRED);
}

static bool running(struct npsd_group *g)
{
	struct context *c = &g->context;
	bool any = assignment_give_shards(&g->assignment, c, &g->commands);

	if (g->progress.drain &&
	    (g->gave_up[0] || (progress_reached(&g->progress, c) && assignment_all_counted(&g->assignment))))
		return handle(g, EVENT_DRAINED);
	any |= assignment_advance(&g->assignment, c);
	if (!g->commands.out && assignment_ready(&g->assignment) > 0 && assignment_due(&g->assignment, c))
		return handle(g, EVENT_ACQUIRED);
	any |= recheck_step(&g->recheck, c, &g->assignment);
	return progress_step(&g->progress, c, &g->assignment) || any;
}

static bool phase_step(struct npsd_group *g)
{
	bool back = g->commands.out == 0;
	bool mismatch = g->phase == PHASE_CHECKING_FENCE && !g->commands.fence_ok;

	if (npsd_load_relaxed(&g->stop) && handle(g, EVENT_STOP))
		return true;
	if (back && handle(g, mismatch ? EVENT_MISMATCH : EVENT_BACK))
		return true;
	if (!back && npsd_mono_ms(g->context.clock) >= g->deadline_mono_ms && handle(g, EVENT_LATE))
		return true;
	if (g->phase == PHASE_ACQUIRING)
		return acquiring(g);
	return g->phase == PHASE_RUNNING && running(g);
}

static void on_recheck(struct npsd_group *g, const struct npsd_broker_event *e)
{
	if (g->phase == PHASE_RUNNING && recheck_on_event(&g->recheck, &g->context, e, &g->assignment))
		handle(g, EVENT_MISMATCH);
}

static void on_event(struct npsd_group *g, const struct npsd_broker_event *e)
{
	struct acquisition *a = assignment_find(&g->assignment, e->tag);

	switch (e->what) {
	case NPSD_B_ASSIGN:
		if (!handle(g, EVENT_ASSIGN))
			break;
		assignment_replace(&g->assignment, &g->context, &g->commands, e);
		recheck_begin(&g->recheck, &g->context);
		break;
	case NPSD_B_REVOKE:
		handle(g, EVENT_REVOKE);
		break;
	case NPSD_B_LOST:
		npsd_log(NPSD_LOG_WARN, "consume",
		    "expelled from the consumer group; %zu partitions are lost", g->assignment.n);
		handle(g, EVENT_LOST);
		break;
	case NPSD_B_ENDS:
		if (e->tag >> 32 == TAG_TARGET)
			progress_on_ends(&g->progress, &g->context, e);
		else if (e->tag >> 32 == TAG_STABLE)
			stuck_on_ends(&g->context, &g->assignment, e);
		else if (a)
			acquisition_on_ends(a, &g->context, e);
		else
			on_recheck(g, e);
		break;
	case NPSD_B_RECORDS:
		if (a)
			acquisition_on_records(a, &g->context, e);
		else
			on_recheck(g, e);
		break;
	case NPSD_B_TOPIC:
		context_on_topic(&g->context, e);
		break;
	case NPSD_B_COMMITTED:
		if (a)
			acquisition_on_commit(a, &g->context, e);
		break;
	case NPSD_B_FATAL:
		context_fail(&g->context, 1, "Kafka: %s", e->text);
		break;
	}
}

static void on_store(struct npsd_group *g, const struct npsd_done *done)
{
	struct acquisition *a = assignment_find(&g->assignment, done->tag);

	g->context.calls_out--;
	if (a)
		acquisition_on_store(a, &g->context, done);
	else if (done->tag >> 32 == TAG_POSITIONS)
		progress_on_store(&g->progress, &g->context, &g->assignment, done);
	else if (done->tag >> 32 == TAG_REBUILD)
		rebuild_on_store(&g->rebuild, &g->context, done);
	else if (done->tag >> 32 == TAG_RECHECK && g->phase == PHASE_RUNNING)
		recheck_on_store(&g->recheck, &g->context, done, &g->assignment);
}

/* A drain that makes no progress publishes what it has counted, then ends with 1. */
static void drain_step(struct npsd_group *g)
{
	struct context *c = &g->context;
	bool publishing = (IN(FLUSHING) | IN(CHECKING_FENCE)) >> g->phase & 1;
	bool again = g->gave_up[0] != 0;
	char names[360];

	if (!g->progress.drain ||
	    stuck_drain_ms(&g->stuck, c, g->commands.pl, &g->progress, publishing) < c->cfg->drain_limit_ms)
		return;
	stuck_names(names, sizeof names, c, &g->progress, &g->assignment);
	snprintf(g->gave_up, sizeof g->gave_up, "the drain made no progress in drain.limit: %s%s",
	    g->phase == PHASE_IDLE ? "Kafka has assigned no partition; " : "",
	    *names	 ? names
	    : publishing ? "what is counted cannot be published"
			 : "Kafka or Redis does not reply");
	g->stuck.moved_mono_ms = npsd_mono_ms(c->clock);
	if (again || g->phase != PHASE_RUNNING)
		context_fail(c, 1, "%s", g->gave_up);
}

bool npsd_group_step(struct npsd_group *g, int wait_ms)
{
	struct context *c = &g->context;
	struct npsd_broker_event e;
	struct npsd_done done;
	bool any;

	if (npsd_group_state(g) != NPSD_GROUP_RUNS)
		return false;
	any = commands_collect(&g->commands);
	if (any)
		assignment_paused(&g->assignment, &g->commands);
	any |= fault_step(g);
	stuck_step(&g->stuck, c, &g->assignment);
	drain_step(g);
	while (!failed(g) && c->store->poll(c->store->self, &done, 0)) {
		on_store(g, &done);
		any = true;
	}
	for (int32_t t = 0; t < c->cfg->ntopics; t++)
		context_parts(c, t);
	if (!failed(g) && g->progress.drain)
		progress_find_targets(&g->progress, c);
	if (!failed(g))
		any |= phase_step(g);
	/* neither the store nor a command that comes back ends the broker's wait */
	if (any)
		wait_ms = 0;
	else if ((c->calls_out || g->commands.out) && wait_ms > 2)
		wait_ms = 2;
	if (!failed(g) && c->broker->poll(c->broker->self, &e, wait_ms)) {
		on_event(g, &e);
		any = true;
	}
	failed(g);
	return any;
}

struct npsd_group *npsd_group_new(struct npsd_pipeline *pl, bool drain)
{
	struct npsd_group *g = aligned_alloc(_Alignof(struct npsd_group), sizeof *g);

	npsd_assert(g);
	memset(g, 0, sizeof *g);
	context_init(&g->context, pl);
	g->commands.pl = pl;
	g->progress = (struct progress){.drain = drain, .retry = CONTEXT_BACKOFF};
	g->recovery = (struct npsd_backoff){.first_ms = 100, .most_ms = 5000};
	g->names = npsd_names_new(pl->cfg->caps, &pl->cfg->sets);
	g->phase = PHASE_RESETTING_IDLE;
	reset_all(g);
	return g;
}

void npsd_group_rebuild(struct npsd_group *g, bool accept_loss)
{
	g->rebuild = (struct rebuild){REBUILD_CALL, accept_loss, CONTEXT_BACKOFF};
}

void npsd_group_free(struct npsd_group **group)
{
	struct npsd_group *g = *group;

	if (!g)
		return;
	assignment_forget(&g->assignment);
	recheck_free(&g->recheck);
	free(g->progress.target);
	npsd_script_free(&g->context.build);
	npsd_names_free(&g->names_old);
	npsd_names_free(&g->names);
	free(g);
	*group = NULL;
}

void npsd_group_stop_any(struct npsd_group *g)
{
	npsd_store_relaxed(&g->stop, 1);
	g->context.broker->wake(g->context.broker->self);
}

enum npsd_group_state npsd_group_state(const struct npsd_group *g)
{
	return g->phase == PHASE_DONE	  ? NPSD_GROUP_DONE
	       : g->phase == PHASE_FAILED ? NPSD_GROUP_FAILED
					  : NPSD_GROUP_RUNS;
}

int npsd_group_code(const struct npsd_group *g)
{
	return g->context.code;
}

const char *npsd_group_error(const struct npsd_group *g)
{
	return g->context.error;
}
