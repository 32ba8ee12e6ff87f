/* Which records are handed to the broker to be copied aside, and with what. */
#include <criterion/criterion.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "consume/rejects.h"
#include "help_count.h"

static char told[4096];

static void reject(void *self, const struct npsd_msg *msg, const char *reason, const char *field, uint32_t at)
{
	(void)self;
	snprintf(told + strlen(told), sizeof told - strlen(told), "%d:%lld %s %s %u\n", (int)msg->tp.part,
	    (long long)msg->offset, reason, field ? field : "-", at);
}

Test(rejects, each_once_with_its_reason_and_not_while_loading)
{
	static const char late[] = "{\"type\":\"response.submitted\",\"response_id\":\"r\",\"score\":9,"
				   "\"survey_kind\":\"other\",\"location\":\"a\",\"responded_at\":1}";
	struct rig *r = rig_new(NULL, 0);

	told[0] = 0;
	r->pl.broker.reject = reject;
	rig_take(r, 0, 2, 0);
	rig_record(r, 0, 0, RIG_NOW, "{");
	rig_record(r, 0, 1, RIG_NOW, "[]");
	rig_record(r, 0, 2, RIG_NOW, "{\"type\":7}");
	rig_record(r, 0, 3, RIG_NOW, NULL);
	rig_record(r, 0, 4, RIG_NOW, "{\"type\":\"case.opened\"}");
	rig_record(r, 0, 5, RIG_NOW, "{\"type\":\"response.submitted\",\"response_id\":\"\"}");
	rig_record(r, 0, 6, RIG_NOW, late);
	rig_record(r, 0, 7, RIG_NOW, "{\"a\"");
	rig_run(r);
	cr_expect_eq(rig_total(r, "consumed"), 6);
	cr_expect_eq(rig_total(r, "rejected"), 3);
	cr_expect_eq(rig_total(r, "ignored"), 2);
	cr_expect_eq(rig_total(r, "late"), 1);
	cr_expect_str_eq(told, "0:2 unknown_type type 8\n0:5 no_id response_id 43\n0:7 bad_json - 4\n");
	rig_free(&r);
}

/* What Kafka did not take before the end is lost, and the line says why. Kafka is away here. */
Test(rejects, what_is_lost_at_the_end_is_logged_with_its_reason)
{
	static const char *const sets[] = {"kafka.brokers=127.0.0.1:1", "rejects.topic=aside"};
	const rd_kafka_message_t held = {.key_len = 0};
	const struct npsd_msg msg = {.value = "x", .len = 1, .held = (void *)&held};
	struct npsd_rejects *rejects;
	struct npsd_config *cfg;
	struct npsd_err err = {0};
	int ends[2], was = dup(STDERR_FILENO);
	char text[16384];
	ssize_t n;

	cr_assert(npsd_config_load(&cfg, &err, NULL, sets, 2), "%s", err.text);
	npsd_log_level(NPSD_LOG_WARN);
	cr_assert(npsd_rejects_open(&rejects, cfg, &err), "%s", err.text);
	npsd_rejects_add(rejects, &msg, "bad_json", NULL, 0);
	cr_assert_eq(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	npsd_rejects_close(&rejects);
	dup2(was, STDERR_FILENO);
	close(ends[1]);
	n = read(ends[0], text, sizeof text - 1);
	text[n > 0 ? n : 0] = 0;
	cr_expect(
	    strstr(text,
		"1 rejected records could not be copied to topic \"aside\" so far: there was no time left"),
	    "%s", text);
	close(ends[0]);
	close(was);
	npsd_config_free(&cfg);
}
