/* npsd --check-config --connect: tries what a start needs, and writes nothing. */
#ifndef NPSD_PROBE_H
#define NPSD_PROBE_H

#include "npsd/config.h"

/*
 * Prints a line for each finding: `ok`, `warning` or `error`, and what was tried. Returns the exit code: 1 if
 * a start would fail or count nothing, else 0. cfg gets numbers and times from the stored configuration.
 * Thread: main; Waits: for each server up to some ten seconds
 */
int npsd_probe_run(struct npsd_config *cfg);

#endif
