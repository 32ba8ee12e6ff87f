/* Records of invitations. */
#ifndef GEN_INVITE_H
#define GEN_INVITE_H

#include "gen/core.h"

/* Each makes one record; false: the history holds no invitation for it. Thread: owner, for all functions */
bool gen_make_stage(struct gen *g, struct gen_record *out);
/* Repeats a stage: the last one unchanged, or the first one with another time. */
bool gen_make_repeat(struct gen *g, struct gen_record *out);
bool gen_make_late_stage(struct gen *g, struct gen_record *out);

#endif
