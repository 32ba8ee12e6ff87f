/* The dictionary in tests of several components: admissions without Redis. */
#ifndef HELP_NAMES_H
#define HELP_NAMES_H

#include "npsd/names.h"

/* The chain hash after one more entry, computed without src/names. prev: "" for the first. */
void help_chain(char out[41], const char *prev, const char *word, struct npsd_str value);
/* Appends to the copy with the right chain hash. The id, or NPSD_ID_UNKNOWN if the copy refused it. */
uint32_t help_admit(struct npsd_names *names, const struct npsd_sets *sets, int dim, const char *value);
/* The cap of every dimension is `cap`. */
struct npsd_names *help_names_new(const struct npsd_sets *sets, uint32_t cap);

#endif
