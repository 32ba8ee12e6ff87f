/* The names that are nearest to one that does not exist. Thread: main */
#ifndef NPSD_CTL_NEAREST_H
#define NPSD_CTL_NEAREST_H

#include "base/str.h"

#define CTL_NEAREST_MAX 3

/* distance[i] <= distance[i + 1] <= most */
struct ctl_nearest {
	struct npsd_str wanted; /* the caller's */
	int most;		/* a greater distance is not near */
	int n;
	int distance[CTL_NEAREST_MAX];
	char *name[CTL_NEAREST_MAX];
};

void ctl_nearest_add(struct ctl_nearest *n, struct npsd_str name);
/* Adds each name of a list. */
void ctl_nearest_add_list(struct ctl_nearest *n, const char *list, char by);
/* Prints `npsctl: INTRO A, B` to standard error if a name is near, and frees the names. False: none is. */
bool ctl_nearest_end(struct ctl_nearest *n, const char *intro);

#endif
