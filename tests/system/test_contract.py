"""Statements of the contract that no other system test covers: `since_ms`, drains, compacted and growing topics, options."""
import json
import re
import signal
from pathlib import Path

from harness import LIMIT_S, QUICK, Producer, run, wait_for
from stream import BASE_MS, Stream, event, seed_of, send_all

T = BASE_MS


def test_only_alerts_contain_comments(case):
    producer = case.topic_of(1)
    producer.send(event("low", 2, comment="a secret grief"), T)
    producer.send(event("high", 10, comment="a secret joy"), T)
    case.drain()
    assert [key for key in case.redis.scan_iter() if b"secret" in case.redis.dump(key)] == [b"nps:alerts"]
    assert b"joy" not in case.redis.dump("nps:alerts")


def test_since_is_zero_if_all_records_were_read(case):
    producer = case.topic_of(2)
    producer.send(event("a", 9), T)
    case.drain()
    producer.send(event("b", 9), T + 5, partition=1)
    case.drain()
    assert case.redis.hget("nps:meta", "since_ms:all") == b"0"


def test_since_is_the_latest_of_the_first_records_and_stays(case):
    producer = case.topic_of(2)
    case.options = {"start": "latest"}
    for partition in range(2):
        producer.send(event("before", 9), T - 7, partition=partition)
    case.drain()
    assert case.redis.hget("nps:meta", "since_ms:all") == b"0"
    producer.send(event("a", 9), T)
    producer.send(event("b", 9), T + 5, partition=1)
    case.drain()
    assert [case.redis.hget("nps:meta", f"since_ms:{name}") for name in ("all", "location,channel")] == [b"%d" % (T + 5)] * 2
    producer.send(event("c", 9), T + 9)
    case.drain()
    assert case.redis.hget("nps:meta", "since_ms:all") == b"%d" % (T + 5)


def test_a_drain_waits_for_what_another_process_counts(case):
    stream = Stream(seed_of(70), partitions=4)
    producer = case.topic_of(4)
    case.options = {"kafka.properties": QUICK}
    other = case.npsd()
    send_all(producer, stream.take(100))
    wait_for("the other one counts", lambda: other.alive() and case.consumed() == 100)
    send_all(producer, stream.take(400))
    case.npsd("--drain").expect_exit(0)
    assert case.consumed() == 500 and other.alive()
    other.signal(signal.SIGTERM)
    other.expect_exit(0)
    case.drain()
    case.check()


def test_a_drain_ends_before_an_open_transaction(case):
    from confluent_kafka import Consumer, TopicPartition
    from confluent_kafka import Producer as Client
    case.topic_of(1)
    partition = TopicPartition(case.topic, 0)
    reader = Consumer({"bootstrap.servers": case.broker.bootstrap, "group.id": "stable", "isolation.level": "read_committed"})
    client = Client({"bootstrap.servers": case.broker.bootstrap, "transactional.id": case.topic})
    client.init_transactions(LIMIT_S)

    def wait_for_stable(offset):
        """The broker writes the marker of a transaction after commit_transaction() or abort_transaction() returns."""
        wait_for(f"the last stable offset is {offset}",
                 lambda: reader.get_watermark_offsets(partition, LIMIT_S)[1] == offset)
    for end, stable in ((client.commit_transaction, 2), (client.abort_transaction, 4), (None, 4)):
        client.begin_transaction()
        client.produce(case.topic, json.dumps(event(f"r{stable}", 9)).encode(), partition=0, timestamp=T)
        assert client.flush(LIMIT_S) == 0
        if end:
            end(LIMIT_S)
        wait_for_stable(stable)
    case.npsd("--drain").expect_exit(0)
    assert case.totals()["counted"] == case.consumed() == 1
    client.commit_transaction(LIMIT_S)
    wait_for_stable(6)
    reader.close()
    case.drain()
    assert case.totals()["counted"] == case.consumed() == 2


def test_a_drain_publishes_if_there_is_nothing_to_count(case):
    producer = case.topic_of(2)
    send_all(producer, Stream(seed_of(71), partitions=2).take(100))
    case.drain()
    for pattern in ("nps:v:*", "nps:index:*", "nps:totals", "nps:meta"):
        for key in case.redis.scan_iter(pattern):
            case.redis.delete(key)
    case.drain()
    case.check()
    assert case.redis.hget("nps:meta", "contract") == b"1"


def test_a_compacted_topic_is_refused_unless_allowed(case):
    producer = case.topic_of(1)
    case.topic += "-compacted"
    producer.topic = case.config.topic = case.topic
    case.broker.make_topics(case.topic, config={"cleanup.policy": "compact,delete"})
    producer.send(event("a", 9), T, key=b"a")
    producer.flush()
    npsd = case.npsd("--drain")
    npsd.expect_exit(2)
    assert "compacted" in npsd.output() and case.totals() == {}
    case.options = {"allow_compacted": True}
    case.drain()
    assert case.totals()["counted"] == 1 and case.redis.hget("nps:meta", "allow_compacted") == b"1"


def test_a_topic_that_grows_is_followed(case):
    producer = case.topic_of(1)
    case.options = {"kafka.properties": {**QUICK, "topic.metadata.refresh.interval.ms": "500"}}
    npsd = case.npsd()
    producer.send(event("a", 9), T)
    producer.flush()
    wait_for("the first partition is counted", lambda: npsd.alive() and case.consumed() == 1)
    case.broker.grow_topic(case.topic, 3)
    producer = Producer(case.broker.bootstrap, case.topic)  # the first producer does not know the new partitions yet
    for partition in (1, 2):
        producer.send(event(f"b{partition}", 3), T + 1, partition=partition)
    producer.flush()
    wait_for("the new partitions are counted", lambda: npsd.alive() and case.consumed() == 3)
    npsd.signal(signal.SIGTERM)
    npsd.expect_exit(0)
    case.drain()
    case.config.grown = {case.topic}
    case.check()
    assert case.redis.hget("nps:meta", f"partitions:{case.topic}") == b"3"


def test_options_are_named_as_npsd_names_them():
    text = (Path(__file__).parents[2] / "docs" / "contract.md").read_text()
    names = re.search(r"Names of options used above: `([^`]*)`", text).group(1).replace("caps.DIM", "caps").split()
    done = run("npsd", "--help")
    known = set(re.findall(r"^  ([a-z_.]+)=", done.stdout + done.stderr, re.M))
    assert done.returncode == 0 and len(names) > 20 and set(names) <= known, set(names) - known
