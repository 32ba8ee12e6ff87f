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
    """Longer than redis.timeout: what was on its way has an unknown outcome. How long it lasts is the fault, nothing waits for it."""
    yield lambda: True
    case.redis_server.process.send_signal(signal.SIGSTOP)
    time.sleep(choice.uniform(0.2, 0.8))
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
