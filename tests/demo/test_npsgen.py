"""npsgen: the same options give the same bytes, records match the account, and the producer keeps their order."""

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
FIELDS = "channel stage team product profile language survey_id owner".split()
KINDS = ["--edits", 0.1, "--updates", 0.1, "--retractions", 0.06, "--funnel", 0.2, "--cloudevents", 0.1]
COUNTED = ("creates", "edits", "withdraws", "revives", "reaches")


def run(*options, check=True, **more):
    return subprocess.run([NPSGEN, *map(str, options)], capture_output=True, check=check, timeout=120, **more)


def make(tmp_path, *options, name="account"):
    """(records on standard output, options, records and sums of the account)"""
    out = run("--stdout", "--start-ms", START, "--account", tmp_path / name, *options).stdout
    lines = (tmp_path / name).read_bytes().split(b"\n")
    about, *records, last = [json.loads(line) for line in lines if line]
    return out.split(b"\n")[:-1], about["run"], records, last["summary"]


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    return make(tmp_path_factory.mktemp("many"), "--events", 60000, "--seed", 7, "--bad", 0.03, "--late", 0.02, *KINDS)


def test_same_options_same_bytes(tmp_path):
    first = make(tmp_path, "--events", 3000, "--seed", 5, *KINDS, name="a")
    again = make(tmp_path, "--events", 3000, "--seed", 5, *KINDS, name="b")
    other = make(tmp_path, "--events", 3000, "--seed", 6, *KINDS, name="c")
    assert first[0] == again[0] and first[2:] == again[2:]
    assert not set(first[0]) & set(other[0]) - {b""}
    assert not {r["id"] for r in first[2]} & {r["id"] for r in other[2]}


SHARES = ("bad", "late", "duplicates", "edits", "updates", "retractions", "funnel")


@pytest.mark.parametrize("shares", [(0.01, 0.005, 0.02, 0.05, 0.04, 0.02, 0.3), (0.1, 0.1, 0.2, 0.3, 0, 0, 0), (0,) * 7,
                                    (0, 0, 0, 0, 0.2, 0.03, 0.2), (0, 0, 0.1, 0.1, 0, 0.06, 0)])
def test_shares_are_near_the_options(tmp_path, shares):
    n = 20000
    shares_of = dict(zip(SHARES, shares))
    options = [text for name, share in shares_of.items() for text in ("--" + name, share)]
    _, _, _, sums = make(tmp_path, "--events", n, *options)

    def near(share, *intents):
        found = sum(sums.get(intent, 0) for intent in intents) / n
        assert abs(found - share) <= 0.004 + 0.1 * share, (intents, sums)

    near(shares_of["bad"], "rejected", "ignored")
    near(shares_of["funnel"], "reaches")
    unknown = 0.06 * shares_of["updates"]  # half of them create, half are late
    near(shares_of["late"] + unknown / 2 + 0.02 * shares_of["updates"] * (shares_of["retractions"] > 0), "late")
    # a few edit or withdraw a withdrawn response, or are out of order
    near(shares_of["edits"] + shares_of["updates"] - unknown, "edits", "revives")
    near(shares_of["duplicates"] + 0.1 * shares_of["retractions"], "duplicate")
    near(0.9 * shares_of["retractions"], "withdraws")
    near(1 - sum(shares) + unknown / 2, "creates")


def test_account_adds_up(many):
    values, about, records, sums = many
    assert len(values) == len(records) == sums["records"] and about["seed"] == 7
    seen = collections.Counter(r["intent"] for r in records)
    for intent in COUNTED + ("duplicate",):
        assert seen[intent] == sums[intent] > 0
    assert seen["late"] + seen["late:unknown_update"] == sums["late"]
    by_reason = {k: v for k, v in sums.items() if ":" in k}
    assert by_reason == {k: v for k, v in seen.items() if ":" in k}
    assert sums["rejected"] + sums["ignored"] + by_reason["late:unknown_update"] == sum(by_reason.values())
    assert sums["clock_ms"] == max(r["event_ms"] for r in records if r["intent"] in COUNTED and r["intent"] != "withdraws")
    # standard output holds no tombstones; all other reasons must be present
    reasons = {k.split(":")[1] for k in by_reason if not k.startswith("late:")}
    assert reasons == set(
        "too_big bad_utf8 bad_json unknown_type not_counted other_metric no_id bad_field no_time future no_kind "
        "no_location wrong_scale bad_score out_of_range".split())


def time_of(value):
    if isinstance(value, str) and not value.isdigit():
        when = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
        return int((when - datetime.datetime.fromtimestamp(0, datetime.timezone.utc)) / datetime.timedelta(milliseconds=1))
    number = float(value)
    return int(number * 1000 if abs(number) < 1e11 else number)


def unwrap(value, headers=()):
    """The event of a good record, decoded without npsd, and the time of the CloudEvent."""
    headers = dict(headers)
    if value[:1] == b"\0":
        value = value[5:]
    event = json.loads(value.decode())
    attributes = {name: headers[key].decode() for name in ("type", "subject", "time") if (key := "ce_" + name) in headers}
    if "specversion" in event:
        attributes, event = {name: event[name] for name in ("type", "subject", "time") if name in event}, event["data"]
    if "type" not in event:
        event["type"] = attributes["type"]
    name = "invitation_id" if event["type"].startswith("survey.") else "response_id"
    if name not in event:
        event[name] = attributes["subject"]
    return event, attributes.get("time")


def content_of(event):
    """The fields of an event with the names of the account; None for an explicit none."""
    found = {}
    for field in FIELDS:
        if event.get(field) is not None:
            found[field] = event[field] or None
    if "plan" in event.get("attributes", {}):
        found["attributes.plan"] = event["attributes"]["plan"] or None
    if event.get("survey_kind") is not None:
        found["survey_kind"] = event["survey_kind"]
    if event.get("location") is not None:
        found["location"] = "/".join(level for level in event["location"].split("/") if level)
    if event["type"].startswith("survey."):
        return found
    if "score" in event:
        found["score"] = None if event["score"] is None else int(event["score"])
    if event.get("themes") is not None:
        found["themes"] = sorted(set(event["themes"]) - {""}) or None
    if event.get("comment") is not None:
        found["has_comment"], found["comment"] = bool(event["comment"]), event["comment"] or None
    if event.get("respondent_id") is not None:
        found["respondent_id"] = event["respondent_id"]
    return found


def own_time(event, ce_time, record_ms):
    survey = event["type"].startswith("survey.")
    for field in ("at", "invited_at") if survey else ("responded_at", "at", "updated_at"):
        if event.get(field) not in (None, "n/a"):
            return time_of(event[field])
    return time_of(ce_time) if ce_time else record_ms


def check_good(record, value, headers=()):
    event, ce_time = unwrap(value, headers)
    survey = record["type"].startswith("survey.")
    assert event["type"] == record["type"] and event["invitation_id" if survey else "response_id"] == record["id"]
    own = own_time(event, ce_time, record["record_ms"])
    assert record["intent"] not in ("creates", "revives", "reaches") or record["event_ms"] == own
    if not survey:
        at_ms = time_of(event["updated_at"]) if event.get("updated_at") is not None else own
        assert record.get("at_ms", record["event_ms"]) == at_ms
    withdrawn = record["type"] == "response.retracted" or record.get("excluded", False)
    assert withdrawn == (event["type"] == "response.retracted" or event.get("excluded") in (True, "true"))
    assert ("is" in record) == (not withdrawn)
    if withdrawn:
        return
    mentioned, content = content_of(event), dict(record["is"])
    if "themes" in content:
        content["themes"] = sorted(content["themes"])
    assert {name: content.get(name) for name in mentioned} == mentioned
    if record["type"] != "response.updated":  # a complete record: a field that it does not mention is none
        assert not content.keys() - mentioned.keys() - {"score", "has_comment"}
        assert survey or "score" in mentioned and ("has_comment" in mentioned or not content["has_comment"])


def test_good_records_match_the_account(many):
    values, _, records, _ = many
    types = collections.Counter()
    for value, record in zip(values, records):
        if "type" in record:
            types[record["type"]] += 1
            check_good(record, value)
    assert len(types) == 9 and min(types.values()) > 50, types


def test_edits_keep_what_they_do_not_mention(many):
    values, _, records, _ = many
    content, partial = {}, 0
    for value, record in zip(values, records):
        if record["intent"] not in ("creates", "edits", "withdraws", "revives"):
            continue
        kept = content.get(record["id"])
        assert ("was" in record) == (kept is not None)
        blank = {"comment": None, "respondent_id": None}
        if kept is not None:
            assert record["was"] | blank == {k: v for k, v in kept.items() if v != "__none__"} | blank
        content[record["id"]] = record.get("is")
        if record["type"] == "response.updated" and record["intent"] == "edits":
            mentioned = content_of(unwrap(value)[0])
            left = record["is"].keys() - mentioned.keys()
            kept = {k: v for k, v in kept.items() if v != "__none__"}
            assert {name: kept.get(name) for name in left} == {name: record["is"][name] for name in left}
            assert not kept.keys() - record["is"].keys() - mentioned.keys() - blank.keys()
            partial += bool(left & {"location", "score"})
    assert partial > 1000


def test_stages_of_invitations(many):
    _, _, records, _ = many
    stages, last = collections.defaultdict(set), {}
    for r in records:
        if not r.get("type", "").startswith("survey."):
            continue
        if r["intent"] == "reaches":
            assert r["type"] not in stages[r["id"]]
            stages[r["id"]].add(r["type"])
            last[r["id"]] = r["record_ms"]
        elif r["intent"] == "duplicate":
            assert r["type"] in stages[r["id"]] and last[r["id"]] > r["record_ms"] - 6 * DAY
        else:
            assert r["intent"] == "late" and not stages[r["id"]]
    seen = collections.Counter(stage for of in stages.values() for stage in of)
    invited = seen["survey.invited"]
    for stage, share in {"delivered": 0.9, "opened": 0.35, "bounced": 0.04, "declined": 0.03, "unsubscribed": 0.015}.items():
        assert 0.6 < seen["survey." + stage] / invited / share < 1.4, seen
    answers = {r["id"] for r in records if r["intent"] == "creates"}
    assert answers & stages.keys()  # ids of responses and invitations are separate name spaces


def strictly_json(value):
    def no_constant(text):
        raise ValueError(text)

    try:
        text = json.dumps(json.loads(value.decode(), parse_constant=no_constant), ensure_ascii=False)
        text.encode()  # a lone surrogate fails here
        return text.startswith("{") and "[" * 256 not in text
    except (ValueError, RecursionError):
        return False


def test_only_bad_records_have_bad_bytes(many):
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


def test_intents_hold_in_any_partition(many):
    _, _, records, _ = many
    stream, applied, withdrawn = 0, {}, set()
    for r in records:
        assert r["record_ms"] > stream - 20000
        stream = max(stream, r["record_ms"])
        intent = r["intent"]
        key = r["id"], r.get("type", "").startswith("survey.")
        first = intent in ("creates", "withdraws") and key not in applied
        assert intent != "creates" or first
        if first or intent in ("revives", "reaches"):
            assert stream - 6 * DAY < r["event_ms"] < r["record_ms"] + 120000
        if intent in ("edits", "revives", "duplicate") or (intent == "withdraws" and not first):
            assert applied[key] > stream - 6 * DAY
        if intent == "late":
            assert r["event_ms"] < r["record_ms"] - 8 * DAY
            assert key in withdrawn or applied.get(key, 0) < r["record_ms"] - 8 * DAY
        if intent in COUNTED:
            applied[key] = r["record_ms"]
            withdrawn.discard(key)
        if intent == "withdraws":
            withdrawn.add(key)


def test_orders_are_mixed(many):
    """Edits by revision, by update time and by offset alone; duplicates out of order and repeated."""
    values, _, records, _ = many
    forms = collections.Counter()
    seen = set()
    for value, record in zip(values, records):
        if record["intent"] in ("edits", "duplicate"):
            event, _ = unwrap(value)
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
    for name in ("seed events rate span locations topic brokers stdout start-ms duplicates edits updates retractions funnel "
                 "late bad cloudevents frames account properties mock group create").split():
        assert f"  --{name}" in text


def test_rate_is_kept(tmp_path):
    begun = datetime.datetime.now()
    run("--stdout", "--events", 60, "--rate", "200/s")
    assert datetime.datetime.now() - begun >= datetime.timedelta(seconds=0.25)


class Mock:
    """npsgen with its mock cluster; it ends with the block."""

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


def test_records_in_kafka_match_the_account(tmp_path):
    account = tmp_path / "account"
    with Mock("--mock", 4, "--events", 8000, "--topic", "t", "--account", account, "--start-ms", START, "--bad", "0.05",
              *KINDS) as mock:
        messages, partitions = consume(mock.bootstrap, "t", 8000)
    records = [json.loads(line) for line in account.read_bytes().splitlines()[1:-1]]
    assert len(messages) == len(records) == 8000 and partitions == 4
    by_key = collections.defaultdict(list)
    for m in sorted(messages, key=lambda m: (m.partition(), m.offset())):
        by_key[m.key()].append(m)
    forms = collections.Counter()
    for record in records:  # each key has its records in order
        m = by_key[record["id"].encode()].pop(0)
        assert m.timestamp() == (confluent_kafka.TIMESTAMP_CREATE_TIME, record["record_ms"])
        assert (m.value() is None) == (record["intent"] == "ignored:tombstone")
        if "type" in record:
            headers = m.headers() or []
            check_good(record, m.value(), headers)
            forms["binary" if b"1.0" in dict(headers).values() else "headers" if headers else m.value()[:1] == b"\0"] += 1
    assert min(forms[form] for form in ("binary", "headers", True, False)) > 50, forms
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
    """With --group the generator waits for the commits of the group, so the mock cluster drops no record."""
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
