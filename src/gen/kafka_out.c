/* An idempotent producer, and optionally librdkafka's mock cluster. */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>
#include <unistd.h>

#include "gen/kafka_out.h"

atomic_int gen_stopped;

#define MAX_PARTITIONS 1024
#define RECORD_OVERHEAD 80    /* maximum bytes in the broker besides key and value */
#define AHEAD_BYTES (9 << 19) /* the mock cluster keeps only the latest 5 MiB of each partition */
#define WAIT_MS 100
#define FLUSH_MS 60000

struct part {
	int64_t next;  /* offset after the last delivered record */
	int64_t bytes; /* delivered since the group had last committed all records */
};

struct gen_kafka {
	const char *topic;
	const char *group;
	rd_kafka_t *producer;
	rd_kafka_t *watcher; /* reads the committed offsets of the group */
	rd_kafka_t *host;    /* of the mock cluster */
	rd_kafka_mock_cluster_t *mock;
	bool bounded;	/* part[].bytes is at most AHEAD_BYTES */
	int nparts;	/* highest partition used, plus 1 */
	int64_t failed; /* records not delivered */
	char why[160];	/* the first was not delivered */
	struct part part[MAX_PARTITIONS];
};

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct gen_kafka *k = opaque;

	(void)rk;
	if (m->err) {
		if (k->failed++ == 0)
			snprintf(k->why, sizeof(k->why), "%s", rd_kafka_err2str(m->err));
		return;
	}
	npsd_assert(m->partition >= 0 && m->partition < MAX_PARTITIONS);
	if (m->partition >= k->nparts)
		k->nparts = m->partition + 1;
	k->part[m->partition].next = m->offset + 1;
	k->part[m->partition].bytes += (int64_t)(m->len + m->key_len + RECORD_OVERHEAD);
}

static bool set(rd_kafka_conf_t *conf, struct npsd_err *err, const char *name, const char *value)
{
	char why[256];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) != RD_KAFKA_CONF_OK)
		return npsd_fail(err, NPSD_INVALID, 0, "property %s=%s: %s", name, value, why);
	return true;
}

static bool set_properties(rd_kafka_conf_t *conf, struct npsd_err *err, const struct gen_kafka_options *opt)
{
	for (int i = 0; i < opt->nproperties; i++) {
		char name[128];
		const char *eq = strchr(opt->property[i], '=');

		if (!eq || eq == opt->property[i] || eq - opt->property[i] >= (int)sizeof(name))
			return npsd_fail(
			    err, NPSD_INVALID, 0, "%s is not of the form name=value", opt->property[i]);
		memcpy(name, opt->property[i], (size_t)(eq - opt->property[i]));
		name[eq - opt->property[i]] = 0;
		if (!set(conf, err, name, eq + 1))
			return false;
	}
	return true;
}

/* The list of settings ends with a NULL name; opt, with more properties, may be NULL. NULL: err is set. */
static rd_kafka_t *open_client(struct gen_kafka *k, struct npsd_err *err, rd_kafka_type_t type,
    const char *const (*setting)[2], const struct gen_kafka_options *opt)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *rk = NULL;
	char why[256] = "";
	bool ok = true;

	for (; ok && (*setting)[0]; setting++)
		ok = set(conf, err, (*setting)[0], (*setting)[1]);
	if (type == RD_KAFKA_PRODUCER) {
		rd_kafka_conf_set_opaque(conf, k);
		rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	}
	if (ok && (!opt || set_properties(conf, err, opt)))
		rk = rd_kafka_new(type, conf, why, sizeof(why));
	if (!rk) {
		rd_kafka_conf_destroy(conf);
		npsd_fail(err, NPSD_INVALID, 0, "Kafka client: %s", why);
	}
	return rk;
}

static bool start_mock(struct gen_kafka *k, struct npsd_err *err, int partitions)
{
	/* it has no brokers, which is no error here */
	static const char *const settings[][2] = {{"log_level", "0"}, {NULL, NULL}};

	k->host = open_client(k, err, RD_KAFKA_PRODUCER, settings, NULL);
	if (!k->host)
		return false;
	k->mock = rd_kafka_mock_cluster_new(k->host, 1);
	if (!k->mock || rd_kafka_mock_topic_create(k->mock, k->topic, partitions, 1))
		return npsd_fail(err, NPSD_RETRY, 0, "cannot start the mock cluster");
	return true;
}

static bool start_producer(
    struct gen_kafka *k, struct npsd_err *err, const struct gen_kafka_options *opt, const char *brokers)
{
	const char *const settings[][2] = {{"bootstrap.servers", brokers}, {"enable.idempotence", "true"},
	    {"partitioner", "murmur2_random"}, {"compression.codec", "lz4"}, {"linger.ms", "5"},
	    {"log_level", "3"}, {"queue.buffering.max.messages", k->bounded ? "5000" : "200000"},
	    {NULL, NULL}};

	k->producer = open_client(k, err, RD_KAFKA_PRODUCER, settings, opt);
	return k->producer != NULL;
}

/* Creates the topic if it does not exist. */
static bool create_topic(struct gen_kafka *k, struct npsd_err *err, int partitions)
{
	char why[256] = "no reply";
	rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(k->topic, partitions, -1, why, sizeof(why));
	rd_kafka_queue_t *queue = rd_kafka_queue_new(k->producer);
	rd_kafka_event_t *event;
	rd_kafka_resp_err_t e = RD_KAFKA_RESP_ERR__TIMED_OUT;

	npsd_assert(topic && queue);
	rd_kafka_CreateTopics(k->producer, &topic, 1, NULL, queue);
	event = rd_kafka_queue_poll(queue, FLUSH_MS);
	if (event) {
		const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
		size_t n = 0;
		const rd_kafka_topic_result_t *const *topics =
		    result ? rd_kafka_CreateTopics_result_topics(result, &n) : NULL;

		e = n ? rd_kafka_topic_result_error(topics[0]) : rd_kafka_event_error(event);
		rd_kafka_event_destroy(event);
	}
	rd_kafka_queue_destroy(queue);
	rd_kafka_NewTopic_destroy(topic);
	return !e || e == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS ||
	       npsd_fail(err, NPSD_RETRY, 0, "cannot create topic \"%s\": %s", k->topic, rd_kafka_err2str(e));
}

/* It reads the offsets of the group and never joins it. */
static bool start_watcher(
    struct gen_kafka *k, struct npsd_err *err, const struct gen_kafka_options *opt, const char *brokers)
{
	const char *const settings[][2] = {
	    {"bootstrap.servers", brokers}, {"group.id", k->group}, {NULL, NULL}};

	if (k->group)
		k->watcher =
		    open_client(k, err, RD_KAFKA_CONSUMER, settings, opt->mock_partitions ? NULL : opt);
	return !k->group || k->watcher;
}

/* Whether the group has committed all delivered records. */
static bool group_has_all(struct gen_kafka *k)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(k->nparts);
	bool all = true;

	for (int p = 0; p < k->nparts; p++)
		rd_kafka_topic_partition_list_add(list, k->topic, p);
	if (rd_kafka_committed(k->watcher, list, 1000))
		all = false;
	for (int i = 0; all && i < list->cnt; i++)
		all = list->elems[i].err == 0 &&
		      list->elems[i].offset >= k->part[list->elems[i].partition].next;
	rd_kafka_topic_partition_list_destroy(list);
	return all;
}

/* A partition is full. Waits: for the group; Fails: NPSD_LIMIT without a group */
static bool wait_for_group(struct gen_kafka *k, struct npsd_err *err)
{
	if (!k->group)
		return npsd_fail(err, NPSD_LIMIT, 0,
		    "the mock cluster keeps 5 MiB a partition; use more partitions, fewer events or --group");
	rd_kafka_flush(k->producer, FLUSH_MS);
	while (!npsd_load_relaxed(&gen_stopped) && !group_has_all(k))
		rd_kafka_poll(k->producer, WAIT_MS);
	for (int p = 0; p < k->nparts; p++)
		k->part[p].bytes = 0;
	return true;
}

static bool keep_bound(struct gen_kafka *k, struct npsd_err *err)
{
	for (int p = 0; k->bounded && p < k->nparts; p++)
		if (k->part[p].bytes > AHEAD_BYTES)
			return wait_for_group(k, err);
	return true;
}

static rd_kafka_headers_t *make_headers(const struct gen_record *rec)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new((size_t)rec->nheaders);

	npsd_assert(headers);
	for (int i = 0; i < rec->nheaders; i++) {
		const struct gen_header *h = &rec->header[i];

		npsd_assert(!rd_kafka_header_add(headers, h->name, -1, h->value.p, (ssize_t)h->value.n));
	}
	return headers;
}

/* librdkafka owns the headers only if it accepts the record. */
static rd_kafka_resp_err_t produce(struct gen_kafka *k, const struct gen_record *rec)
{
	rd_kafka_headers_t *headers = make_headers(rec);
	rd_kafka_resp_err_t e =
	    rd_kafka_producev(k->producer, RD_KAFKA_V_TOPIC(k->topic), RD_KAFKA_V_KEY(rec->id->p, rec->id->n),
		RD_KAFKA_V_VALUE((void *)rec->value.p, rec->value.n), RD_KAFKA_V_TIMESTAMP(rec->record_ms),
		RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);

	if (e)
		rd_kafka_headers_destroy(headers);
	return e;
}

bool gen_kafka_send(struct gen_kafka *k, struct npsd_err *err, const struct gen_record *rec)
{
	if (rec->seq % 256 == 0) {
		rd_kafka_poll(k->producer, 0);
		if (!keep_bound(k, err))
			return false;
	}
	for (;;) {
		rd_kafka_resp_err_t e = produce(k, rec);

		if (e == RD_KAFKA_RESP_ERR_NO_ERROR)
			return k->failed == 0 ||
			       npsd_fail(err, NPSD_RETRY, 0, "a record was not delivered: %s", k->why);
		if (e != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			return npsd_fail(
			    err, NPSD_RETRY, 0, "cannot produce a record: %s", rd_kafka_err2str(e));
		rd_kafka_poll(k->producer, WAIT_MS);
	}
}

void gen_kafka_poll(struct gen_kafka *k, int ms)
{
	rd_kafka_poll(k->producer, ms);
}

bool gen_kafka_finish(struct gen_kafka *k, struct npsd_err *err)
{
	if (rd_kafka_flush(k->producer, FLUSH_MS))
		return npsd_fail(err, NPSD_RETRY, 0, "records are not delivered after %d s", FLUSH_MS / 1000);
	return k->failed == 0 || npsd_fail(err, NPSD_RETRY, 0, "%lld records were not delivered: %s",
				     (long long)k->failed, k->why);
}

void gen_kafka_free(struct gen_kafka *k)
{
	if (!k)
		return;
	if (k->watcher) {
		rd_kafka_consumer_close(k->watcher);
		rd_kafka_destroy(k->watcher);
	}
	if (k->producer) {
		rd_kafka_purge(k->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
		rd_kafka_flush(k->producer, WAIT_MS); /* runs the delivery callbacks */
		rd_kafka_destroy(k->producer);
	}
	if (k->mock)
		rd_kafka_mock_cluster_destroy(k->mock);
	if (k->host)
		rd_kafka_destroy(k->host);
	free(k);
}

struct gen_kafka *gen_kafka_open(
    const char **bootstrap, struct npsd_err *err, const struct gen_kafka_options *opt)
{
	struct gen_kafka *k = calloc(1, sizeof(*k));

	npsd_assert(k);
	k->topic = opt->topic;
	k->group = opt->group;
	k->bounded = opt->mock_partitions > 0 || opt->group;
	*bootstrap = opt->brokers;
	if (opt->mock_partitions && start_mock(k, err, opt->mock_partitions))
		*bootstrap = rd_kafka_mock_cluster_bootstraps(k->mock);
	if (err->code || !start_producer(k, err, opt, *bootstrap) ||
	    !start_watcher(k, err, opt, *bootstrap) ||
	    (opt->create_partitions && !create_topic(k, err, opt->create_partitions))) {
		gen_kafka_free(k);
		return NULL;
	}
	return k;
}
