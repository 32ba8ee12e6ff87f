/*
 * The reference of `./dev bench drain`: a librdkafka consumer in a group that only reads the last byte of
 * each message. It uses the fastest settings known for the client: batch calls and small fetches. It reads
 * every partition of a topic to its end.
 *
 * Usage: bench_bare BROKERS TOPIC GROUP. Prints the number of messages, the number of bytes, and the sum of
 * the last bytes, which keeps the compiler from removing the reads.
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

#define BATCH 1000
#define MAX_PARTS 1024

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char text[200];

	if (rd_kafka_conf_set(conf, name, value, text, sizeof text) != RD_KAFKA_CONF_OK) {
		fprintf(stderr, "bench_bare: %s\n", text);
		exit(2);
	}
}

static rd_kafka_t *consumer(const char *brokers, const char *topic, const char *group)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	char text[200];
	rd_kafka_t *rk;

	set(conf, "bootstrap.servers", brokers);
	set(conf, "group.id", group);
	set(conf, "enable.auto.commit", "false");
	set(conf, "auto.offset.reset", "earliest");
	set(conf, "enable.partition.eof", "true");
	set(conf, "fetch.message.max.bytes", "262144");
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
	if (!rk) {
		fprintf(stderr, "bench_bare: %s\n", text);
		exit(1);
	}
	rd_kafka_poll_set_consumer(rk);
	rd_kafka_topic_partition_list_add(list, topic, RD_KAFKA_PARTITION_UA);
	rd_kafka_subscribe(rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	return rk;
}

static int partitions(rd_kafka_t *rk, const char *topic)
{
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
	const struct rd_kafka_metadata *md;
	int n = 0;

	if (rd_kafka_metadata(rk, 0, rkt, &md, 10000) == RD_KAFKA_RESP_ERR_NO_ERROR) {
		n = md->topic_cnt ? md->topics[0].partition_cnt : 0;
		rd_kafka_metadata_destroy(md);
	}
	rd_kafka_topic_destroy(rkt);
	return n;
}

/* Reads until each of n partitions has reported its end. */
static void drain(rd_kafka_queue_t *queue, int n)
{
	static char ended[MAX_PARTS];
	rd_kafka_message_t *m[BATCH];
	unsigned long messages = 0, bytes = 0;
	unsigned sum = 0;

	for (int left = n; left > 0;) {
		ssize_t got = rd_kafka_consume_batch_queue(queue, 100, m, BATCH);

		for (ssize_t i = 0; i < got; i++) {
			if (m[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && !ended[m[i]->partition]) {
				ended[m[i]->partition] = 1;
				left--;
			} else if (!m[i]->err) {
				messages++;
				bytes += m[i]->len;
				sum += m[i]->len ? ((const unsigned char *)m[i]->payload)[m[i]->len - 1] : 0;
			}
			rd_kafka_message_destroy(m[i]);
		}
	}
	printf("%lu %lu %u\n", messages, bytes, sum);
}

int main(int argc, char **argv)
{
	rd_kafka_queue_t *queue;
	rd_kafka_t *rk;
	int n;

	if (argc != 4) {
		fprintf(stderr, "usage: bench_bare BROKERS TOPIC GROUP\n");
		return 2;
	}
	rk = consumer(argv[1], argv[2], argv[3]);
	n = partitions(rk, argv[2]);
	if (n <= 0 || n > MAX_PARTS) {
		fprintf(
		    stderr, "bench_bare: topic \"%s\" does not exist or has too many partitions\n", argv[2]);
		return 1;
	}
	queue = rd_kafka_queue_get_consumer(rk);
	drain(queue, n);
	rd_kafka_queue_destroy(queue);
	rd_kafka_consumer_close(rk);
	rd_kafka_destroy(rk);
	return 0;
}
