"""Faults of Redis: lost writes, FLUSHALL, a pause, cut connections. The counts are right after each."""
import random
import signal
import time

import pytest

from harness import QUICK, wait_for
from stream import SETS, Stream, seed_of, send_all


def lose_writes(case, choice):
    """Redis saves, npsd counts on, Redis loses the writes since the save."""
    case.redis.save()
    moved = case.consumed() + choice.randrange(1, 120)
    yield lambda: case.consumed() >= moved
    case.redis_server.lose_since_save()


def flush(case, choice):
    yield lambda: True
    case.redis.flushall()


def pause(case, choice):
    """For about redis.timeout: the result of a request in flight may be unknown."""
    yield lambda: True
    case.redis_server.process.send_signal(signal.SIGSTOP)
    time.sleep(choice.uniform(0.5, 1.5))  # the fault itself
    case.redis_server.process.send_signal(signal.SIGCONT)


def cut(case, choice):
    yield lambda: True
    case.redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


@pytest.mark.parametrize("fault", [lose_writes, flush, pause, cut], ids=lambda fault: fault.__name__)
def test_the_counts_stay_right(case, fault):
    seed = seed_of(40)
    stream, choice = Stream(seed, responses=200, pace_ms=15_000), random.Random(seed)
    producer = case.topic_of(3, sets=SETS)
    case.options = {"redis.timeout": "1s", "batch.age": "5ms", "snapshot.interval": "200ms", "kafka.properties": QUICK}
    npsd, sent = case.npsd(), 100
    send_all(producer, stream.take(sent))
    wait_for("npsd counts", lambda: npsd.alive() and case.consumed() == sent)
    for _ in range(5):
        steps = fault(case, choice)
        enough = next(steps)
        for _ in range(10):
            send_all(producer, stream.take(20))
            sent += 20
        wait_for("npsd counts enough", lambda: npsd.alive() and enough())
        assert next(steps, None) is None
        wait_for("all is counted", lambda: npsd.alive() and case.consumed() == sent)
    npsd.signal(signal.SIGTERM)
    npsd.expect_exit(0)
    case.drain()
    case.check()


class Reader:
    """A reader of the stream that resumes after the last entry it has read."""

    def __init__(self, case):
        self.case, self.last, self.ids = case, "0-0", []

    def read(self):
        for stream_id, fields in self.case.redis.xrange("nps:alerts", f"({self.last}"):
            self.last = stream_id.decode()
            self.ids.append((fields[b"source"].decode(), fields[b"id"].decode()))
        return self.ids


def test_a_reader_that_resumes_misses_no_alert(case):
    """If Redis loses entries, npsd emits them again with ids greater than those that were read."""
    stream = Stream(seed_of(41), partitions=2, responses=100, pace_ms=15_000)
    producer, begun_ms = case.topic_of(2), case.now_ms
    case.options = {"redis.timeout": "1s", "batch.age": "5ms", "kafka.properties": QUICK}
    npsd, reader, sent = case.npsd(), Reader(case), 20
    send_all(producer, stream.take(sent))
    wait_for("npsd counts", lambda: npsd.alive() and case.consumed() == sent)
    for _ in range(4):
        case.redis.save()
        saved, sent = len(case.alerts()), sent + 60
        send_all(producer, stream.take(60))
        wait_for("npsd counts", lambda: npsd.alive() and case.consumed() == sent)
        wait_for("Redis holds alerts that it has not saved", lambda: npsd.alive() and len(case.alerts()) > saved)
        reader.read()
        case.redis_server.lose_since_save()
        wait_for("all is counted again", lambda: npsd.alive() and case.consumed() == sent)
        reader.read()
    npsd.signal(signal.SIGTERM)
    npsd.expect_exit(0)
    case.drain()
    expected = case.check()
    expected_ids = {(alert["json"]["source"], alert["json"]["id"]) for of in expected.alerts.values() for alert in of}
    assert set(reader.read()) == expected_ids and len(reader.ids) > len(expected_ids)
    ids = [int(stream_id.partition(b"-")[0]) for stream_id, _ in case.redis.xrange("nps:alerts")]
    assert begun_ms <= ids[0] and ids == sorted(ids) and ids[-1] <= case.redis.time()[0] * 1000 + 1000
