#include "consume/rejects.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/log.h"
#include "consume/properties.h"
#include "npsd/clock.h"

#define FLUSH_MS 5000
#define LOG_MS 1000

struct npsd_rejects {
	const struct npsd_config *cfg;
	rd_kafka_t *rk;
	/* --- group thread, and main at the end --- */
	int64_t logged, logged_mono_ms;	 /* logged: value of `lost` in the last line */
	NPSD_APART _Atomic int64_t lost; /* writers: workers, delivered() */
	_Atomic int why;		 /* rd_kafka_resp_err_t of the last; the same writers */
};

static void lose(struct npsd_rejects *r, rd_kafka_resp_err_t why)
{
	npsd_store_relaxed(&r->why, (int)why);
	npsd_add_relaxed(&r->lost, 1);
}

/* Thread: group, within npsd_rejects_poll */
static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *m, void *self)
{
	(void)rk;
	if (m->err)
		lose(self, m->err);
}

/* kafka.properties are for the consumer: a producer warns of those that it does not have. */
static void quiet_log(const rd_kafka_t *rk, int level, const char *fac, const char *text)
{
	if (strcmp(fac, "CONFWARN") != 0)
		npsd_kafka_log(rk, level, fac, text);
}

bool npsd_rejects_open(struct npsd_rejects **out, const struct npsd_config *cfg, struct npsd_err *err)
{
	struct npsd_rejects *r;
	rd_kafka_conf_t *conf;

	*out = NULL;
	if (!*cfg->rejects_topic)
		return true;
	r = aligned_alloc(_Alignof(struct npsd_rejects), sizeof *r);
	npsd_assert(r);
	memset(r, 0, sizeof *r);
	r->cfg = cfg;
	r->why = RD_KAFKA_RESP_ERR__QUEUE_FULL;
	conf = rd_kafka_conf_new();
	rd_kafka_conf_set_log_cb(conf, quiet_log);
	rd_kafka_conf_set_dr_msg_cb(conf, delivered);
	rd_kafka_conf_set_opaque(conf, r);
	r->rk = npsd_kafka_client(RD_KAFKA_PRODUCER, conf, cfg, err);
	if (!r->rk) {
		free(r);
		return false;
	}
	*out = r;
	return true;
}

static void add_number(rd_kafka_headers_t *h, const char *name, int64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, number);
	rd_kafka_header_add(h, name, -1, text, -1);
}

/* The record's own, and after them npsd's. */
static rd_kafka_headers_t *headers_of(const struct npsd_rejects *r, const struct npsd_msg *msg,
    const char *reason, const char *field, uint32_t at)
{
	rd_kafka_headers_t *h = msg->headers ? rd_kafka_headers_copy(msg->headers) : rd_kafka_headers_new(6);

	rd_kafka_header_add(h, "npsd.reason", -1, reason, -1);
	add_number(h, "npsd.position", at);
	if (field)
		rd_kafka_header_add(h, "npsd.field", -1, field, -1);
	rd_kafka_header_add(h, "npsd.topic", -1, r->cfg->topics[msg->tp.topic], -1);
	add_number(h, "npsd.partition", msg->tp.part);
	add_number(h, "npsd.offset", msg->offset);
	return h;
}

void npsd_rejects_add(
    struct npsd_rejects *r, const struct npsd_msg *msg, const char *reason, const char *field, uint32_t at)
{
	const rd_kafka_message_t *m = msg->held;
	rd_kafka_headers_t *h = headers_of(r, msg, reason, field, at);
	rd_kafka_resp_err_t err = rd_kafka_producev(r->rk, RD_KAFKA_V_TOPIC(r->cfg->rejects_topic),
	    RD_KAFKA_V_VALUE((void *)msg->value, msg->len), RD_KAFKA_V_KEY(m->key, m->key_len),
	    RD_KAFKA_V_TIMESTAMP(msg->record_ms), RD_KAFKA_V_HEADERS(h),
	    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);

	if (err) {
		rd_kafka_headers_destroy(h);
		lose(r, err);
	}
}

static void log_lost(struct npsd_rejects *r)
{
	int64_t lost = npsd_load_relaxed(&r->lost);
	rd_kafka_resp_err_t why = (rd_kafka_resp_err_t)npsd_load_relaxed(&r->why);
	bool late = why == RD_KAFKA_RESP_ERR__PURGE_QUEUE || why == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;

	if (lost == r->logged)
		return;
	npsd_log(NPSD_LOG_WARN, "kafka",
	    "%" PRId64 " rejected records could not be copied to topic \"%s\" so far: %s", lost,
	    r->cfg->rejects_topic, late ? "there was no time left" : rd_kafka_err2str(why));
	r->logged = lost;
}

void npsd_rejects_poll(struct npsd_rejects *r)
{
	rd_kafka_poll(r->rk, 0);
	if (npsd_load_relaxed(&r->lost) != r->logged &&
	    npsd_log_every(&r->logged_mono_ms, npsd_clock_system.mono_ms(NULL), LOG_MS))
		log_lost(r);
}

void npsd_rejects_close(struct npsd_rejects **rejects)
{
	struct npsd_rejects *r = *rejects;

	*rejects = NULL;
	if (!r)
		return;
	if (rd_kafka_flush(r->rk, FLUSH_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) {
		rd_kafka_purge(r->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
		rd_kafka_flush(r->rk, FLUSH_MS);
	}
	log_lost(r);
	rd_kafka_destroy(r->rk);
	free(r);
}
