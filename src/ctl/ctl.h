/* What the commands of npsctl share. */
#ifndef NPSD_CTL_H
#define NPSD_CTL_H

#include <stdbool.h>

#include "base/str.h"
#include "npsd/client.h"

/* Exit codes. */
enum { CTL_OK = 0, CTL_NOT_THERE = 1, CTL_USAGE = 2, CTL_REDIS = 3 };

/* The longest written name of a segment, and more: four values of which one is a location, each byte in
 * three. */
#define CTL_SEG_BYTES 9216

struct ctl {
	const struct npsd_config *cfg;
	struct npsd_client *redis;
	bool json;
	bool follow;
	bool lowest;
	const char *kind, *topic; /* NULL: not told */
	long count;
	int argc; /* the words behind the command */
	char **argv;
	struct npsd_err err;
};

/* Each returns the exit code. Thread: main */
int ctl_get(struct ctl *c);
int ctl_top(struct ctl *c);
int ctl_alerts(struct ctl *c);
int ctl_status(struct ctl *c);
int ctl_check_event(struct ctl *c); /* without Redis */
/* Valid UTF-8 as a terminal may show it, each control character a blank: at most so many characters. */
void ctl_print(struct npsd_str s, uint32_t most);
/* Says what failed. */
int ctl_failed(const struct ctl *c);

#endif
