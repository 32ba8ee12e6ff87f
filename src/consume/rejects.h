/*
 * Rejected records are copied to rejects.topic by a producer of its own: value, key, time and headers as they
 * were, and headers that say why and from where. At least once: a record that is read again after a recovery
 * is copied again.
 */
#ifndef NPSD_CONSUME_REJECTS_H
#define NPSD_CONSUME_REJECTS_H

#include "npsd/broker.h"
#include "npsd/config.h"

struct npsd_rejects;

/* *out is NULL where rejects.topic is empty. Thread: main; Owns: the caller closes; Fails: NPSD_INVALID */
bool npsd_rejects_open(struct npsd_rejects **out, const struct npsd_config *cfg, struct npsd_err *err);
/* Sends a copy. One that finds the queue full is lost, and counted. Thread: worker; Waits: never */
void npsd_rejects_add(
    struct npsd_rejects *r, const struct npsd_msg *msg, const char *reason, const char *field, uint32_t at);
/* Handles delivery reports; logs how many are lost, at most once a second. Thread: group */
void npsd_rejects_poll(struct npsd_rejects *r);
/* Thread: main, after all others ended; Waits: at most 5 s for what is in flight */
void npsd_rejects_close(struct npsd_rejects **r);

#endif
