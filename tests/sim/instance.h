/* One whole npsd: the production components on given handles, stepped by the caller. One thread. */
#ifndef NPSD_SIM_INSTANCE_H
#define NPSD_SIM_INSTANCE_H

#include <stdbool.h>

#include "npsd/broker.h"
#include "npsd/clock.h"
#include "npsd/store.h"

#ifdef __cplusplus
extern "C" {
#endif

struct npsd_config;
struct instance;

/* `key=value` texts, as --set. NULL: *error says why. Owns: the caller frees */
struct npsd_config *instance_config(const char *const *sets, int nsets, const char **error);
void instance_config_free(struct npsd_config **cfg);

/*
 * Adopts the stored configuration, as at any start; waits for the store. False: *error says why.
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
/* A crash: frees all, whatever is in flight. The handles need only answer `release`. */
void instance_free(struct instance **i);

/* Components: 0 group, 1 commit, 2 fold, 3 .. workers. */
int instance_components(const struct instance *i);
/* False: an assertion failed, and instance_panic() says where; the instance must not be stepped any more. */
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
