/* Configurations by their settings, for tests of what goes on from a stored one. */
#ifndef HELP_ADOPT_H
#define HELP_ADOPT_H

#include "npsd/config.h"

/* The caller frees; a and b: settings `NAME=VALUE`, or NULL. */
struct npsd_config *help_load(const char *a, const char *b);
/* The text of such a configuration, until the next call. */
const char *help_text(const char *a, const char *b, const char *c);
/* Loads it and adopts the stored text. */
struct npsd_config *help_adopt(const char *stored, struct npsd_config_now now, const char *a, const char *b);
/* The text has this line. */
void help_has(const struct npsd_config *cfg, const char *line);

#endif
