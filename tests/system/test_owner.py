"""The keys under a prefix have one owner: a group and its topics. Two npsd on the same keys."""
import ctypes
import re

import oracle
from harness import Npsd, Producer, wait_for
from stream import BASE_MS, Stream, event, send_all


def start(case, *arguments, **options):
    """An npsd whose options differ from those of the case."""
    started = Npsd(case.folder, {**case.file(), **options}, *arguments)
    case.started.append(started)
    return started


def two_topics(case, second_partitions=1):
    """A second topic, of which the case knows. Returns its name and its producer."""
    second = f"{case.topic}.more"
    case.broker.make_topics(second, partitions=second_partitions)
    case.config.more_topics = [second]
    return second, Producer(case.broker.bootstrap, second)


def test_another_group_is_refused_by_name(case):
    producer = case.topic_of(1)
    producer.send(event("a", 9), BASE_MS)
    producer.flush()
    first = case.npsd()
    wait_for("it counts", lambda: first.alive() and case.consumed() == 1)
    for arguments in ((), ("--drain",), ("--rebuild",)):
        second = start(case, *arguments, **{"kafka.group": "other"})
        second.expect_exit(2)
        assert f'under prefix "nps" belong to group "{case.topic}"; this npsd is in group "other"' in second.output()
    producer.send(event("b", 9), BASE_MS + 1)
    producer.flush()
    wait_for("the owner goes on", lambda: first.alive() and case.consumed() == 2)
    assert "recovering" not in first.output()
    heir = start(case, "--apply-config", **{"kafka.group": "other"})
    producer.send(event("c", 9), BASE_MS + 2)
    producer.flush()
    first.expect_exit(2)
    wait_for("the other group counts", lambda: heir.alive() and case.consumed() == 3)
    assert case.view("kind=relational", "30d")["n"] == 3


def test_of_two_groups_that_begin_at_once_one_is_refused(case):
    producer = case.topic_of(2)
    producer.send(event("a", 9), BASE_MS)
    producer.flush()
    both = [start(case, **{"kafka.group": f"{case.topic}.{n}"}) for n in range(2)]
    wait_for("one ends", lambda: any(npsd.process.poll() is not None for npsd in both))
    loser, owner = sorted(both, key=lambda npsd: npsd.process.poll() is None)
    loser.expect_exit(2)
    assert re.search(r'belong to group "t-\w+\.[01]"; this npsd is in group', loser.output())
    producer.send(event("b", 3), BASE_MS + 1, partition=1)
    producer.flush()
    wait_for("the other one counts", lambda: owner.alive() and case.consumed() == 2)


def test_the_order_of_the_topics_does_not_matter(case):
    """Without an order of its own one instance would divide the shards by one topic, the other by the other: half have no owner."""
    producer, stream = case.topic_of(2), Stream(31, partitions=2)
    second, more = two_topics(case)
    # the first member, by its id, gets partition 0 of both topics
    a = start(case, **{"kafka.topics": [case.topic, second], "kafka.properties": {"client.id": "a"}})
    b = start(case, **{"kafka.topics": [second, case.topic], "kafka.properties": {"client.id": "b"}})
    wait_for("both count", lambda: a.alive() and b.alive() and "2 partitions acquired" in a.output() and "1 partitions acquired" in b.output())
    send_all(producer, stream.take(200))
    for n in range(20):
        more.send(event(f"more-{n}", n % 11), BASE_MS)
    producer.flush()
    more.flush()
    expected = case.expected()
    wait_for("all shards are published", lambda: a.alive() and b.alive() and not oracle.compare(case.redis, expected), every_s=0.1)


def test_topics_are_added_and_removed_by_apply_config(case):
    producer = case.topic_of(1)
    producer.send(event("a", 9), BASE_MS)
    case.drain()
    second, more = two_topics(case)
    more.send(event("b", 2), BASE_MS)
    more.flush()
    refused = case.npsd("--drain")
    refused.expect_exit(2)
    assert f'do not count topic "{second}"' in refused.output() and "--apply-config to add it" in refused.output()
    case.npsd("--drain", "--apply-config").expect_exit(0)
    case.drain()
    case.check()
    case.options = {"kafka.topics": [case.topic]}
    refused = case.npsd("--drain")
    refused.expect_exit(2)
    assert f'count topic "{second}", which is not listed' in refused.output()
    more.send(event("c", 9), BASE_MS)
    more.flush()
    case.npsd("--drain", "--apply-config").expect_exit(0)
    assert case.consumed() == 2, "what was counted of a removed topic stays, and no more is counted"
    lossy = case.npsd("--drain", "--rebuild")
    lossy.expect_exit(2)
    assert f"{second}/0 was counted" in lossy.output() and "not listed" in lossy.output()
    case.options = {}
    case.npsd("--drain", "--apply-config").expect_exit(0)
    assert case.consumed() == 3, "a topic that comes back goes on from its position"
    case.check()


def text_hash(text):
    class Hash(ctypes.Structure):
        _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]
    call = ctypes.CDLL("libxxhash.so.0").XXH3_128bits
    call.restype, call.argtypes = Hash, [ctypes.c_char_p, ctypes.c_size_t]
    found = call(text, len(text))
    return f"{found.high:016x}{found.low:016x}".encode()


def test_keys_of_before_the_owner_was_stored_are_adopted(case):
    producer = case.topic_of(1)
    producer.send(event("a", 9), BASE_MS)
    case.drain()
    stored = case.redis.hget("{nps:alerts}:fence", "config")
    text = case.redis.hget("{nps:alerts}:config", stored)
    assert text_hash(text) == stored
    older = re.sub(rb"(?m)^kafka\.(group|topics)=.*\n", b"", text)
    assert older.count(b"\n") == text.count(b"\n") - 2
    case.redis.hset("{nps:alerts}:config", text_hash(older), older)
    case.redis.hset("{nps:alerts}:fence", "config", text_hash(older))
    producer.send(event("b", 2), BASE_MS)
    case.drain()
    assert case.redis.hget("{nps:alerts}:fence", "config") == stored
    assert case.consumed() == 2
    case.check()
