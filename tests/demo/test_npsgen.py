"""npsgen: same options same bytes, records that mean what its account says of them, and a producer that keeps order."""

import collections
import datetime
import json
import os
import pathlib
import subprocess

import confluent_kafka
import pytest

NPSGEN = os.environ.get("NPSGEN", "build/npsgen")
START = 1735689600000
DAY = 86400000
FIELDS = "channel stage team product profile language survey_id owner respondent_id".split()


def run(*options, check=True, **more):
    return subprocess.run([NPSGEN, *map(str, options)], capture_output=True, check=check, timeout=120, **more)


def make(tmp_path, *options, name="account"):
    """The records on standard output, and the account's first line, records and summary."""
    out = run("--stdout", "--start-ms", START, "--account", tmp_path / name, *options).stdout
    lines = (tmp_path / name).read_bytes().split(b"\n")
    about, *records, last = [json.loads(line) for line in lines if line]
    return out.split(b"\n")[:-1], about["run"], records, last["summary"]


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    return make(tmp_path_factory.mktemp("many"), "--events", 60000, "--seed", 7)


def test_same_options_same_bytes(tmp_path):
    first = make(tmp_path, "--events", 3000, "--seed", 5, name="a")
    again = make(tmp_path, "--events", 3000, "--seed", 5, name="b")
    other = make(tmp_path, "--events", 3000, "--seed", 6, name="c")
    assert first[0] == again[0] and first[2:] == again[2:]
    assert not set(first[0]) & set(other[0]) - {b""}
    assert not {r["id"] for r in first[2]} & {r["id"] for r in other[2]}


@pytest.mark.parametrize("bad,late,duplicates,edits", [(0.01, 0.005, 0.02, 0.05), (0.1, 0.1, 0.2, 0.3), (0, 0, 0, 0)])
def test_shares_are_near_what_was_asked(tmp_path, bad, late, duplicates, edits):
    n = 20000
    options = ["--bad", bad, "--late", late, "--duplicates", duplicates, "--edits", edits]
    _, _, _, sums = make(tmp_path, "--events", n, *options)
    asked = {"late": late, "duplicate": duplicates, "edits": edits, "creates": 1 - bad - late - duplicates - edits}
    for intent, share in asked.items():
        assert abs(sums[intent] / n - share) <= 0.004 + 0.1 * share, (intent, sums)
    assert abs((sums["rejected"] + sums["ignored"]) / n - bad) <= 0.004


def test_account_adds_up(many):
    values, about, records, sums = many
    assert len(values) == len(records) == sums["records"] and about["seed"] == 7
    seen = collections.Counter(r["intent"] for r in records)
    for intent in ("creates", "edits", "duplicate", "late"):
        assert seen[intent] == sums[intent] > 0
    told = {k: v for k, v in sums.items() if ":" in k}
    assert told == {k: v for k, v in seen.items() if ":" in k}
    assert sums["rejected"] + sums["ignored"] == sum(told.values())
    assert sums["clock_ms"] == max(r["event_ms"] for r in records if r["intent"] in ("creates", "edits"))
    # tombstones can't stand on a line; all other reasons of this version must be there
    reasons = {k.split(":")[1] for k in told}
    assert reasons == set(
        "too_big bad_utf8 bad_json unknown_type not_counted other_metric no_id bad_field no_time future no_kind "
        "no_location wrong_scale bad_score out_of_range".split())


def time_of(value):
    if isinstance(value, str) and not value.isdigit():
        when = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
        return int((when - datetime.datetime.fromtimestamp(0, datetime.timezone.utc)) / datetime.timedelta(milliseconds=1))
    number = float(value)
    return int(number * 1000 if abs(number) < 1e11 else number)


def content_of(event):
    """What a good event says, as the account writes it."""
    score = event["score"]
    content = {
        "score": None if score is None else int(score),
        "survey_kind": event["survey_kind"],
        "location": "/".join(level for level in event["location"].split("/") if level),
        "has_comment": bool(event.get("comment")),
    }
    for field in FIELDS:
        if event.get(field) not in (None, ""):
            content[field] = event[field]
    themes = sorted(set(event.get("themes", [])) - {""})
    if themes:
        content["themes"] = themes
    return content


def own_time(event, record_ms):
    for field in ("responded_at", "at", "updated_at"):
        if event.get(field) not in (None, "n/a"):
            return time_of(event[field])
    return record_ms


def test_good_records_say_what_the_account_says(many):
    values, _, records, _ = many
    for value, record in zip(values, records):
        if ":" in record["intent"]:
            continue
        event = json.loads(value.decode())
        own = own_time(event, record["record_ms"])
        said = dict(record["is"])
        comment = said.pop("comment", None)
        if "themes" in said:
            said["themes"] = sorted(said["themes"])
        assert event["type"] == "response.submitted" and event["response_id"] == record["id"]
        assert content_of(event) == said
        assert comment is None or comment == event["comment"]
        assert record["intent"] != "creates" or record["event_ms"] == own
        at_ms = time_of(event["updated_at"]) if "updated_at" in event else own
        assert record.get("at_ms", record["event_ms"]) == at_ms


def strictly_json(value):
    def no_constant(text):
        raise ValueError(text)

    try:
        text = json.dumps(json.loads(value.decode(), parse_constant=no_constant), ensure_ascii=False)
        text.encode()  # a lone surrogate fails here
        return text.startswith("{") and "[" * 256 not in text
    except (ValueError, RecursionError):
        return False


def test_bad_bytes_are_bad_and_others_are_not(many):
    values, _, records, _ = many
    for value, record in zip(values, records):
        reason = record["intent"].partition(":")[2]
        if reason == "bad_utf8":
            with pytest.raises(UnicodeDecodeError):
                value.decode()
        elif reason == "too_big":
            assert len(value) > 262144
        else:
            assert len(value) < 65536 and value.decode() is not None
            assert strictly_json(value) == (reason != "bad_json"), value


def test_time_is_laid_out_so_that_intents_hold_in_any_partition(many):
    _, _, records, _ = many
    stream, applied = 0, {}
    for r in records:
        assert r["record_ms"] > stream - 20000
        stream = max(stream, r["record_ms"])
        intent = r["intent"]
        if intent == "creates":
            assert r["id"] not in applied
            assert stream - 6 * DAY < r["event_ms"] < r["record_ms"] + 120000
        if intent in ("edits", "duplicate"):
            assert applied[r["id"]] > stream - 6 * DAY
        if intent == "late":
            assert r["event_ms"] < r["record_ms"] - 8 * DAY
            assert applied.get(r["id"], 0) < r["record_ms"] - 8 * DAY
        if intent in ("creates", "edits"):
            applied[r["id"]] = r["record_ms"]


def test_orders_are_mixed(many):
    """Edits by revision, by update time, by offset alone; out-of-order and repeated ones among the duplicates."""
    values, _, records, _ = many
    forms = collections.Counter()
    seen = set()
    for value, record in zip(values, records):
        if record["intent"] in ("edits", "duplicate"):
            event = json.loads(value)
            forms[record["intent"], "revision" in event, "updated_at" in event] += 1
            forms[record["intent"], "same bytes"] += value in seen
        seen.add(value)
    for key in [("edits", False, False), ("edits", True, False), ("edits", False, True), ("edits", True, True),
                ("duplicate", True, False), ("duplicate", False, True), ("duplicate", "same bytes")]:
        assert forms[key] > 20, forms


@pytest.mark.parametrize("options", [["--stdout", "--colour"], ["--stdout", "--events", "many"], ["--stdout", "--late", "2"],
                                     [], ["--stdout", "--mock", "2"], ["--stdout", "--span", "3"], ["extra"],
                                     ["--stdout", "--events", "forever"], ["--mock", "1", "--properties", "no.such=1"]])
def test_wrong_options_are_refused(options):
    done = run(*options, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 2 and done.stderr.startswith(b"npsgen: ")


def test_help_lists_every_option():
    text = run("--help").stdout.decode()
    for name in ("seed events rate span locations topic brokers stdout start-ms duplicates edits late bad account "
                 "properties mock group create").split():
        assert f"  --{name}" in text


def test_rate_is_kept(tmp_path):
    begun = datetime.datetime.now()
    run("--stdout", "--events", 60, "--rate", "200/s")
    assert datetime.datetime.now() - begun >= datetime.timedelta(seconds=0.25)


class Mock:
    """npsgen with its mock cluster, until the block ends."""

    def __init__(self, *options):
        self.options = [NPSGEN, *map(str, options)]

    def __enter__(self):
        self.process = subprocess.Popen(self.options, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.process.stdout.readline().decode()
        assert line.startswith("bootstrap=")
        self.bootstrap = line.strip().partition("=")[2]
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        assert self.process.wait(timeout=30) == 0


def consume(bootstrap, topic, count):
    consumer = confluent_kafka.Consumer({"bootstrap.servers": bootstrap, "group.id": "test", "auto.offset.reset": "earliest",
                                         "enable.auto.commit": False})
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    consumer.assign([confluent_kafka.TopicPartition(topic, p, 0) for p in partitions])
    messages = []
    deadline = datetime.datetime.now() + datetime.timedelta(seconds=60)
    while len(messages) < count and datetime.datetime.now() < deadline:
        messages += consumer.consume(1000, timeout=0.5)
    consumer.close()
    assert not [m.error() for m in messages if m.error()]
    return messages, len(partitions)


def test_what_arrives_in_kafka_is_what_the_account_tells(tmp_path):
    account = tmp_path / "account"
    with Mock("--mock", 4, "--events", 8000, "--topic", "t", "--account", account, "--start-ms", START, "--bad", "0.05") as mock:
        messages, partitions = consume(mock.bootstrap, "t", 8000)
    records = [json.loads(line) for line in account.read_bytes().splitlines()[1:-1]]
    assert len(messages) == len(records) == 8000 and partitions == 4
    by_key = collections.defaultdict(list)
    for m in sorted(messages, key=lambda m: (m.partition(), m.offset())):
        by_key[m.key()].append(m)
    for record in records:  # in order within each key, so that taking the first one left pairs them up
        m = by_key[record["id"].encode()].pop(0)
        assert m.timestamp() == (confluent_kafka.TIMESTAMP_CREATE_TIME, record["record_ms"])
        assert (m.value() is None) == (record["intent"] == "ignored:tombstone")
        if ":" not in record["intent"]:
            assert content_of(json.loads(m.value()))["score"] == record["is"]["score"]
    assert len({m.partition() for m in messages}) == 4


def test_producer_to_a_cluster_of_another_process(tmp_path):
    with Mock("--mock", 2, "--events", 0, "--topic", "t") as mock:
        run("--brokers", mock.bootstrap, "--topic", "t", "--events", 500, "--properties", "linger.ms=1")
        messages, _ = consume(mock.bootstrap, "t", 500)
    assert len(messages) == 500


def test_mock_cluster_is_not_overrun(tmp_path):
    done = run("--mock", 1, "--events", 100000, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and b"5 MiB a partition" in done.stderr


def test_group_paces_the_generator():
    """With --group the same number of records arrives whole, since the reader's commits let the generator go on."""
    options = ["--mock", 1, "--events", 30000, "--topic", "t", "--group", "reader", "--bad", 0]
    with Mock(*options) as mock:
        consumer = confluent_kafka.Consumer({"bootstrap.servers": mock.bootstrap, "group.id": "reader",
                                             "enable.auto.commit": False})
        consumer.assign([confluent_kafka.TopicPartition("t", 0, 0)])
        offsets = []
        deadline = datetime.datetime.now() + datetime.timedelta(seconds=90)
        while len(offsets) < 30000 and datetime.datetime.now() < deadline:
            batch = consumer.consume(500, timeout=0.5)
            offsets += [m.offset() for m in batch if not m.error()]
            if batch:
                consumer.commit(offsets=[confluent_kafka.TopicPartition("t", 0, offsets[-1] + 1)], asynchronous=False)
        consumer.close()
    assert offsets == list(range(30000))


if __name__ == "__main__":
    raise SystemExit(pytest.main([str(pathlib.Path(__file__))]))
