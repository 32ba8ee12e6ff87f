/* The newest records, decoded. Thread: main */
#ifndef NPSD_PROBE_RECORDS_H
#define NPSD_PROBE_RECORDS_H

#include <librdkafka/rdkafka.h>

#include "probe/finding.h"

/* list: the partitions of the topics. Waits: for Kafka, some ten seconds; Owns: list and rk stay the caller's
 */
void npsd_probe_records(struct npsd_probe *p, rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list);

#endif
