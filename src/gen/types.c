#include "gen/types.h"

const char *const gen_intent_names[GEN_NINTENT] = {
    "creates", "edits", "withdraws", "revives", "reaches", "duplicate", "late", "rejected", "ignored"};
const char *const gen_type_names[GEN_NTYPE] = {"response.submitted", "response.updated", "response.retracted",
    "survey.invited", "survey.delivered", "survey.opened", "survey.declined", "survey.bounced",
    "survey.unsubscribed"};
