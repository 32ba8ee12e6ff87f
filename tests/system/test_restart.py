"""npsd may be stopped or killed at any moment: it resumes, loses no record and counts none twice."""
import random
import signal
import time

import pytest

from harness import QUICK, wait_for
from stream import SETS, Stream, seed_of, send_all


@pytest.mark.parametrize("default_seed", [1, 2, 3, 4])
def test_a_stream_in_one_go(case, default_seed):
    stream = Stream(seed_of(default_seed))
    producer = case.topic_of(3, sets=SETS + [["attributes.plan"]], rank_min_n=2, series_steps=["1m", "5m", "1h", "1d"],
                             series_sets=[[], ["location"], ["theme", "attributes.plan"]])
    send_all(producer, stream.take(1500))
    case.drain()
    expected = case.check()
    steps = {name.rpartition(":")[2] for name in expected.series()}
    assert steps == {"1m", "5m", "1h", "1d"} and {name.split(":")[1] for name in expected.ranks()} == {
        "location/1", "location/2", "location/3", "channel", "attributes.plan"}
    assert min(expected.totals[fate] for fate in ("counted", "duplicate", "late", "rejected", "ignored")) > 0


def test_a_stream_with_small_caps(case):
    stream = Stream(seed_of(5))
    producer = case.topic_of(3, sets=SETS, caps={"location": 5, "channel": 3, "theme": 1, "owner": 1, "team": 1})
    for _ in range(3):
        send_all(producer, stream.take(300))
        case.drain()
        case.check()


def test_a_stream_in_many_drains(case):
    stream = Stream(seed_of(6), responses=60)
    producer = case.topic_of(3, sets=SETS)
    for _ in range(6):
        send_all(producer, stream.take(100))
        case.drain()
    case.check()


def stop_while_it_counts(case, npsd, stream, producer, choice, number, by_time):
    """Sends records while npsd runs, and ends npsd by a signal: after a random time, or once a random number is counted."""
    goal, claims, batches = case.consumed() + choice.randrange(1, 200), claims_of(case), iter(range(10))
    if number == signal.SIGTERM:
        wait_for("npsd has acquired partitions", lambda: npsd.alive() and claims_of(case) != claims)
    moment = time.monotonic() + choice.uniform(0.0, 2.0)

    def is_moment():
        npsd.alive()
        if next(batches, None) is not None:
            send_all(producer, stream.take(20))
        return (by_time and time.monotonic() >= moment) or case.consumed() >= goal
    wait_for(f"{goal} records are counted", is_moment)
    npsd.signal(number)
    found = npsd.wait()
    assert found == (0 if number == signal.SIGTERM else -number), f"exit {found}:\n{npsd.output()[-4000:]}"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
def test_stopped_at_random_moments(case, number):
    seed = seed_of(7)
    stream, choice = Stream(seed, responses=200, pace_ms=15_000), random.Random(seed)
    producer = case.topic_of(3, sets=SETS)
    # Static membership: the next process gets the partitions of the killed one at once.
    case.options = {"kafka.properties": {**QUICK, "group.instance.id": "one"}, "snapshot.interval": "300ms"}
    send_all(producer, stream.take(500))
    for n in range(8):
        stop_while_it_counts(case, case.npsd(), stream, producer, choice, number, by_time=n % 2 == 0)
    case.drain()
    case.check()


def test_killed_while_it_drains(case):
    seed = seed_of(8)
    stream, choice = Stream(seed), random.Random(seed)
    producer = case.topic_of(3, sets=SETS)
    case.options = {"kafka.properties": QUICK, "batch.age": "5ms"}
    for _ in range(3):
        send_all(producer, stream.take(1000))
        npsd, goal = case.npsd("--drain"), case.consumed() + choice.randrange(1, 900)
        wait_for(f"{goal} records are counted", lambda: case.consumed() >= goal, every_s=0.001)
        npsd.kill()
        assert npsd.process.returncode in (0, -signal.SIGKILL), npsd.output()
    case.drain()
    case.check()


def test_two_instances_and_one_of_them_killed(case):
    stream = Stream(seed_of(9), partitions=4)
    producer = case.topic_of(4, sets=SETS)
    case.options = {"kafka.properties": QUICK}
    first = case.npsd()
    send_all(producer, stream.take(300))
    wait_for("the first one counts", lambda: first.alive() and case.consumed() == 300)
    claims = claims_of(case)
    second = case.npsd()
    wait_for("the second one has acquired a partition", lambda: second.alive() and claims_of(case) != claims)
    send_all(producer, stream.take(300))
    wait_for("both count", lambda: first.alive() and second.alive() and case.consumed() == 600)
    first.kill()
    send_all(producer, stream.take(300))
    wait_for("the second one counts all", lambda: second.alive() and case.consumed() == 900)
    second.signal(signal.SIGTERM)
    second.expect_exit(0)
    case.drain()
    case.check()


def claims_of(case):
    fence = case.redis.hgetall("{nps:alerts}:fence")
    return {k: v for k, v in fence.items() if k.startswith(b"claim:")}


def test_an_emptied_redis_is_recounted_and_reported(case):
    stream = Stream(seed_of(10), partitions=2)
    producer = case.topic_of(2, sets=SETS)
    send_all(producer, stream.take(200))
    case.drain()
    case.redis.flushall()
    send_all(producer, stream.take(100))
    case.drain()
    case.check()
    # Kafka still held all records: npsd logs the gap, and no range is lost.
    assert "holds no position" in case.started[-1].output() and case.redis.llen("{nps:alerts}:lost") == 0
    case.redis.flushall()
    case.options = {"on_gap": "halt"}
    npsd = case.npsd("--drain")
    npsd.expect_exit(1)
    assert "on_gap" in npsd.output() and case.totals() == {}


def test_a_drain_of_nothing_changes_nothing(case):
    producer = case.topic_of(2, sets=SETS)
    send_all(producer, Stream(seed_of(12), partitions=2).take(200))
    case.drain()
    before = case.public_keys()
    case.drain()
    assert case.public_keys() == before
    case.check()
