"""Fates, segments and windows of single events: what Redis holds after each, with a real broker."""
import time

import pytest

from odd import odd_documents
from stream import BASE_MS, DAY_MS, HOUR_MS, MINUTE_MS, event, seed_of
from test_oracle_events import REASONS

T = BASE_MS


def counts(view):
    return {name: view[name] for name in ("n", "promoters", "passives", "detractors")}


def test_every_reason_is_counted_and_nothing_blocks(case):
    producer = case.topic_of(1)
    for _, value in REASONS:
        producer.send(value, T)
    producer.send(event("good", 9), T)
    case.drain()
    totals = case.totals()
    assert totals["consumed"] == len(REASONS) + 1 and totals["counted"] == 1
    fates = ("counted", "duplicate", "late", "rejected", "ignored")
    assert totals["consumed"] == sum(totals.get(fate, 0) for fate in fates)
    for reason in {reason for reason, _ in REASONS}:
        fate = "ignored" if reason in ("tombstone", "not_counted", "other_metric") else "rejected"
        expected = sum(r == reason for r, _ in REASONS)
        assert totals[f"{fate}:{reason}"] == totals[f"{case.topic}/{fate}:{reason}"] == expected
    case.check()


def test_odd_documents(case):
    producer = case.topic_of(2, sets=[[], ["location"], ["channel", "attributes.plan"], ["theme"], ["language"]])
    for number, value in enumerate(odd_documents(seed_of(20), 4000)):
        producer.send(value, T, partition=number % 2)
    case.drain()
    case.check()


def test_records_ahead_of_the_clock_are_future_and_in_rulings(case):
    producer = case.topic_of(1)
    producer.send(event("a", 9), T)
    for n in range(3):
        producer.send(event(f"ahead-{n}", 9, responded_at=T), case.now_ms + 3 * DAY_MS)
    producer.send(event("old", 9, responded_at=T - 6 * DAY_MS), T)
    case.drain()
    totals = case.totals()
    assert totals["rejected:future"] == 3 and totals["counted"] == 2
    rulings = case.redis.lrange(f"{{nps:alerts}}:rulings:{case.topic}/0", 0, -1)
    covered = [r.split() for r in rulings if r.startswith(b"ahead ")]
    assert {n for _, begin, end in covered for n in range(int(begin.split(b":")[1]), int(end))} == {1, 2, 3}
    case.check()


def test_borders_of_windows(case):
    producer = case.topic_of(1, windows=["1h", "24h"])
    end = T // MINUTE_MS * MINUTE_MS + MINUTE_MS
    for n, (ms, score) in enumerate([(end - 2 * HOUR_MS - 1, 0), (end - 2 * HOUR_MS, 1), (end - HOUR_MS - 1, 8),
                                     (end - HOUR_MS, 9), (T, 10)]):
        producer.send(event(f"r{n}", score, responded_at=ms), T)
    case.drain()
    found = case.view("kind=relational", "1h")
    assert counts(found) == {"n": 2, "promoters": 2, "passives": 0, "detractors": 0} and found["prev_n"] == 2
    assert (found["from_ms"], found["to_ms"], found["step_s"]) == (end - HOUR_MS, end, 60)
    assert found["asof_ms"] == T and found["prev_nps"] == -50 and found["nps"] == 100
    assert found["scores"] == [0] * 9 + [1, 1]
    assert case.view("kind=relational", "24h")["n"] == 5
    case.check()


def test_the_event_clock_advances_windows_and_empties_them(case):
    producer = case.topic_of(2, windows=["1h", "24h"])
    producer.send(event("a", 3, location="old"), T, partition=0)
    case.drain()
    assert case.view("kind=relational,location=old", "1h")["n"] == 1
    producer.send(event("b", 9, location="new"), T + HOUR_MS, partition=1)
    case.drain()
    silent = case.view("kind=relational,location=old", "1h")
    assert (silent["n"], silent["prev_n"]) == (0, 1) and silent["fragile"] == ["few", "volume_drop"]
    producer.send(event("c", 9, location="new"), T + 2 * HOUR_MS, partition=1)
    case.drain()
    assert case.view("kind=relational,location=old", "1h") is None
    assert case.view("kind=relational,location=old", "24h")["n"] == 1
    producer.send(event("d", 9, location="new"), T + 3 * DAY_MS, partition=1)
    case.drain()
    assert not case.redis.sismember("nps:index:location", "kind=relational,location=old")
    assert case.view("kind=relational,location=old", "24h") is None
    case.check()


def test_an_edit_moves_a_contribution_between_segments(case):
    producer = case.topic_of(1)
    producer.send(event("r", 2, channel="email", responded_at=T - HOUR_MS * 2), T)
    producer.send(event("other", 9, channel="email", responded_at=T), T)
    case.drain()
    assert case.view("kind=relational,location=north,channel=email", "24h")["detractors"] == 1
    producer.send(event("r", 9, channel="sms", location="south", responded_at=T), T)  # its event time stays
    case.drain()
    assert counts(case.view("kind=relational,channel=email", "24h"))["n"] == 1
    assert counts(case.view("kind=relational,location=south,channel=sms", "24h"))["promoters"] == 1
    assert case.view("kind=relational,location=south,channel=sms", "1h") is None
    assert case.view("kind=relational", "1h")["n"] == 1
    producer.send(event("other", 9, location="south", survey_kind="other"), T)
    case.drain()
    assert case.redis.smembers("nps:index:all") == {b"kind=other", b"kind=relational"}
    assert not case.redis.sismember("nps:index:channel", "kind=relational,channel=email")
    case.check()


def test_order_of_edits_over_a_restart(case):
    producer = case.topic_of(1)
    producer.send(event("rev", 2, revision=5), T)
    producer.send(event("upd", 2, updated_at=T - 10), T)
    producer.send(event("plain", 2), T)
    case.drain()
    for id_, fields in (("rev", {"revision": 4}), ("rev", {"revision": 5}), ("upd", {"updated_at": T - 10})):
        producer.send(event(id_, 10, **fields), T)
    case.drain()
    assert case.totals()["duplicate"] == 3 and case.view("kind=relational", "1h")["detractors"] == 3
    for id_, fields in (("rev", {"revision": 6}), ("upd", {"updated_at": T - 9}), ("plain", {})):
        producer.send(event(id_, 10, **fields), T)
    case.drain()
    assert case.totals()["duplicate"] == 3 and counts(case.view("kind=relational", "1h"))["promoters"] == 3
    case.check()


def test_late_and_forgotten(case):
    producer = case.topic_of(2, lateness_ms=2 * DAY_MS)
    producer.send(event("a", 2, responded_at=T), T)
    producer.send(event("late", 2, responded_at=T - 2 * DAY_MS - 1), T)
    producer.send(event("just", 2, responded_at=T - 2 * DAY_MS), T)
    producer.send(event("elsewhere", 2, responded_at=T - 2 * DAY_MS - 1), T - 5, partition=1)
    case.drain()
    assert (case.totals()["late"], case.totals()["counted"]) == (1, 3)
    producer.send(b"no JSON, but its time counts", T + 2 * DAY_MS + 1)
    producer.send(event("a", 9, responded_at=T), T)  # forgotten, so it is late and not counted twice
    producer.send(event("elsewhere", 9, responded_at=T - 2 * DAY_MS - 1), T, partition=1)  # known: an edit
    case.drain()
    assert (case.totals()["late"], case.totals()["counted"]) == (2, 4)
    case.check()


def test_written_names(case):
    producer = case.topic_of(1, sets=[[], ["location"], ["channel"], ["theme", "attributes.plan"]])
    producer.send(event("a", 9, location="a b/ü=%,{}:", channel="\x01\x7f", themes=["x", "y", "x"],
                        attributes={"plan": "gold"}), T)
    producer.send(event("b", 9, channel="", themes=[""], attributes={"plan": None, "else": 3}), T)
    producer.send(event("c", 9, channel="__none__"), T)
    case.drain()
    assert case.view("kind=relational,location=a b/ü%3D%25%2C%7B%7D%3A", "1h")["n"] == 1
    assert case.view("kind=relational,location=a b", "1h")["n"] == 1
    assert case.view("kind=relational,channel=%01%7F", "1h")["n"] == 1
    assert case.view("kind=relational,channel=__none__", "1h")["n"] == 2
    assert case.view("kind=relational,theme=y,attributes.plan=gold", "1h")["n"] == 1
    assert case.view("kind=relational,theme=__none__,attributes.plan=__none__", "1h")["n"] == 2
    assert case.redis.exists("nps:index:theme,attributes.plan")
    case.check()


@pytest.mark.parametrize("split", [True, False], ids=["apart", "together"])
def test_kinds(case, split):
    producer = case.topic_of(1, split_kinds=split, default_kind="other", location_required=False)
    producer.send(event("a", 9), T)
    producer.send(event("b", 0, survey_kind="transactional"), T)
    producer.send(event("c", None, survey_kind=..., location=..., comment="none given"), T)
    case.drain()
    if split:
        assert case.view("kind=relational", "1h")["nps"] == 100 and case.view("kind=transactional", "1h")["nps"] == -100
        unscored = case.view("kind=other,location=__none__", "1h")
        assert (unscored["n"], unscored["no_score"], unscored["comments"]) == (0, 1, 1) and "nps" not in unscored
    else:
        assert counts(case.view("all", "1h")) == {"n": 2, "promoters": 1, "passives": 0, "detractors": 1}
        assert case.view("location=__none__", "1h")["no_score"] == 1
        assert case.redis.smembers("nps:index:all") == {b"all"}
    case.check()


def test_significance_against_the_previous_window(case):
    producer = case.topic_of(1, windows=["24h"], sets=[[]])
    number = 0
    for ms, groups in ((T, (62, 24, 14)), (T - DAY_MS, (55, 25, 20))):
        for score, n in zip((10, 8, 3), groups):
            for _ in range(n):
                number += 1
                producer.send(event(f"r{number}", score, responded_at=ms), T)
    case.drain()
    found = case.view("kind=relational", "24h")
    assert (found["delta"], found["z"], found["p_value"], found["significant"]) == (13.0, 1.188, 0.2348, False)
    assert (found["n"], found["prev_n"], found["nps"], found["prev_nps"]) == (100, 100, 48.0, 35.0)
    case.check()


def test_caps_and_other(case):
    sets = [["location"], ["channel"], ["theme"]]
    producer = case.topic_of(1, sets=sets, caps={"location": 3, "channel": 2, "theme": 1, "owner": 1})
    for n, (location, channel, themes) in enumerate([
            ("a/b", "email", ["x"]), ("a/c", "sms", ["x", "y", "z"]), ("a/d", "web", ["y", "z"]),
            ("e/f", "app", []), ("a/b", "__other__", ["__other__", "q"])]):
        producer.send(event(f"r{n}", 3, location=location, channel=channel, themes=themes, owner=f"o{n}"), T)
    case.drain()
    seen = {seg.split("=")[-1]: case.view(seg, "1h")["n"] for name in ("location", "channel", "theme")
            for seg in sorted(s.decode() for s in case.redis.smembers(f"nps:index:{name}")) if "__other__" not in seg}
    assert seen == {"a": 4, "a/b": 2, "a/c": 1, "email": 1, "sms": 1, "x": 2, "__none__": 1}
    assert case.view("kind=relational,location=__other__", "1h")["n"] == 2
    assert case.view("kind=relational,channel=__other__", "1h")["n"] == 3
    assert case.view("kind=relational,theme=__other__", "1h")["n"] == 3
    case.check()
    meta = case.redis.hgetall("nps:meta")
    assert int(meta[b"other:location"]) == 2
    producer.send(event("r2", 3, location="a/g", channel="fax", themes=["z"], owner="o9"), T)  # from __other__ to __other__
    case.drain()
    assert [a["kind"] for a in case.alerts() if a["response_id"] == "r2"] == ["raised"]
    case.check()


def test_meta(case):
    producer = case.topic_of(2)
    producer.send(event("a", 9, responded_at=...), T)
    case.drain()
    found = {k.decode(): v.decode() for k, v in case.redis.hgetall("nps:meta").items()}
    beat_ms = int(found.pop("heartbeat_ms"))
    assert found == {
        "contract": "1", "allow_compacted": "0", "windows": "1h,24h,7d,30d,90d,365d", "steps": "60,300,3600,3600,86400,86400",
        "dimensions": "kind,location,channel", "sets": "all;location;channel;location,channel", "shards": "16", "lost": "",
        "since_ms:all": "0", "since_ms:location": "0", "since_ms:channel": "0", "since_ms:location,channel": "0",
        f"partitions:{case.topic}": "2", "undated": "1", "ahead": "0", "other:location": "0", "other:channel": "0"}
    assert case.now_ms <= beat_ms <= time.time_ns() // 1_000_000
    case.check()


def test_thresholds_are_options(case):
    producer = case.topic_of(1, sets=[[]], windows=["1h"], few=3, wide=40, low_rate=0.5)
    for n in range(4):
        producer.send(event(f"r{n}", 9 if n else 3, responded_at=T), T)
    for n in range(10):
        producer.send({"type": "survey.invited", "invitation_id": f"i{n}", "survey_kind": "relational", "location": "a", "at": T}, T)
    case.drain()
    assert case.view("kind=relational", "1h")["fragile"] == ["wide", "low_rate"]
    case.check()
    for few, wide, low_rate, flags in ((5, 100, 0.4, ["few"]), (0, 0, 0, ["wide"])):
        case.config.few, case.config.wide, case.config.low_rate = few, wide, low_rate
        case.drain()
        assert case.view("kind=relational", "1h")["fragile"] == flags
        case.check()
