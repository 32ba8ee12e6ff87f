#!/usr/bin/python3
"""
The oracle: recounts a topic from its first record, computes what Redis must hold, and names every difference.
It shares no code with npsd. Usage: oracle.py --brokers B --topic T --redis URL [--windows ...]; exits with 1 if there is a difference.
"""
import argparse
import sys

import msgpack

from recount.compare import compare
from recount.config import Config
from recount.events import Record
from recount.expected import expect
from recount.rulings import read_rulings

LIMIT_S = 300  # for one reply of the broker
DICTIONARY_DIMS = ("location", "channel", "stage", "team", "product", "profile", "language", "survey_id", "theme", "owner")


def read_topic(bootstrap, topic, incarnation=0, partitions=None):
    """Yields the committed records of a topic. Writes the number of its partitions to the dictionary `partitions`."""
    from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
    consumer = Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": "oracle",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        "auto.offset.reset": "error",
        "fetch.wait.max.ms": 20,
    })
    try:
        ids = consumer.list_topics(topic, timeout=LIMIT_S).topics[topic].partitions
        if partitions is not None:
            partitions[topic] = len(ids)
        consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in ids])
        open_ = set(ids)
        while open_:
            message = consumer.poll(LIMIT_S)
            if message is None:
                raise TimeoutError(f"{topic}: no record for {LIMIT_S} s, partitions {sorted(open_)} are not at their end")
            if message.error():
                if message.error().code() != KafkaError._PARTITION_EOF:
                    raise RuntimeError(str(message.error()))
                open_.discard(message.partition())
                continue
            yield Record(topic, message.partition(), message.offset(), message.timestamp()[1], message.value(),
                         tuple(message.headers() or ()), incarnation)
    finally:
        consumer.close()


def read_dictionary(redis, config):
    """[(dimension, value)] of the values that npsd admitted, from its private list (docs/formats.md)."""
    dims = DICTIONARY_DIMS + tuple("attributes." + name for name in config.attributes())
    entries = redis.lrange("{%s:alerts}:dict" % config.prefix, 0, -1)
    found = [msgpack.unpackb(entry, raw=True, strict_map_key=False) for entry in entries]
    return [(dims[dim], value.decode()) for dim, value, _ in found]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brokers", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--redis", required=True, help="URL")
    parser.add_argument("--clock", choices=("event", "wall"), default="event")
    parser.add_argument("--windows", default="1h,24h,7d,30d,90d,365d")
    parser.add_argument("--sets", default=";location;channel;location,channel", help="sets, separated by ; their dimensions by ,")
    parser.add_argument("--prefix", default="nps")
    return parser.parse_args()


def main():
    from redis import Redis
    args = arguments()
    config = Config(topic=args.topic, clock=args.clock, windows=args.windows.split(","), prefix=args.prefix,
                    sets=[[dim for dim in dims.split(",") if dim] for dims in args.sets.split(";")])
    redis = Redis.from_url(args.redis)
    records = list(read_topic(args.brokers, args.topic, partitions=config.partitions))
    expected = expect(records, config, dictionary=read_dictionary(redis, config), rulings=read_rulings(redis, config))
    differences = compare(redis, expected)
    for line in differences[:100]:
        print(line)
    print(f"{expected.totals['consumed']} records, {len(expected.answers)} segments, {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
