/* The process: starts the threads of all components and ends when one of them fails. */
#ifndef NPSD_DAEMON_H
#define NPSD_DAEMON_H

#include "npsd/config.h"

/* The command line, except the configuration. */
struct npsd_daemon_wish {
	bool drain;	   /* stop when all records that exist at start are counted and published */
	bool apply_config; /* replace the stored configuration by this one */
	bool rebuild;	   /* discard all counts and count again from Kafka */
	bool accept_loss;  /* rebuild even if Kafka has deleted records that were counted */
};

/* Checks values that components parse themselves. Thread: main; Waits: never; Fails: NPSD_INVALID */
bool npsd_daemon_check(const struct npsd_config *cfg, struct npsd_err *err);
/*
 * Runs until the drain is done, SIGTERM or SIGINT arrives, or a component fails; the reason of a failure is
 * logged. Returns the exit code: 0 success, 1 Kafka or Redis failed for good or a drain was interrupted, 2
 * wrong configuration. cfg adopts the stored configuration. Thread: main
 */
int npsd_daemon_run(struct npsd_config *cfg, const struct npsd_daemon_wish *wish);

#endif
