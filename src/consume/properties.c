#include "consume/properties.h"

#include <string.h>

#include "base/log.h"

void npsd_kafka_log(const rd_kafka_t *rk, int level, const char *fac, const char *text)
{
	enum npsd_level to = level <= 3	  ? NPSD_LOG_ERROR
			     : level <= 4 ? NPSD_LOG_WARN
			     : level <= 6 ? NPSD_LOG_INFO
					  : NPSD_LOG_DEBUG;

	(void)rk;
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
		if (!set(conf, cfg->properties[i].name, cfg->properties[i].value, err))
			return false;
	return (consumer ? SET_ALL(conf, consumer_fixed, err) && set(conf, "group.id", cfg->kafka_group, err)
			 : SET_ALL(conf, producer_fixed, err)) &&
	       set(conf, "bootstrap.servers", cfg->kafka_brokers, err);
}

rd_kafka_t *npsd_kafka_client(
    rd_kafka_type_t type, rd_kafka_conf_t *conf, const struct npsd_config *cfg, struct npsd_err *err)
{
	const char *option = type == RD_KAFKA_PRODUCER ? "rejects.topic" : "kafka";
	char text[200] = "";
	rd_kafka_t *rk =
	    npsd_kafka_configure(conf, type, cfg, err) ? rd_kafka_new(type, conf, text, sizeof text) : NULL;

	if (rk)
		return rk;
	npsd_fail(err, NPSD_INVALID, 0, "%s: %s", option, text); /* does nothing where configure failed */
	rd_kafka_conf_destroy(conf);
	return NULL;
}
