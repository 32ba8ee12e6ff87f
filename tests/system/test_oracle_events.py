"""How the oracle judges single records: every reason, and the order of the checks."""
import json

import pytest

from recount.config import Config
from recount.events import Fate, Record, decode, rfc3339_ms

T = 1_700_000_000_000  # of the records; 2023-11-14T22:13:20Z
GOOD = {"type": "response.submitted", "response_id": "r1", "score": 9, "survey_kind": "relational", "location": "north/lisbon"}
MISSING = object()


def judged(value, record_ms=T, now_ms=T, headers=(), **config):
    """Event or Fate of a value: bytes as they are, an object as JSON."""
    if isinstance(value, dict):
        value = json.dumps(value).encode()
    try:
        return decode(Record("t", 0, 0, record_ms, value, headers), Config(**config), now_ms)
    except Fate as fate:
        return fate


def but(**fields):
    return {k: v for k, v in {**GOOD, **fields}.items() if v is not MISSING}


def text(**fields):
    """The good event with fields as raw JSON text."""
    return ("{" + ",".join(f'"{k}":{json.dumps(v)}' for k, v in GOOD.items() if k not in fields)
            + "".join(f',"{k}":{v}' for k, v in fields.items()) + "}").encode()


REASONS = [
    ("tombstone", None),
    ("too_big", b" " * 262_145),
    ("bad_utf8", b'{"a":"\xff"}'),
    ("bad_utf8", b'{"a":"\xed\xa0\x80"'),  # broken UTF-8 inside a broken document
    ("bad_json", b""),
    ("bad_json", b"[]"),
    ("bad_json", b'{"a":1}}'),
    ("bad_json", b'{"a":1} x'),
    ("bad_json", b"\xef\xbb\xbf{}"),
    ("bad_json", b'{"a":NaN}'),
    ("bad_json", b'{"a":-Infinity}'),
    ("bad_json", b'{"a":01}'),
    ("bad_json", b'{"a":1.}'),
    ("bad_json", b'{"a":+1}'),
    ("bad_json", b'{"a":"\\x41"}'),
    ("bad_json", b'{"a":"\\ud800"}'),
    ("bad_json", b'{"\\udc00":1}'),
    ("bad_json", text(channel='"\\ud800","channel":"email"')),  # also if a later key counts
    ("bad_json", text(unknown='[[{"a":["\\ud800"]}]]')),
    ("bad_json", b'{"a":"\x1f"}'),
    ("bad_json", b'{"a":"\n"}'),
    ("bad_json", b'{"a":' + b"[" * 256 + b"]" * 256 + b"}"),
    ("bad_json", b'{"a":' + b"[" * 100_000),
    ("unknown_type", but(type=MISSING)),
    ("unknown_type", but(type=None)),
    ("unknown_type", but(type="response.lost")),
    ("unknown_type", but(type=["response.submitted"])),
    ("unknown_type", but(type="case.")),
    ("unknown_type", but(type="survey.answered")),
    ("not_counted", but(type="case.opened")),
    ("not_counted", but(type="customer.x", excluded=True)),
    ("other_metric", but(metric="csat")),
    ("no_id", but(response_id=MISSING)),
    ("no_id", but(response_id="")),
    ("no_id", but(response_id=7)),
    ("no_id", but(response_id="é" * 65)),
    ("no_id", but(type="survey.invited")),
    ("no_id", but(excluded=True, response_id=7)),
    ("bad_field", but(survey_kind="monthly")),
    ("bad_field", but(type="response.updated", score=MISSING, channel=1)),
    ("bad_field", but(type="response.retracted", revision=0)),
    ("bad_field", but(type="survey.opened", invitation_id="i", comment=1)),
    ("bad_field", but(type="survey.opened", invitation_id="i", excluded="yes")),
    ("bad_field", but(survey_kind=1)),
    ("bad_field", but(location=["north"])),
    ("bad_field", but(location="a/b/c/d/e/f/g/h/i")),
    ("bad_field", but(location="x" * 257)),
    ("bad_field", but(channel="x" * 257)),
    ("bad_field", but(channel=False)),
    ("bad_field", but(themes="price")),
    ("bad_field", but(themes=["price", 1])),
    ("bad_field", but(comment=1)),
    ("bad_field", but(excluded="yes")),
    ("bad_field", but(revision=0)),
    ("bad_field", but(revision="1")),
    ("bad_field", text(revision="1.0")),
    ("bad_field", text(revision=str(2**63))),
    ("no_time", but(responded_at="yesterday")),
    ("no_time", but(responded_at=True)),
    ("no_time", but(responded_at="2026-02-30T00:00:00Z")),
    ("no_time", but(responded_at="2026-09-21T10:00:60Z")),
    ("no_time", but(responded_at="2026-09-21T10:00:00")),
    ("no_time", text(responded_at="1e999")),
    ("no_time", but(responded_at=T, updated_at="soon")),
    ("no_time", but(responded_at="2023-11-14 22:13:20Z")),
    ("no_time", but(excluded=True, updated_at="soon")),
    ("no_time", but(type="survey.opened", invitation_id="i", invited_at="soon")),
    ("future", but(responded_at=T + 300_001)),
    ("no_kind", but(survey_kind=MISSING)),
    ("no_kind", but(survey_kind=None)),
    ("no_location", but(location=MISSING)),
    ("no_location", but(location="//")),
    ("no_kind", but(type="survey.opened", invitation_id="i", survey_kind=MISSING)),
    ("no_location", but(type="survey.opened", invitation_id="i", location=MISSING)),
    ("no_location", but(type="response.updated", location="/")),
    ("wrong_scale", but(type="response.updated", scale=[1, 5])),
    ("out_of_range", but(type="response.updated", score=11)),
    ("wrong_scale", but(scale=[1, 5])),
    ("wrong_scale", but(scale="0-10")),
    ("bad_score", but(score=MISSING)),
    ("bad_score", but(score=9.5)),
    ("bad_score", but(score="09")),
    ("bad_score", but(score="nine")),
    ("bad_score", but(score=True)),
    ("bad_score", text(score="1e-999")),
    ("out_of_range", but(score=11)),
    ("out_of_range", but(score="-1")),
    ("out_of_range", text(score="1e999")),
]


@pytest.mark.parametrize("reason, value", REASONS, ids=[f"{r}-{i}" for i, (r, _) in enumerate(REASONS)])
def test_reason(reason, value):
    found = judged(value)
    assert isinstance(found, Fate) and found.reason == reason


@pytest.mark.parametrize("first, then", [
    (but(type="response.lost", metric="csat"), but(type="case.opened", metric="csat")),
    (but(type="case.opened", metric="csat"), but(excluded=True, metric="csat")),
    (but(excluded=True, metric="csat"), but(excluded=True, response_id=MISSING)),
    (but(metric="csat", response_id=MISSING), but(response_id=MISSING)),
    (but(response_id=MISSING, channel=1), but(channel=1)),
    (but(channel=1, responded_at="?"), but(responded_at="?")),
    (but(responded_at="?", survey_kind=MISSING), but(survey_kind=MISSING)),
    (but(responded_at=T + 400_000, survey_kind=MISSING), but(survey_kind=MISSING)),
    (but(survey_kind=MISSING, location=MISSING), but(location=MISSING)),
    (but(location=MISSING, scale=[1, 5]), but(scale=[1, 5])),
    (but(scale=[1, 5], score=99), but(score=99)),
])
def test_the_first_check_that_fails_names_the_reason(first, then):
    order = ["unknown_type", "not_counted", "other_metric", "no_id", "bad_field", "no_time", "future", "no_kind",
             "no_location", "wrong_scale", "bad_score", "out_of_range"]
    assert order.index(judged(first).reason) < order.index(judged(then).reason)


@pytest.mark.parametrize("written, score", [
    ("9", 9), ("9.0", 9), ("1e1", 10), ("90e-1", 9), ("-0", 0), ('"7"', 7), ('"-0"', 0), ("null", None), ("0.0e5", 0),
])
def test_score(written, score):
    assert judged(text(score=written)).score == score


@pytest.mark.parametrize("written, ms", [
    ('"2023-11-14T22:13:20Z"', T), ('"2023-11-15T00:13:20+02:00"', T), ('"2023-11-14T22:13:20.250Z"', T + 250),
    ("1700000000", T), ("1700000000.5", T + 500), ("1700000000000", T), ('"1700000000"', T), ('"1700000000000"', T),
    ("1.7e9", T),
])
def test_time(written, ms):
    assert judged(text(responded_at=written)).own_ms == ms


def test_time_falls_back():
    assert judged(but()).own_ms == T
    assert judged(but(updated_at=T - 3)).own_ms == T - 3
    assert judged(but(updated_at=T - 3, at=T - 2)).own_ms == T - 2
    found = judged(but(updated_at=T - 3, at="?", responded_at=T - 1))
    assert found.own_ms == T - 1 and found.at_ms() == T - 3
    assert rfc3339_ms("1970-01-01T00:00:00Z") == 0


def test_what_is_accepted():
    assert judged(but(responded_at=T + 300_000)).score == 9
    assert judged(but(scale=[0, 10])).score == 9 and judged(text(scale="[0.0, 1e1]")).score == 9
    assert judged(b'{"a":' + b"[" * 255 + b"]" * 255 + b"," + text()[1:]).score == 9
    assert judged(b"\n\t " + text(x="1e999", y="[" + "9" * 5000 + "]") + b" \r\n").score == 9
    assert judged(text(location='"a/b","location":"c//d/"')).location == ["c", "d"]
    assert judged(b"\0\0\0\0\7" + text()).score == 9
    assert judged(but(response_id="\0")).id == "\0"
    assert judged(but(survey_kind=MISSING), default_kind="other").kind == "other"
    assert judged(but(location=MISSING), location_required=False).location == []
    assert judged(but(revision=2**63 - 1)).revision == 2**63 - 1


def test_records_ahead_of_the_clock_are_future():
    assert judged(GOOD, now_ms=T - 86_400_000).score == 9
    assert judged(GOOD, now_ms=T - 86_400_001).reason == "future"


def test_content():
    found = judged(but(themes=["b", "", "a", "b"], channel="", team="x", comment="é" * 3000, owner=""))
    assert found.themes == ["b", "a"] and found.values == {"team": "x"} and found.owner is None
    assert found.comment == "é" * 2048
    assert judged(but(themes=[str(n) for n in range(20)])).themes == [str(n) for n in range(16)]
    plan = judged(but(attributes={"plan": "gold", "age": 5}), sets=[["attributes.plan"]])
    assert plan.values == {"attributes.plan": "gold"}
    assert judged(but(attributes={"plan": 5}), sets=[["attributes.plan"]]).reason == "bad_field"
    assert judged(but(attributes={"plan": 5})).score == 9


def test_an_update_keeps_which_fields_it_mentions():
    edit = {"type": "response.updated", "response_id": "r1"}
    found = judged({**edit, "team": "", "channel": None, "comment": "", "location": "south"}, default_kind="other")
    assert found.mentioned == {"team", "comment", "location"} and found.values == {} and found.kind is None
    assert judged({**edit, "score": None, "themes": [], "attributes": {"plan": "x", "age": 1}}, sets=[["attributes.plan"]]).mentioned == {
        "score", "themes", "attributes.plan"}
    assert judged({**edit, "location": "/"}, location_required=False).mentioned == {"location"}
    assert judged({**edit, "responded_at": T, "survey_kind": "other"}).mentioned == {"responded_at", "kind"}


def test_a_retraction_is_read_for_its_order_only():
    for fields in ({"type": "response.retracted"}, {"excluded": True}, {"type": "response.updated", "excluded": "true"}):
        found = judged(but(**fields, channel=1, score="x", survey_kind=MISSING, location=7, revision=3, updated_at=T - 1))
        assert (found.type, found.revision, found.updated_ms, found.own_ms) == ("response.retracted", 3, T - 1, T - 1)
        assert found.excluded == ("excluded" in fields) and found.mentioned == set()
    assert not judged(but(type="response.retracted", excluded=True)).excluded


def test_stages():
    stage = but(type="survey.opened", response_id=MISSING, invitation_id="i", score=99, scale=7, excluded=True)
    found = judged({**stage, "at": T - 2, "invited_at": T - 3, "responded_at": "?", "updated_at": "?"})
    assert (found.type, found.id, found.own_ms, found.updated_ms) == ("survey.opened", "i", T - 2, None)
    assert judged({**stage, "invited_at": T - 3}).own_ms == T - 3 and judged(stage).own_ms == T
    assert judged({**stage, "survey_kind": None}, default_kind="other").kind == "other"


BINARY = [("ce_type", b"response.submitted"), ("ce_subject", b"s"), ("ce_time", b"2023-11-14T22:13:19Z")]
BARE = but(type=MISSING, response_id=MISSING)
STRUCTURED = [("content-type", b"Application/CloudEvents+json; charset=utf-8")]


def test_cloudevents_by_header():
    found = judged(BARE, headers=BINARY)
    assert (found.id, found.own_ms, found.mentioned & {"responded_at"}) == ("s", T - 1000, set())
    assert judged({**BARE, "updated_at": T - 3}, headers=BINARY).own_ms == T - 3
    assert judged(GOOD, headers=BINARY).id == "r1"  # the body takes precedence
    assert judged({**BARE, "type": "survey.opened"}, headers=BINARY).id == "s"
    assert judged(BARE, headers=[("ce_type", b"x"), *BINARY]).id == "s"  # the last one counts
    assert judged(BARE, headers=[("CE_type", b"response.submitted")]).reason == "unknown_type"
    assert judged(BARE, headers=[*BINARY, ("ce_type", b"\xff")]).reason == "unknown_type"
    assert judged(BARE, headers=[*BINARY, ("ce_type", None)]).reason == "unknown_type"
    assert judged(BARE, headers=[*BINARY, ("ce_subject", b"\xff")]).reason == "no_id"
    assert judged(BARE, headers=[*BINARY, ("ce_time", b"soon")]).reason == "no_time"
    assert judged({**BARE, "type": 7}, headers=BINARY).reason == "unknown_type"


def test_cloudevents_by_envelope():
    around = {"type": "response.submitted", "subject": "s", "time": T - 5, "data": BARE}
    for found in (judged({**around, "specversion": "1.0"}), judged(around, headers=STRUCTURED)):
        assert (found.id, found.own_ms) == ("s", T - 5)
    assert judged({**around, "specversion": "1.0", "data": GOOD}).id == "r1"
    assert judged({**around, "specversion": None, "response_id": "bare"}).reason == "no_kind"  # a bare event
    assert judged({"specversion": "1.0", "data": 7, **GOOD}).id == "r1"
    assert judged({**around, "type": None}, headers=STRUCTURED + BINARY).reason == "unknown_type"  # no attributes
    for wrong in ({"data": None}, {"data": "{}"}, {"data_base64": "e30="}):
        assert judged({**around, **wrong}, headers=STRUCTURED).reason == "bad_json"
    assert judged({**around, "data_base64": None}, headers=STRUCTURED).id == "s"
