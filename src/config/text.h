/* The canonical text, written and read back. Thread: main */
#ifndef NPSD_CONFIG_TEXT_H
#define NPSD_CONFIG_TEXT_H

#include "npsd/config.h"

#define NPSD_TEXT_NAME_MAX 300 /* bytes of a name, with the zero byte */

/* Sets cfg->text and cfg->hash. */
void npsd_config_make_text(struct npsd_config *cfg);
/* The value of the line `NAME=VALUE`; absent (p is NULL): there is no such line. */
struct npsd_str npsd_text_value(const char *text, const char *name);
/* Cuts the piece before the next `by` off *rest. False: nothing is left. */
bool npsd_text_cut(struct npsd_str *piece, struct npsd_str *rest, char by);

#endif
