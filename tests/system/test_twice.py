"""To read a whole topic twice changes nothing if every event has an order of its own (`revision`, `updated_at`)."""
import random
import signal

import pytest

from harness import wait_for
from stream import DAY_MS, SETS, OrderedStream, seed_of, send_all

FATES = ("consumed", "duplicate", "late", "rejected", "ignored")  # totals that may grow; `counted` may not


def public(case):
    """The public keys without the totals that may grow."""
    found = case.public_keys()
    found["nps:totals"] = {k: v for k, v in found["nps:totals"].items() if not is_fate(k.decode())}
    return found


def is_fate(name):
    return name.rpartition("/")[2].partition(":")[0] in FATES


def ordered(case, seed, n):
    """A stream of about ten days until now: some alerts are not stale, and some answers are forgotten."""
    case.topic_of(3, sets=SETS, series_sets=[[], ["channel"]], series_steps=["1h", "1d"], rank_min_n=2)
    stream = OrderedStream(seed, responses=250, base_ms=case.now_ms - 10 * DAY_MS)
    return [record for record in stream.take(n) if record.timestamp_ms < case.now_ms]


def assert_rich(case, records):
    """Asserts that the records have every fate, alert kind and stage. Returns their number."""
    expected = case.check()
    assert min(expected.totals[name] for name in ("counted", "duplicate", "late", "late:unknown_update", "rejected", "ignored")) > 0
    kinds = {alert["json"]["kind"] for of in expected.alerts.values() for alert in of}
    assert kinds == {"raised", "changed", "retracted"} and len(set(stage for of in expected.stages.values() for _, stage in of)) == 6
    assert any(b"theme=" in seg for seg in expected.set_of) and expected.ranks() and expected.series()
    return len(records)


def as_they_were(records, _random, _now_ms):
    return records


def in_another_order(records, choice, _now_ms):
    return choice.sample(records, len(records))


def by_producers_of_today(records, choice, now_ms):
    """In another order, and with the timestamps of today."""
    return [record._replace(timestamp_ms=now_ms) for record in choice.sample(records, len(records))]


@pytest.mark.parametrize("again", [as_they_were, in_another_order, by_producers_of_today], ids=lambda again: again.__name__)
def test_the_whole_topic_fed_twice_changes_nothing(case, again):
    seed = seed_of(90)
    records = ordered(case, seed, 1500)
    send_all(case.producer, records)
    case.drain()
    n, before, totals = assert_rich(case, records), public(case), case.totals()
    case.subscribe()
    send_all(case.producer, again(records, random.Random(seed), case.now_ms))
    case.drain()
    case.check()
    assert case.totals()["consumed"] == 2 * n and case.totals()["counted"] == totals["counted"]
    after = public(case)
    assert {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)} == set()
    assert case.subscriber.read_all() == []


def test_a_running_npsd_is_fed_twice(case):
    """The ledgers stay in memory between the two times."""
    records = ordered(case, seed_of(91), 900)
    npsd = case.npsd()
    send_all(case.producer, records)
    wait_for("all is counted", lambda: npsd.alive() and case.consumed() == len(records))
    case.settle(npsd)
    before = public(case)
    send_all(case.producer, records)
    wait_for("all is counted again", lambda: npsd.alive() and case.consumed() == 2 * len(records))
    npsd.signal(signal.SIGTERM)
    npsd.expect_exit(0)
    case.drain()
    case.check()
    assert public(case) == before
