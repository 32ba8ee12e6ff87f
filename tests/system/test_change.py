"""The configuration of a topic changes: added and removed sets and windows, a rebuild, more partitions."""
import json

import pytest

from harness import Producer, wait_for
from stream import BASE_MS, Stream, event, send_all

SETS = [[], ["location"]]
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def apply(case, *arguments):
    case.producer.flush()
    npsd = case.npsd("--drain", *(arguments or ("--apply-config",)))
    npsd.expect_exit(0)
    return npsd


def refused(case, *arguments):
    npsd = case.npsd("--drain", *arguments)
    npsd.expect_exit(2)
    return npsd.output()


def meta(case):
    return {k.decode(): v.decode() for k, v in case.redis.hgetall("nps:meta").items()}


def fence(case, field):
    found = case.redis.hget("{nps:alerts}:fence", field)
    return found and found.decode()


def test_an_added_set_counts_from_its_time_on(case):
    stream = Stream(21, partitions=2)
    send_all(case.topic_of(2, sets=SETS), stream.take(400))
    case.drain()
    before = case.check()
    case.config.sets = [["channel"], [], ["location"]]
    assert "segments" in refused(case) and "--apply-config" in refused(case)
    case.config.since = {"channel": before.clock_ms + 1}
    apply(case)
    case.check()
    assert meta(case)["since_ms:channel"] == str(before.clock_ms + 1)
    assert meta(case)["since_ms:all"] == "0"
    send_all(case.producer, stream.take(600))
    case.drain()
    after = case.check()
    assert any(seg.endswith(b"channel=email") for seg in after.answers)


def test_an_edit_takes_nothing_from_a_set_that_was_added_later(case):
    producer = case.topic_of(1, sets=SETS)
    producer.send(event("old", 9, channel="email"), BASE_MS)
    case.drain()
    case.config.sets = [[], ["location"], ["channel"]]
    case.config.since = {"channel": BASE_MS + 1}
    apply(case)
    producer.send(event("old", 2, channel="email"), BASE_MS + 1)
    producer.send(event("new", 3, channel="email"), BASE_MS + MINUTE)
    case.drain()
    case.check()
    view = case.view("kind=relational,channel=email", "30d")
    assert view["n"] == 1 and view["fragile"][-1] == "partial" and "delta" not in view
    assert case.view("kind=relational", "30d")["n"] == 2


def test_a_removed_set_is_deleted_and_begins_empty_if_added_again(case):
    stream = Stream(22, partitions=1)
    send_all(case.topic_of(1, sets=[[], ["location"], ["channel"]]), stream.take(300))
    case.drain()
    case.config.sets = SETS
    apply(case)
    case.check()
    assert not case.redis.exists("nps:index:channel")
    send_all(case.producer, stream.take(300))
    case.drain()
    before = case.check()
    case.config.sets = [["channel"]] + SETS
    case.config.since = {"channel": before.clock_ms + 1}
    apply(case)
    send_all(case.producer, stream.take(300))
    case.drain()
    case.check()
    text = case.redis.hget("{nps:alerts}:config", fence(case, "config")).decode()
    assert "segments=0 all;1 location;3 channel " in text and "sets.given=4" in text


@pytest.mark.parametrize("added", ["2h", "12h", "3d", "90d"])
def test_an_added_window_reads_the_panes_that_are_there(case, added):
    stream = Stream(23, partitions=2)
    send_all(case.topic_of(2, sets=SETS, windows=["1h", "7d"]), stream.take(500))
    case.drain()
    t = case.check().clock_ms
    case.config.windows = ["1h", "7d", added]
    step, widest = {"2h": (MINUTE, HOUR), "12h": (5 * MINUTE, 0), "3d": (HOUR, 7 * DAY), "90d": (DAY, 0)}[added]
    since = t // step * step + step - 2 * widest
    case.config.window_since = {added: since}
    assert "windows" in refused(case)
    apply(case)
    case.check()
    assert meta(case)[f"since_ms:all:{added}"] == str(since)
    send_all(case.producer, stream.take(500))
    case.drain()
    case.check()


def test_a_finer_and_a_coarser_finest_step(case):
    stream = Stream(24, partitions=1)
    send_all(case.topic_of(1, sets=SETS, windows=["24h", "7d"]), stream.take(300))
    case.drain()
    t = case.check().clock_ms
    case.config.windows = ["1h", "24h", "7d"]
    case.config.window_since = {"1h": t // MINUTE * MINUTE + MINUTE}
    apply(case)
    send_all(case.producer, stream.take(300))
    case.drain()
    case.check()
    case.config.windows = ["7d"]
    case.config.window_since = {}
    apply(case)
    send_all(case.producer, stream.take(200))
    case.drain()
    case.check()


def test_an_older_instance_stops(case):
    producer = case.topic_of(2, sets=SETS)
    producer.send(event("a", 9), BASE_MS)
    producer.flush()
    older = case.npsd()
    wait_for("the older one counts", lambda: older.alive() and case.consumed() == 1)
    case.config.sets = SETS + [["channel"]]
    newer = case.npsd("--apply-config")
    wait_for("the new configuration is in force", lambda: "replaces" in newer.output() and newer.alive())
    producer.send(event("b", 9), BASE_MS + 1, partition=0)
    producer.send(event("c", 9), BASE_MS + 1, partition=1)
    producer.flush()
    older.expect_exit(2)
    assert "configuration" in older.output()
    wait_for("the newer one counts", lambda: newer.alive() and case.consumed() == 3)


@pytest.mark.parametrize("change", [{"shards": 4}, {"kinds.split": False}, {"clock": "wall"}, {"caps.channel": 3}],
                         ids=lambda change: next(iter(change)))
def test_what_only_a_rebuild_can_change(case, change):
    producer = case.topic_of(1)
    producer.send(event("a", 9), BASE_MS)
    case.drain()
    case.options = change
    for arguments in ((), ("--apply-config",)):
        text = refused(case, *arguments)
        assert next(iter(change)) in text and "--rebuild" in text


def test_a_changed_default_applies_from_then_on(case):
    """A record that was rejected with no_kind stays rejected, also in a rebuild."""
    producer = case.topic_of(1, location_required=False)
    nameless = event("a", 9)
    del nameless["survey_kind"]
    producer.send(nameless, BASE_MS)
    case.drain()
    assert case.totals()["rejected:no_kind"] == 1
    case.check()
    case.config.before = [{"default_kind": None}]
    case.config.default_kind = "other"
    apply(case)
    producer.send({**nameless, "score": 3}, BASE_MS + 1)
    producer.send({**nameless, "response_id": "b"}, BASE_MS + 1)
    case.drain()
    assert case.totals()["counted"] == 2
    view = case.view("kind=other", "30d")
    assert (view["n"], view["detractors"], view["promoters"]) == (2, 1, 1)
    case.check()
    apply(case, "--rebuild")
    assert case.totals()["rejected:no_kind"] == 1 and case.totals()["counted"] == 2
    case.check()


def test_required_and_decoded_fields_may_change(case):
    """Each record is judged by the options of its time, also after a restart, which loads the ledgers, and in a rebuild."""
    stream = Stream(26, partitions=2)
    send_all(case.topic_of(2, sets=SETS), stream.take(300))
    case.drain()
    for change in ({"sets": SETS + [["attributes.plan"]], "location_required": False}, {"location_required": True, "default_kind": "other"}):
        clock_ms = case.check().clock_ms
        case.config.before.append({name: getattr(case.config, name) for name in ("sets", "location_required", "default_kind")})
        for name, value in change.items():
            setattr(case.config, name, value)
        case.config.since = case.config.since or {"attributes.plan": clock_ms + 1}
        apply(case)
        for n in range(20):
            whole = event(f"none-{n % 7}", n % 11, location="/" if n % 2 else ..., type="response.updated" if n % 3 else "response.submitted")
            case.producer.send({**whole, "responded_at": BASE_MS}, BASE_MS, partition=n % 2)
        send_all(case.producer, stream.take(200))
        case.drain()
        case.check()
    totals = case.totals()
    assert totals["rejected:no_location"] > 0
    case.config.since = {}
    apply(case, "--rebuild")
    case.check()
    assert case.totals() == totals


def test_a_rebuild_equals_a_fresh_count(case):
    stream = Stream(25, partitions=3)
    send_all(case.topic_of(3, sets=SETS + [["channel"]]), stream.take(800))
    case.drain()
    case.check()
    alerts = case.alerts()
    revs = {key: case.redis.hget(key, "rev") for key in case.redis.scan_iter("nps:v:*")}
    case.config.shards = 5
    case.config.sets = [["location"], ["channel"], [], ["location", "channel"]]
    apply(case, "--rebuild")
    case.check()
    assert alerts and case.alerts() == alerts
    assert meta(case)["shards"] == "5" and meta(case)["since_ms:location,channel"] == "0"
    later = {key: case.redis.hget(key, "rev") for key in revs}
    assert all(later[key] is None or later[key] > revs[key] for key in revs)
    send_all(case.producer, stream.take(400))
    case.drain()
    case.check()
    apply(case, "--rebuild")
    case.check()


def test_a_rebuild_rejects_what_was_ahead_of_the_clock(case):
    """A ruling that a record was ahead of the clock holds in a rebuild, though the record is not ahead any more."""
    producer = case.topic_of(1)
    for n in range(3):
        producer.send(event(f"r{n}", 9), BASE_MS)
    case.drain()
    case.redis.rpush(f"{{nps:alerts}}:rulings:{case.topic}/0", "ahead 0:1 2")
    apply(case, "--rebuild")
    assert case.totals()["counted"] == 2 and case.totals()["rejected:future"] == 1
    assert case.view("kind=relational", "30d")["n"] == 2


def test_a_rebuild_emits_the_alerts_that_were_not_emitted(case):
    """It emits alerts from the position on where they ended, with the next sequence of each answer."""
    producer = case.topic_of(1)
    producer.send(event("a", 2), case.now_ms)
    case.drain()
    case.subscribe()
    producer.send(event("a", 9), case.now_ms + 1)
    producer.send(event("b", 3), case.now_ms + 2)
    apply(case, "--rebuild")
    case.check()
    assert [alert["id"] for alert in case.alerts()] == ["a:1", "a:2", "b:1"]
    published = {json.loads(text)["id"] for channel, text in case.subscriber.read_all() if channel == "nps:alerts:all"}
    assert published == {"a:2", "b:1"}


def test_a_rebuild_refuses_to_lose_records(case):
    producer = case.topic_of(1)
    case.options = {"on_gap": "continue"}
    for i in range(5):
        producer.send(event(f"a{i}", 9), BASE_MS)
    case.drain()
    case.remember(recreated=True)
    case.broker.recreate_topic(case.topic, 1)
    producer.send(event("b", 2), BASE_MS + 1)
    case.drain()
    case.config.lost = [f"{case.topic}/0 gap 1:0 0 recreated"]
    case.check()
    assert case.totals()["consumed"] == 6
    assert "--accept-loss" in refused(case, "--rebuild")
    assert case.totals()["consumed"] == 6
    apply(case, "--rebuild", "--accept-loss")
    assert case.totals()["consumed"] == 1
    assert "rebuild" in meta(case)["lost"]
    assert "partial" in case.view("kind=relational", "30d")["fragile"]


def test_a_topic_grows(case):
    producer = case.topic_of(1)
    producer.send(event("before", 9), BASE_MS)
    case.options = {"start": "latest", "kafka.properties": {"topic.metadata.refresh.interval.ms": "500"}}
    case.producer.flush()
    npsd = case.npsd()
    wait_for("npsd has acquired the partition", lambda: npsd.alive() and fence(case, f"pos:{case.topic}/0"))
    case.broker.grow_topic(case.topic, 3)
    producer = Producer(case.broker.bootstrap, case.topic)  # the first producer does not know the new partitions yet
    for partition in range(3):
        producer.send(event(f"after{partition}", 9), BASE_MS + 1, partition=partition)
    producer.flush()
    wait_for("all are counted", lambda: npsd.alive() and case.consumed() == 3)
    assert int(fence(case, f"grown:{case.topic}")) > 0 and "has grown" in npsd.output()
    wait_for("meta shows it", lambda: npsd.alive() and f"grown:{case.topic}" in meta(case))
