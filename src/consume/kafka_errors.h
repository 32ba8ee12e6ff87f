/* What librdkafka reports in the background, as one clear line now and then: what fails, and what to check.
 * Thread: group, for all */
#ifndef NPSD_CONSUME_KAFKA_ERRORS_H
#define NPSD_CONSUME_KAFKA_ERRORS_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct npsd_kafka_errors {
	rd_kafka_resp_err_t last;
	int64_t last_mono_ms, logged_mono_ms;
	char text[240]; /* of the last one */
};

/* librdkafka reports an error, from which it recovers by itself. Logs it. */
void npsd_kafka_errors_add(
    struct npsd_kafka_errors *e, rd_kafka_resp_err_t err, const char *text, int64_t now_mono_ms);
/* A request failed in the client, without a reply of Kafka: replaces its text by the reason, where one was
 * reported lately. */
void npsd_kafka_errors_explain(
    const struct npsd_kafka_errors *e, char *text, size_t size, int64_t now_mono_ms);

#endif
