/* Inside of the broker over librdkafka: what a record has beside its value. */
#ifndef NPSD_CONSUME_RECORD_H
#define NPSD_CONSUME_RECORD_H

#include <librdkafka/rdkafka.h>

#include "npsd/broker.h"

/* For npsd_msg.headers; NULL: it has none. Thread: worker */
const void *npsd_kafka_headers_of(const rd_kafka_message_t *m);
/* The vtable's. Thread: worker */
void npsd_kafka_headers(void *self, struct npsd_headers *out, const struct npsd_msg *msg);

#endif
