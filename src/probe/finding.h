/* What the files of this folder share: the findings. Thread: main */
#ifndef NPSD_PROBE_FINDING_H
#define NPSD_PROBE_FINDING_H

#include "npsd/config.h"

struct npsd_probe {
	struct npsd_config *cfg;
	int warnings, errors;
};

enum npsd_finding { NPSD_FOUND_OK, NPSD_FOUND_WARNING, NPSD_FOUND_ERROR };

/* Prints the line. */
void npsd_probe_say(struct npsd_probe *p, enum npsd_finding what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void npsd_probe_redis(struct npsd_probe *p);
void npsd_probe_kafka(struct npsd_probe *p);

#endif
