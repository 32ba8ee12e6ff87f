/* Records of responses. */
#ifndef GEN_RESPONSE_H
#define GEN_RESPONSE_H

#include "gen/core.h"

/* Each makes one record; false: the history holds no response for it. Thread: owner, for all functions */
bool gen_make_new(struct gen *g, struct gen_record *out);
bool gen_make_duplicate(struct gen *g, struct gen_record *out);
bool gen_make_edit(struct gen *g, struct gen_record *out);
bool gen_make_update(struct gen *g, struct gen_record *out);
bool gen_make_retraction(struct gen *g, struct gen_record *out);
/* A response is sent again after GEN_FAR_MS or more (`again`), or a new one is late. Always true. */
bool gen_make_late(struct gen *g, struct gen_record *out, bool again);
/* A withdrawn response is sent again with a time that is late. */
bool gen_make_late_revival(struct gen *g, struct gen_record *out);

#endif
