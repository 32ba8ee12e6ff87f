/* The process: rooms wired together, a thread each, watched. */
#ifndef NPSD_DAEMON_H
#define NPSD_DAEMON_H

#include "npsd/config.h"

/* What the command line asks for beside the configuration. */
struct npsd_daemon_wish {
	bool drain;	   /* stop when all that is there is counted and published */
	bool apply_config; /* put this configuration in force in place of the stored one */
	bool rebuild;	   /* drop what was counted, and count anew */
	bool accept_loss;  /* ... also where Kafka does not hold all of it any more */
};

/* What can be said of a configuration beyond its form without Redis and Kafka. Thread: main; Waits: never;
 * Fails: NPSD_INVALID */
bool npsd_daemon_check(const struct npsd_config *cfg, struct npsd_err *err);
/*
 * Runs until drained (if asked), stopped by SIGTERM or SIGINT, or failed. Returns the exit code: 0 done, 1
 * gave up on the outside world, or stopped in a drain, 2 configuration; the reason of a failure is logged.
 * cfg takes over numbers and times from the stored configuration. Thread: main
 */
int npsd_daemon_run(struct npsd_config *cfg, const struct npsd_daemon_wish *wish);

#endif
