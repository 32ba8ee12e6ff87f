/* The process: rooms wired together, a thread each, watched. */
#ifndef NPSD_DAEMON_H
#define NPSD_DAEMON_H

#include "npsd/config.h"

/*
 * Runs until drained (if asked), stopped by SIGTERM or SIGINT, or failed. Returns the exit code: 0 done, 1
 * gave up on the outside world, 2 configuration; the reason of a failure is logged. Thread: main
 */
int npsd_daemon_run(const struct npsd_config *cfg, bool drain);

#endif
