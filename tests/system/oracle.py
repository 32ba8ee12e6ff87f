#!/usr/bin/python3
"""
The oracle: recounts a topic from its first record and says what Redis must hold; compares, and names every difference.
Shares nothing with npsd. As a program: oracle.py --brokers B --topic T --redis URL [--windows ...], exit 1 on a difference.
"""
import argparse
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import msgpack

from recount import compare as comparison
from recount.config import Config, set_name
from recount.events import Fate, Record, decode, is_ahead
from recount.ledger import Partition, alert
from recount.names import Names
from recount.windows import segments, window_object

DICTIONARY_DIMS = ("location", "channel", "stage", "team", "product", "profile", "language", "survey_id", "theme", "owner")
compare = comparison.compare


@dataclass
class Expected:
    config: Config
    totals: Counter = field(default_factory=Counter)
    clock_ms: int = 0
    alerts: dict = field(default_factory=lambda: defaultdict(list))  # response id -> its transitions in order
    answers: dict = field(default_factory=lambda: defaultdict(list))  # SEG -> [(event_ms, score, has a comment)]
    stages: dict = field(default_factory=lambda: defaultdict(list))  # SEG -> [(event_ms, stage of an invitation)]
    set_of: dict = field(default_factory=dict)  # SEG -> name of its set
    faults: list = field(default_factory=list)  # of the dictionary given
    views: dict = field(default_factory=dict)  # what view() was asked

    def view(self, seg, t_ms):
        """The windows of a segment at t: {window: object}, without those that hold nothing."""
        if (seg, t_ms) not in self.views:
            answers, stages = self.answers.get(seg, []), self.stages.get(seg, [])
            since = self.config.since.get(self.set_of.get(seg), 0)
            objects = {w: window_object(answers, w, t_ms, self.config, since, stages) for w in self.config.windows}
            self.views[seg, t_ms] = {w: found for w, found in objects.items() if found is not None}
        return self.views[seg, t_ms]


def expect(records, config, now_ms=None, dictionary=None):
    """What is due after these records, each partition's in its order, whatever the order between them."""
    now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    names = Names(dictionary)
    expected = Expected(config)
    partitions = defaultdict(Partition)
    for record in records:
        partition = partitions[record.topic, record.partition]
        fate, reason = run(record, partition, expected, names, now_ms)
        tally(expected.totals, record.topic, fate, reason)
    for partition in partitions.values():
        for answer in partition.counted():
            content = answer.content
            add(expected, expected.answers, content, (answer.event_ms, content.score, content.comment is not None), names)
        for event in partition.stages:
            add(expected, expected.stages, event, (event.own_ms, event.type.removeprefix("survey.")), names)
    expected.faults = names.faults(config.cap)
    return expected


def run(record, partition, expected, names, now_ms):
    """One record through the checks and the ledger; its fate and reason."""
    config = expected.config
    try:
        event, fate = decode(record, config, now_ms), None
    except Fate as e:
        event, fate = None, e
    if not is_ahead(record, now_ms) and not (fate and fate.reason == "future"):
        partition.move(record.timestamp_ms, config.lateness_ms)
    if fate:
        return fate.fate, fate.reason
    result, reason, before, after = partition.apply(event, config)
    if result != "counted":
        return result, reason
    if after is None or after.content is not None:  # a stage, or an answer that counts: what adds to a pane
        expected.clock_ms = max(expected.clock_ms, event.own_ms if after is None else after.event_ms)
    told = after and alert(before, after, event, record, config, names, now_ms)
    if told:
        expected.alerts[after.id].append(told)
    return result, reason


def tally(totals, topic, fate, reason):
    for prefix in ("", topic + "/"):
        totals[prefix + "consumed"] += 1
        totals[prefix + fate] += 1
        if reason:
            totals[f"{prefix}{fate}:{reason}"] += 1


def add(expected, counts, content, counted, names):
    event_ms = counted[0]
    for number, segs in segments(content, expected.config, names).items():
        if event_ms < expected.config.since.get(set_name(expected.config.sets[number]), event_ms):
            continue
        for seg in segs:
            counts[seg].append(counted)
            expected.set_of[seg] = set_name(expected.config.sets[number])


def read_topic(bootstrap, topic, positions=None):
    """All records of a topic, one by one, or those before {partition: offset}; committed ones only."""
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
        ids = consumer.list_topics(topic, timeout=30).topics[topic].partitions
        consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in ids])
        open_ = set(ids)
        while open_:
            message = consumer.poll(60)
            if message is None:
                raise TimeoutError(f"{topic}: nothing for a minute, partitions {sorted(open_)} are not at their end")
            if message.error():
                if message.error().code() != KafkaError._PARTITION_EOF:
                    raise RuntimeError(str(message.error()))
                open_.discard(message.partition())
                continue
            if positions is None or message.offset() < positions.get(message.partition(), 0):
                yield Record(topic, message.partition(), message.offset(), message.timestamp()[1], message.value(),
                             tuple(message.headers() or ()))
    finally:
        consumer.close()


def read_dictionary(redis, config):
    """[(dimension, value)] of what npsd admitted, from its private list (docs/formats.md)."""
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
    parser.add_argument("--sets", default=";location;channel;location,channel", help="sets with ; between, dimensions with ,")
    parser.add_argument("--prefix", default="nps")
    return parser.parse_args()


def main():
    from redis import Redis
    args = arguments()
    config = Config(topic=args.topic, clock=args.clock, windows=args.windows.split(","), prefix=args.prefix,
                    sets=[[dim for dim in dims.split(",") if dim] for dims in args.sets.split(";")])
    redis = Redis.from_url(args.redis)
    expected = expect(read_topic(args.brokers, args.topic), config, dictionary=read_dictionary(redis, config))
    differences = compare(redis, expected)
    for line in differences[:100]:
        print(line)
    print(f"{expected.totals['consumed']} records, {len(expected.answers)} segments, {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
