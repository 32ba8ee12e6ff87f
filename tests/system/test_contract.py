"""Sentences of the contract that no other system test shows: what stands where in Redis, and how topics are begun and followed."""
import json
import re
import signal
from pathlib import Path

from harness import Producer, wait_for
from stream import BASE_MS, Stream, seed_of, send_all
from test_counts import event
from test_events import CONTENT, TOLD, send
from test_restart import QUICK, consumed
from test_start import run

T = BASE_MS


def test_a_comment_stands_in_alerts_alone(case):
    producer = case.topic_of(1)
    producer.send(event("low", 2, comment="a secret grief"), T)
    producer.send(event("high", 10, comment="a secret joy"), T)
    case.drain()
    assert [key for key in case.redis.scan_iter() if b"secret" in case.redis.dump(key)] == [b"nps:alerts"]
    assert b"joy" not in case.redis.dump("nps:alerts")


def test_the_names_of_headers_know_case(case):
    case.topic_of(1)
    send(case, CONTENT, [("CE_TYPE", b"response.submitted"), ("Ce_Subject", b"r")])
    send(case, {"data": event("s", 9)}, [("Content-Type", TOLD[0][1])])
    case.drain()
    assert case.totals()["rejected:unknown_type"] == case.totals()["consumed"] == 2


def test_since_is_nothing_where_all_was_read(case):
    producer = case.topic_of(2)
    producer.send(event("a", 9), T)
    case.drain()
    producer.send(event("b", 9), T + 5, partition=1)
    case.drain()
    assert case.redis.hget("nps:meta", "since_ms:all") == b"0"


def test_since_is_the_latest_of_the_first_records_and_then_stays(case):
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


def test_a_drain_waits_for_what_another_counts(case):
    stream = Stream(seed_of(70), partitions=4)
    producer = case.topic_of(4)
    case.options = {"kafka.properties": QUICK}
    other = case.npsd()
    send_all(producer, stream.take(100))
    wait_for("the other one counts", lambda: other.alive() and consumed(case) == 100)
    send_all(producer, stream.take(400))
    case.npsd("--drain").expect_exit(0)
    assert consumed(case) == 500 and other.alive()
    other.signal(signal.SIGTERM)
    other.expect_exit(0)
    case.drain()
    case.check()


def test_a_drain_ends_before_a_transaction_that_is_open(case):
    from confluent_kafka import Producer as Client
    case.topic_of(1)
    client = Client({"bootstrap.servers": case.broker.bootstrap, "transactional.id": case.topic})
    client.init_transactions(60)
    for end in (client.commit_transaction, client.abort_transaction, None):
        client.begin_transaction()
        client.produce(case.topic, json.dumps(event(str(end), 9)).encode(), partition=0, timestamp=T)
        client.flush(60)
        if end:
            end(60)
    case.npsd("--drain").expect_exit(0)
    assert case.totals()["counted"] == case.totals()["consumed"] == 1
    client.commit_transaction(60)
    case.drain()
    assert case.totals()["counted"] == case.totals()["consumed"] == 2


def test_a_drain_publishes_where_nothing_is_to_be_counted(case):
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
    from confluent_kafka.admin import AdminClient, NewTopic
    producer = case.topic_of(1)
    admin = AdminClient({"bootstrap.servers": case.broker.bootstrap})
    case.topic += "-compacted"
    producer.topic = case.config.topic = case.topic
    for made in admin.create_topics([NewTopic(case.topic, 1, 1, config={"cleanup.policy": "compact,delete"})]).values():
        made.result(60)
    wait_for("the topic has a leader", lambda: case.broker.has_leaders(admin, case.topic, 1))
    producer.send(event("a", 9), T, key=b"a")
    producer.flush()
    npsd = case.npsd("--drain")
    npsd.expect_exit(2)
    assert "compacted" in npsd.output() and case.totals() == {}
    case.options = {"allow_compacted": True}
    case.drain()
    assert case.totals()["counted"] == 1 and case.redis.hget("nps:meta", "allow_compacted") == b"1"


def test_a_topic_that_grows_is_followed(case):
    from confluent_kafka.admin import AdminClient, NewPartitions
    producer = case.topic_of(1)
    case.options = {"kafka.properties": {**QUICK, "topic.metadata.refresh.interval.ms": "500"}}
    npsd = case.npsd()
    producer.send(event("a", 9), T)
    producer.flush()
    wait_for("the first partition is counted", lambda: npsd.alive() and consumed(case) == 1)
    admin = AdminClient({"bootstrap.servers": case.broker.bootstrap})
    for made in admin.create_partitions([NewPartitions(case.topic, 3)]).values():
        made.result(60)
    wait_for("the new ones have leaders", lambda: case.broker.has_leaders(admin, case.topic, 3))
    producer = Producer(case.broker.bootstrap, case.topic)  # the other one does not know them yet
    for partition in (1, 2):
        producer.send(event(f"b{partition}", 3), T + 1, partition=partition)
    producer.flush()
    wait_for("the new ones are counted", lambda: npsd.alive() and consumed(case) == 3)
    npsd.signal(signal.SIGTERM)
    npsd.expect_exit(0)
    case.drain()
    case.config.grown = {case.topic}
    case.check()
    assert case.redis.hget("nps:meta", f"partitions:{case.topic}") == b"3"


def test_options_are_named_as_npsd_names_them():
    text = (Path(__file__).parents[2] / "docs" / "contract.md").read_text()
    names = re.search(r"Names of options used above: `([^`]*)`", text).group(1).replace("caps.DIM", "caps").split()
    code, help_text = run("--help")
    known = set(re.findall(r"^  ([a-z_.]+)=", help_text, re.M))
    assert code == 0 and len(names) > 20 and set(names) <= known, set(names) - known
