"""Records that the topic lost, answers that memory forgot, a count that begins late: npsd reports them, all else is right."""
import pytest

from stream import BASE_MS, DAY_MS, HOUR_MS, SETS, Stream, event, seed_of, send_all

T = BASE_MS


def test_records_deleted_by_retention_are_reported_as_lost(case):
    stream = Stream(seed_of(80), partitions=2)
    producer = case.topic_of(2, sets=SETS)
    send_all(producer, stream.take(300))
    case.drain()
    case.check()
    case.remember()
    counted = {p: sum(record.partition == p for record in case.remembered) for p in range(2)}
    send_all(producer, stream.take(200))
    for partition in range(2):
        case.broker.delete_records(case.topic, partition, counted[partition] + 40)
    case.config.lost = [f"{case.topic}/{p} gap 0:{counted[p]} {counted[p] + 40} retention" for p in range(2)]
    case.drain()
    case.config.lost.sort(key=case.reported_lost().index)
    expected = case.check()
    assert expected.totals["consumed"] == 420 and expected.view(b"kind=relational", expected.clock_ms)["24h"]["fragile"][-1] == "partial"
    send_all(producer, stream.take(100))
    case.drain()
    case.check()


def test_records_deleted_by_retention_can_halt_npsd(case):
    producer = case.topic_of(1)
    case.options = {"on_gap": "halt"}
    for n in range(3):
        producer.send(event(f"r{n}", 9), T)
        case.drain() if n == 0 else producer.flush()
    case.broker.delete_records(case.topic, 0, 2)
    npsd = case.npsd("--drain")
    npsd.expect_exit(1)
    assert "on_gap" in npsd.output() and case.totals()["consumed"] == 1 and case.reported_lost() == []


def test_in_a_recreated_topic_every_event_is_newer(case):
    """Revisions, update times and the horizon of the deleted topic do not apply."""
    producer = case.topic_of(2)
    case.options = {"on_gap": "continue"}
    producer.send(event("rev", 2, revision=5), T)
    producer.send(event("upd", 2, updated_at=T), T)
    producer.send(event("push", 9, responded_at=T), T + 9 * DAY_MS, partition=1)
    producer.send(event("more", 9, responded_at=T), T + HOUR_MS, partition=1)
    case.drain()
    case.check()
    case.remember(recreated=True)
    case.broker.recreate_topic(case.topic, 2)
    producer.send(event("rev", 9, revision=1, responded_at=T), T)
    producer.send(event("old", 9, responded_at=T - 6 * DAY_MS), T, partition=1)
    case.drain()
    case.config.lost = [f"{case.topic}/{p} gap 1:0 0 recreated" for p in range(2)]
    case.config.lost.sort(key=case.reported_lost().index)
    case.check()
    totals = case.totals()
    assert (totals["consumed"], totals["counted"], totals["late"]) == (6, 4, 2)
    view = case.view("kind=relational", "30d")
    assert (view["promoters"], view["detractors"]) == (2, 2)  # the counts of the deleted topic stay
    producer.send(event("rev", 3, revision=1), T + 1)
    producer.send(event("rev", 3, revision=2), T + 1)
    case.drain()
    assert case.totals()["duplicate"] == 1 and case.totals()["counted"] == 5
    case.check()


def test_the_horizon_moves_up_if_memory_is_short(case):
    stream = Stream(seed_of(81), partitions=2, responses=40_000, pace_ms=2_000)
    producer = case.topic_of(2, sets=[[]], windows=["24h"], lateness_ms=366 * DAY_MS, memory_is_short=True)
    case.options = {"ledger.memory_max": "1MB", "workers": 1}
    for _ in range(2):
        send_all(producer, stream.take(15_000))
        case.drain()
    expected = case.check()
    assert expected.rulings.horizons() and int(case.redis.hget("nps:meta", "horizon_moved")) > 0
    assert expected.totals["late"] > expected.totals["late:unknown_update"]  # no event is older than lateness


@pytest.mark.parametrize("latenesses", [(7, 2, 7), (2, 7, 1)], ids=str)
def test_lateness_may_change(case, latenesses):
    stream = Stream(seed_of(82), partitions=2)
    producer = case.topic_of(2, sets=[[], ["channel"]])
    for days in latenesses:
        case.config.lateness_ms = days * DAY_MS
        send_all(producer, stream.take(300))
        case.drain()
        case.check()
        case.config.latenesses.append(days * DAY_MS)


def test_a_count_that_begins_at_the_end(case):
    stream = Stream(seed_of(83), partitions=3)
    producer = case.topic_of(3, sets=SETS)
    case.options = {"start": "latest"}
    send_all(producer, stream.take(150))
    case.drain()
    sent = case.read()
    case.config.begin = {(case.topic, p): sum(record.partition == p for record in sent) for p in range(3)}
    case.check()
    send_all(producer, stream.take(400))
    case.drain()
    expected = case.check()
    assert expected.totals["consumed"] == 400 and expected.since_ms > 0
