#include "consume/queries.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npsd/batch.h"
#include "npsd/err.h"

#define QUERIES_MAX (NPSD_MAX_PARTS + NPSD_MAX_TOPICS) /* that wait, are out, or have an unread reply */
#define REPLY_MS 3000
#define SLOW_MAX 8
#define LEADER_UNKNOWN (-1)
#define LEADER_DONE (-2)

struct query {
	uint64_t tag;
	struct npsd_tp tp; /* part < 0: what the topic is */
	int32_t leader;	   /* LEADER_DONE: the reply is ready */
};

struct npsd_queries {
	const struct npsd_config *cfg;
	rd_kafka_t *rk;
	void (*wake)(void *arg);
	void *wake_arg;
	pthread_t thread;

	pthread_mutex_t lock; /* of the next fields */
	pthread_cond_t more;
	bool stop;
	size_t out; /* waiting + replies + those that the thread has */
	struct query waiting[QUERIES_MAX];
	size_t nwaiting;
	struct npsd_broker_event reply[QUERIES_MAX];
	size_t first, nreplies;

	/* --- Thread: queries --- */
	struct query batch[QUERIES_MAX];
	size_t nbatch;
	int32_t slow[SLOW_MAX]; /* brokers that did not reply last time; they are asked last */
	int nslow;
};

/* --- replies --- */

static void post(struct npsd_queries *q, struct query *of, const struct npsd_broker_event *e)
{
	of->leader = LEADER_DONE;
	pthread_mutex_lock(&q->lock);
	q->reply[(q->first + q->nreplies++) % QUERIES_MAX] = *e;
	pthread_mutex_unlock(&q->lock);
	q->wake(q->wake_arg);
}

/* text: NULL: that of err */
static void post_failure(struct npsd_queries *q, struct query *of, rd_kafka_resp_err_t err, const char *text)
{
	struct npsd_broker_event e = {.what = of->tp.part < 0 ? NPSD_B_TOPIC : NPSD_B_ENDS,
	    .tag = of->tag,
	    .tp = of->tp,
	    .parts = -1,
	    .committed = -1,
	    .local = err < 0};

	snprintf(e.text, sizeof e.text, "%s", text ? text : rd_kafka_err2str(err));
	post(q, of, &e);
}

static bool stopped(struct npsd_queries *q)
{
	bool stop;

	pthread_mutex_lock(&q->lock);
	stop = q->stop;
	pthread_mutex_unlock(&q->lock);
	return stop;
}

/* --- what a topic is --- */

/* The caller destroys it. NULL: *err says why. */
static const struct rd_kafka_metadata *metadata_of(
    struct npsd_queries *q, int32_t topic, rd_kafka_resp_err_t *err)
{
	const struct rd_kafka_metadata *md = NULL;
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(q->rk, q->cfg->topics[topic], NULL);

	*err = rkt ? rd_kafka_metadata(q->rk, 0, rkt, &md, REPLY_MS) : rd_kafka_last_error();
	if (rkt)
		rd_kafka_topic_destroy(rkt);
	if (*err || !md)
		return NULL;
	if (md->topic_cnt == 1)
		return md;
	rd_kafka_metadata_destroy(md);
	*err = RD_KAFKA_RESP_ERR__BAD_MSG;
	return NULL;
}

static enum npsd_compacted compacted_of(rd_kafka_event_t *ev)
{
	const rd_kafka_DescribeConfigs_result_t *result = rd_kafka_event_DescribeConfigs_result(ev);
	size_t n = 0;
	const rd_kafka_ConfigResource_t **res =
	    result ? rd_kafka_DescribeConfigs_result_resources(result, &n) : NULL;
	const rd_kafka_ConfigEntry_t **entry;

	if (n == 0 || rd_kafka_ConfigResource_error(res[0]))
		return NPSD_COMPACTED_UNKNOWN;
	entry = rd_kafka_ConfigResource_configs(res[0], &n);
	for (size_t i = 0; i < n; i++) {
		const char *value = rd_kafka_ConfigEntry_value(entry[i]);

		if (value && strcmp(rd_kafka_ConfigEntry_name(entry[i]), "cleanup.policy") == 0)
			return strstr(value, "compact") ? NPSD_COMPACTED_YES : NPSD_COMPACTED_NO;
	}
	return NPSD_COMPACTED_UNKNOWN;
}

static enum npsd_compacted ask_compacted(struct npsd_queries *q, int32_t topic)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(q->rk);
	rd_kafka_ConfigResource_t *res =
	    rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, q->cfg->topics[topic]);
	enum npsd_compacted compacted = NPSD_COMPACTED_LATER;
	rd_kafka_event_t *ev;

	rd_kafka_DescribeConfigs(q->rk, &res, 1, NULL, queue);
	ev = rd_kafka_queue_poll(queue, REPLY_MS);
	if (ev) {
		compacted = compacted_of(ev);
		rd_kafka_event_destroy(ev);
	}
	rd_kafka_ConfigResource_destroy(res);
	rd_kafka_queue_destroy(queue);
	return compacted;
}

static void describe(struct npsd_queries *q, struct query *of)
{
	struct npsd_broker_event e = {
	    .what = NPSD_B_TOPIC, .tag = of->tag, .tp = of->tp, .parts = -1, .compacted = NPSD_COMPACTED_NO};
	rd_kafka_resp_err_t err;
	const struct rd_kafka_metadata *md = metadata_of(q, of->tp.topic, &err);

	if (md) {
		err = md->topics[0].err;
		e.parts = md->topics[0].partition_cnt;
		rd_kafka_metadata_destroy(md);
		if (err && err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
			e.parts = 0; /* the answer is about this topic, not about Kafka */
	}
	if (err)
		snprintf(e.text, sizeof e.text, "%s",
		    err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ? "does not exist"
								   : rd_kafka_err2str(err));
	e.ok = e.parts > 0;
	e.local = err < 0;
	if (e.ok && !q->cfg->allow_compacted)
		e.compacted = ask_compacted(q, of->tp.topic);
	post(q, of, &e);
}

/* --- the ends of partitions --- */

/* Finds the leaders of all partitions of the topic that are asked about; fails what has none. */
static void find_leaders(struct npsd_queries *q, int32_t topic)
{
	rd_kafka_resp_err_t err;
	const struct rd_kafka_metadata *md = metadata_of(q, topic, &err);
	const struct rd_kafka_metadata_topic *t = md ? &md->topics[0] : NULL;

	for (struct query *x = q->batch; x < q->batch + q->nbatch; x++) {
		if (x->leader != LEADER_UNKNOWN || x->tp.topic != topic)
			continue;
		for (int i = 0; t && i < t->partition_cnt; i++)
			if (t->partitions[i].id == x->tp.part && t->partitions[i].leader >= 0)
				x->leader = t->partitions[i].leader;
		if (x->leader == LEADER_UNKNOWN)
			post_failure(q, x,
			    err ? err
			    : t ? t->err
				: 0,
			    err || (t && t->err) ? NULL : "the partition has no leader");
	}
	if (md)
		rd_kafka_metadata_destroy(md);
}

static rd_kafka_topic_partition_list_t *list_of(struct npsd_queries *q, int32_t leader, int64_t offset)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);

	for (struct query *x = q->batch; x < q->batch + q->nbatch; x++)
		if (x->leader == leader)
			rd_kafka_topic_partition_list_add(list, q->cfg->topics[x->tp.topic], x->tp.part)
			    ->offset = offset;
	return list;
}

static const rd_kafka_topic_partition_t *find(
    const struct npsd_queries *q, const rd_kafka_topic_partition_list_t *list, struct npsd_tp tp)
{
	rd_kafka_topic_partition_t *found = rd_kafka_topic_partition_list_find(
	    (rd_kafka_topic_partition_list_t *)list, q->cfg->topics[tp.topic], tp.part);

	npsd_assert(found);
	return found;
}

static void set_slow(struct npsd_queries *q, int32_t leader, bool slow)
{
	int i = 0;

	while (i < q->nslow && q->slow[i] != leader)
		i++;
	if (slow && i == q->nslow && i < SLOW_MAX)
		q->slow[q->nslow++] = leader;
	else if (!slow && i < q->nslow)
		q->slow[i] = q->slow[--q->nslow];
}

/* Asks one broker for first and last offsets (the last stable one: isolation.level), then the group's own. */
static void ask_leader(struct npsd_queries *q, int32_t leader)
{
	rd_kafka_topic_partition_list_t *low = list_of(q, leader, RD_KAFKA_OFFSET_BEGINNING),
					*high = list_of(q, leader, RD_KAFKA_OFFSET_END),
					*committed = list_of(q, leader, 0);
	rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(q->rk, low, REPLY_MS);

	if (!err)
		err = rd_kafka_offsets_for_times(q->rk, high, REPLY_MS);
	set_slow(q, leader, err == RD_KAFKA_RESP_ERR__TIMED_OUT);
	if (!err)
		err = rd_kafka_committed(q->rk, committed, REPLY_MS);
	for (struct query *x = q->batch; x < q->batch + q->nbatch; x++) {
		const rd_kafka_topic_partition_t *l, *h, *c;
		rd_kafka_resp_err_t own;

		if (x->leader != leader)
			continue;
		l = find(q, low, x->tp);
		h = find(q, high, x->tp);
		c = find(q, committed, x->tp);
		own = err ? err : l->err ? l->err : h->err ? h->err : c->err;
		if (own)
			post_failure(q, x, own, NULL);
		else
			post(q, x,
			    &(struct npsd_broker_event){.what = NPSD_B_ENDS,
				.tag = x->tag,
				.tp = x->tp,
				.ok = true,
				.low = l->offset,
				.high = h->offset,
				.committed = c->offset >= 0 ? c->offset : -1});
	}
	rd_kafka_topic_partition_list_destroy(low);
	rd_kafka_topic_partition_list_destroy(high);
	rd_kafka_topic_partition_list_destroy(committed);
}

/* A leader whose partitions are not asked about yet, slow ones last; LEADER_DONE: none. */
static int32_t next_leader(const struct npsd_queries *q)
{
	int32_t found = LEADER_DONE;

	for (const struct query *x = q->batch; x < q->batch + q->nbatch; x++) {
		bool slow = false;

		for (int i = 0; i < q->nslow; i++)
			slow |= q->slow[i] == x->leader;
		if (x->leader >= 0 && !slow)
			return x->leader;
		if (x->leader >= 0)
			found = x->leader;
	}
	return found;
}

static void ask_ends(struct npsd_queries *q)
{
	int32_t leader;

	for (struct query *x = q->batch; x < q->batch + q->nbatch && !stopped(q); x++)
		if (x->leader == LEADER_UNKNOWN)
			find_leaders(q, x->tp.topic);
	while (!stopped(q) && (leader = next_leader(q)) != LEADER_DONE)
		ask_leader(q, leader);
}

/* --- the thread --- */

static bool take_batch(struct npsd_queries *q)
{
	bool stop;

	pthread_mutex_lock(&q->lock);
	while (q->nwaiting == 0 && !q->stop)
		pthread_cond_wait(&q->more, &q->lock);
	memcpy(q->batch, q->waiting, q->nwaiting * sizeof q->batch[0]);
	q->nbatch = q->nwaiting;
	q->nwaiting = 0;
	stop = q->stop;
	pthread_mutex_unlock(&q->lock);
	return !stop;
}

static void *run(void *arg)
{
	struct npsd_queries *q = arg;

	while (take_batch(q)) {
		for (struct query *x = q->batch; x < q->batch + q->nbatch && !stopped(q); x++)
			if (x->tp.part < 0)
				describe(q, x);
		ask_ends(q);
	}
	return NULL;
}

struct npsd_queries *npsd_queries_new(
    rd_kafka_t *rk, const struct npsd_config *cfg, void (*wake)(void *arg), void *arg)
{
	struct npsd_queries *q = calloc(1, sizeof *q);

	npsd_assert(q);
	q->cfg = cfg;
	q->rk = rk;
	q->wake = wake;
	q->wake_arg = arg;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->more, NULL);
	npsd_assert(pthread_create(&q->thread, NULL, run, q) == 0);
	pthread_setname_np(q->thread, "queries");
	return q;
}

void npsd_queries_free(struct npsd_queries **queries)
{
	struct npsd_queries *q = *queries;

	*queries = NULL;
	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	q->stop = true;
	pthread_cond_signal(&q->more);
	pthread_mutex_unlock(&q->lock);
	pthread_join(q->thread, NULL);
	pthread_cond_destroy(&q->more);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

/* --- the group's side --- */

static bool ask(struct npsd_queries *q, uint64_t tag, struct npsd_tp tp)
{
	bool room;

	pthread_mutex_lock(&q->lock);
	room = q->out < QUERIES_MAX;
	if (room) {
		q->out++;
		q->waiting[q->nwaiting++] = (struct query){tag, tp, LEADER_UNKNOWN};
		pthread_cond_signal(&q->more);
	}
	pthread_mutex_unlock(&q->lock);
	return room;
}

bool npsd_queries_ends(struct npsd_queries *q, uint64_t tag, struct npsd_tp tp)
{
	return ask(q, tag, tp);
}

bool npsd_queries_describe(struct npsd_queries *q, uint64_t tag, int32_t topic)
{
	return ask(q, tag, (struct npsd_tp){topic, -1});
}

bool npsd_queries_poll(struct npsd_queries *q, struct npsd_broker_event *out)
{
	bool any;

	pthread_mutex_lock(&q->lock);
	any = q->nreplies > 0;
	if (any) {
		*out = q->reply[q->first];
		q->first = (q->first + 1) % QUERIES_MAX;
		q->nreplies--;
		q->out--;
	}
	pthread_mutex_unlock(&q->lock);
	return any;
}
