/* Packs a transition of a response into a batch: its JSON and its channels, as the contract says. */
#ifndef NPSD_COUNT_ALERT_H
#define NPSD_COUNT_ALERT_H

#include "count/decide.h"
#include "npsd/batch.h"
#include "npsd/config.h"

struct npsd_alerter;

/* A transition and its source. */
struct npsd_alert {
	const struct npsd_decision *decision;
	const struct npsd_event *ev;
	struct npsd_tp tp;
	int64_t offset;
	int64_t record_ms;
};

/* Thread: main; Owns: the caller frees; cfg stays the caller's */
struct npsd_alerter *npsd_alerter_new(const struct npsd_config *cfg);
void npsd_alerter_free(struct npsd_alerter **a);
/* Appends to batch->alerts, counts it, and makes the batch urgent if the alert is critical. Thread: worker;
 * Waits: never */
void npsd_alert_add(struct npsd_batch *batch, struct npsd_alerter *a, const struct npsd_alert *alert,
    const struct npsd_names *names);

#endif
