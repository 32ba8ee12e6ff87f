/* The process: a thread for each component, watched by main. */
#ifndef NPSD_DAEMON_H
#define NPSD_DAEMON_H

#include "npsd/config.h"

/* Options of the command line. */
struct npsd_daemon_wish {
	bool drain;	   /* end when all that Kafka holds now is counted and published */
	bool apply_config; /* replace the stored configuration by this one */
	bool rebuild;	   /* drop what was counted, and count all records again */
	bool accept_loss;  /* ... also where Kafka does not hold all of them any more */
	/* where the configuration was read from, for SIGHUP: see npsd_config_load() */
	const char *file;
	const char *const *sets;
	int nsets;
};

/* Checks what the libraries for Redis and Kafka check of their options, without a connection. Thread: main;
 * Waits: never; Fails: NPSD_INVALID */
bool npsd_daemon_check(const struct npsd_config *cfg, struct npsd_err *err);
/*
 * Runs until the drain is done, if one is asked for, a stop by SIGTERM or SIGINT, or a failure. SIGHUP reads
 * the configuration again and puts its log.level in force. Returns the exit code: 0 done; 1 Redis or Kafka
 * cannot be used, or a drain was stopped; 2 configuration. Logs the reason of a failure. cfg gets numbers and
 * times from the stored configuration. Thread: main
 */
int npsd_daemon_run(struct npsd_config *cfg, const struct npsd_daemon_wish *wish);

#endif
