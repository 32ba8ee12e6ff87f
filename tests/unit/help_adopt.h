/* Configurations made from settings `NAME=VALUE`. A setting may be NULL if those after it are NULL. */
#ifndef HELP_ADOPT_H
#define HELP_ADOPT_H

#include "npsd/config.h"

/* The caller frees. */
struct npsd_config *help_load(const char *a, const char *b);
/* The canonical text; valid until the next call. */
const char *help_text(const char *a, const char *b, const char *c);
/* Loads a configuration, which adopts the stored text. */
struct npsd_config *help_adopt(const char *stored, struct npsd_config_now now, const char *a, const char *b);
/* Expects this line in the canonical text. */
void help_has(const struct npsd_config *cfg, const char *line);

#endif
