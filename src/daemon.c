#include "npsd/daemon.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/stall.h"
#include "npsd/change.h"
#include "npsd/kafka.h"
#include "npsd/redis.h"
#include "npsd/pipeline.h"

#define WAIT_MS 20 /* longest wait of a step; what it waits for ends it earlier */

/* A thread that steps one component. */
struct runner {
	pthread_t thread;
	const char *name;
	bool (*step)(void *component, int wait_ms);
	void *component;
	_Atomic int *stop;
	NPSD_APART _Atomic int64_t steps; /* writer: the thread; reader: main */
	struct npsd_stall stall;	  /* main's */
};

struct daemon {
	struct npsd_pipeline pl;
	struct npsd_worker *worker[NPSD_MAX_WORKERS];
	struct npsd_commit *commit;
	struct npsd_fold *fold;
	struct npsd_group *group;
	struct runner runner[NPSD_MAX_WORKERS + 2];
	int runners;
	_Atomic int stop;
};

static _Atomic int stop_asked, reload_asked;

/* Does no more: the interrupted thread may hold any lock. The group's thread reads them in each step. */
static void on_signal(int signal)
{
	npsd_store_relaxed(signal == SIGHUP ? &reload_asked : &stop_asked, 1);
}

/* --- threads --- */

static void *run(void *arg)
{
	struct runner *r = arg;

	while (!npsd_load_relaxed(r->stop)) {
		r->step(r->component, WAIT_MS);
		npsd_bump_owner(&r->steps, 1);
	}
	return NULL;
}

#define STEP(name)                                                                                           \
	static bool step_##name(void *component, int wait_ms)                                                \
	{                                                                                                    \
		return npsd_##name##_step(component, wait_ms);                                               \
	}
STEP(worker)
STEP(commit)
STEP(fold)
#undef STEP

static void start(struct daemon *d, const char *name, bool (*step)(void *, int), void *component)
{
	struct runner *r = &d->runner[d->runners++];

	r->name = name;
	r->step = step;
	r->component = component;
	r->stop = &d->stop;
	r->stall.looked_mono_ms = npsd_clock_system.mono_ms(NULL);
	npsd_assert(pthread_create(&r->thread, NULL, run, r) == 0);
	pthread_setname_np(r->thread, name);
}

/* A component that ends no step for stall.limit: the process ends, so that the group gives its partitions
 * away. */
static void watch_stalls(struct daemon *d)
{
	int64_t now = npsd_clock_system.mono_ms(NULL);

	for (int i = 0; i < d->runners; i++) {
		struct runner *r = &d->runner[i];

		if (!npsd_stall_look(&r->stall, npsd_load_relaxed(&r->steps), now, d->pl.cfg->stall_limit_ms))
			continue;
		npsd_log(
		    NPSD_LOG_ERROR, "main", "%s ended no step for stall.limit; the process ends", r->name);
		_exit(1);
	}
}

/* --- the process --- */

static bool wire(
    struct daemon *d, struct npsd_config *cfg, const struct npsd_daemon_wish *wish, struct npsd_err *err)
{
	struct npsd_pipeline *pl = &d->pl;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	enum npsd_change how = wish->rebuild	    ? NPSD_CHANGE_REBUILD
			       : wish->apply_config ? NPSD_CHANGE_APPLY
						    : NPSD_CHANGE_NONE;

	pl->cfg = cfg;
	pl->clock = npsd_clock_system;
	npsd_redis_warn(cfg);
	if (!npsd_redis_open(&pl->store_group, cfg, "consume", err) ||
	    !npsd_change_adopt(cfg, err, &pl->store_group, &pl->clock, how, &stop_asked,
		wish->drain ? cfg->drain_limit_ms : 0))
		return false;
	pl->workers = cfg->workers ? (int)cfg->workers : cores > 2 ? (int)cores - 1 : 1;
	if (pl->workers > NPSD_MAX_WORKERS)
		pl->workers = NPSD_MAX_WORKERS;
	npsd_rings_new(pl);
	return npsd_redis_open(&pl->store_commit, cfg, "commit", err) &&
	       npsd_redis_open(&pl->store_fold, cfg, "fold", err) &&
	       npsd_kafka_open(&pl->broker, cfg, pl->workers, err);
}

static void unwire(struct npsd_pipeline *pl)
{
	if (pl->broker.self)
		npsd_kafka_close(&pl->broker);
	npsd_redis_close(&pl->store_group);
	npsd_redis_close(&pl->store_commit);
	npsd_redis_close(&pl->store_fold);
	npsd_rings_free(pl);
}

/* SIGHUP. The components keep the configuration of the start. */
static void reload(const struct npsd_daemon_wish *wish)
{
	struct npsd_config *fresh = NULL;
	struct npsd_err err = {0};

	npsd_store_relaxed(&reload_asked, 0);
	if (npsd_config_load(&fresh, &err, wish->file, wish->sets, wish->nsets)) {
		npsd_log(NPSD_LOG_WARN, "main",
		    "SIGHUP: the configuration was read again and log.level is in force; other options "
		    "change "
		    "at a restart");
		npsd_log_level((enum npsd_level)fresh->log_level);
	} else {
		npsd_log(NPSD_LOG_WARN, "main", "SIGHUP: %s; nothing changes", err.text);
	}
	npsd_config_free(&fresh);
}

/* The group runs in the main thread. */
static int run_group(struct daemon *d, const struct npsd_daemon_wish *wish)
{
	bool stopping = false;

	while (npsd_group_state(d->group) == NPSD_GROUP_RUNS) {
		if (!stopping && npsd_load_relaxed(&stop_asked)) {
			npsd_group_stop_any(d->group);
			stopping = true;
		}
		if (npsd_load_relaxed(&reload_asked))
			reload(wish);
		npsd_group_step(d->group, WAIT_MS);
		watch_stalls(d);
	}
	if (npsd_group_state(d->group) == NPSD_GROUP_FAILED)
		npsd_log(NPSD_LOG_ERROR, "main", "%s", npsd_group_error(d->group));
	return npsd_group_code(d->group);
}

static int run_components(struct daemon *d, const struct npsd_daemon_wish *wish)
{
	int code;

	for (int i = 0; i < d->pl.workers; i++)
		d->worker[i] = npsd_worker_new(&d->pl, i);
	d->commit = npsd_commit_new(&d->pl);
	d->fold = npsd_fold_new(&d->pl);
	d->group = npsd_group_new(&d->pl, wish->drain);
	if (wish->rebuild)
		npsd_group_rebuild(d->group, wish->accept_loss);
	for (int i = 0; i < d->pl.workers; i++)
		start(d, "worker", step_worker, d->worker[i]);
	start(d, "commit", step_commit, d->commit);
	start(d, "fold", step_fold, d->fold);

	code = run_group(d, wish);

	npsd_store_relaxed(&d->stop, 1);
	for (int i = 0; i < d->runners; i++)
		pthread_join(d->runner[i].thread, NULL);
	for (int i = 0; i < d->pl.workers; i++)
		npsd_worker_free(&d->worker[i]);
	return code;
}

bool npsd_daemon_check(const struct npsd_config *cfg, struct npsd_err *err)
{
	struct npsd_store store = {0};

	if (!npsd_redis_open(&store, cfg, "main", err))
		return false;
	npsd_redis_close(&store);
	return npsd_kafka_check(cfg, err);
}

int npsd_daemon_run(struct npsd_config *cfg, const struct npsd_daemon_wish *wish)
{
	struct sigaction act = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
	struct sigaction old_term, old_int, old_hup, old_pipe;
	struct daemon *d = aligned_alloc(128, (sizeof *d + 127) / 128 * 128);
	struct npsd_err err = {0};
	int code;

	npsd_assert(d);
	memset(d, 0, sizeof *d);
	sigaction(SIGTERM, &act, &old_term);
	sigaction(SIGINT, &act, &old_int);
	sigaction(SIGHUP, &act, &old_hup);
	sigaction(SIGPIPE, &ignore, &old_pipe); /* the reader of standard error may end */
	if (wire(d, cfg, wish, &err)) {
		code = run_components(d, wish);
	} else if (err.code == NPSD_OK) {
		code = wish->drain; /* stopped before the start ended */
	} else {
		npsd_log(NPSD_LOG_ERROR, "main", "%s", err.text);
		code = err.code == NPSD_INVALID ? 2 : 1;
	}
	sigaction(SIGTERM, &old_term, NULL);
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGHUP, &old_hup, NULL);
	sigaction(SIGPIPE, &old_pipe, NULL);
	npsd_commit_free(&d->commit);
	npsd_fold_free(&d->fold);
	npsd_group_free(&d->group);
	unwire(&d->pl);
	free(d);
	return code;
}
