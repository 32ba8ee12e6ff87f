/*
 * A model of the commands of Redis that npsd uses, over maps in memory. The production scripts run on
 * embedded Lua 5.1. test_model compares it with a real redis-server. Single-threaded.
 */
#ifndef NPSD_SIM_REDIS_MODEL_H
#define NPSD_SIM_REDIS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npsd/store.h"

#ifdef __cplusplus
extern "C" {
#endif

struct model;

/* now_ms: the clock of TIME, read at each call; must outlive the model. Owns: the caller frees */
struct model *model_new(const int64_t *now_ms);
void model_free(struct model **m);

/* Replaces `from` by `to` in the text of a script, in this model only. False: the text does not contain
 * `from`. */
bool model_edit_script(struct model *m, enum npsd_script script, const char *from, const char *to);

/*
 * Runs a script. The caller frees the reply by model_reply_free(). NULL: the script failed, *error says why
 * (valid until the next call).
 */
const struct npsd_reply *model_run(struct model *m, const struct npsd_call *call, const char **error);
/* The same for one command outside a script. */
const struct npsd_reply *model_command(
    struct model *m, int argc, const char *const *argv, const char **error);
void model_reply_free(const struct npsd_reply *r);

#ifdef __cplusplus
}
#endif

#endif
