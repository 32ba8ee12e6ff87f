"""With the wall clock, windows advance when no record arrives."""
from harness import wait_for
from stream import DAY_MS, HOUR_MS, MINUTE_MS, Stream, event, seed_of, send_all


def test_windows_roll_when_nothing_arrives(case):
    producer = case.topic_of(2, clock="wall", windows=["1h", "24h"], sets=[[], ["location"]])
    npsd = case.npsd()
    seconds, microseconds = case.redis.time()
    now = seconds * 1000 + microseconds // 1000
    end = now // MINUTE_MS * MINUTE_MS + MINUTE_MS
    producer.send(event("leaves", 2, responded_at=end - HOUR_MS + MINUTE_MS // 2), now)  # the hour, with the next minute
    producer.send(event("stays", 9, responded_at=now - 1000), now, partition=1)
    producer.flush()
    wait_for("both answers are published", lambda: npsd.alive() and counted(case)[0] + counted(case)[1] == 2)
    wait_for("the older answer leaves the hour", lambda: npsd.alive() and counted(case) == (1, 1), every_s=0.2)
    case.settle(npsd)
    assert case.view("kind=relational", "1h")["asof_ms"] >= end - 1000
    assert case.view("kind=relational", "24h")["n"] == 2


def test_a_stream_by_the_wall_clock(case):
    stream = Stream(seed_of(50), base_ms=case.now_ms - 12 * DAY_MS)
    producer = case.topic_of(3, clock="wall", sets=[[], ["location"]])
    send_all(producer, [record for record in stream.take(900) if record.timestamp_ms < case.now_ms - 2 * DAY_MS])
    case.drain()
    case.check()


def counted(case):
    """n and prev_n of the hour."""
    view = case.view("kind=relational", "1h") or {"n": 0, "prev_n": 0}
    return view["n"], view["prev_n"]
