/* One whole npsd: the production rooms on handles that are given, stepped from outside. One thread. */
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
 * The configuration meets the one that is stored, as at any start: it waits for the store until it has.
 * False: *error says why not.
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
/* All at once, whatever is in hand: a crash. Before that the handles must answer no more than `release`. */
void instance_free(struct instance **i);

/* Rooms are 0 group, 1 commit, 2 fold, 3 .. workers. */
int instance_rooms(const struct instance *i);
/* False: a room found its own state impossible; instance_panic() says where. Nothing may be done with it any
 * more. */
bool instance_step(struct instance *i, int room);
const char *instance_panic(void);
void instance_stop(struct instance *i); /* SIGTERM */

enum instance_state { INSTANCE_RUNS, INSTANCE_DONE, INSTANCE_FAILED };
enum instance_state instance_state(const struct instance *i);
const char *instance_error(const struct instance *i);

#ifdef __cplusplus
}
#endif

#endif
