/* One npsd process: the production components on given handles, stepped by the caller. Single-threaded. */
#ifndef NPSD_SIM_INSTANCE_H
#define NPSD_SIM_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "npsd/broker.h"
#include "npsd/clock.h"
#include "npsd/store.h"

#ifdef __cplusplus
extern "C" {
#endif

struct npsd_config;
struct instance;

/* sets: `key=value`, as --set takes them. NULL: *error says why. Owns: the caller frees */
struct npsd_config *instance_config(const char *const *sets, int nsets, const char **error);
void instance_config_free(struct npsd_config **cfg);

/*
 * Limits the ledgers to fewer bytes than the option allows, so that a short run reaches the limit: each
 * worker, with at most that many partitions, may use `bytes` more than its empty ledgers do.
 */
void instance_limit_ledgers(struct npsd_config *cfg, int workers, int partitions, int64_t bytes);

/*
 * Compares the configuration with the stored one, as each start does; waits for the store. False: *error says
 * why the process must not start.
 */
bool instance_adopt(struct npsd_config *cfg, struct npsd_store *store, const struct npsd_clock *clock,
    bool rebuild, const char **error);

struct instance_wiring {
	const struct npsd_config *cfg; /* stays the caller's */
	struct npsd_broker broker;
	struct npsd_clock clock;
	struct npsd_store group, commit, fold;
	int workers;
	bool drain, rebuild;
};

/* Owns: the caller frees */
struct instance *instance_new(const struct instance_wiring *wiring);
/* Frees everything, requests in flight included, as a crash does. The handles must accept `release` until
 * then. */
void instance_free(struct instance **i);

/* Components are 0 group, 1 commit, 2 fold, and from 3 on the workers. */
int instance_components(const struct instance *i);
/* False: an assertion failed, see instance_panic(). The instance must not be used again, not even freed. */
bool instance_step(struct instance *i, int component);
const char *instance_panic(void);
void instance_stop(struct instance *i); /* SIGTERM */

enum instance_state { INSTANCE_RUNS, INSTANCE_DONE, INSTANCE_FAILED };
enum instance_state instance_state(const struct instance *i);
const char *instance_error(const struct instance *i);

#ifdef __cplusplus
}
#endif

#endif
