"""A topic that is not the one that was counted, or lost its end: npsd counts right, or ends and says why."""
import signal

import pytest

from harness import wait_for
from stream import BASE_MS, event

N = 200


def records_of(first, last):
    return [(event(f"r{i}", i % 11), BASE_MS + i * 1000) for i in range(first, last)]


def send(producer, records):
    for value, timestamp_ms in records:
        producer.send(value, timestamp_ms)
    producer.flush()


def replace(case, records):
    """Makes the topic anew, with these records."""
    case.broker.recreate_topic(case.topic, 1)
    send(case.producer, records)


def counted(case):
    producer = case.topic_of(1, sets=[[]])
    send(producer, records_of(0, N))
    case.drain()
    return producer


def expect_halt(case, npsd):
    npsd.expect_exit(1)
    assert f"{case.topic}/0 is not the topic that was counted up to offset {N}" in npsd.output()
    assert all(choice in npsd.output() for choice in ("on_gap=continue", "--rebuild"))
    assert case.totals()["consumed"] == N and case.redis.llen("{nps:alerts}:lost") == 0


@pytest.mark.parametrize("made", [N // 2, 2 * N], ids=["fewer", "more"])
def test_a_recreated_topic_is_counted_when_the_operator_says_so(case, made):
    counted(case)
    replace(case, records_of(1000, 1000 + made))
    expect_halt(case, case.npsd("--drain"))
    case.options = {"on_gap": "continue"}
    case.drain()
    assert case.totals()["consumed"] == case.totals()["counted"] == N + made
    assert case.reported_lost() == [f"{case.topic}/0 gap 1:0 0 recreated"]


def test_a_copy_in_another_order_is_not_counted(case):
    counted(case)
    records = records_of(0, N)
    replace(case, records[:N - 10] + records[N - 10:][::-1] + records_of(N, N + 10))
    expect_halt(case, case.npsd("--drain"))


def test_a_topic_that_lost_its_last_record_is_not_counted_again(case):
    """A mirror that lags may get the record later: it was counted."""
    producer = counted(case)
    replace(case, records_of(0, N - 1))
    case.drain()
    assert case.totals()["consumed"] == N and case.view("kind=relational", "30d")["n"] == N
    assert case.reported_lost() == [f"{case.topic}/0 gap 0:{N - 1} {N} truncated"]
    send(producer, records_of(N, N + 10) + records_of(N - 1, N))
    case.drain()
    assert case.totals()["consumed"] == N + 10 and case.view("kind=relational", "30d")["n"] == N + 10
    send(producer, [(event("r5", 10), BASE_MS + 2 * N * 1000), (event("r5", 10), BASE_MS + 2 * N * 1000)])
    case.drain()  # a known answer is edited, not counted anew
    assert case.totals()["counted"] == N + 12 and case.view("kind=relational", "30d")["n"] == N + 10


def running(case):
    counted(case)
    case.options = {"history.interval": "200ms"}
    npsd = case.npsd()
    wait_for("it counts", lambda: npsd.alive() and "counting" in npsd.output())
    npsd.signal(signal.SIGSTOP)  # it sees the topic only when the new records are in it
    return npsd


def test_a_running_npsd_notices_that_the_topic_was_cut(case):
    npsd = running(case)
    replace(case, records_of(0, N - 20) + records_of(N, N + 50))
    npsd.signal(signal.SIGCONT)
    wait_for("the records after the cut are counted", lambda: npsd.alive() and case.consumed() >= N + 50)
    npsd.signal(signal.SIGTERM)
    npsd.expect_exit(0)
    case.drain()
    assert case.totals()["counted"] == N + 50 and case.view("kind=relational", "30d")["n"] == N + 50
    assert case.reported_lost() == [f"{case.topic}/0 gap 0:{N - 20} {N} truncated"] or \
        case.reported_lost()[0].startswith(f"{case.topic}/0 gap 0:{N - 20} ")


def test_a_running_npsd_notices_that_the_topic_is_another_one(case):
    npsd = running(case)
    replace(case, records_of(1000, 1000 + N))
    npsd.signal(signal.SIGCONT)
    expect_halt(case, npsd)
