/* What readers of a file and of a stored text do with sets. Thread: main */
#ifndef NPSD_CONFIG_SETS_H
#define NPSD_CONFIG_SETS_H

#include "npsd/segment.h"

#define NPSD_ATTRIBUTE_PREFIX "attributes."

/* Adds the attribute and returns its dimension. It has room: nattr < NPSD_MAX_ATTR. Owns: the word is the
 * caller's to free */
int npsd_sets_add_attribute(struct npsd_sets *sets, struct npsd_str name);
/* Bit i: no set contains attribute i. */
uint32_t npsd_sets_unused_attributes(const struct npsd_sets *sets);

#endif
