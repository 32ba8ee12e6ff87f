#include "npsd/probe.h"

#include <stdio.h>

#include "probe/finding.h"

int npsd_probe_run(struct npsd_config *cfg)
{
	struct npsd_probe p = {.cfg = cfg};

	npsd_probe_say(&p, NPSD_FOUND_OK, "configuration: valid");
	npsd_probe_redis(&p);
	npsd_probe_kafka(&p);
	printf("%d errors, %d warnings\n", p.errors, p.warnings);
	return p.errors ? 1 : 0;
}
