"""Command line and configuration: what npsd refuses, with which message and exit code."""
import signal

import pytest

import harness
from conftest import Case
from harness import wait_for, yaml_text
from stream import BASE_MS, Stream, event, send_all


def run(*arguments):
    done = harness.run("npsd", *arguments)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def write(tmp_path):
    def written(text):
        path = tmp_path / "npsd.yaml"
        path.write_text(text)
        return str(path)
    return written


GOOD = "kafka:\n  topics: [t]\n"


def test_a_good_configuration_is_checked_without_a_server(write):
    code, text = run("--config", write(GOOD), "--check-config")
    assert code == 0, text
    code, text = run("--config", write(GOOD), "--set", "kafka.brokers=nobody:1", "--set", "windows=[1h,2h]", "--check-config")
    assert code == 0, text


@pytest.mark.parametrize("line, field", [
    ("no_such_option: 1", "no_such_option"),
    ("publish:\n  intervall: 1s", "publish.intervall"),
    ("workers: many", "workers"),
    ("workers: 65", "workers"),
    ("clock: sundial", "clock"),
    ("windows: [90s]", "windows"),
    ("windows: [1h, 60m]", "windows"),
    ("segments: [[weather]]", "segments"),
    ("segments: [[location, location]]", "segments"),
    ("segments: [[channel, stage, team, product, profile]]", "segments"),
    ("caps: {weather: 3}", "caps.weather"),
    ("lateness: -1d", "lateness"),
    ("alerts: {respondent: keyed}", "alerts.respondent"),
    ("start: [", ""),
])
def test_a_wrong_configuration_is_refused_with_its_line(write, line, field):
    path = write(GOOD + line + "\n")
    code, text = run("--config", path, "--check-config")
    assert code == 2, text
    assert field in text and f"{path}:" in text, text


def test_a_wrong_setting_and_wrong_arguments_are_refused(write):
    path = write(GOOD)
    for arguments in (["--set", "clock=sundial"], ["--set", "clock"], ["--set", "nothing=1"], ["--frobnicate"], ["more"]):
        code, text = run("--config", path, "--check-config", *arguments)
        assert code == 2 and text, (arguments, text)
    code, text = run("--config", path + ".not-there", "--check-config")
    assert code == 2 and "not-there" in text


@pytest.mark.parametrize("change", [
    {"segments": [[], ["location"]]},
    {"windows": ["1h", "7d"]},
    {"kinds.split": False},
    {"defaults.survey_kind": "other"},
    {"location.required": False},
    {"shards": 4},
    {"caps.channel": 77},
    {"clock": "wall"},
], ids=lambda change: next(iter(change)))
def test_a_changed_option_that_affects_counts_is_refused_and_named(started, change):
    started.options = change
    npsd = started.npsd("--drain")
    npsd.expect_exit(2)
    assert next(iter(change)) in npsd.output()


def test_other_options_may_change(started):
    started.options = {"publish.interval": "2s", "workers": 1, "batch.age": "10ms", "log.level": "debug"}
    started.drain()
    started.check()


@pytest.fixture(scope="module")
def started(broker, tmp_path_factory):
    """A case that has counted records. Each test changes an option and counts no more."""
    folder = tmp_path_factory.mktemp("started")
    server = harness.RedisServer(folder)
    case = Case(broker, server, folder)
    send_all(case.topic_of(1), Stream(1, partitions=1).take(100))
    case.drain()
    yield case
    case.stop()
    server.stop()


def test_set_overrides_the_file(case):
    producer = case.topic_of(1)
    producer.send(event("a", 9), BASE_MS)
    producer.flush()
    config = {**case.file(), "prefix": "other"}
    path = case.folder / "set.yaml"
    path.write_text(yaml_text(config))
    code, text = run("--config", str(path), "--set", "prefix=nps", "--drain")
    assert code == 0, text
    case.check()


def test_an_empty_topic_drains(case):
    case.topic_of(3)
    case.drain()
    assert case.consumed() == 0
    case.check()


def test_latest_begins_at_the_end(case):
    producer = case.topic_of(1)
    producer.send(event("before", 9), BASE_MS)
    case.options = {"start": "latest"}
    case.drain()
    producer.send(event("after", 2), BASE_MS)
    case.drain()
    assert case.totals()["consumed"] == 1 and case.view("kind=relational", "1h")["detractors"] == 1


def test_a_hang_up_reads_the_configuration_again(case):
    """SIGHUP ends nothing; log.level is in force at once, also after a file that cannot be read."""
    producer = case.topic_of(1)
    case.options = {"log.level": "error"}
    npsd = case.npsd()
    path = case.folder / f"{npsd.name}.yaml"
    good = path.read_text()

    def hang_up(text, said):
        path.write_text(text)
        before = len(npsd.output())
        npsd.signal(signal.SIGHUP)
        wait_for(f"it says {said}", lambda: npsd.alive() and said in npsd.output()[before:])

    producer.send(event("a", 9), BASE_MS)
    producer.flush()
    wait_for("it counts", lambda: npsd.alive() and case.consumed() == 1)
    assert npsd.output() == ""
    npsd.signal(signal.SIGHUP)  # the line is below its own level
    path.write_text(good.replace('level: "error"', 'level: "info"'))
    wait_for("info is logged", lambda: npsd.alive() and (npsd.signal(signal.SIGHUP) or "log.level is in force" in npsd.output()))
    hang_up(good + "nonsense: 1\n", "nonsense: unknown option; accepted: those that npsd --help lists; nothing changes")
    hang_up(good, "log.level is in force")
    producer.send(event("b", 9), BASE_MS)
    producer.flush()
    wait_for("it goes on", lambda: npsd.alive() and case.consumed() == 2)
    npsd.signal(signal.SIGTERM)
    npsd.expect_exit(0)
