"""What Redis does to npsd: loses writes, is emptied, stands still, cuts connections. The counts end up right each time."""
import random
import signal
import time

import pytest

from harness import wait_for
from redis.exceptions import RedisError
from stream import Stream, seed_of, send_all
from test_restart import QUICK, SETS


def consumed(case):
    try:
        return case.totals().get("consumed", 0)
    except RedisError:
        return 0


def lose_writes(case, choice):
    """A moment is saved; some of what follows is lost."""
    case.redis.save()
    moved = consumed(case) + choice.randrange(1, 120)
    yield lambda: consumed(case) >= moved
    case.redis_server.lose_since_save()


def empty(case, choice):
    yield lambda: True
    case.redis.flushall()


def stand_still(case, choice):
    """Around redis.timeout: what was on its way may have an unknown outcome."""
    yield lambda: True
    case.redis_server.process.send_signal(signal.SIGSTOP)
    time.sleep(choice.uniform(0.2, 0.8))  # the fault itself: nothing is waited for
    case.redis_server.process.send_signal(signal.SIGCONT)


def cut(case, choice):
    yield lambda: True
    case.redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


@pytest.mark.parametrize("fault", [lose_writes, empty, stand_still, cut], ids=lambda fault: fault.__name__)
def test_the_counts_stay_right(case, fault):
    seed = seed_of(40)
    stream, choice = Stream(seed, responses=200, pace_ms=15_000), random.Random(seed)
    producer = case.topic_of(3, sets=SETS)
    case.options = {"redis.timeout": "300ms", "batch.age": "5ms", "snapshot.interval": "200ms", "kafka.properties": QUICK}
    npsd, sent = case.npsd(), 100
    send_all(producer, stream.take(sent))
    wait_for("npsd counts", lambda: npsd.alive() and consumed(case) == sent)
    for _ in range(5):
        steps = fault(case, choice)
        enough = next(steps)
        for _ in range(10):
            send_all(producer, stream.take(20))
            sent += 20
        wait_for("npsd counts on", lambda: npsd.alive() and enough())
        assert next(steps, None) is None
        wait_for("all is counted", lambda: npsd.alive() and consumed(case) == sent)
    npsd.signal(signal.SIGTERM)
    npsd.expect_exit(0)
    case.drain()
    case.check()


class Reader:
    """Goes on behind the last entry that it saw, as somebody does who was away."""

    def __init__(self, case):
        self.case, self.last, self.ids = case, "0-0", []

    def read(self):
        for stream_id, fields in self.case.redis.xrange("nps:alerts", f"({self.last}"):
            self.last = stream_id.decode()
            self.ids.append((fields[b"source"].decode(), fields[b"id"].decode()))
        return self.ids


def test_who_reads_on_from_the_last_id_misses_no_alert(case):
    """Though Redis lost what it had told: it is told again under ids behind those that were seen."""
    stream = Stream(seed_of(41), partitions=2, responses=100, pace_ms=15_000)
    producer, begun_ms = case.topic_of(2), case.now_ms
    case.options = {"redis.timeout": "300ms", "batch.age": "5ms", "kafka.properties": QUICK}
    npsd, reader, sent = case.npsd(), Reader(case), 20
    send_all(producer, stream.take(sent))
    wait_for("npsd counts", lambda: npsd.alive() and consumed(case) == sent)
    for _ in range(4):
        case.redis.save()
        saved, sent = len(case.alerts()), sent + 60
        send_all(producer, stream.take(60))
        wait_for("npsd counts", lambda: npsd.alive() and consumed(case) == sent)
        wait_for("there are alerts that were not saved", lambda: npsd.alive() and len(case.alerts()) > saved)
        reader.read()
        case.redis_server.lose_since_save()
        wait_for("all is counted again", lambda: npsd.alive() and consumed(case) == sent)
        reader.read()
    npsd.signal(signal.SIGTERM)
    npsd.expect_exit(0)
    case.drain()
    expected = case.check()
    due = {(alert["json"]["source"], alert["json"]["id"]) for of in expected.alerts.values() for alert in of}
    assert set(reader.read()) == due and len(reader.ids) > len(due)
    ids = [int(stream_id.partition(b"-")[0]) for stream_id, _ in case.redis.xrange("nps:alerts")]
    assert begun_ms <= ids[0] and ids == sorted(ids) and ids[-1] <= case.redis.time()[0] * 1000 + 1000
