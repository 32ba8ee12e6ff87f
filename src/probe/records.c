#include "probe/records.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "npsd/clock.h"
#include "npsd/decode.h"

#define RECORDS 100
#define ENDS_MS 2000
#define READ_MS 10000
#define DAY_MS INT64_C(86400000)

struct sample {
	struct npsd_probe *p;
	struct npsd_decoder *decoder;
	int64_t now_ms;
	int records, keyless, ends;
	bool refused; /* Kafka does not deliver a partition */
	int count[NPSD_NREASON];
	char first[NPSD_NREASON][300]; /* the place of the first record with the reason */
};

/* The last records of each partition, so many that they are RECORDS together. */
static rd_kafka_topic_partition_list_t *find_begin(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *all)
{
	int parts = all->cnt < RECORDS ? all->cnt : RECORDS;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(parts);
	int64_t share = (RECORDS + parts - 1) / parts;

	for (int i = 0; i < parts; i++) {
		const rd_kafka_topic_partition_t *tp = &all->elems[i];
		int64_t low, high;

		if (rd_kafka_query_watermark_offsets(rk, tp->topic, tp->partition, &low, &high, ENDS_MS) ||
		    low == high)
			continue;
		rd_kafka_topic_partition_list_add(list, tp->topic, tp->partition)->offset =
		    high - share > low ? high - share : low;
	}
	return list;
}

static int32_t topic_index(const struct npsd_config *cfg, const char *name)
{
	for (int32_t i = 0; i < cfg->ntopics; i++)
		if (strcmp(cfg->topics[i], name) == 0)
			return i;
	return 0;
}

static void read_headers(struct npsd_headers *out, const rd_kafka_headers_t *headers)
{
	for (int i = 0; i < NPSD_NHEADER; i++) {
		const void *value = NULL;
		size_t n = 0;

		if (rd_kafka_header_get_last(headers, npsd_header_names[i], &value, &n) || !value)
			n = 0;
		out->value[i] = (struct npsd_str){value, (uint32_t)n};
	}
}

static void keep_place(struct sample *s, const rd_kafka_message_t *m, const struct npsd_verdict *v)
{
	const char *accepted = npsd_verdict_accepted(v);

	if (s->count[v->reason]++ > 0)
		return;
	snprintf(s->first[v->reason], sizeof s->first[0],
	    "%s/%" PRId32 " offset %" PRId64 ", byte %" PRIu32 "%s%s: %s%s%s", rd_kafka_topic_name(m->rkt),
	    m->partition, m->offset, v->at, v->field ? ", " : "", v->field ? v->field : "",
	    npsd_reason_meanings[v->reason], accepted ? "; accepted: " : "", accepted ? accepted : "");
}

static void decode(struct sample *s, const rd_kafka_message_t *m)
{
	rd_kafka_timestamp_type_t type;
	struct npsd_record_view view = {.value = m->payload,
	    .len = m->len,
	    .record_ms = rd_kafka_message_timestamp(m, &type),
	    .topic = topic_index(s->p->cfg, rd_kafka_topic_name(m->rkt))};
	rd_kafka_headers_t *list;
	struct npsd_headers headers;
	struct npsd_verdict verdict;
	struct npsd_event event;

	if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE)
		view.record_ms = 0;
	view.ahead = view.record_ms > s->now_ms + DAY_MS;
	if (rd_kafka_message_headers(m, &list) == RD_KAFKA_RESP_ERR_NO_ERROR) {
		read_headers(&headers, list);
		view.headers = &headers;
	}
	npsd_decoder_reset(s->decoder);
	verdict = npsd_decode(s->decoder, &event, &view);
	keep_place(s, m, &verdict);
	s->records++;
	s->keyless += m->key_len == 0;
}

static void read_all(struct sample *s, rd_kafka_t *rk, int partitions)
{
	int64_t until = npsd_mono_ms(&npsd_clock_system) + READ_MS;

	while (!s->refused && s->ends < partitions && s->records < RECORDS &&
	       npsd_mono_ms(&npsd_clock_system) < until) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, 100);

		if (!m)
			continue;
		if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
			s->ends++;
		} else if (m->err && m->rkt) {
			npsd_probe_say(s->p, NPSD_FOUND_ERROR, "records: %s/%" PRId32 ": %s",
			    rd_kafka_topic_name(m->rkt), m->partition, rd_kafka_message_errstr(m));
			s->refused = true;
		} else if (!m->err) {
			decode(s, m);
		}
		rd_kafka_message_destroy(m);
	}
}

static void report_none(struct npsd_probe *p, bool at_end)
{
	if (at_end)
		npsd_probe_say(p, NPSD_FOUND_WARNING, "records: the topics hold none that can be read");
	else
		npsd_probe_say(p, NPSD_FOUND_ERROR, "records: none arrived within %d s", READ_MS / 1000);
}

static void report(struct sample *s, int partitions)
{
	int accepted = s->count[NPSD_R_ok], reason, shown;

	npsd_probe_say(s->p, accepted ? NPSD_FOUND_OK : NPSD_FOUND_ERROR,
	    "records: %d of the newest %d are accepted", accepted, s->records);
	s->count[NPSD_R_ok] = 0;
	for (shown = 0; shown < 5; shown++) {
		int most = 0;

		for (reason = 0; reason < NPSD_NREASON; reason++)
			if (s->count[reason] > s->count[most])
				most = reason;
		if (s->count[most] == 0)
			break;
		npsd_probe_say(s->p, NPSD_FOUND_WARNING, "records: %d %s with %s: %s", s->count[most],
		    npsd_fate_names[npsd_reason_fate[most]], npsd_reason_names[most], s->first[most]);
		s->count[most] = 0;
	}
	if (s->keyless && partitions > 1)
		npsd_probe_say(s->p, NPSD_FOUND_WARNING,
		    "records: %d have no key: edits of a response must have its key, to reach its partition",
		    s->keyless);
}

void npsd_probe_records(struct npsd_probe *p, rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list)
{
	struct sample s = {.p = p, .now_ms = npsd_clock_system.wall_ms(NULL)};
	rd_kafka_topic_partition_list_t *begin = find_begin(rk, list);

	if (begin->cnt == 0) {
		report_none(p, true);
		rd_kafka_topic_partition_list_destroy(begin);
		return;
	}
	s.decoder = npsd_decoder_new(p->cfg);
	npsd_assert(s.decoder);
	rd_kafka_poll_set_consumer(rk);
	rd_kafka_assign(rk, begin);
	read_all(&s, rk, begin->cnt);
	if (s.records)
		report(&s, list->cnt);
	else if (!s.refused)
		report_none(p, s.ends == begin->cnt);
	rd_kafka_assign(rk, NULL);
	npsd_decoder_free(&s.decoder);
	rd_kafka_topic_partition_list_destroy(begin);
}
