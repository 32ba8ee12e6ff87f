/* What the commands of npsctl share. Thread: main */
#ifndef NPSD_CTL_H
#define NPSD_CTL_H

#include <jansson.h>
#include <stdbool.h>

#include "base/str.h"
#include "npsd/client.h"

/* Exit codes. */
enum { CTL_OK = 0, CTL_NOT_THERE = 1, CTL_USAGE = 2, CTL_REDIS = 3 };

/* More than the longest name of a segment: four values, one of them a location, three characters per byte. */
#define CTL_SEG_BYTES 9216

struct ctl {
	const struct npsd_config *cfg;
	struct npsd_client *redis;
	bool json;
	bool follow;
	bool lowest;
	const char *kind, *topic; /* NULL: not given */
	long count;
	int argc; /* words after the command; their number is right */
	char **argv;
	struct npsd_err err;
};

/* Each returns the exit code. */
int ctl_get(struct ctl *c);
int ctl_top(struct ctl *c);
int ctl_alerts(struct ctl *c);
int ctl_status(struct ctl *c);
int ctl_check_event(struct ctl *c); /* c->redis is NULL */
/* Prints at most `most` characters of valid UTF-8; a control character becomes a blank. False: there were
 * more. */
bool ctl_print(struct npsd_str s, uint32_t most);
/* `2026-11-22 07:59:50`, in UTC */
const char *ctl_time(char out[32], int64_t ms);
/* Ends the row of a window with the names of its fragile figures. */
void ctl_print_fragile(const json_t *window);
/* Prints the line of o; takes the reference. */
void ctl_print_json(json_t *o);
/* Prints c->err and returns the exit code. */
int ctl_failed(const struct ctl *c);

#endif
