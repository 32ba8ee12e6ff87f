#include "consume/kafka_errors.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define LOG_MS 5000
#define LATELY_MS 60000 /* librdkafka reports the same error of a broker once in 30 s */

#define TEXT_MAX 130

#define CHECK_BROKERS                                                                                        \
	"check kafka.brokers, and that security.protocol in kafka.properties is that of the listener"
#define CHECK_SASL "check sasl.mechanism, sasl.username and sasl.password in kafka.properties"

static const struct advice {
	rd_kafka_resp_err_t err;
	const char *text;
} advices[] = {
    {RD_KAFKA_RESP_ERR__RESOLVE, "check the host names of kafka.brokers, and those that brokers advertise"},
    {RD_KAFKA_RESP_ERR__TRANSPORT, CHECK_BROKERS},
    {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, CHECK_BROKERS},
    {RD_KAFKA_RESP_ERR__SSL,
	"check security.protocol and ssl.ca.location in kafka.properties, and the name in the certificate"},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, CHECK_SASL},
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, CHECK_SASL},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, CHECK_SASL},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "the user needs READ on the topic"},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, "the user needs READ on the group kafka.group"},
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "check kafka.topics, or create the topic"},
};

static const char *advice_of(rd_kafka_resp_err_t err)
{
	for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
		if (advices[i].err == err)
			return advices[i].text;
	return "it may pass";
}

/* How much an error says: that no broker is left follows from what each of them reported, and a lost
 * connection often from a failed handshake. */
static int weight(rd_kafka_resp_err_t err)
{
	return err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ? 0 : err == RD_KAFKA_RESP_ERR__TRANSPORT ? 1 : 2;
}

static bool is_recent(const struct npsd_kafka_errors *e, int64_t now_mono_ms)
{
	return e->last_mono_ms && now_mono_ms - e->last_mono_ms < LATELY_MS;
}

void npsd_kafka_errors_add(
    struct npsd_kafka_errors *e, rd_kafka_resp_err_t err, const char *text, int64_t now_mono_ms)
{
	const char *end = strstr(text, " (after "); /* librdkafka's own state */
	int n = end ? (int)(end - text) : (int)strlen(text);

	if (is_recent(e, now_mono_ms) && weight(err) < weight(e->last))
		return;
	e->last = err;
	e->last_mono_ms = now_mono_ms ? now_mono_ms : 1;
	snprintf(e->text, sizeof e->text, "%.*s; %s", n < TEXT_MAX ? n : TEXT_MAX, text, advice_of(err));
	if (npsd_log_every(&e->logged_mono_ms, now_mono_ms, LOG_MS))
		npsd_log(NPSD_LOG_WARN, "kafka", "%s; librdkafka tries again", e->text);
}

void npsd_kafka_errors_explain(
    const struct npsd_kafka_errors *e, char *text, size_t size, int64_t now_mono_ms)
{
	if (is_recent(e, now_mono_ms))
		snprintf(text, size, "%s", e->text);
}
