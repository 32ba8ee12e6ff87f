"""
check_account.py: its figures match the vectors, its result matches the oracle's recount of the topic (the two share no
code), and it finds each fault.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))

import account_windows  # noqa: E402
import check_account  # noqa: E402
import harness  # noqa: E402
import npsgen_account  # noqa: E402
import oracle  # noqa: E402
from published import publish  # noqa: E402
from recount.config import Config  # noqa: E402

NPSGEN = os.environ.get("NPSGEN", "build/npsgen")
EVENTS = 6000
VECTORS = json.loads((HERE.parent / "data" / "stat-vectors.json").read_text())
SETS = check_account.parse_sets("all location channel location,channel theme stage,team attributes.plan")
WINDOWS = [account_windows.parse_window(name) for name in "1h 24h 7d 30d 90d 365d".split()]


def near(expected, found):
    return abs(expected - found) <= 0.5e-4 + 1e-9


@pytest.mark.parametrize("v", VECTORS["interval"])
def test_interval(v):
    lo, hi = account_windows.interval(v["p"], v["s"], v["d"])
    assert near(v["lo"], lo) and near(v["hi"], hi) and near(v["nps"], account_windows.nps(v["p"], v["s"], v["d"]))


@pytest.mark.parametrize("v", VECTORS["change"])
def test_change(v):
    delta, z, p_value = account_windows.change(v["now"], v["prev"])
    assert near(v["delta"], delta) and near(v["z"], z) and near(v["p_value"], p_value)
    assert (p_value < 0.05) == bool(v["sig"])


@pytest.mark.parametrize("v", VECTORS["spread"])
def test_spread(v):
    mean, sd = account_windows.spread(v["h"])
    assert near(v["mean"], mean) and near(v["sd"], sd)


@pytest.mark.parametrize("v", VECTORS["rate"])
def test_response_rate(v):
    counts = [0] * account_windows.WIDTH
    counts[9], counts[account_windows.FIRST_STAGE + 1] = v["k"], v["n"]
    rate, lo, hi = account_windows.response_rate(counts)
    assert near(v["lo"], lo) and near(v["hi"], hi) and near(v["k"] / v["n"], rate)


@pytest.mark.parametrize("value,written", [("a b/ü", "a b/ü"), ("100%", "100%25"), ("a:b={c},d\x1f\x7f", "a%3Ab%3D%7Bc%7D%2Cd%1F%7F")])
def test_encode(value, written):
    assert account_windows.encode(value) == written


@pytest.mark.parametrize("text,good", [("0.5000", True), ("-12.3400", True), ("-0.0000", False), ("0.5", False), ("01.0000", False)])
def test_figures_have_one_form(text, good):
    assert check_account.Figure(text).well_written == good


@pytest.fixture(scope="module")
def folder():
    path = tempfile.mkdtemp(prefix="npsd-account-")
    yield pathlib.Path(path)
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def server(folder):
    redis = harness.RedisServer(folder)
    yield redis
    redis.stop()


@pytest.fixture(scope="module")
def recounted(folder):
    """Writes the account of a stream with many records of each kind; the oracle's recount of the topic."""
    options = ["--mock", "4", "--events", str(EVENTS), "--span", "20d", "--seed", "11", "--edits", "0.2", "--bad", "0.05",
               "--updates", "0.1", "--retractions", "0.06", "--funnel", "0.3", "--cloudevents", "0.1", "--frames", "0.05",
               "--late", "0.03", "--duplicates", "0.1", "--locations", "40", "--account", str(folder / "account")]
    generator = subprocess.Popen([NPSGEN, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        bootstrap = generator.stdout.readline().decode().strip().partition("=")[2]
        assert b"%d records" % EVENTS in generator.stderr.readline()  # all records are delivered
        records = list(oracle.read_topic(bootstrap, "survey-events"))
    finally:
        generator.stdin.close()
        assert generator.wait(timeout=30) == 0
    assert len(records) == EVENTS
    config = Config(topic="survey-events", sets=[list(dims) for dims in SETS], series_sets=[[], ["theme"]], series_steps=["1h", "1d"])
    return oracle.expect(records, config)


@pytest.fixture(scope="module")
def account(folder, recounted):
    assert recounted.totals["consumed"] == EVENTS  # the generator has ended, so its account is complete
    with open(folder / "account", encoding="utf-8", newline="\n") as lines:
        return npsgen_account.Account(SETS).read(lines)


@pytest.fixture()
def published(server, recounted):
    server.client.flushall()
    publish(server.client, recounted)
    return server.client


def differences(account, redis, keep=100000):
    return check_account.check(account, redis, SETS, WINDOWS, alerts_keep=keep, series=([(), ("theme",)], ["1h", "1d"]))


def test_account_and_oracle_agree(account, published, recounted):
    diff, figures = differences(account, published)
    alerts = [alert for of in recounted.alerts.values() for alert in of]
    assert diff.texts == []
    assert figures["events"] == EVENTS and figures["differences"] == 0
    assert figures["segments"] > 500 and figures["windows"] > 2000 and figures["alerts"] > 700
    assert figures["alerts"] == len(alerts)
    kinds = [alert["json"]["kind"] for alert in alerts]
    assert min(kinds.count(kind) for kind in ("raised", "changed", "retracted")) > 30
    reasons = [reason for alert in alerts for reason in alert["json"]["reasons"]]
    assert {"detractor", "score", "withdrawn", "excluded", "comment", "themes", "location", "owner"} <= set(reasons)
    assert {stage for of in recounted.stages.values() for _, stage in of} == set(account_windows.FUNNEL)
    assert recounted.totals["late:unknown_update"] > 5 and recounted.totals["duplicate"] > 100


SEG = b"nps:v:{kind=transactional}"


def replace_in_window(redis, old, new):
    raw = redis.hget(SEG, "30d").decode()
    assert old(raw) != raw if callable(old) else old in raw
    redis.hset(SEG, "30d", old(raw) if callable(old) else raw.replace(old, new, 1))


def bump(name, by):
    """Changes the number after a name by its last digit."""
    def change(raw):
        at = raw.index(f'"{name}":') + len(name) + 3
        end = min(raw.index(c, at) for c in ",}" if c in raw[at:])
        text = raw[at:end]
        number = f"{float(text) + by:.4f}" if "." in text else str(int(text) + int(by))
        return raw[:at] + number + raw[end:]
    return change


def edit_alert(redis, change):
    """Replaces the stream by one with changed entries."""
    entries = redis.xrange("nps:alerts")
    redis.delete("nps:alerts")
    for stream_id, fields in change(entries):
        redis.xadd("nps:alerts", fields, id=stream_id)


def with_field(name, value):
    def change(entries):
        entries[5][1][name] = value
        return entries
    return change


def with_json(name, value):
    def change(entries):
        found = json.loads(entries[5][1][b"json"])
        found[name] = value
        entries[5][1][b"json"] = json.dumps(found)
        return entries
    return change


def twice(entries):
    return entries + [(b"*", entries[5][1])]


FAULTS = {
    "n": lambda r: replace_in_window(r, bump("n", 1), None),
    "comments": lambda r: replace_in_window(r, bump("comments", 1), None),
    "nps by its last digit": lambda r: replace_in_window(r, bump("nps", 0.0001), None),
    "interval": lambda r: replace_in_window(r, bump("nps_hi", 0.0001), None),
    "from_ms": lambda r: replace_in_window(r, bump("from_ms", 3600000), None),
    "asof_ms": lambda r: replace_in_window(r, bump("asof_ms", 1), None),
    "step_s": lambda r: replace_in_window(r, bump("step_s", 1), None),
    "funnel": lambda r: replace_in_window(r, bump("opened", 1), None),
    "a field too many": lambda r: replace_in_window(r, '"n":', '"m":1,"n":'),
    "a field less": lambda r: replace_in_window(r, '"sd":', '"s":'),
    "no JSON": lambda r: r.hset(SEG, "30d", "{"),
    "a window less": lambda r: r.hdel(SEG, "7d"),
    "a window too many": lambda r: r.hset(SEG, "8d", "{}"),
    "no rev": lambda r: r.hdel(SEG, "rev"),
    "a key less": lambda r: r.delete(SEG),
    "a key too many": lambda r: r.hset("nps:v:{kind=other,location=nowhere}", mapping={"rev": "1", "1h": "{}"}),
    "no braces": lambda r: r.rename(SEG, "nps:v:kind=transactional"),
    "index too small": lambda r: r.srem("nps:index:all", "kind=transactional"),
    "index too large": lambda r: r.sadd("nps:index:channel", "kind=transactional"),
    "an index too many": lambda r: r.sadd("nps:index:team", "kind=transactional,team=a"),
    "a rank less": lambda r: r.delete("nps:rank:transactional:location/1:30d"),
    "a rank too many": lambda r: r.zadd("nps:rank:transactional:location:30d", {"north": 1}),
    "ranked too low": lambda r: r.zincrby("nps:rank:transactional:channel:30d", -0.0001, "email"),
    "not ranked": lambda r: r.zrem("nps:rank:transactional:channel:30d", "email"),
    "ranked too many": lambda r: r.zadd("nps:rank:transactional:channel:30d", {"__none__": 1}),
    "a series less": lambda r: r.delete("nps:series:{kind=transactional}:1d"),
    "a series too many": lambda r: r.hset("nps:series:{kind=transactional,channel=email}:1d", "0", "1 0 0"),
    "a pane too many": lambda r: r.hset("nps:series:{kind=transactional}:1h", "3600", "0 0 0"),
    "a pane less": lambda r: r.hdel("nps:series:{kind=transactional}:1d", min(r.hkeys("nps:series:{kind=transactional}:1d"))),
    "counted": lambda r: r.hincrby("nps:totals", "counted", 1),
    "a reason": lambda r: r.hincrby("nps:totals", "survey-events/rejected:no_kind", -1),
    "clock": lambda r: r.hincrby("nps:totals", "clock_ms", 1),
    "a total too many": lambda r: r.hset("nps:totals", "late:unknown_update", 2),
    "an alert less": lambda r: edit_alert(r, lambda entries: entries[:5] + entries[6:]),
    "an alert twice": lambda r: edit_alert(r, twice),
    "alerts in the wrong order": lambda r: edit_alert(r, lambda e: list(zip([i for i, _ in e], [f for _, f in reversed(e)]))),
    "severity field": lambda r: edit_alert(r, with_field(b"severity", b"low")),
    "stale": lambda r: edit_alert(r, lambda e: e[:5] + [(e[5][0], {**e[5][1], b"stale": b"0"})] + e[6:]),
    "source": lambda r: edit_alert(r, with_json("source", "survey-events/9/9")),
    "incident": lambda r: edit_alert(r, with_json("incident", 9)),
    "prev_score": lambda r: edit_alert(r, with_json("prev_score", 11)),
    "comment": lambda r: edit_alert(r, with_json("comment", "?")),
    "a dimension": lambda r: edit_alert(r, with_json("channel", "fax")),
    "seg": lambda r: edit_alert(r, with_json("seg", "all")),
    "reasons": lambda r: edit_alert(r, with_json("reasons", "none")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(account, published, fault):
    FAULTS[fault](published)
    diff, figures = differences(account, published)
    assert diff.count > 0 and figures["differences"] == diff.count
    assert diff.texts


def test_a_trimmed_stream_may_lack_its_oldest(account, published):
    entries = published.xrange("nps:alerts")
    published.xtrim("nps:alerts", maxlen=len(entries) // 2, approximate=False)
    assert differences(account, published)[0].count == len(entries) - len(entries) // 2
    by_time = differences(account, published, keep=len(entries) // 2)[0]
    assert by_time.count == 0


def test_program_prints_one_json_object_last(folder, server, published):
    command = [sys.executable, HERE.parent / "system" / "check_account.py", "--account", folder / "account", "--redis", server.url,
               "--segments", " ".join(check_account.set_name(dims) for dims in SETS), "--series", "all theme",
               "--series-steps", "1h 1d"]
    good = subprocess.run(command, capture_output=True, text=True, timeout=120)
    last = json.loads(good.stdout.splitlines()[-1])
    assert good.returncode == 0 and last["differences"] == 0
    assert list(last) == ["events", "segments", "windows", "alerts", "differences", "seconds"]
    published.delete("nps:alerts")
    bad = subprocess.run(command, capture_output=True, text=True, timeout=120)
    lines = bad.stdout.splitlines()
    assert bad.returncode == 1 and len(lines) == 22 and json.loads(lines[-1])["differences"] == last["alerts"]
