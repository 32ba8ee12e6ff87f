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

static bool set_property(rd_kafka_conf_t *conf, const char *name, const char *value, struct npsd_err *err)
{
	char text[200];

	if (rd_kafka_conf_set(conf, name, value, text, sizeof text) != RD_KAFKA_CONF_OK)
		return npsd_fail(err, NPSD_INVALID, 0, "kafka.properties: %s", text);
	return true;
}

/* Exact counts depend on these; the configuration refuses them in kafka.properties. */
static const struct property fixed[] = {
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"enable.partition.eof", "true"},
    {"auto.offset.reset", "error"},
    {"isolation.level", "read_committed"},
};

static bool set_users(rd_kafka_conf_t *conf, const struct npsd_config *cfg, struct npsd_err *err)
{
	for (int i = 0; i < cfg->nproperties; i++)
		if (!set_property(conf, cfg->properties[i].name, cfg->properties[i].value, err))
			return false;
	return true;
}

static bool set_all(rd_kafka_conf_t *conf, const struct property *list, size_t n, struct npsd_err *err)
{
	for (size_t i = 0; i < n; i++)
		if (!set_property(conf, list[i].name, list[i].value, err))
			return false;
	return true;
}

bool npsd_kafka_configure(rd_kafka_conf_t *conf, const struct npsd_config *cfg, struct npsd_err *err)
{
	static const struct property defaults[] = {
	    {"client.id", "npsd"},
	    {"socket.nagle.disable", "true"},
	    {"fetch.message.max.bytes", "262144"}, /* a smaller fetch stays in cache when decompressed */
	    {"queued.min.messages", "50000"},
	    {"partition.assignment.strategy", "range,roundrobin"},
	};
	char text[200];

	if (!set_all(conf, defaults, sizeof defaults / sizeof *defaults, err))
		return false;
	/* a client that does not know this property waits up to a second */
	(void)rd_kafka_conf_set(conf, "fetch.queue.backoff.ms", "10", text, sizeof text);
	if (!set_users(conf, cfg, err))
		return false;
	return set_all(conf, fixed, sizeof fixed / sizeof *fixed, err) &&
	       set_property(conf, "bootstrap.servers", cfg->kafka_brokers, err) &&
	       set_property(conf, "group.id", cfg->kafka_group, err);
}

bool npsd_kafka_configure_producer(rd_kafka_conf_t *conf, const struct npsd_config *cfg, struct npsd_err *err)
{
	static const struct property ours[] = {
	    {"enable.idempotence", "true"}, {"queue.buffering.max.messages", "10000"},
	    {"queue.buffering.max.kbytes", "65536"},
	    {"message.max.bytes", "67108864"}, /* the topic's own limit decides */
	};

	return set_property(conf, "client.id", "npsd", err) && set_users(conf, cfg, err) &&
	       set_all(conf, ours, sizeof ours / sizeof *ours, err) &&
	       set_property(conf, "bootstrap.servers", cfg->kafka_brokers, err);
}

rd_kafka_t *npsd_kafka_client(
    rd_kafka_type_t type, rd_kafka_conf_t *conf, const struct npsd_config *cfg, struct npsd_err *err)
{
	bool producer = type == RD_KAFKA_PRODUCER;
	rd_kafka_t *rk = NULL;
	char text[200];

	if (producer ? npsd_kafka_configure_producer(conf, cfg, err) : npsd_kafka_configure(conf, cfg, err)) {
		rk = rd_kafka_new(type, conf, text, sizeof text);
		if (!rk)
			npsd_fail(err, NPSD_INVALID, 0, "%s: %s", producer ? "rejects.topic" : "kafka", text);
	}
	if (!rk)
		rd_kafka_conf_destroy(conf);
	return rk;
}
