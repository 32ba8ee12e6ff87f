/* What tests of several rooms need of the dictionary: sets, caps and admissions without a Redis. */
#ifndef HELP_NAMES_H
#define HELP_NAMES_H

#include "npsd/names.h"

/* The chain hash behind one more entry, worked out apart from src/names. prev: "" for the first. */
void help_chain(char out[41], const char *prev, const char *word, struct npsd_str value);
/* Appends to the end of the copy, with the right chain hash; the id, or NPSD_ID_UNKNOWN where the copy
 * refused. */
uint32_t help_admit(struct npsd_names *names, const struct npsd_sets *sets, int dim, const char *value);
/* Every cap is `cap`. */
struct npsd_names *help_names_new(const struct npsd_sets *sets, uint32_t cap);

#endif
