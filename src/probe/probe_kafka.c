/* Kafka: brokers, topics, partitions and their leaders, the group. No group is joined, no offset committed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/distance.h"
#include "consume/properties.h"
#include "probe/finding.h"
#include "probe/records.h"

#define REPLY_MS 5000
#define TRY_MS 1000
#define TRIES 5
#define TRIES_REFUSED 2

struct probe_kafka {
	struct npsd_probe *p;
	rd_kafka_t *rk;
	char why[400]; /* the client's last error: of a broker, of TLS, of SASL */
	rd_kafka_topic_partition_list_t *partitions; /* of the topics that can be read */
};

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
	struct probe_kafka *k = opaque;

	(void)rk;
	if (err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || !k->why[0])
		snprintf(k->why, sizeof k->why, "%s", reason);
}

static void quiet(const rd_kafka_t *rk, int level, const char *fac, const char *text)
{
	(void)rk, (void)level, (void)fac, (void)text;
}

static bool open_client(struct probe_kafka *k)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	struct npsd_err err = {0};

	rd_kafka_conf_set_log_cb(conf, quiet);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_opaque(conf, k);
	k->rk = npsd_kafka_client(RD_KAFKA_CONSUMER, conf, k->p->cfg, &err);
	if (!k->rk)
		npsd_probe_say(k->p, NPSD_FOUND_ERROR, "%s", err.text);
	return k->rk != NULL;
}

/* What Kafka says of all topics that this user may see; the caller destroys it. NULL: no broker replied. */
static const rd_kafka_metadata_t *find_brokers(struct probe_kafka *k)
{
	const rd_kafka_metadata_t *md = NULL;
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__TIMED_OUT;

	/* a broker that was refused by now is not waited for, others may reply */
	for (int tries = 0; err && tries < TRIES && (tries < TRIES_REFUSED || !k->why[0]); tries++) {
		err = rd_kafka_metadata(k->rk, 1, NULL, &md, TRY_MS);
		rd_kafka_poll(k->rk, 0); /* calls on_error() */
	}
	if (err) {
		npsd_probe_say(k->p, NPSD_FOUND_ERROR, "Kafka at %s: %s%s%s", k->p->cfg->kafka_brokers,
		    rd_kafka_err2str(err), k->why[0] ? ": " : "", k->why);
		return NULL;
	}
	npsd_probe_say(k->p, NPSD_FOUND_OK, "Kafka: connected, %d brokers", md->broker_cnt);
	return md;
}

static const struct rd_kafka_metadata_topic *topic_in(const rd_kafka_metadata_t *md, const char *name)
{
	for (int i = 0; i < md->topic_cnt; i++)
		if (strcmp(md->topics[i].topic, name) == 0)
			return &md->topics[i];
	return NULL;
}

static const char *nearest_topic(const rd_kafka_metadata_t *md, const char *name)
{
	int most = (int)strlen(name) / 2;
	const char *nearest = NULL;

	for (int i = 0; i < md->topic_cnt; i++) {
		int d = npsd_distance(npsd_str(name), npsd_str(md->topics[i].topic), most);

		if (d <= most) {
			most = d - 1;
			nearest = md->topics[i].topic;
		}
	}
	return nearest;
}

/* A topic that is not in the list of all: the reply for it alone says why. */
static void find_missing(struct probe_kafka *k, const rd_kafka_metadata_t *all, const char *name)
{
	const char *nearest = nearest_topic(all, name);
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(k->rk, name, NULL);
	const rd_kafka_metadata_t *md = NULL;
	rd_kafka_resp_err_t err =
	    rkt ? rd_kafka_metadata(k->rk, 0, rkt, &md, REPLY_MS) : rd_kafka_last_error();

	if (!err && md && md->topic_cnt == 1)
		err = md->topics[0].err;
	if (err != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
		npsd_probe_say(
		    k->p, NPSD_FOUND_ERROR, "Kafka: topic \"%s\": %s", name, rd_kafka_err2str(err));
	else
		npsd_probe_say(k->p, NPSD_FOUND_ERROR, "Kafka: topic \"%s\" does not exist%s%s%s", name,
		    nearest ? "; the nearest is \"" : "", nearest ? nearest : "", nearest ? "\"" : "");
	if (md)
		rd_kafka_metadata_destroy(md);
	if (rkt)
		rd_kafka_topic_destroy(rkt);
}

static void find_partitions(struct probe_kafka *k, const struct rd_kafka_metadata_topic *t)
{
	int leaderless = 0, last = 0;

	for (int i = 0; i < t->partition_cnt; i++) {
		if (t->partitions[i].leader < 0) {
			leaderless++;
			last = t->partitions[i].id;
		} else {
			rd_kafka_topic_partition_list_add(k->partitions, t->topic, t->partitions[i].id);
		}
	}
	if (leaderless)
		npsd_probe_say(k->p, NPSD_FOUND_ERROR,
		    "Kafka: topic \"%s\": %d of %d partitions have no leader, such as %d", t->topic,
		    leaderless, t->partition_cnt, last);
	else
		npsd_probe_say(
		    k->p, NPSD_FOUND_OK, "Kafka: topic \"%s\" has %d partitions", t->topic, t->partition_cnt);
}

static void find_topics(struct probe_kafka *k, const rd_kafka_metadata_t *md)
{
	for (int i = 0; i < k->p->cfg->ntopics; i++) {
		const struct rd_kafka_metadata_topic *t = topic_in(md, k->p->cfg->topics[i]);

		if (!t || t->err)
			find_missing(k, md, k->p->cfg->topics[i]);
		else
			find_partitions(k, t);
	}
}

static void find_group(struct probe_kafka *k)
{
	const char *group = k->p->cfg->kafka_group;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_copy(k->partitions);
	rd_kafka_resp_err_t err = rd_kafka_committed(k->rk, list, REPLY_MS);

	for (int i = 0; !err && i < list->cnt; i++)
		err = list->elems[i].err;
	if (err)
		npsd_probe_say(
		    k->p, NPSD_FOUND_ERROR, "Kafka: group \"%s\": %s", group, rd_kafka_err2str(err));
	else
		npsd_probe_say(k->p, NPSD_FOUND_OK, "Kafka: group \"%s\" can be read", group);
	rd_kafka_topic_partition_list_destroy(list);
}

void npsd_probe_kafka(struct npsd_probe *p)
{
	struct probe_kafka k = {.p = p};
	const rd_kafka_metadata_t *md;

	if (!open_client(&k))
		return;
	k.partitions = rd_kafka_topic_partition_list_new(16);
	md = find_brokers(&k);
	if (md)
		find_topics(&k, md);
	if (k.partitions->cnt > 0) {
		find_group(&k);
		npsd_probe_records(p, k.rk, k.partitions);
	}
	if (md)
		rd_kafka_metadata_destroy(md);
	rd_kafka_topic_partition_list_destroy(k.partitions);
	rd_kafka_destroy(k.rk);
}
