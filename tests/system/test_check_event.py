"""npsctl check-event on good and bad events, one or many. Needs no server."""
import json

from harness import run

GOOD = {"type": "response.submitted", "response_id": "r1", "score": 9, "survey_kind": "relational", "location": "north/lisbon",
        "channel": "a,b", "themes": ["x", "y"], "revision": 4, "updated_at": 1700000002, "responded_at": 1700000001}


def check(text, *arguments):
    """Exit code and lines of the output."""
    done = run("npsctl", *arguments, "check-event", "-", stdin=text)
    assert done.stderr == b""
    return done.returncode, done.stdout.decode().splitlines()


def read(*events, sets="[[], [location], [theme, channel]]"):
    code, lines = check("\n".join(json.dumps(e) for e in events).encode(), "--json", "--set", f"segments={sets}")
    return code, [json.loads(line) for line in lines]


def test_segments_are_those_that_are_published():
    code, (found,) = read(GOOD)
    assert code == 0 and found == {
        "line": 1, "reads": True, "type": "response.submitted", "id": "r1", "revision": 4, "updated_ms": 1700000002000,
        "event_ms": 1700000001000, "undated": False, "score": 9, "survey_kind": "relational",
        "segments": ["kind=relational", "kind=relational,location=north", "kind=relational,location=north/lisbon",
                     "kind=relational,theme=x,channel=a%2Cb", "kind=relational,theme=y,channel=a%2Cb"]}


def test_one_line_per_event_and_no_segments_without_an_answer():
    edit = {"type": "response.updated", "response_id": "r1", "comment": "x"}
    code, found = read(GOOD, edit, {**GOOD, "type": "response.updated"}, {**GOOD, "excluded": True},
                       {"type": "survey.opened", "invitation_id": "i1", "survey_kind": "other", "location": "a"})
    assert code == 0 and [f["line"] for f in found] == [1, 2, 3, 4, 5]
    assert [len(f["segments"]) for f in found] == [5, 0, 5, 0, 3]
    assert found[1]["undated"] and "score" not in found[1]
    assert found[3]["type"] == "response.retracted" and found[4]["segments"][2] == "kind=other,theme=__none__,channel=__none__"


def test_a_refusal_names_reason_and_place_and_exits_with_1():
    code, (first, second, third) = read(GOOD, {**GOOD, "score": "09"}, {**GOOD, "type": "case.opened"})
    assert code == 1 and first["reads"]
    at = json.dumps({**GOOD, "score": "09"}).index('"09"')
    assert second == {"line": 2, "reads": False, "fate": "rejected", "reason": "bad_score",
                      "meaning": "score is missing or not an integer", "at": at, "end": at + 4, "field": "score",
                      "accepted": "an integer from 0 to 10, as a number or a string, or null"}
    assert third["fate"] == "ignored" and third["reason"] == "not_counted"
    assert read({**GOOD, "metric": "csat"})[0] == 0


def test_a_refusal_names_what_was_found_and_what_is_accepted():
    location = "a string of 1 to 8 levels separated by /, each at most 256 bytes"
    for change, expected in (({"location": ""}, f'location.required is true; found ""; accepted: {location}'),
                         ({"location": None}, f"location.required is true; found null; accepted: {location}"),
                         ({"themes": ["x", "é" * 129]}, f"found \"{'é' * 99}...; accepted: an array of strings"),
                         ({"type": "x"}, 'found "x"; accepted: a string: response.submitted')):
        code, lines = check(json.dumps({**GOOD, **change}, ensure_ascii=False).encode())
        assert code == 1 and expected in lines[0], lines
    code, lines = check(json.dumps({k: v for k, v in GOOD.items() if k != "score"}).encode())
    assert code == 1 and "bad_score at byte 0, score: " in lines[0] and "; found nothing; accepted: an integer from 0 to 10" in lines[0]
    for text, expected in ((b'{"a":', "found the end"), (b'{"a":}', "found }"), (b'{"a":"\x01"}', "found byte 01"),
                       (b'{"a":"\xff"}', "found byte FF"), (b" " * 262145, "found 262145 bytes")):
        assert check(text)[1][0].endswith(expected), text


def test_the_caret_stands_under_the_byte():
    text = json.dumps({**GOOD, "comment": "é" * 80, "score": 11}, ensure_ascii=False)
    code, (reason, line, caret) = check(text.encode())
    assert code == 1 and reason.startswith("line 1: rejected: out_of_range at byte ") and "outside 0 to 10; found 11; accepted: " in reason
    assert line[caret.index("^"):].startswith("11,") and len(line) < 120
    code, (reason, line, caret) = check(json.dumps({**GOOD, "score": 11}, indent=1).encode())
    assert code == 1 and reason.startswith("line 4: ") and line == '   "score": 11,' and caret.index("^") == line.index("11")
    code, (reason, line, caret) = check(b'{"type":"\xff\x1b[31m"}')
    assert code == 1 and "bad_utf8 at byte 9:" in reason and line == '  {"type":"? [31m"}' and caret.index("^") == 11


def test_broken_documents():
    for text in (b"", b"\n", b"{", b"[]", b'{"a":1} {}', b'{"a":\n1'):
        code, lines = check(text)
        assert code == 1 and "bad_json" in lines[0], text
    code, lines = check(json.dumps(GOOD).encode() + b'\n{"type":\n\n' + json.dumps(GOOD).encode(), "--json")
    assert code == 1 and [json.loads(x)["reads"] for x in lines] == [True, False, True]
    assert [json.loads(x)["line"] for x in lines] == [1, 2, 4]


def test_the_configuration_applies(tmp_path):
    event = tmp_path / "event.json"
    event.write_text(json.dumps({k: v for k, v in GOOD.items() if k not in ("survey_kind", "location")}))
    assert "no_kind" in run("npsctl", "check-event", event).stdout
    done = run("npsctl", "--set", "defaults.survey_kind=other", "--set", "location.required=false", "--set", "segments=[[location]]",
               "check-event", event)
    assert done.returncode == 0 and "counts in kind=other,location=__none__\n" in done.stdout
    done = run("npsctl", "check-event", tmp_path / "none")
    assert done.returncode == 2 and "No such file" in done.stderr
    assert run("npsctl", "check-event").returncode == 2
