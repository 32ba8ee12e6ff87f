/*
 * The broker, with librdkafka. This file depends on these properties of librdkafka 2.0.2:
 *
 * - Before a partition is assigned, its queue is forwarded to its worker's queue, so that no message reaches
 * the group's queue. When librdkafka stops fetching a partition, it removes the forwarding asynchronously;
 * later messages stay in the partition's queue. So each poll sets the forwarding again. This takes one lock
 * per partition, and no message is lost.
 * - rd_kafka_consume_batch_queue() waits for its whole time-out unless the array is full. So it is called
 * with time-out 0, and again after a wait for the queue's file descriptor.
 * - rd_kafka_consumer_close() can wait for ever, for example while a reference to a worker's queue exists. So
 * it has a deadline.
 */
#include "npsd/kafka.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "consume/kafka_errors.h"
#include "consume/properties.h"
#include "consume/queries.h"
#include "consume/record_reader.h"
#include "consume/rejects.h"
#include "npsd/clock.h"
#include "npsd/pipeline.h"

#define FETCH_MAX 256
#define REPLY_MS 5000
#define READER_MS 5 /* longest wait while records are read that do not end the wait */

struct kafka_worker {
	rd_kafka_queue_t *queue;
	int fd;			    /* readable when a message arrives or the worker is woken */
	rd_kafka_topic_t *last_rkt; /* of the last message; its index is below */
	int32_t last_topic;
};

struct kafka {
	const struct npsd_config *cfg;
	rd_kafka_t *rk;
	rd_kafka_queue_t *group;
	int workers;
	struct kafka_worker worker[NPSD_MAX_WORKERS];
	struct npsd_rejects *rejects; /* NULL: they are not copied */
	struct npsd_queries *queries;
	struct npsd_record_reader *reader;
	/* --- group thread --- */
	rd_kafka_queue_t *part_queue[NPSD_MAX_PARTS]; /* of what is assigned */
	int part_worker[NPSD_MAX_PARTS];
	size_t nparts;
	struct npsd_offset tps[NPSD_MAX_PARTS]; /* of the last event */
	struct npsd_kafka_errors errors;
};

static int32_t topic_index(const struct npsd_config *cfg, const char *name)
{
	for (int i = 0; i < cfg->ntopics; i++)
		if (strcmp(cfg->topics[i], name) == 0)
			return i;
	return -1;
}

/* --- group --- */

static void on_rebalance(struct kafka *k, struct npsd_broker_event *out, rd_kafka_event_t *ev)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(ev);

	out->what = rd_kafka_event_error(ev) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? NPSD_B_ASSIGN
		    : rd_kafka_assignment_lost(k->rk)				     ? NPSD_B_LOST
										     : NPSD_B_REVOKE;
	out->tps = k->tps;
	for (int i = 0; list && i < list->cnt; i++) {
		int32_t topic = topic_index(k->cfg, list->elems[i].topic);

		if (topic >= 0 && out->n == NPSD_MAX_PARTS) {
			out->what = NPSD_B_FATAL;
			snprintf(out->text, sizeof out->text,
			    "more than %d partitions assigned; start more instances", NPSD_MAX_PARTS);
			return;
		}
		if (topic >= 0)
			k->tps[out->n++] = (struct npsd_offset){{topic, list->elems[i].partition}, 0};
	}
}

static enum npsd_commit_answer answer_of(rd_kafka_resp_err_t err)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
	case RD_KAFKA_RESP_ERR__NO_OFFSET:
		return NPSD_COMMIT_OK;
	case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
	case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
	case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
		return NPSD_COMMIT_STALE;
	default:
		return NPSD_COMMIT_AGAIN;
	}
}

static void on_committed(struct npsd_broker_event *out, rd_kafka_event_t *ev)
{
	rd_kafka_resp_err_t err = rd_kafka_event_error(ev);
	rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(ev);

	for (int i = 0; !err && list && i < list->cnt; i++)
		err = list->elems[i].err;
	out->what = NPSD_B_COMMITTED;
	out->tag = (uint64_t)(uintptr_t)rd_kafka_event_opaque(ev);
	out->answer = answer_of(err);
	snprintf(out->text, sizeof out->text, "%s", rd_kafka_err2str(err));
}

/* The client cannot go on. The code of its event is that of the cause, such as FENCED_INSTANCE_ID. */
static bool has_failed(struct kafka *k, struct npsd_broker_event *out)
{
	char text[110];
	rd_kafka_resp_err_t err = rd_kafka_fatal_error(k->rk, text, sizeof text);

	if (!err)
		return false;
	out->what = NPSD_B_FATAL;
	snprintf(out->text, sizeof out->text, "%s%s", text,
	    err == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID ? " (another process has this group.instance.id)"
							: "");
	return true;
}

/* Takes a reply of the queries. False: none is ready. */
static bool take_reply(struct kafka *k, struct npsd_broker_event *out)
{
	if (!npsd_queries_poll(k->queries, out))
		return false;
	if (!out->ok && out->local)
		npsd_kafka_errors_explain(
		    &k->errors, out->text, sizeof out->text, npsd_clock_system.mono_ms(NULL));
	return true;
}

static void forward(struct kafka *k)
{
	for (size_t i = 0; i < k->nparts; i++)
		rd_kafka_queue_forward(k->part_queue[i], k->worker[k->part_worker[i]].queue);
}

static void forget_parts(struct kafka *k)
{
	for (size_t i = 0; i < k->nparts; i++)
		rd_kafka_queue_destroy(k->part_queue[i]);
	k->nparts = 0;
}

static bool kafka_poll(void *self, struct npsd_broker_event *out, int wait_ms)
{
	struct kafka *k = self;
	rd_kafka_event_t *ev;
	bool got = true;

	*out = (struct npsd_broker_event){0};
	forward(k);
	if (k->rejects)
		npsd_rejects_poll(k->rejects);
	if (has_failed(k, out) || take_reply(k, out))
		return true;
	if (npsd_record_reader_poll(k->reader, out))
		return true;
	*out = (struct npsd_broker_event){0};
	if (wait_ms > READER_MS && npsd_record_reader_busy(k->reader))
		wait_ms = READER_MS;
	ev = rd_kafka_queue_poll(k->group, wait_ms);
	if (!ev)
		return false;
	switch (rd_kafka_event_type(ev)) {
	case RD_KAFKA_EVENT_REBALANCE:
		on_rebalance(k, out, ev);
		break;
	case RD_KAFKA_EVENT_OFFSET_COMMIT:
		on_committed(out, ev);
		break;
	case RD_KAFKA_EVENT_ERROR:
		npsd_kafka_errors_add(&k->errors, rd_kafka_event_error(ev), rd_kafka_event_error_string(ev),
		    npsd_clock_system.mono_ms(NULL));
		got = has_failed(k, out);
		break;
	case RD_KAFKA_EVENT_FETCH: /* no worker gets this message */
		out->what = NPSD_B_FATAL;
		snprintf(out->text, sizeof out->text, "a message arrived outside of its partition's queue");
		break;
	default:
		got = false;
	}
	rd_kafka_event_destroy(ev);
	return got;
}

static void kafka_wake(void *self)
{
	rd_kafka_queue_yield(((struct kafka *)self)->group);
}

static rd_kafka_topic_partition_list_t *list_of(struct kafka *k, const struct npsd_offset *tps, size_t n)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);

	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, k->cfg->topics[tps[i].tp.topic], tps[i].tp.part)
		    ->offset = tps[i].offset;
	return list;
}

static bool kafka_assign(void *self, const struct npsd_offset *tps, size_t n)
{
	struct kafka *k = self;
	rd_kafka_topic_partition_list_t *list = list_of(k, tps, n);
	rd_kafka_resp_err_t err;

	forget_parts(k);
	for (size_t i = 0; i < n; i++) {
		k->part_queue[i] =
		    rd_kafka_queue_get_partition(k->rk, k->cfg->topics[tps[i].tp.topic], tps[i].tp.part);
		npsd_assert(k->part_queue[i]);
		k->part_worker[i] = tps[i].tp.part % k->workers;
	}
	k->nparts = n;
	forward(k);
	err = rd_kafka_assign(k->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (err)
		npsd_log(NPSD_LOG_WARN, "kafka", "assign: %s", rd_kafka_err2str(err));
	return !err;
}

static void kafka_unassign(void *self)
{
	struct kafka *k = self;

	forget_parts(k);
	rd_kafka_assign(k->rk, NULL);
}

static bool kafka_commit(void *self, uint64_t tag, const struct npsd_offset *tps, size_t n)
{
	struct kafka *k = self;
	rd_kafka_topic_partition_list_t *list = list_of(k, tps, n);
	rd_kafka_resp_err_t err = rd_kafka_commit_queue(k->rk, list, k->group, NULL, (void *)(uintptr_t)tag);

	rd_kafka_topic_partition_list_destroy(list);
	return !err;
}

static bool kafka_ends(void *self, uint64_t tag, struct npsd_tp tp)
{
	return npsd_queries_ends(((struct kafka *)self)->queries, tag, tp);
}

static bool kafka_records(void *self, uint64_t tag, struct npsd_tp tp, int64_t from, int64_t to)
{
	return npsd_record_reader_add(((struct kafka *)self)->reader, tag, tp, from, to);
}

static bool kafka_describe(void *self, uint64_t tag, int32_t topic)
{
	return npsd_queries_describe(((struct kafka *)self)->queries, tag, topic);
}

static int64_t kafka_high(void *self, struct npsd_tp tp)
{
	struct kafka *k = self;
	int64_t low = -1, high = -1;

	if (rd_kafka_get_watermark_offsets(k->rk, k->cfg->topics[tp.topic], tp.part, &low, &high))
		return -1;
	return high;
}

/* --- workers --- */

static int32_t topic_of(struct kafka *k, struct kafka_worker *w, rd_kafka_topic_t *rkt)
{
	if (rkt != w->last_rkt) {
		w->last_topic = topic_index(k->cfg, rd_kafka_topic_name(rkt));
		w->last_rkt = rkt;
	}
	return w->last_topic;
}

/* False: no worker needs to see it. */
static bool message_of(struct kafka *k, struct kafka_worker *w, struct npsd_msg *out, rd_kafka_message_t *m)
{
	rd_kafka_timestamp_type_t type;
	rd_kafka_headers_t *headers;

	if (!m->rkt)
		return false;
	*out =
	    (struct npsd_msg){.tp = {topic_of(k, w, m->rkt), m->partition}, .offset = m->offset, .held = m};
	if (out->tp.topic < 0)
		return false;
	switch (m->err) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		out->what = NPSD_MSG_RECORD;
		out->record_ms = rd_kafka_message_timestamp(m, &type);
		if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE)
			out->record_ms = 0;
		out->value = m->payload;
		out->len = m->len;
		if (rd_kafka_message_headers(m, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR)
			out->headers = headers;
		return true;
	case RD_KAFKA_RESP_ERR__PARTITION_EOF:
		out->what = NPSD_MSG_END;
		return true;
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
	case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
		out->what = NPSD_MSG_GONE;
		return true;
	default:
		npsd_log(NPSD_LOG_WARN, "kafka", "%s [%d]: %s", rd_kafka_topic_name(m->rkt), m->partition,
		    rd_kafka_message_errstr(m));
		return false;
	}
}

static size_t fetch_now(struct kafka *k, struct kafka_worker *w, struct npsd_msg *out, size_t max)
{
	rd_kafka_message_t *m[FETCH_MAX];
	ssize_t n = rd_kafka_consume_batch_queue(w->queue, 0, m, max < FETCH_MAX ? max : FETCH_MAX);
	size_t kept = 0;

	for (ssize_t i = 0; i < n; i++) {
		if (message_of(k, w, &out[kept], m[i]))
			kept++;
		else
			rd_kafka_message_destroy(m[i]);
	}
	return kept;
}

static size_t kafka_fetch(void *self, int worker, struct npsd_msg *out, size_t max, int wait_ms)
{
	struct kafka *k = self;
	struct kafka_worker *w = &k->worker[worker];
	size_t n = fetch_now(k, w, out, max);

	if (n == 0 && wait_ms > 0) {
		struct pollfd fd = {.fd = w->fd, .events = POLLIN};
		uint64_t count;

		if (poll(&fd, 1, wait_ms) > 0 && read(w->fd, &count, sizeof count) < 0 && errno != EAGAIN)
			npsd_log(NPSD_LOG_WARN, "kafka", "eventfd: %s", strerror(errno));
		n = fetch_now(k, w, out, max);
	}
	return n;
}

static void kafka_headers(void *self, struct npsd_headers *out, const struct npsd_msg *msg)
{
	(void)self;
	for (int i = 0; i < NPSD_NHEADER; i++) {
		const void *value = NULL;
		size_t n = 0;

		if (rd_kafka_header_get_last(msg->headers, npsd_header_names[i], &value, &n) || !value)
			n = 0;
		out->value[i] = (struct npsd_str){value, (uint32_t)n};
	}
}

static void kafka_release(void *self, struct npsd_msg *msgs, size_t n)
{
	(void)self;
	for (size_t i = 0; i < n; i++)
		rd_kafka_message_destroy(msgs[i].held);
}

static void kafka_reject(
    void *self, const struct npsd_msg *msg, const char *reason, const char *field, uint32_t at)
{
	npsd_rejects_add(((struct kafka *)self)->rejects, msg, reason, field, at);
}

static void kafka_wake_worker(void *self, int worker)
{
	uint64_t one = 1;

	if (write(((struct kafka *)self)->worker[worker].fd, &one, sizeof one) < 0)
		return; /* full: it is readable already */
}

/* --- opening and closing --- */

static bool subscribe(struct kafka *k, struct npsd_err *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(k->cfg->ntopics);
	rd_kafka_resp_err_t e;

	for (int i = 0; i < k->cfg->ntopics; i++)
		rd_kafka_topic_partition_list_add(list, k->cfg->topics[i], RD_KAFKA_PARTITION_UA);
	e = rd_kafka_subscribe(k->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	return !e || npsd_fail(err, NPSD_RETRY, 0, "subscribe: %s", rd_kafka_err2str(e));
}

bool npsd_kafka_check(const struct npsd_config *cfg, struct npsd_err *err)
{
	rd_kafka_conf_t *consumer = rd_kafka_conf_new(), *producer = rd_kafka_conf_new();
	bool ok = npsd_kafka_configure(consumer, RD_KAFKA_CONSUMER, cfg, err) &&
		  (!*cfg->rejects_topic || npsd_kafka_configure(producer, RD_KAFKA_PRODUCER, cfg, err));

	rd_kafka_conf_destroy(consumer);
	rd_kafka_conf_destroy(producer);
	return ok;
}

static void open_workers(struct kafka *k, int workers)
{
	static const uint64_t one = 1;

	k->workers = workers;
	for (struct kafka_worker *w = k->worker; w < k->worker + workers; w++) {
		w->queue = rd_kafka_queue_new(k->rk);
		w->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		npsd_assert(w->fd >= 0);
		rd_kafka_queue_io_event_enable(w->queue, w->fd, &one, sizeof one);
	}
}

bool npsd_kafka_open(
    struct npsd_broker *out, const struct npsd_config *cfg, int workers, struct npsd_err *err)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *rk;
	struct kafka *k;

	npsd_assert(workers >= 1 && workers <= NPSD_MAX_WORKERS);
	rd_kafka_conf_set_log_cb(conf, npsd_kafka_log);
	rd_kafka_conf_set_events(
	    conf, RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT | RD_KAFKA_EVENT_ERROR);
	rk = npsd_kafka_client(RD_KAFKA_CONSUMER, conf, cfg, err);
	if (!rk)
		return false;
	k = calloc(1, sizeof *k);
	npsd_assert(k);
	k->cfg = cfg;
	k->rk = rk;
	rd_kafka_poll_set_consumer(k->rk);
	k->group = rd_kafka_queue_get_consumer(k->rk);
	k->reader = npsd_record_reader_new(cfg);
	open_workers(k, workers);
	k->queries = npsd_queries_new(rk, cfg, kafka_wake, k);
	*out = (struct npsd_broker){
	    .self = k,
	    .poll = kafka_poll,
	    .wake = kafka_wake,
	    .assign = kafka_assign,
	    .unassign = kafka_unassign,
	    .commit = kafka_commit,
	    .ends = kafka_ends,
	    .describe = kafka_describe,
	    .high = kafka_high,
	    .records = kafka_records,
	    .fetch = kafka_fetch,
	    .headers = kafka_headers,
	    .release = kafka_release,
	    .wake_worker = kafka_wake_worker,
	};
	if (!npsd_rejects_open(&k->rejects, cfg, err) || !subscribe(k, err)) {
		npsd_kafka_close(out);
		return false;
	}
	if (k->rejects)
		out->reject = kafka_reject;
	return true;
}

/* False: librdkafka did not close in time. */
static bool close_consumer(struct kafka *k)
{
	int64_t until = npsd_clock_system.mono_ms(NULL) + REPLY_MS;
	rd_kafka_error_t *error = rd_kafka_consumer_close_queue(k->rk, k->group);
	bool closed;

	if (error)
		rd_kafka_error_destroy(error);
	while (!(closed = rd_kafka_consumer_closed(k->rk)) && npsd_clock_system.mono_ms(NULL) < until) {
		rd_kafka_event_t *ev = rd_kafka_queue_poll(k->group, 50);

		if (ev && rd_kafka_event_type(ev) == RD_KAFKA_EVENT_REBALANCE)
			rd_kafka_assign(k->rk, NULL);
		if (ev)
			rd_kafka_event_destroy(ev);
	}
	rd_kafka_queue_destroy(k->group);
	return closed;
}

void npsd_kafka_close(struct npsd_broker *b)
{
	struct kafka *k = b->self;
	bool closed;

	*b = (struct npsd_broker){0};
	npsd_queries_free(&k->queries);
	forget_parts(k);
	for (int i = 0; i < k->workers; i++) {
		rd_kafka_queue_io_event_enable(k->worker[i].queue, -1, NULL, 0);
		rd_kafka_queue_destroy(k->worker[i].queue);
	}
	closed = close_consumer(k);
	npsd_rejects_close(&k->rejects);
	npsd_record_reader_free(&k->reader);
	if (!closed) {
		npsd_log(NPSD_LOG_WARN, "kafka",
		    "librdkafka did not close within %d ms; its memory is not freed", REPLY_MS);
		return;
	}
	rd_kafka_destroy_flags(k->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	for (int i = 0; i < k->workers; i++)
		close(k->worker[i].fd);
	free(k);
}
