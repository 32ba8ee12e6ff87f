#include "instance.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "count/ledger.h"
#include "npsd/change.h"
#include "npsd/pipeline.h"

struct instance {
	struct npsd_pipeline pl;
	struct npsd_worker *worker[NPSD_MAX_WORKERS];
	struct npsd_commit *commit;
	struct npsd_fold *fold;
	struct npsd_group *group;
};

static jmp_buf panicked;
static bool stepping;
static char panic_text[256];

_Noreturn void __wrap_npsd_panic(const char *file, int line, const char *what);

/* The linker replaces npsd_panic() by this (--wrap), so that the report of a failed assertion names the seed.
 */
_Noreturn void __wrap_npsd_panic(const char *file, int line, const char *what)
{
	snprintf(panic_text, sizeof panic_text, "%s:%d: assertion failed: %s", file, line, what);
	if (stepping)
		longjmp(panicked, 1);
	fprintf(stderr, "%s\n", panic_text);
	abort();
}

struct npsd_config *instance_config(const char *const *sets, int nsets, const char **error)
{
	static struct npsd_err err;
	struct npsd_config *cfg = NULL;

	err = (struct npsd_err){0};
	if (npsd_config_load(&cfg, &err, NULL, sets, nsets))
		return cfg;
	*error = err.text;
	return NULL;
}

void instance_config_free(struct npsd_config **cfg)
{
	npsd_config_free(cfg);
}

void instance_limit_ledgers(struct npsd_config *cfg, int workers, int partitions, int64_t bytes)
{
	struct npsd_ledger *empty = npsd_ledger_new();

	cfg->ledger_memory_max = workers * (partitions * (int64_t)npsd_ledger_bytes(empty) + bytes);
	npsd_ledger_free(&empty);
}

bool instance_adopt(struct npsd_config *cfg, struct npsd_store *store, const struct npsd_clock *clock,
    bool rebuild, const char **error)
{
	static struct npsd_err err;
	_Atomic int stop = 0;

	err = (struct npsd_err){0};
	*error = err.text;
	return npsd_change_adopt(
	    cfg, &err, store, clock, rebuild ? NPSD_CHANGE_REBUILD : NPSD_CHANGE_NONE, &stop, 0);
}

struct instance *instance_new(const struct instance_wiring *wiring)
{
	struct instance *i = aligned_alloc(128, (sizeof *i + 127) / 128 * 128);
	struct npsd_pipeline *pl;

	if (!i)
		abort();
	memset(i, 0, sizeof *i);
	pl = &i->pl;
	pl->cfg = wiring->cfg;
	pl->broker = wiring->broker;
	pl->clock = wiring->clock;
	pl->store_group = wiring->group;
	pl->store_commit = wiring->commit;
	pl->store_fold = wiring->fold;
	pl->workers = wiring->workers;
	npsd_rings_new(pl);
	for (int k = 0; k < pl->workers; k++)
		i->worker[k] = npsd_worker_new(pl, k);
	i->commit = npsd_commit_new(pl);
	i->fold = npsd_fold_new(pl);
	i->group = npsd_group_new(pl, wiring->drain);
	if (wiring->rebuild)
		npsd_group_rebuild(i->group, false);
	return i;
}

void instance_free(struct instance **instance)
{
	struct instance *i = *instance;
	struct npsd_pipeline *pl;

	*instance = NULL;
	if (!i)
		return;
	pl = &i->pl;
	for (int k = 0; k < pl->workers; k++)
		npsd_worker_free(&i->worker[k]);
	npsd_commit_free(&i->commit);
	npsd_fold_free(&i->fold);
	npsd_group_free(&i->group);
	npsd_rings_free(pl);
	free(i);
}

int instance_components(const struct instance *i)
{
	return 3 + i->pl.workers;
}

bool instance_step(struct instance *i, int component)
{
	stepping = true;
	if (setjmp(panicked)) {
		stepping = false;
		return false;
	}
	if (component == 0)
		npsd_group_step(i->group, 0);
	else if (component == 1)
		npsd_commit_step(i->commit, 0);
	else if (component == 2)
		npsd_fold_step(i->fold, 0);
	else
		npsd_worker_step(i->worker[component - 3], 0);
	stepping = false;
	return true;
}

const char *instance_panic(void)
{
	return panic_text;
}

void instance_stop(struct instance *i)
{
	npsd_group_stop_any(i->group);
}

enum instance_state instance_state(const struct instance *i)
{
	switch (npsd_group_state(i->group)) {
	case NPSD_GROUP_DONE:
		return INSTANCE_DONE;
	case NPSD_GROUP_FAILED:
		return INSTANCE_FAILED;
	default:
		return INSTANCE_RUNS;
	}
}

const char *instance_error(const struct instance *i)
{
	return npsd_group_error(i->group);
}
