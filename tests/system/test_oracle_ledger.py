"""The ledger of the oracle: order, horizon, edits, alerts, caps. And compare() finds every difference."""
import json

import pytest

import oracle
from published import publish
from recount.compare import compare_channels
from recount.config import DAY_MS, Config
from recount.events import Record

T = 1_700_000_000_000
HOUR = 3_600_000
ALL = b"kind=relational"


def records(*events):
    """events: (fields that differ, offset in ms from T, partition)"""
    found = []
    for fields, after_ms, *partition in events:
        body = {"type": "response.submitted", "response_id": "r", "score": 9, "survey_kind": "relational",
                "location": "north/lisbon", **fields}
        value = json.dumps({k: v for k, v in body.items() if v is not None}).encode()
        found.append(Record("t", partition[0] if partition else 0, len(found), T + after_ms, value))
    return found


def recount(*events, config=None, dictionary=None, now_ms=T):
    """What is due after these events."""
    return oracle.expect(records(*events), config or Config(topic="t"), now_ms, dictionary)


def fates(found):
    return {k: v for k, v in found.totals.items() if "/" not in k and k != "consumed"}


def scores(found, seg=ALL):
    return sorted(score for _, score, _ in found.answers[seg])


@pytest.mark.parametrize("stored, event, newer", [
    ({"revision": 3}, {"revision": 4}, True),
    ({"revision": 3}, {"revision": 3}, False),
    ({"revision": 3, "updated_at": T - 5}, {"revision": 2, "updated_at": T - 1}, False),
    ({"revision": 3, "updated_at": T - 5}, {"updated_at": T - 1}, True),
    ({"revision": 3, "updated_at": T - 5}, {"updated_at": T - 5}, False),
    ({"revision": 3}, {"updated_at": T - 5}, True),
    ({"updated_at": T - 5}, {"revision": 1}, True),
    ({}, {}, True),
])
def test_order(stored, event, newer):
    found = recount(({**stored, "score": 10}, 0), ({**event, "score": 0}, 1))
    assert scores(found) == [0 if newer else 10]
    assert fates(found) == ({"counted": 2} if newer else {"counted": 1, "duplicate": 1})


def test_an_event_without_a_revision_keeps_the_stored_one():
    found = recount(({"revision": 3, "score": 1}, 0), ({"score": 2}, 1), ({"revision": 3, "score": 3}, 2))
    assert scores(found) == [2] and fates(found)["duplicate"] == 1


def test_an_edit_moves_the_contribution_but_not_its_time():
    found = recount(({"score": 2, "channel": "email", "responded_at": T - HOUR}, 0),
                    ({"score": 9, "channel": "sms", "location": "south", "responded_at": T}, 1))
    assert found.answers[b"kind=relational,location=south,channel=sms"] == [(T - HOUR, 9, False)]
    assert b"kind=relational,channel=email" not in found.answers and found.clock_ms == T - HOUR


def test_partitions_are_independent():
    assert scores(recount(({"score": 1}, 0, 0), ({"score": 2}, 0, 1))) == [1, 2]


def test_an_event_before_the_horizon_is_late():
    new = {"response_id": "new"}
    border = T - 7 * DAY_MS
    assert fates(recount(({}, 0), ({**new, "responded_at": border}, 0))) == {"counted": 2}
    assert fates(recount(({}, 0), ({**new, "responded_at": border - 1}, 0))) == {"counted": 1, "late": 1}
    # A record moves the horizon before it is judged; other partitions have other horizons.
    assert fates(recount(({"responded_at": border - 1}, 0))) == {"late": 1}
    assert fates(recount(({}, 0, 0), ({**new, "responded_at": border - 1}, -DAY_MS, 1))) == {"counted": 2}


def test_rejects_move_the_horizon_and_future_ones_do_not():
    late = ({"response_id": "new", "responded_at": T - 7 * DAY_MS}, -HOUR)
    assert fates(recount(({"score": 99}, 1), late))["late"] == 1
    assert fates(recount(({"responded_at": T + HOUR}, 1), late))["counted"] == 1
    assert fates(recount(({}, DAY_MS + 1), late))["counted"] == 1


def test_an_event_of_a_forgotten_answer_is_late():
    first = ({"responded_at": T, "score": 3}, 0)
    push = ({"response_id": "other"}, 7 * DAY_MS + 1)
    assert fates(recount(first, push, first, now_ms=T + 8 * DAY_MS)) == {"counted": 2, "late": 1}
    # An edit keeps an answer known for longer, a duplicate does not.
    edit = ({"responded_at": T, "score": 4, "revision": 2}, DAY_MS)
    again = ({"responded_at": T, "score": 4, "revision": 2}, DAY_MS * 2)
    push = ({"response_id": "other"}, 8 * DAY_MS + 1)
    found = recount(first, edit, again, push, first, now_ms=T + 9 * DAY_MS)
    assert fates(found) == {"counted": 3, "duplicate": 1, "late": 1} and scores(found) == [4, 9]
    push = ({"response_id": "other"}, 8 * DAY_MS)
    found = recount(first, edit, again, push, first, now_ms=T + 9 * DAY_MS)
    assert fates(found) == {"counted": 4, "duplicate": 1}  # still known, and the later offset is newer


def kinds(found):
    return [(a["json"]["kind"], a["json"]["severity"], a["json"]["id"], a["json"]["incident"]) for a in found.alerts["r"]]


def test_transitions():
    found = recount(({"score": 5}, 0), ({"score": 5}, 1), ({"score": 1}, 2), ({"score": 9}, 3), ({"score": 10}, 4),
                    ({"score": 4}, 5), ({"score": None, "x": 1}, 6))
    assert kinds(found)[:4] == [("raised", "moderate", "r:1", 1), ("changed", "critical", "r:2", 1),
                                ("retracted", "critical", "r:3", 1), ("raised", "high", "r:4", 4)]
    assert fates(found)["rejected:bad_score"] == 1


@pytest.mark.parametrize("edit, changed", [
    ({}, False), ({"score": 2}, True), ({"owner": "o2"}, True), ({"channel": "sms"}, True), ({"language": "pt"}, True),
    ({"themes": ["b", "a"]}, False), ({"themes": ["a"]}, True), ({"comment": "bad"}, False), ({"comment": "worse"}, True),
    ({"comment": ""}, False), ({"respondent_id": "x"}, False), ({"survey_kind": "other"}, True),
])
def test_changed(edit, changed):
    base = {"score": 3, "owner": "o1", "channel": "email", "themes": ["a", "b"], "comment": "bad"}
    found = recount((base, 0), ({**base, **edit}, 1))
    assert [a["json"]["kind"] for a in found.alerts["r"]] == ["raised"] + ["changed"] * changed


def test_channels_are_those_of_old_and_new():
    found = recount(({"score": 3, "team": "a", "owner": "o"}, 0), ({"score": 1, "team": "b", "location": "south"}, 1),
                    ({"score": 9, "team": "c"}, 2))
    raised, changed, retracted = [a["channels"] for a in found.alerts["r"]]
    assert raised == ["all", "location:north", "location:north/lisbon", "owner:o", "severity:high", "team:a"]
    assert changed == ["all", "location:north", "location:north/lisbon", "location:south", "owner:o", "severity:critical",
                       "severity:high", "team:a", "team:b"]
    assert retracted == ["all", "location:north", "location:north/lisbon", "location:south", "severity:critical", "team:b",
                         "team:c"]


def test_stale():
    alerts = recount(({"score": 1, "responded_at": T - 5}, 0), ({"score": 2, "responded_at": T - 5}, 1)).alerts["r"]
    assert [a["stale_after_ms"] - DAY_MS for a in alerts] == [T - 5, T + 1]  # an edit of today of an old answer
    assert recount(({"score": 1}, 0), now_ms=T + DAY_MS).alerts["r"][0]["channels"]
    assert not recount(({"score": 1}, 0), now_ms=T + DAY_MS + 1).alerts["r"][0]["channels"]


def test_alert_json():
    found = recount(({"score": 3, "comment": "é", "respondent_id": "p", "themes": ["a"], "updated_at": T - 1,
                      "location": "n%/l", "owner": "o"}, 0)).alerts["r"][0]["json"]
    assert found == {
        "id": "r:1", "kind": "raised", "severity": "high", "reasons": ["detractor"], "incident": 1, "response_id": "r",
        "score": 3, "comment": "é", "has_comment": True, "owner": "o", "respondent_id": "p",
        "survey_kind": "relational", "location": "n%/l",
        "themes": ["a"], "responded_at_ms": T - 1, "at_ms": T - 1, "seg": "kind=relational,location=n%25/l",
        "source": "t/0/0", "contract": 1}


def test_segments():
    config = Config(topic="t", sets=[[], ["theme", "attributes.plan"]], split_kinds=False)
    found = recount(({"themes": ["a", "b=c"], "attributes": {"plan": ""}}, 0), config=config)
    assert sorted(found.answers) == [b"all", b"theme=a,attributes.plan=__none__", b"theme=b%3Dc,attributes.plan=__none__"]
    assert found.set_of[b"all"] == "all" and found.set_of[b"theme=a,attributes.plan=__none__"] == "theme,attributes.plan"


def test_caps():
    config = Config(topic="t", sets=[["location"]], caps={"location": 2, "owner": 9})
    events = (({"location": "a/b"}, 0), ({"location": "a/c", "response_id": "s"}, 0))
    found = recount(*events, config=config, dictionary=[("location", "a"), ("location", "a/b")])
    assert {seg[25:].decode() or "?": len(v) for seg, v in found.answers.items()} == {"a": 2, "a/b": 1, "__other__": 1}
    assert found.faults == []
    many = [("location", x) for x in ("a", "a/b", "a/c")]
    assert recount(*events, config=config, dictionary=many).faults
    assert recount(*events, config=config, dictionary=many[:1]).faults


def test_values_over_cap_are_equal():
    names = [("location", "a"), ("location", "b"), ("owner", "o1")]
    moves = recount(*[({"location": place, "owner": owner, "score": 3}, 0) for place, owner in (
        ("a/x", "o1"), ("b/y", "o1"), ("b/y", "o2"), ("a/z", "o3"), ("a", "o3"))], dictionary=names)
    assert [a["json"]["source"] for a in moves.alerts["r"]] == ["t/0/0", "t/0/2", "t/0/4"]
    assert moves.alerts["r"][0]["json"]["seg"] == "kind=relational,location=__other__"


# --- edits, retractions, revivals

NOTHING = dict.fromkeys(("score", "survey_kind", "location"))
EDIT = {**NOTHING, "type": "response.updated"}
GONE = {**NOTHING, "type": "response.retracted"}
WHOLE = {"type": "response.updated", "responded_at": T}


def dims(found):
    """The segments that the answers count in, without ALL."""
    return sorted(seg.decode() for seg, answers in found.answers.items() if answers)


def test_an_update_keeps_what_it_does_not_mention():
    config = Config(topic="t", sets=[["location"], ["channel", "team"], ["theme", "attributes.plan"], ["attributes.age"]],
                    split_kinds=False)
    base = {"location": "a", "channel": "c", "team": "x", "themes": ["p", "q"], "attributes": {"plan": "gold", "age": "9"},
            "comment": "bad", "score": 3}
    kept = recount((base, 0), (EDIT, 1), config=config)
    assert dims(kept) == dims(recount((base, 0), config=config)) and kept.answers[b"location=a"] == [(T, 3, True)]
    found = recount((base, 0), ({**EDIT, "score": 4, "channel": "", "themes": [], "attributes": {"plan": "free"}, "comment": ""}, 1),
                    config=config)
    assert dims(found) == ["attributes.age=9", "channel=__none__,team=x", "location=a", "theme=__none__,attributes.plan=free"]
    assert found.answers[b"location=a"] == [(T, 4, False)] and fates(found) == {"counted": 2}


def test_an_update_may_remove_the_score_and_takes_no_default_kind():
    config = Config(topic="t", sets=[[]], default_kind="other")
    value = b'{"type":"response.updated","response_id":"r","score":null}'
    found = oracle.expect([*records(({}, 0)), Record("t", 0, 1, T, value)], config, T)
    assert found.answers == {ALL: [(T, None, False)]}


@pytest.mark.parametrize("lack", ["responded_at", "survey_kind", "location", "score"])
def test_an_update_that_creates_or_revives_must_stand_alone(lack):
    assert fates(recount((WHOLE, 0))) == {"counted": 1}
    assert fates(recount(({}, 0), (GONE, 1), (WHOLE, 2))) == {"counted": 3}
    late = {"late": 1, "late:unknown_update": 1}
    assert fates(recount(({**WHOLE, lack: None}, 0))) == late
    found = recount(({}, 0), (GONE, 1), ({**WHOLE, lack: None}, 2))
    assert fates(found) == {"counted": 2, **late} and not found.answers
    assert found.totals["t/late:unknown_update"] == 1
    # for any time; an update that stands alone is judged by its time
    old = {**WHOLE, "responded_at": T - 8 * DAY_MS}
    assert fates(recount(({**old, lack: None}, 0))).get("late:unknown_update", 0) == 1
    assert fates(recount((old, 0))) == {"late": 1}


def test_an_event_that_creates_takes_the_default_kind():
    config = Config(topic="t", sets=[[]], default_kind="other", location_required=False)
    whole = {**WHOLE, "survey_kind": None, "location": None}
    assert list(recount((whole, 0), config=config).answers) == [b"kind=other"]
    assert list(recount(({}, 0), (GONE, 1), (whole, 2), config=config).answers) == [b"kind=other"]


def test_retracted_and_revived():
    found = recount(({"score": 3, "responded_at": T - HOUR}, 0), (GONE, 1))
    assert not found.answers and fates(found) == {"counted": 2} and found.clock_ms == T - HOUR
    found = recount(({"score": 3, "responded_at": T - HOUR}, 0), ({"excluded": "true"}, 1), ({"score": 9, "responded_at": T - 5}, 2))
    assert found.answers[ALL] == [(T - 5, 9, False)] and fates(found) == {"counted": 3}  # with a time of its own
    late = {"responded_at": T - 8 * DAY_MS}
    assert fates(recount(({}, 0), (GONE, 1), (late, 2), ({}, 3))) == {"counted": 3, "late": 1}
    found = recount(({"revision": 5}, 0), ({**GONE, "revision": 7}, 1), ({"revision": 6}, 2))
    assert fates(found) == {"counted": 2, "duplicate": 1} and not found.answers


def test_a_retraction_of_an_unknown_response():
    found = recount(({**GONE, "revision": 2}, 0), ({"revision": 1}, 1), ({"revision": 3}, 2))
    assert fates(found) == {"counted": 2, "duplicate": 1} and scores(found) == [9]
    alone = recount((GONE, 0))
    assert fates(alone) == {"counted": 1} and alone.clock_ms == 0 and not alone.set_of  # nothing was added
    assert fates(recount(({**GONE, "responded_at": T - 8 * DAY_MS}, 0))) == {"late": 1}


def test_a_second_retraction_stores_its_order_and_prolongs_nothing():
    found = recount(({"revision": 1}, 0), ({**GONE, "revision": 2}, 1), ({**GONE, "revision": 9}, 2), ({"revision": 8}, 3))
    assert fates(found) == {"counted": 2, "duplicate": 2} and not found.answers
    older = recount(({"revision": 1}, 0), ({**GONE, "revision": 5}, 1), ({**GONE, "revision": 3}, 2), ({"revision": 4}, 3))
    assert fates(older) == {"counted": 2, "duplicate": 2}
    push, again = ({"response_id": "x"}, 7 * DAY_MS + 2), ({**GONE, "responded_at": T}, 7 * DAY_MS + 3)
    found = recount(({}, 0), (GONE, 1), (GONE, DAY_MS), push, again, now_ms=T + 8 * DAY_MS)
    assert fates(found) == {"counted": 3, "duplicate": 1, "late": 1}


def test_sequences_of_alerts_continue_after_a_retraction():
    found = recount(({"score": 3, "comment": "bad", "owner": "o", "respondent_id": "p", "team": "x"}, 0), (GONE, 1), ({"score": 1}, 2),
                    ({"excluded": True}, 3), ({"score": 1}, 4), ({"score": 9}, 5)).alerts["r"]
    assert [(a["json"]["id"], a["json"]["kind"], a["json"]["reasons"], a["json"]["incident"]) for a in found] == [
        ("r:1", "raised", ["detractor"], 1), ("r:2", "retracted", ["withdrawn"], 1), ("r:3", "raised", ["detractor"], 3),
        ("r:4", "retracted", ["excluded"], 3), ("r:5", "raised", ["detractor"], 5), ("r:6", "retracted", ["score"], 5)]
    assert found[1]["json"] == {
        "id": "r:2", "kind": "retracted", "severity": "high", "reasons": ["withdrawn"], "incident": 1, "response_id": "r",
        "prev_score": 3, "has_comment": True, "owner": "o", "survey_kind": "relational", "location": "north/lisbon", "team": "x",
        "responded_at_ms": T, "at_ms": T + 1, "seg": "kind=relational,location=north/lisbon", "source": "t/0/1", "contract": 1}
    assert found[1]["channels"] == ["all", "location:north", "location:north/lisbon", "owner:o", "severity:high", "team:x"]
    assert "prev_score" not in found[2]["json"]


def test_alerts_of_updates_show_kept_values():
    base = {"score": 3, "comment": "bad", "owner": "o", "respondent_id": "p", "channel": "c", "themes": ["a"]}
    names = [("location", "north"), ("location", "north/lisbon"), ("owner", "o"), ("theme", "a")]
    for dictionary, kept in ((names + [("channel", "c")], {"channel": "c"}), (names, {})):
        found = recount((base, 0), ({**EDIT, "score": 1}, 1), dictionary=dictionary).alerts["r"][1]["json"]
        assert found == {
            "id": "r:2", "kind": "changed", "severity": "critical", "reasons": ["score"], "incident": 1, "response_id": "r", "score": 1,
            "prev_score": 3, "has_comment": True, "owner": "o", "survey_kind": "relational", "location": "north/lisbon", **kept,
            "themes": ["a"], "responded_at_ms": T, "at_ms": T + 1, "seg": "kind=relational,location=north/lisbon", "source": "t/0/1",
            "contract": 1}
    over_cap = recount(({"score": 3, "location": "north/x"}, 0), ({**EDIT, "score": 1}, 1), dictionary=names[:1]).alerts["r"][1]
    assert "location" not in over_cap["json"] and over_cap["json"]["seg"] == "kind=relational,location=__other__"
    assert "location:north" in over_cap["channels"] and "location:north/x" not in over_cap["channels"]
    assert len(recount((base, 0), (EDIT, 1), ({**EDIT, "comment": "bad"}, 2)).alerts["r"]) == 1


def test_reasons_of_changed():
    config = Config(topic="t", sets=[["attributes.plan"]])
    edit = {**EDIT, "score": 2, "owner": "o", "comment": "x", "survey_kind": "other", "location": "s", "channel": "c", "themes": ["a"],
            "attributes": {"plan": "p"}}
    found = recount(({"score": 3}, 0), (edit, 1), config=config).alerts["r"][1]["json"]["reasons"]
    assert sorted(found) == sorted(set(edit) - {"type", "attributes"} | {"attributes.plan"})


# --- invitations


def stage(name, **fields):
    return {"type": "survey." + name, "response_id": None, "invitation_id": "r", **fields}


def test_each_stage_counts_once_in_its_own_pane_and_segments():
    found = recount((stage("invited", at=T - HOUR), 0), (stage("opened", at=T, location="south", survey_kind="other"), 1),
                    (stage("invited", at=T, revision=9), 2), ({}, 3), config=Config(topic="t", sets=[["location"]]))
    assert fates(found) == {"counted": 3, "duplicate": 1}  # the response r is not the invitation r
    assert dict(found.stages) == {b"kind=relational,location=north": [(T - HOUR, "invited")],
                                  b"kind=relational,location=north/lisbon": [(T - HOUR, "invited")],
                                  b"kind=other,location=south": [(T, "opened")]}
    assert found.view(b"kind=other,location=south", T)["1h"]["opened"] == 1
    assert found.view(b"kind=relational,location=north", T)["24h"]["invited"] == 1


def test_a_stage_moves_the_clock_and_fills_a_window():
    found = recount((stage("bounced"), 5))
    assert found.clock_ms == T + 5 and found.set_of[ALL] == "all"
    assert {w: (o["n"], o["bounced"]) for w, o in found.view(ALL, T + 5).items()}["1h"] == (0, 1)


def test_late_stages():
    old = T - 8 * DAY_MS
    assert fates(recount((stage("opened", at=old), 0))) == {"late": 1}
    known = [(stage("invited"), 0), ({"response_id": "x"}, 5 * DAY_MS)]
    assert fates(recount(*known, (stage("opened", at=T - 7 * DAY_MS), 1), now_ms=T + 5 * DAY_MS)) == {"counted": 3}
    assert fates(recount(*known, (stage("opened", at=T - 7 * DAY_MS - 1), 1), now_ms=T + 5 * DAY_MS)) == {"counted": 2, "late": 1}


def test_how_long_an_invitation_is_known():
    push = ({"response_id": "x"}, 7 * DAY_MS + 1)
    again = (stage("invited", at=T), 7 * DAY_MS + 2)
    now_ms = T + 8 * DAY_MS
    assert fates(recount((stage("invited"), 0), push, again, now_ms=now_ms)) == {"counted": 2, "late": 1}
    prolonged = recount((stage("invited"), 0), (stage("opened"), DAY_MS), push, again, now_ms=now_ms)
    assert fates(prolonged) == {"counted": 3, "duplicate": 1}
    # forgotten, and known again by another stage
    anew = recount((stage("invited"), 0), push, (stage("opened"), 7 * DAY_MS + 2), again, now_ms=now_ms)
    assert fates(anew) == {"counted": 3, "late": 1}
    ahead = recount((stage("invited", at=T + 9), 0), (stage("opened", at=T), 1), push, (stage("invited", at=T + 9), 2), now_ms=now_ms)
    assert fates(ahead) == {"counted": 3, "duplicate": 1}


def test_rates_of_answers():
    invited = [(stage("delivered", invitation_id=f"i{n}"), 0) for n in range(20)]
    found = recount(*invited, ({}, 1)).view(ALL, T)["1h"]
    assert float(found["response_rate"]) == 0.05 and "low_rate" in found["fragile"]
    assert f"{found['response_rate_lo']:.4f} {found['response_rate_hi']:.4f}" == "0.0089 0.2361"
    assert "low_rate" not in recount(*invited[:10], ({}, 1)).view(ALL, T)["1h"]["fragile"]
    assert "response_rate" not in recount(invited[0], ({}, 1), ({"response_id": "s"}, 1)).view(ALL, T)["1h"]


# --- compare


@pytest.fixture
def stored(redis):
    config = Config(topic="t", rank_min_n=1, series_sets=[["location"]], series_steps=["1m", "1d"], partitions={"t": 1})
    expected = recount(({"score": 3, "comment": "é"}, 0), ({"response_id": "s", "score": 10}, -HOUR), ({"score": 2}, 2), config=config)
    publish(redis, expected)
    return redis, expected


SERIES = "nps:series:{kind=relational,location=north}:"
SEG_KEY = "nps:v:{kind=relational}"
SPOILERS = {
    "a total": lambda r: r.hincrby("nps:totals", "counted", 1),
    "a missing total": lambda r: r.hdel("nps:totals", "t/consumed"),
    "a missing window": lambda r: r.hdel(SEG_KEY, "24h"),
    "a missing key": lambda r: r.delete(SEG_KEY),
    "a count": lambda r: r.hset(SEG_KEY, "1h", r.hget(SEG_KEY, "1h").replace(b'"n": 1', b'"n": 2').replace(b'"n":1', b'"n":2')),
    "a figure": lambda r: r.hset(SEG_KEY, "24h", r.hget(SEG_KEY, "24h").replace(b'"mean":6.0000', b'"mean":6.0001')),
    "a figure's form": lambda r: r.hset(SEG_KEY, "24h", r.hget(SEG_KEY, "24h").replace(b'"mean":6.0000', b'"mean":6.0')),
    "a member": lambda r: r.hset(SEG_KEY, "24h", r.hget(SEG_KEY, "24h").replace(b'"opened":0,', b"")),
    "asof_ms": lambda r: r.hset(SEG_KEY, "1h", r.hget(SEG_KEY, "1h").replace(str(T).encode(), str(T - 60_000).encode())),
    "rev": lambda r: r.hset(SEG_KEY, "rev", "1-2-3"),
    "a window not due": lambda r: r.hset(SEG_KEY, "2h", "{}"),
    "a segment not due": lambda r: r.hset("nps:v:{kind=other}", "1h", "{}"),
    "an index without a member": lambda r: r.srem("nps:index:location", "kind=relational,location=north"),
    "an index with one too many": lambda r: r.sadd("nps:index:location", "kind=other,location=north"),
    "a rank less": lambda r: r.delete("nps:rank:relational:location/1:7d"),
    "a rank too many": lambda r: r.zadd("nps:rank:relational:location:7d", {"north": 1}),
    "ranked too high": lambda r: r.zincrby("nps:rank:relational:location/2:24h", 0.0001, "north/lisbon"),
    "ranked to more decimals": lambda r: r.zincrby("nps:rank:relational:location/2:24h", 0.00001, "north/lisbon"),
    "a value too many in a rank": lambda r: r.zadd("nps:rank:relational:location/1:1h", {"south": 1}),
    "a series less": lambda r: r.delete(SERIES + "1m"),
    "a series too many": lambda r: r.hset("nps:series:{kind=relational}:1m", "60", "1 0 0"),
    "a pane's counts": lambda r: r.hset(SERIES + "1d", r.hkeys(SERIES + "1d")[0], "1 1 1"),
    "a pane less": lambda r: r.hdel(SERIES + "1m", r.hkeys(SERIES + "1m")[0]),
    "a pane too many": lambda r: r.hset(SERIES + "1m", "60", "0 0 0"),
    "meta's sets": lambda r: r.hset("nps:meta", "sets", "all"),
    "meta's since": lambda r: r.hdel("nps:meta", "since_ms:location,channel"),
    "meta's partitions": lambda r: r.hset("nps:meta", "partitions:t", "2"),
    "meta's lost": lambda r: r.hset("nps:meta", "lost", f"t/0 gap 0:1 2 {T} retention"),
    "meta's undated": lambda r: r.hincrby("nps:meta", "undated", 1),
    "meta's other": lambda r: r.hset("nps:meta", "other:owner", 1),
    "meta's horizon_moved": lambda r: r.hset("nps:meta", "horizon_moved", 1),
    "meta's grown": lambda r: r.hset("nps:meta", "grown:t", T),
    "no heartbeat": lambda r: r.hdel("nps:meta", "heartbeat_ms"),
    "an old heartbeat": lambda r: r.hincrby("nps:meta", "heartbeat_ms", -700_000),
    "an alert twice": lambda r: r.xadd("nps:alerts", r.xrange("nps:alerts")[0][1]),
    "an alert less": lambda r: r.xdel("nps:alerts", r.xrange("nps:alerts")[0][0]),
    "an alert's field": lambda r: change_alert(r, b"severity", b"high"),
    "an alert's mark": lambda r: change_alert(r, b"stale", b""),
    "an alert's json": lambda r: change_alert(r, b"json", b'{"id":"r:2"}'),
}


def change_alert(redis, field, value):
    id_, fields = redis.xrange("nps:alerts")[-1]
    redis.xdel("nps:alerts", id_)
    redis.xadd("nps:alerts", {**fields, field: value})


def test_compare_finds_nothing_if_nothing_is_wrong(stored):
    assert oracle.compare(*stored) == []


@pytest.mark.parametrize("name", SPOILERS)
def test_compare_finds(stored, name):
    redis, expected = stored
    SPOILERS[name](redis)
    assert len(oracle.compare(redis, expected)) >= 1


def test_compare_channels_counts_each_message():
    expected = recount(({"score": 3, "team": "a=b", "location": "n"}, 0))
    text = json.dumps({**expected.alerts["r"][0]["json"], "stream_id": "1-1"})
    messages = [("nps:alerts:" + c, text) for c in ("all", "severity:high", "location:n", "team:a%3Db")]
    assert compare_channels(messages, expected) == []
    assert compare_channels(messages[1:], expected) and compare_channels(messages + messages[:1], expected)
    assert compare_channels([(c, text.replace("1-1", "")) for c, _ in messages], expected)
