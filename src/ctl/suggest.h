/*
 * What exists in place of a key that does not: lines on standard error. A failure of Redis ends the search,
 * and nothing more is printed. Thread: main; Waits: for at most some hundred commands
 */
#ifndef NPSD_CTL_SUGGEST_H
#define NPSD_CTL_SUGGEST_H

#include "ctl/ctl.h"

void ctl_suggest_segment(struct ctl *c, const char *seg);
void ctl_suggest_window(struct ctl *c, const char *window);
/* dim: with its level, as in the key */
void ctl_suggest_rank(struct ctl *c, const char *kind, const char *dim, const char *window);

#endif
