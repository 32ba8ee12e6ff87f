/* The broker over librdkafka, against its mock cluster: what the group relies on when a partition is stuck.
 */
#include <criterion/criterion.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <string.h>

#include "npsd/clock.h"
#include "npsd/kafka.h"

#define LIMIT_MS 120000

struct cluster {
	rd_kafka_t *rk;
	rd_kafka_mock_cluster_t *mock;
	struct npsd_config *cfg;
};

static void open_cluster(struct cluster *c)
{
	char brokers[200];
	const char *sets[] = {brokers, "kafka.topics=[t]", "allow_compacted=true"};
	struct npsd_err err = {0};

	c->rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), NULL, 0);
	c->mock = rd_kafka_mock_cluster_new(c->rk, 2);
	rd_kafka_mock_topic_create(c->mock, "t", 2, 1);
	snprintf(brokers, sizeof brokers, "kafka.brokers=%s", rd_kafka_mock_cluster_bootstraps(c->mock));
	cr_assert(npsd_config_load(&c->cfg, &err, NULL, sets, 3), "%s", err.text);
}

static void close_cluster(struct cluster *c)
{
	rd_kafka_mock_cluster_destroy(c->mock);
	rd_kafka_destroy(c->rk);
	npsd_config_free(&c->cfg);
}

static void open_member(struct npsd_broker *b, const struct cluster *c)
{
	struct npsd_err err = {0};

	cr_assert(npsd_kafka_open(b, c->cfg, 1, &err), "%s", err.text);
}

static struct npsd_broker_event next(struct npsd_broker *b, enum npsd_broker_what what)
{
	int64_t end = npsd_clock_system.mono_ms(NULL) + LIMIT_MS;
	struct npsd_broker_event e;

	while (npsd_clock_system.mono_ms(NULL) < end)
		if (b->poll(b->self, &e, 100) && e.what == what)
			return e;
	cr_assert(false, "event %d does not come", what);
	return e;
}

/*
 * Kafka takes partitions back only after assign(); one of nothing is enough. A partition without a leader
 * fails at once, and does not delay the reply about the other one.
 */
Test(kafka, a_partition_without_a_leader_holds_up_nothing, .timeout = 300)
{
	struct cluster c;
	struct npsd_broker a, b;
	struct npsd_broker_event e;
	bool found[2] = {false, false};

	open_cluster(&c);
	rd_kafka_mock_partition_set_leader(c.mock, "t", 1, -1);
	open_member(&a, &c);
	e = next(&a, NPSD_B_ASSIGN);
	cr_assert_eq(e.n, 2);
	cr_expect(a.assign(a.self, NULL, 0));
	cr_expect(a.describe(a.self, 7, 0));
	e = next(&a, NPSD_B_TOPIC);
	cr_expect(e.ok && e.tag == 7 && e.parts == 2);
	for (int32_t p = 0; p < 2; p++)
		cr_expect(a.ends(a.self, (uint64_t)p, (struct npsd_tp){0, p}));
	for (int i = 0; i < 2; i++) {
		e = next(&a, NPSD_B_ENDS);
		found[e.tp.part] = true;
		cr_expect_eq(e.tag, (uint64_t)e.tp.part);
		cr_expect_eq(e.ok, e.tp.part == 0, "%s", e.text);
		cr_expect(e.ok ? e.low == 0 && e.high == 0 && e.committed == -1
			       : strcmp(e.text, "the partition has no leader") == 0,
		    "%s", e.text);
	}
	cr_expect(found[0] && found[1]);
	open_member(&b, &c);
	next(&a, NPSD_B_REVOKE);
	a.unassign(a.self);
	npsd_kafka_close(&b);
	npsd_kafka_close(&a);
	close_cluster(&c);
}
