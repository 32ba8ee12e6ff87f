"""npsctl on the longest and on malformed input."""
import json
from urllib.parse import quote

import pytest

import harness

EVENT = {"type": "response.submitted", "response_id": "r", "score": 9, "survey_kind": "other", "location": "north"}
C1 = [chr(c) for c in range(0x80, 0xa0)]


def run(*words, text=b""):
    return harness.run("npsctl", *words, stdin=text)


def check(*lines):
    done = run("--json", "check-event", "-", text=b"\n".join(lines))
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_the_longest_segment_can_be_read(redis_server, redis):
    """Eight levels of a location and three more values; each byte is escaped, which takes three."""
    level, value = quote("{" * 256, safe=""), quote("=" * 256, safe="")
    seg = f"kind=transactional,location={'/'.join([level] * 8)},team={value},product={value},attributes.{'x' * 64}={value}"
    redis.hset(f"nps:v:{{{seg}}}", "1h", json.dumps({"n": 0, "fragile": []}))
    done = run("--set", f"redis.url={redis_server.url}", "--json", "get", seg)
    assert done.returncode == 0 and json.loads(done.stdout)["seg"] == seg, done.stderr


def test_no_control_character_reaches_a_terminal(redis_server, redis):
    odd = "".join(C1) + "\x1b[2J\x7f"
    text = json.dumps({**EVENT, "response_id": odd, "location": odd, "score": 11}, ensure_ascii=False).replace("\x1b", "\\u001b")
    alert = json.dumps({"location": odd, "owner": odd, "comment": odd}, ensure_ascii=False)
    redis.xadd("nps:alerts", {"json": alert})
    redis.zadd("nps:rank:transactional:team:30d", {odd: 1})
    url = f"redis.url={redis_server.url}"
    for done in (run("check-event", "-", text=text.encode()), run("check-event", "-", text=text.replace("11", "9").encode()),
                 run("--set", url, "alerts"), run("--set", url, "top", "team")):
        shown = done.stdout.decode()
        assert shown and not [c for c in shown if c in C1 or c in "\x1b\x7f"], shown


@pytest.mark.parametrize("odd", [b"not JSON", b"null", b"[]", b"\xff", b'"{}"'])
def test_a_line_that_is_no_object_does_not_affect_the_others(odd):
    good = json.dumps(EVENT).encode()
    code, found = check(good, odd, b"", good)
    assert code == 1 and [(f["line"], f["reads"]) for f in found] == [(1, True), (2, False), (4, True)]
    assert check(odd, good)[1][0]["line"] == 1


def test_check_event_applies_the_defaults_of_the_topic():
    text = json.dumps({k: v for k, v in EVENT.items() if k != "survey_kind"}).encode()
    options = "--set", "kafka.topics=[a, b]", "--set", "topic_defaults={b: {survey_kind: relational}}", "check-event", "-"
    for words, code, shown in (((), 1, b"no_kind"), (("--topic", "a"), 1, b"no_kind"), (("--topic", "b"), 0, b"relational")):
        done = run(*words, *options, text=text)
        assert done.returncode == code and shown in done.stdout, done
    done = run("--topic", "c", *options, text=text)
    assert done.returncode == 2 and done.stdout == b"" and b"`c`" in done.stderr


def test_an_event_may_span_many_lines():
    for text in (json.dumps(EVENT, indent=1), json.dumps({**EVENT, "metric": {"a": 1}}, indent=0), json.dumps(EVENT, indent=1)[:-1]):
        assert len(check(text.encode())[1]) == 1


def test_a_count_is_a_number():
    assert [run("alerts", "--count", count).returncode for count in ("", "x", "1x", "-1")] == [2, 2, 2, 2]


def test_a_configuration_that_is_too_long_is_refused(tmp_path):
    path = tmp_path / "npsd.yaml"
    path.write_text("\n" * (1024 * 1024 + 1))
    done = run("--config", str(path), "check-event", "-")
    assert done.returncode == 2 and b"longer than" in done.stderr


def test_status_shows_moved_horizons_and_grown_topics(redis_server, redis):
    url = f"redis.url={redis_server.url}"
    redis.hset("nps:totals", "consumed", 1)
    redis.hset("nps:meta", mapping={"heartbeat_ms": 1, "horizon_moved": 3, "grown:a:b": 1795334390123})
    lines = [" ".join(line.split()) for line in run("--set", url, "status").stdout.decode().splitlines()]
    assert "horizon moved by memory 3" in lines and "topic grew a:b, 2026-11-22 07:59:50 UTC" in lines, lines
    redis.hset("nps:meta", "horizon_moved", 0)
    redis.hdel("nps:meta", "grown:a:b")
    shown = run("--set", url, "status").stdout.decode()
    assert "horizon" not in shown and "grew" not in shown
