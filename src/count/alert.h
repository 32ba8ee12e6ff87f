/* One transition of a response, as the contract's JSON and its channels, packed into a batch. */
#ifndef NPSD_COUNT_ALERT_H
#define NPSD_COUNT_ALERT_H

#include "count/decide.h"
#include "npsd/batch.h"
#include "npsd/config.h"

struct npsd_alerter;

/* What an alert tells of. decision->transition is something. */
struct npsd_alert {
	const struct npsd_decision *decision;
	const struct npsd_event *ev;
	struct npsd_tp tp;
	int64_t offset;
	int64_t record_ms;
};

/* cfg is kept. Thread: main; Owns: the caller frees */
struct npsd_alerter *npsd_alerter_new(const struct npsd_config *cfg);
void npsd_alerter_free(struct npsd_alerter **a);
/* Appends to batch->alerts, counts it, and marks the batch urgent if it is critical. Thread: worker; Waits:
 * never */
void npsd_alert_add(struct npsd_batch *batch, struct npsd_alerter *a, const struct npsd_alert *alert,
    const struct npsd_names *names);

#endif
