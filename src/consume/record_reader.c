#include "consume/record_reader.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "consume/properties.h"
#include "npsd/clock.h"

#define READS_MAX 16
#define READ_MS 10000
#define BATCH 256

/* The state of one request. */
struct read {
	rd_kafka_queue_t *queue; /* NULL: free */
	uint64_t tag;
	struct npsd_tp tp;
	int64_t next, to, until_mono_ms;
	struct npsd_mark *marks;
	size_t n, room;
};

struct npsd_record_reader {
	const struct npsd_config *cfg;
	rd_kafka_t *rk; /* NULL: no request yet */
	rd_kafka_topic_t *topic[NPSD_MAX_TOPICS];
	struct read read[READS_MAX];
	struct npsd_mark *marks; /* of the last event */
};

struct npsd_record_reader *npsd_record_reader_new(const struct npsd_config *cfg)
{
	struct npsd_record_reader *r = calloc(1, sizeof *r);

	npsd_assert(r);
	r->cfg = cfg;
	return r;
}

/* The group's client reports the same properties, and the same errors of brokers with what to check. */
static void quiet_log(const rd_kafka_t *rk, int level, const char *fac, const char *text)
{
	if (strcmp(fac, "CONFWARN") != 0 && strcmp(fac, "ERROR") != 0)
		npsd_kafka_log(rk, level, fac, text);
}

static bool open_client(struct npsd_record_reader *r)
{
	rd_kafka_conf_t *conf;
	struct npsd_err err = {0};

	if (r->rk)
		return true;
	conf = rd_kafka_conf_new();
	rd_kafka_conf_set_log_cb(conf, quiet_log);
	r->rk = npsd_kafka_client(RD_KAFKA_CONSUMER, conf, r->cfg, &err);
	if (!r->rk)
		npsd_log(NPSD_LOG_ERROR, "kafka", "%s", err.text);
	return r->rk != NULL;
}

/* An offset that does not exist leads to the earliest one, which says that it does not. */
static rd_kafka_topic_t *topic_of(struct npsd_record_reader *r, int32_t topic)
{
	rd_kafka_topic_conf_t *conf;
	char text[200];

	if (r->topic[topic])
		return r->topic[topic];
	conf = rd_kafka_default_topic_conf_dup(r->rk);
	npsd_assert(rd_kafka_topic_conf_set(conf, "auto.offset.reset", "earliest", text, sizeof text) ==
		    RD_KAFKA_CONF_OK);
	r->topic[topic] = rd_kafka_topic_new(r->rk, r->cfg->topics[topic], conf);
	return r->topic[topic];
}

static void end_read(struct npsd_record_reader *r, struct read *x)
{
	if (!x->queue)
		return;
	rd_kafka_consume_stop(r->topic[x->tp.topic], x->tp.part);
	rd_kafka_queue_destroy(x->queue);
	free(x->marks);
	*x = (struct read){0};
}

void npsd_record_reader_free(struct npsd_record_reader **reader)
{
	struct npsd_record_reader *r = *reader;

	*reader = NULL;
	if (!r)
		return;
	for (int i = 0; i < READS_MAX; i++)
		end_read(r, &r->read[i]);
	for (int t = 0; t < NPSD_MAX_TOPICS; t++)
		if (r->topic[t])
			rd_kafka_topic_destroy(r->topic[t]);
	if (r->rk)
		rd_kafka_destroy_flags(r->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	free(r->marks);
	free(r);
}

/* A place for a request; NULL: there is none. */
static struct read *place_for(struct npsd_record_reader *r, struct npsd_tp tp)
{
	struct read *found = NULL;

	for (struct read *x = r->read; x < r->read + READS_MAX; x++) {
		if (x->queue && x->tp.topic == tp.topic && x->tp.part == tp.part)
			end_read(r, x);
		if (!x->queue)
			found = x;
	}
	return found;
}

bool npsd_record_reader_add(
    struct npsd_record_reader *r, uint64_t tag, struct npsd_tp tp, int64_t from, int64_t to)
{
	struct read *x = place_for(r, tp);
	rd_kafka_topic_t *rkt = x && open_client(r) ? topic_of(r, tp.topic) : NULL;

	if (!rkt)
		return false;
	*x = (struct read){.queue = rd_kafka_queue_new(r->rk), .tag = tag, .tp = tp, .next = from, .to = to};
	x->until_mono_ms = npsd_clock_system.mono_ms(NULL) + READ_MS;
	if (rd_kafka_consume_start_queue(rkt, tp.part, from, x->queue) == 0)
		return true;
	rd_kafka_queue_destroy(x->queue);
	x->queue = NULL;
	return false;
}

static void keep(struct read *x, const rd_kafka_message_t *m)
{
	rd_kafka_timestamp_type_t type;
	int64_t ms = rd_kafka_message_timestamp(m, &type);

	if (x->n == x->room) {
		x->room = x->room ? 2 * x->room : BATCH;
		x->marks = realloc(x->marks, x->room * sizeof *x->marks);
		npsd_assert(x->marks);
	}
	if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE)
		ms = 0;
	x->marks[x->n++] = (struct npsd_mark){m->offset, npsd_record_hash(m->payload, m->len, ms)};
	x->next = m->offset + 1;
}

/* True: the request is done, and *out says how. */
static bool on_message(struct read *x, struct npsd_broker_event *out, const rd_kafka_message_t *m)
{
	switch (m->err) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		if (m->offset >= x->next && m->offset < x->to)
			keep(x, m);
		/* an offset before the wanted one: the log ends before that */
		out->ok = m->offset + 1 >= x->to || m->offset + 1 < x->next;
		return out->ok;
	case RD_KAFKA_RESP_ERR__PARTITION_EOF:
		out->ok = true;
		return true;
	default:
		snprintf(out->text, sizeof out->text, "%s", rd_kafka_err2str(m->err));
		return true;
	}
}

static bool poll_read(struct read *x, struct npsd_broker_event *out)
{
	rd_kafka_message_t *m[BATCH];
	ssize_t n = rd_kafka_consume_batch_queue(x->queue, 0, m, BATCH);
	bool done = false;

	for (ssize_t i = 0; i < n; i++) {
		done = done || on_message(x, out, m[i]);
		rd_kafka_message_destroy(m[i]);
	}
	if (!done && npsd_clock_system.mono_ms(NULL) >= x->until_mono_ms) {
		snprintf(out->text, sizeof out->text, "no reply within %d ms", READ_MS);
		return true;
	}
	return done;
}

bool npsd_record_reader_poll(struct npsd_record_reader *r, struct npsd_broker_event *out)
{
	for (struct read *x = r->read; x < r->read + READS_MAX; x++) {
		*out = (struct npsd_broker_event){.what = NPSD_B_RECORDS, .tag = x->tag, .tp = x->tp};
		if (!x->queue || !poll_read(x, out))
			continue;
		free(r->marks);
		r->marks = x->marks;
		out->marks = r->marks;
		out->n = x->n;
		x->marks = NULL;
		end_read(r, x);
		return true;
	}
	return false;
}

bool npsd_record_reader_busy(const struct npsd_record_reader *r)
{
	for (int i = 0; i < READS_MAX; i++)
		if (r->read[i].queue)
			return true;
	return false;
}
