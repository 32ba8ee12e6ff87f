"""Alerts as a reader of the stream and a subscriber of the channels see them."""
import json

from recount.compare import compare_channels
from stream import DAY_MS, HOUR_MS, event


def test_raised_changed_retracted_on_every_channel(case):
    producer = case.topic_of(1)
    now = case.now_ms - HOUR_MS
    case.subscribe()
    npsd = case.npsd()
    producer.send(event("r", 4, team="a=b", owner="ann", channel="email", comment="late\u0001é\u0000", respondent_id="p7",
                        themes=["price"], responded_at=now), now)
    producer.send(event("happy", 9, responded_at=now), now)
    producer.send(event("r", 1, team="c", owner="ann", channel="email", location="south", responded_at=now), now + 1)
    producer.send(event("r", 1, team="c", owner="ann", channel="email", location="south", responded_at=now), now + 2)
    producer.send(event("r", 10, team="c", owner="eve", responded_at=now), now + 3)
    producer.send(event("r", 6, responded_at=now), now + 4)
    producer.flush()
    expected = case.settle(npsd, use_dictionary=False)
    messages = case.subscriber.read_all()
    assert compare_channels(messages, expected) == []
    emitted = [(a["id"], a["kind"], a["severity"]) for a in case.alerts()]
    assert emitted == [("r:1", "raised", "high"), ("r:2", "changed", "critical"), ("r:3", "retracted", "critical"),
                       ("r:4", "raised", "moderate")]
    first, second, third, fourth = [json.loads(a["json"]) for a in case.alerts()]
    assert first["incident"] == second["incident"] == third["incident"] == 1 and fourth["incident"] == 4
    assert second["prev_score"] == 4 and "prev_score" not in first and third["score"] == 10
    assert first["comment"] == "late\u0001é\u0000" and first["has_comment"] is True and second["has_comment"] is False
    assert first["seg"] == "kind=relational,location=north/lisbon" and first["source"] == f"{case.topic}/0/0"
    channels = sorted(c.removeprefix("nps:alerts:") for c, text in messages if json.loads(text)["id"] == "r:2")
    assert channels == ["all", "location:north", "location:north/lisbon", "location:south", "owner:ann", "severity:critical",
                        "severity:high", "team:a%3Db", "team:c"]


def test_stale_alerts_are_not_published_on_channels(case):
    producer = case.topic_of(1)
    case.subscribe()
    now, old = case.now_ms - HOUR_MS, case.now_ms - 2 * DAY_MS
    producer.send(event("old-record", 2), old)
    producer.send(event("old-answer", 2, responded_at=old), now)
    producer.send(event("old-answer", 3, responded_at=old), now)  # an edit of today of an old answer is not stale
    producer.send(event("new", 2), now)
    case.drain()
    assert [(a["id"], a.get("stale")) for a in case.alerts()] == [
        ("old-record:1", "1"), ("old-answer:1", "1"), ("old-answer:2", None), ("new:1", None)]
    messages = case.subscriber.read_all()
    assert compare_channels(messages, case.check()) == []
    assert {json.loads(text)["id"] for _, text in messages} == {"old-answer:2", "new:1"}


def test_what_makes_no_alert(case):
    producer = case.topic_of(1)
    now = case.now_ms
    same = {"comment": "bad", "themes": ["a", "b"], "owner": "ann", "channel": "email"}
    producer.send(event("r", 2, **same), now)
    producer.send(event("r", 2, **same), now)
    producer.send(event("r", 2, **{**same, "themes": ["b", "a"]}), now)
    producer.send(event("r", 2, respondent_id="someone", **{**same, "comment": None}), now)
    producer.send(event("fine", 7, **same), now)
    producer.send(event("fine", None, **same), now)
    case.drain()
    assert [a["id"] for a in case.alerts()] == ["r:1"]
    case.check()


def test_comments_and_respondents_can_be_kept_out(case):
    producer = case.topic_of(1, alerts_comment=False, alerts_respondent="off")
    producer.send(event("r", 2, comment="secret", respondent_id="person"), case.now_ms)
    case.drain()
    assert "comment" not in json.loads(case.alerts()[0]["json"])
    for key in case.redis.scan_iter():
        assert b"secret" not in (case.redis.dump(key) or b"") and b"person" not in (case.redis.dump(key) or b"")
    case.check()


def test_a_keyed_respondent(case):
    producer = case.topic_of(1, alerts_respondent="keyed", alerts_respondent_key="Jefe")
    producer.send(event("r", 2, respondent_id="what do ya want for nothing?"), case.now_ms)
    case.drain()
    # RFC 4231, test case 2
    assert json.loads(case.alerts()[0]["json"])["respondent_id"] == "5bdcc146bf60754e6a042426089575c7"
    case.check()


def test_the_stream_is_bounded(case):
    producer = case.topic_of(1, sets=[[]])
    case.options = {"alerts.keep": 100}
    for n in range(2000):
        producer.send(event(f"r{n}", 2), case.now_ms)
    case.drain()
    assert case.totals()["counted"] == 2000
    assert 100 <= case.redis.xlen("nps:alerts") <= 400
    assert case.alerts()[-1]["id"] == "r1999:1"


def test_the_stream_is_bounded_in_bytes(case):
    producer = case.topic_of(1, sets=[[]])
    case.options = {"alerts.keep_bytes": "1MB"}
    for n in range(1000):
        producer.send(event(f"r{n}", 2, comment="c" * 4000), case.now_ms)
    for n in range(1000, 1200):
        producer.send(event(f"r{n}", 2), case.now_ms)
    case.drain()
    entries = case.redis.xrange("nps:alerts")
    bytes_kept = sum(len(name) + len(value) for _, fields in entries for name, value in fields.items())
    assert case.totals()["counted"] == 1200 and case.alerts()[-1]["id"] == "r1199:1"
    assert 500_000 < bytes_kept < 1_500_000, f"{len(entries)} entries, {bytes_kept} bytes"
