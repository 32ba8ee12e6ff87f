/*
 * A model of the part of Redis that npsd's scripts use: the very scripts run on Lua 5.1 over maps in memory.
 * It can be copied whole, which is what a fail-over that loses writes does. Checked against a real
 * redis-server by test_model. One thread.
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

/* now_ms: what TIME gives, read at each call; the caller's. Owns: the caller frees */
struct model *model_new(const int64_t *now_ms);
void model_free(struct model **m);

/* Puts `to` in the place of `from` in a script's text, in this model only. False: it is not there. */
bool model_edit_script(struct model *m, enum npsd_script script, const char *from, const char *to);

/*
 * Runs a script. The reply belongs to the model until model_reply_free. NULL: the script failed, *error says
 * why (valid until the next call).
 */
const struct npsd_reply *model_run(struct model *m, const struct npsd_call *call, const char **error);
/* Runs one command outside of a script, likewise. */
const struct npsd_reply *model_command(
    struct model *m, int argc, const char *const *argv, const char **error);
void model_reply_free(const struct npsd_reply *r);

#ifdef __cplusplus
}
#endif

#endif
