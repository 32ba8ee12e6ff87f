/* What npsd says of errors from which librdkafka recovers by itself. */
#include <criterion/criterion.h>
#include <string.h>

#include "consume/kafka_errors.h"

#define AUTH "sasl_ssl://k:9092/bootstrap: SASL authentication error: Authentication failed"

Test(kafka_errors, the_cause_is_told_and_what_to_check)
{
	struct npsd_kafka_errors e = {0};
	char text[240] = "Local: Timed out";

	npsd_kafka_errors_explain(&e, text, sizeof text, 1000);
	cr_expect_str_eq(text, "Local: Timed out", "nothing is known");
	npsd_kafka_errors_add(
	    &e, RD_KAFKA_RESP_ERR__TRANSPORT, "k:9092: Disconnected (after 3ms in state UP)", 1000);
	cr_expect(strstr(e.text, "k:9092: Disconnected; check kafka.brokers"), "%s", e.text);
	npsd_kafka_errors_add(
	    &e, RD_KAFKA_RESP_ERR__AUTHENTICATION, AUTH " (after 304ms in state AUTH_REQ)", 2000);
	npsd_kafka_errors_add(&e, RD_KAFKA_RESP_ERR__TRANSPORT, "k:9092: Disconnected", 3000);
	npsd_kafka_errors_add(&e, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down", 4000);
	npsd_kafka_errors_explain(&e, text, sizeof text, 20000);
	cr_expect_str_eq(text,
	    AUTH "; check sasl.mechanism, sasl.username and sasl.password in kafka.properties",
	    "what follows from it does not replace the cause");
	strcpy(text, "Local: Timed out");
	npsd_kafka_errors_explain(&e, text, sizeof text, 62000);
	cr_expect_str_eq(text, "Local: Timed out", "an old error explains nothing");
	npsd_kafka_errors_add(&e, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down", 63000);
	cr_expect(strstr(e.text, "1/1 brokers are down; check kafka.brokers"), "%s", e.text);
}
