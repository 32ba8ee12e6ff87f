/* How far a name is from another one, for messages that name what was probably meant. */
#ifndef NPSD_DISTANCE_H
#define NPSD_DISTANCE_H

#include "base/str.h"

#define NPSD_DISTANCE_NAME_MAX 256 /* bytes; a longer name is far from every other */

/* The Levenshtein distance of two names, in bytes; `most` + 1 if it is greater than `most`. Thread: any */
int npsd_distance(struct npsd_str a, struct npsd_str b, int most);

#endif
