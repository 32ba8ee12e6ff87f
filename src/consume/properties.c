#include "consume/properties.h"

#include <stdio.h>
#include <string.h>

#include "base/distance.h"
#include "base/log.h"

void npsd_kafka_log(const rd_kafka_t *rk, int level, const char *fac, const char *text)
{
	enum npsd_level to = level <= 3	  ? NPSD_LOG_ERROR
			     : level <= 4 ? NPSD_LOG_WARN
			     : level <= 6 ? NPSD_LOG_INFO
					  : NPSD_LOG_DEBUG;

	(void)rk;
	if (strcmp(fac, "FAIL") == 0) /* the same comes as an event, see kafka_errors.h */
		to = NPSD_LOG_DEBUG;
	npsd_log(to, "kafka", "%s: %s", fac, text);
}

struct property {
	const char *name, *value;
};

static const struct property consumer_defaults[] = {
    {"client.id", "npsd"},
    {"socket.nagle.disable", "true"},
    {"fetch.message.max.bytes", "262144"}, /* a smaller fetch stays in cache when decompressed */
    {"queued.min.messages", "50000"},
    {"partition.assignment.strategy", "range,roundrobin"},
};

/* Exact counts depend on these; the configuration refuses them in kafka.properties. */
static const struct property consumer_fixed[] = {
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"enable.partition.eof", "true"},
    {"auto.offset.reset", "error"},
    {"isolation.level", "read_committed"},
};

static const struct property producer_defaults[] = {{"client.id", "npsd"}};

static const struct property producer_fixed[] = {
    {"enable.idempotence", "true"}, {"queue.buffering.max.messages", "10000"},
    {"queue.buffering.max.kbytes", "65536"},
    {"message.max.bytes", "67108864"}, /* the topic's own limit decides */
};

/* --- errors in kafka.properties --- */

#define NEAR 8 /* more edits than that: another property was meant */

/* The property of librdkafka with the nearest name; "": none is near. Secrets and deprecated ones are not
 * listed. */
static void find_nearest(char *out, size_t size, rd_kafka_conf_t *conf, const char *name)
{
	size_t n;
	const char **list = rd_kafka_conf_dump(conf, &n);
	int most = (int)strlen(name) / 2 < NEAR ? (int)strlen(name) / 2 : NEAR;

	out[0] = 0;
	for (size_t i = 0; i + 1 < n; i += 2) {
		int d = npsd_distance(npsd_str(name), npsd_str(list[i]), most);

		if (d > most)
			continue;
		most = d - 1;
		snprintf(out, size, "%s", list[i]);
	}
	rd_kafka_conf_dump_free(list, n);
}

static bool set_property(rd_kafka_conf_t *conf, const struct npsd_property *p, struct npsd_err *err)
{
	char text[200], nearest[80];

	switch (rd_kafka_conf_set(conf, p->name, p->value, text, sizeof text)) {
	case RD_KAFKA_CONF_OK:
		return true;
	case RD_KAFKA_CONF_UNKNOWN:
		find_nearest(nearest, sizeof nearest, conf, p->name);
		return npsd_fail(err, NPSD_INVALID, 0, "%s: librdkafka has no such property%s%s", p->place,
		    *nearest ? "; the nearest that it has is " : "", nearest);
	default:
		text[strcspn(text, "\n")] = 0;
		return npsd_fail(err, NPSD_INVALID, 0, "%s: %s", p->value_place,
		    p->secret ? "librdkafka does not accept the value" : text);
	}
}

/* An error that shows when the client is made is about the properties that it names. */
static const char *place_in(const struct npsd_config *cfg, const char *text)
{
	for (int i = 0; i < cfg->nproperties; i++)
		if (strstr(text, cfg->properties[i].name) ||
		    (strlen(cfg->properties[i].value) > 2 && strstr(text, cfg->properties[i].value)))
			return cfg->properties[i].value_place;
	return NULL;
}

/* --- clients --- */

static bool set(rd_kafka_conf_t *conf, const char *name, const char *value, struct npsd_err *err)
{
	char text[200];

	return rd_kafka_conf_set(conf, name, value, text, sizeof text) == RD_KAFKA_CONF_OK ||
	       npsd_fail(err, NPSD_INVALID, 0, "kafka.properties: %s", text);
}

static bool set_all(rd_kafka_conf_t *conf, const struct property *list, size_t n, struct npsd_err *err)
{
	for (size_t i = 0; i < n; i++)
		if (!set(conf, list[i].name, list[i].value, err))
			return false;
	return true;
}
#define SET_ALL(conf, list, err) set_all(conf, list, sizeof(list) / sizeof *(list), err)

bool npsd_kafka_configure(
    rd_kafka_conf_t *conf, rd_kafka_type_t type, const struct npsd_config *cfg, struct npsd_err *err)
{
	bool consumer = type == RD_KAFKA_CONSUMER;
	char text[200];

	if (!(consumer ? SET_ALL(conf, consumer_defaults, err) : SET_ALL(conf, producer_defaults, err)))
		return false;
	/* a client that does not know this property waits up to a second */
	if (consumer)
		(void)rd_kafka_conf_set(conf, "fetch.queue.backoff.ms", "10", text, sizeof text);
	for (int i = 0; i < cfg->nproperties; i++)
		if (!set_property(conf, &cfg->properties[i], err))
			return false;
	return (consumer ? SET_ALL(conf, consumer_fixed, err) && set(conf, "group.id", cfg->kafka_group, err)
			 : SET_ALL(conf, producer_fixed, err)) &&
	       set(conf, "bootstrap.servers", cfg->kafka_brokers, err);
}

rd_kafka_t *npsd_kafka_client(
    rd_kafka_type_t type, rd_kafka_conf_t *conf, const struct npsd_config *cfg, struct npsd_err *err)
{
	const char *place, *option = type == RD_KAFKA_PRODUCER ? "rejects.topic" : "kafka";
	char text[200] = "";
	rd_kafka_t *rk =
	    npsd_kafka_configure(conf, type, cfg, err) ? rd_kafka_new(type, conf, text, sizeof text) : NULL;

	if (rk)
		return rk;
	place = place_in(cfg, text);
	/* does nothing where configure failed */
	npsd_fail(err, NPSD_INVALID, 0, "%s: %s", place ? place : option, text);
	rd_kafka_conf_destroy(conf);
	return NULL;
}
