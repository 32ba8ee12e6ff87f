"""npsctl on keys that the tests write: tables, JSON, exit codes."""
import json
import socket
import subprocess
import threading
import time

import pytest

import harness
from harness import LIMIT_S, program, wait_for

OK, NOT_THERE, USAGE, REDIS_AWAY = 0, 1, 2, 3


def run(url, *words):
    return harness.run("npsctl", "--set", f"redis.url={url}", *words)


@pytest.fixture
def ctl(redis_server):
    return lambda *words: run(redis_server.url, *words)


def good(done):
    assert done.returncode == OK and done.stderr == "", done
    return done.stdout


def window(**fields):
    return json.dumps({"n": 0, "asof_ms": 1795334390123, "fragile": [], **fields})


def rows(done):
    """The words of each line of a table, without its two head lines."""
    return [line.split() for line in good(done).splitlines()[2:]]


# --- get ---

SEG = "kind=transactional,location=north"


@pytest.fixture
def segment(redis):
    redis.hset(f"nps:v:{{{SEG}}}", mapping={
        "rev": "1795334390000-000000000007-1795334390123",
        "24h": window(n=40, nps=12.5, nps_lo=-3.25, nps_hi=27.5, mean=7.126, delta=-4.25, p_value=0.0312, significant=True,
                      response_rate=0.125, fragile=["wide", "volume_drop"]),
        "1h": window(prev_n=3, fragile=["few"])})


def test_get_shows_the_windows_in_their_order(ctl, segment):
    assert rows(ctl("get", SEG)) == [
        ["1h", "0", "-", "-", "-", "-", "-", "-", "2026-11-22", "07:59:50", "few"],
        ["24h", "40", "12.5", "-3.2", "..", "27.5", "7.13", "-4.2", "0.0312*", "12.5%", "2026-11-22", "07:59:50",
         "wide,volume_drop"]]


def test_get_one_window(ctl, segment):
    assert [row[0] for row in rows(ctl("get", SEG, "24h"))] == ["24h"]


def test_get_json_is_what_is_stored(ctl, segment, redis):
    found = json.loads(good(ctl("--json", "get", SEG)))
    assert (found["seg"], found["rev"]) == (SEG, "1795334390000-000000000007-1795334390123")
    assert found["windows"] == {name: json.loads(redis.hget(f"nps:v:{{{SEG}}}", name)) for name in ("1h", "24h")}


@pytest.mark.parametrize("words, named", [
    (("get", "kind=transactional,location=south"), "nps:v:{kind=transactional,location=south}"),
    (("get", SEG, "7d"), "7d"),
    (("top", "channel"), "nps:rank:transactional:channel:30d"),
    (("status",), "nps:meta"),
])
def test_a_missing_key_is_named(ctl, segment, words, named):
    done = ctl(*words)
    assert done.returncode == NOT_THERE and done.stdout == "" and named in done.stderr


def test_the_prefix_is_that_of_the_configuration(ctl, redis):
    redis.hset("mine:v:{all}", "1h", window(n=1, nps=100, nps_lo=0, nps_hi=100, mean=9))
    assert [row[0] for row in rows(ctl("--set", "prefix=mine", "get", "all"))] == ["1h"]


@pytest.fixture
def published(redis, segment):
    redis.hset("nps:meta", mapping={"windows": "1h,24h,7d,30d", "dimensions": "kind,location,channel",
                                    "sets": "all;location;channel;location,channel"})
    names = [SEG, "kind=transactional,location=north/lisbon", "kind=relational,location=norte"]
    redis.sadd("nps:index:location", *names, *(f"kind=relational,location=s{n}" for n in range(3000)))
    redis.hset("nps:v:{kind=relational,location=north,channel=sms}", "1h", window())


@pytest.mark.parametrize("words, nearest", [
    (("get", "kind=transactional,location=nroth"), f"nearest in nps:index:location: {SEG}"),
    (("get", "kind=transactional,location=north/lisbn"), "nearest in nps:index:location: kind=transactional,location=north/lisbon"),
    (("get", "kind=transactoinal,location=north"), f"there is {SEG}"),
    (("get", "location=north"), f"there is {SEG}"),
    (("get", "kind=relational,location=norht"), "nearest in nps:index:location: kind=relational,location=norte"),
    (("get", "kind=other,channel=sms,location=north"), "there is kind=relational,location=north,channel=sms"),
    (("get", "kind=other,locaton=north"), "no set has these dimensions; sets: all;location;channel;location,channel"),
    (("get", "kind=other,channel=sms"), "nps:index:channel is empty"),
    (("get", "north"), "a segment is named kind=KIND,DIMENSION=VALUE"),
    (("get", SEG, "1d"), "the nearest is 24h; windows: 1h,24h,7d,30d"),
    (("get", SEG, "month"), "no window `month` is configured; windows: 1h,24h,7d,30d"),
    (("get", SEG, "7d"), "window 7d of this segment holds nothing"),
    (("top", "chanel"), "nearest: channel"),
    (("top", "channel", "2d"), "the nearest is 24h"),
    (("top", "channel", "7d", "--kind", "all"), "--kind transactional, relational or other"),
    (("top", "location/7"), "levels of location that have a rank: 1\n"),
    (("top", "channel"), "rank.min_n"),
])
def test_a_wrong_name_leads_to_what_exists(ctl, published, ranks, words, nearest):
    done = ctl(*words)
    assert done.returncode == NOT_THERE and done.stdout == "" and nearest in done.stderr, done.stderr


def test_a_wrong_command_or_topic_leads_to_what_exists(ctl):
    for words, nearest in ((("stauts",), "nearest: status"), (("--set", "kafka.topics=[surveys]", "--topic", "survey", "check-event", "-"), "nearest: surveys")):
        done = ctl(*words)
        assert done.returncode == USAGE and nearest in done.stderr, done.stderr


# --- top ---

@pytest.fixture
def ranks(redis):
    for place, (name, low) in enumerate([("north", 14.0511), ("south", -3.5), ("a%3Ab", 60)]):
        redis.zadd("nps:rank:transactional:location/1:30d", {name: low})
        redis.hset(f"nps:v:{{kind=transactional,location={name}}}", "30d",
                   window(n=100 + place, nps=30, nps_lo=low, nps_hi=70, fragile=["wide"] if place else []))
    redis.zadd("nps:rank:relational:channel:7d", {"email": 5})
    redis.zadd("nps:rank:all:channel:30d", {"sms": 6})
    redis.hset("nps:v:{channel=sms}", "30d", window(n=10, nps=8, nps_lo=6, nps_hi=9))


def test_top_is_the_rank_with_the_windows(ctl, ranks):
    found = rows(ctl("top", "location/1", "30d"))
    assert found == [
        ["1", "60.0", "102", "30.0", "60.0", "..", "70.0", "a%3Ab", "wide"],
        ["2", "14.1", "100", "30.0", "14.1", "..", "70.0", "north"],
        ["3", "-3.5", "101", "30.0", "-3.5", "..", "70.0", "south", "wide"]]
    assert rows(ctl("top", "location")) == found, "regions, and the window of a month"


@pytest.mark.parametrize("words, names", [
    (("--count", "2"), ["a%3Ab", "north"]), (("--lowest", "--count", "1"), ["south"]), (("--count", "0"), []),
])
def test_top_begins_at_either_end(ctl, ranks, words, names):
    assert [row[7] for row in rows(ctl("top", "location", *words))] == names


def test_top_json(ctl, ranks, redis):
    lines = [json.loads(line) for line in good(ctl("--json", "top", "location/1", "30d")).splitlines()]
    assert [line["value"] for line in lines] == ["a:b", "north", "south"], "raw values"
    assert lines[0]["seg"] == "kind=transactional,location=a%3Ab" and lines[0]["place"] == 1
    assert [line["score"] for line in lines] == [60, 14.0511, -3.5]
    assert lines[2]["window"] == json.loads(redis.hget("nps:v:{kind=transactional,location=south}", "30d"))


def test_top_of_another_kind(ctl, ranks):
    line = json.loads(good(ctl("--json", "top", "channel", "7d", "--kind", "relational")))
    assert line["seg"] == "kind=relational,channel=email" and line["window"] is None, "a rank may be ahead of the window"
    assert rows(ctl("top", "channel", "7d", "--kind", "relational")) == [["1", "5.0", "-", "-", "-", "email"]]
    assert json.loads(good(ctl("--json", "--set", "kinds.split=false", "top", "channel")))["window"]["n"] == 10


# --- alerts ---

def alert(redis, number, **fields):
    redis.xadd("nps:alerts", {"id": f"r:{number}", **({"stale": 1} if fields.pop("stale", 0) else {}), "json": json.dumps(
        {"id": f"r:{number}", "kind": "raised", "severity": "high", "score": 3, "at_ms": 1795334390123, "location": "north",
         "owner": "ana", "comment": "a\u001bb", **fields})}, id=f"{number}-0")


def test_alerts_shows_the_last_ones_oldest_first(ctl, redis):
    for number in range(1, 31):
        alert(redis, number, score=number % 7, prev_score=1, stale=number == 30)
    lines = good(ctl("alerts")).splitlines()
    assert len(lines) == 20 and lines[0].split()[4] == "4<-1"
    assert lines[-1] == "2026-11-22 07:59:50 raised    high      2<-1  north  ana  a b  (stale)"
    assert len(good(ctl("alerts", "--count", "3")).splitlines()) == 3


def test_alerts_json_has_the_stream_id(ctl, redis):
    alert(redis, 1)
    alert(redis, 2, stale=1)
    first, second = [json.loads(line) for line in good(ctl("--json", "alerts")).splitlines()]
    assert (first["id"], first["stream_id"], first["comment"]) == ("r:1", "1-0", "a\u001bb") and "stale" not in first
    assert (second["stream_id"], second["stale"]) == ("2-0", True)


def test_an_empty_stream_is_no_error(ctl):
    assert good(ctl("alerts")) == ""


def test_new_alerts_are_followed(redis_server, redis, tmp_path):
    """Also after Redis was away: from the last one shown, each once."""
    alert(redis, 1)
    with open(tmp_path / "stderr", "wb") as errors:
        process = subprocess.Popen([program("npsctl"), "--set", f"redis.url={redis_server.url}", "--json", "alerts", "--follow",
                                    "--count", "1"], stdout=subprocess.PIPE, stderr=errors, text=True)
    said = (tmp_path / "stderr").read_text
    got = []
    reader = threading.Thread(target=lambda: got.extend(json.loads(line)["id"] for line in process.stdout), daemon=True)
    reader.start()
    try:
        wait_for("the last alert is shown", lambda: got == ["r:1"])
        alert(redis, 2)
        alert(redis, 3)
        wait_for("the new alerts are shown", lambda: got == ["r:1", "r:2", "r:3"])
        alert(redis, 4)
        redis.save()
        for number in (5, 6):
            redis_server.lose_since_save()
            alert(redis, number)
            redis.save()
            wait_for("the alert after Redis was away is shown", lambda: got[-1] == f"r:{number}")
        assert got == [f"r:{number}" for number in range(1, 7)]
        redis_server.process.kill()
        redis_server.process.wait()
        wait_for("it waits", lambda: "waiting for Redis, then the alerts after 6-0 follow" in said())
        assert process.poll() is None
        redis_server.start()
        wait_for("it goes on", lambda: said().rstrip().endswith("Redis answers again"))
        redis.config_set("requirepass", "secret")
        redis.client_kill_filter(_type="normal", skipme=False)
        assert process.wait(LIMIT_S) == REDIS_AWAY and "NOAUTH" in said()
    finally:
        process.kill()
        reader.join(LIMIT_S)


# --- status ---

def publish_status(redis, age_ms):
    redis.hset("nps:meta", mapping={
        "contract": 1, "windows": "1h,24h", "steps": "60,300", "dimensions": "kind,location", "sets": "all;location",
        "since_ms:all": 0, "since_ms:location": 1795334390123, "shards": 16, "partitions:t": 4, "undated": 7, "ahead": 0,
        "other:location": 9, "lost": "t/0 gap 0:1 5 99 lost;t/1 gap 0:3 4 98 x",
        "heartbeat_ms": time.time_ns() // 1_000_000 - age_ms})
    redis.hset("nps:totals", mapping={
        "consumed": 20, "counted": 10, "duplicate": 4, "late": 3, "late:unknown_update": 1, "rejected": 2, "rejected:bad_json": 2,
        "ignored": 1, "ignored:tombstone": 1, "clock_ms": 1795334390123, "t/consumed": 20, "t/rejected:bad_json": 2})


def test_status_shows_what_was_counted_and_rejected(ctl, redis):
    publish_status(redis, 1000)
    text = good(ctl("status"))
    lines = [line.split() for line in text.splitlines()]
    for due in ("contract 1; 16 shards", "windows 1h,24h", "dimensions kind,location", "event clock 2026-11-22 07:59:50 UTC",
                "t/0 gap 0:1 5 99 lost", "t/1 gap 0:3 4 98 x", "consumed 20", "counted 10", "duplicate 4", "late 3",
                "unknown_update 1", "rejected 2", "bad_json 2", "ignored 1", "tombstone 1", "undated 7",
                "over cap: location 9", "all the first record", "location 2026-11-22 07:59:50 UTC"):
        assert due.split() in lines, f"{due}\n{text}"
    assert lines[0][0] == "alive" and "ahead" not in text and text.count("bad_json") == 1


def test_status_json_is_all_of_both_hashes(ctl, redis):
    begun = time.monotonic()
    publish_status(redis, 1000)
    found = json.loads(good(ctl("--json", "status")))
    assert found["alive"] is True and 1000 <= found["heartbeat_age_ms"] <= 1001 + 1000 * (time.monotonic() - begun)
    assert found["meta"] == {k.decode(): v.decode() for k, v in redis.hgetall("nps:meta").items()}
    assert found["totals"] == {k.decode(): int(v) for k, v in redis.hgetall("nps:totals").items()}


def test_an_old_heartbeat_is_exit_code_1(ctl, redis):
    publish_status(redis, 31000)
    table, lines = ctl("status"), ctl("--json", "status")
    assert table.returncode == lines.returncode == NOT_THERE
    assert table.stdout.startswith("DEAD") and json.loads(lines.stdout)["alive"] is False


# --- all commands ---

@pytest.mark.parametrize("words", [
    (), ("nonsense",), ("get",), ("get", "a", "b", "c"), ("top",), ("top", "channel", "1h", "x"), ("top", "channel", "--kind", "x"),
    ("alerts", "x"), ("status", "x"), ("alerts", "--count", "-1"), ("--nonsense", "status"), ("--set", "windows=0", "status"),
    ("--config", "/nonexistent", "status"),
])
def test_wrong_usage_is_exit_code_2(ctl, words):
    done = ctl(*words)
    assert done.returncode == USAGE and done.stdout == "" and done.stderr != ""


@pytest.mark.parametrize("words", [("get", "all"), ("top", "channel"), ("alerts",), ("status",)])
def test_redis_away_is_exit_code_3(words):
    with socket.socket() as held:  # bound, but not listening: nobody else can listen on its port
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        done = run(f"redis://127.0.0.1:{port}/0", *words)
    assert done.returncode == REDIS_AWAY and done.stdout == "" and str(port) in done.stderr


@pytest.mark.parametrize("words, key", [
    (("get", "all"), "nps:v:{all}"), (("top", "channel", "1h"), "nps:rank:transactional:channel:1h"), (("alerts",), "nps:alerts"),
    (("status",), "nps:meta")])
def test_a_key_of_another_type_is_exit_code_3(ctl, redis, words, key):
    redis.set(key, "x")
    done = ctl(*words)
    assert done.returncode == REDIS_AWAY and "WRONGTYPE" in done.stderr


def test_help_names_every_command(ctl):
    text = good(ctl("--help"))
    assert all(word in text for word in ("get", "top", "alerts", "status", "--json", "exit codes"))
