"""
Hypothesis strategies for streams: few responses and invitations with many events each. Shrinking simplifies each event.
A stream is a list of Sent.
"""
import json
from collections import Counter, namedtuple
from datetime import datetime, timezone

from hypothesis import strategies as st

from odd import VALUES
from recount.events import Record
from stream import BAD, BASE_MS, DAY_MS, HOUR_MS, MINUTE_MS, STAGES

Sent = namedtuple("Sent", "value timestamp_ms partition headers", defaults=(None,))
Raw = namedtuple("Raw", "text")  # JSON as it is written
PARTITIONS = 2
EXAMPLES = 60  # how many streams test_streams sends through the broker

SETS = [
    [[], ["location"]],
    [[], ["location"], ["channel"], ["location", "channel"], ["theme", "attributes.plan"]],
    [["theme"], ["team", "stage"], ["attributes.plan", "attributes.age", "channel", "location"]],
]
OPTIONS = st.fixed_dictionaries({}, optional={
    "sets": st.sampled_from(SETS),
    "windows": st.sampled_from([["1h", "24h", "7d"], ["3h", "31d", "32d"], ["12h"]]),
    "split_kinds": st.just(False),
    "default_kind": st.sampled_from(["other", "relational"]),
    "location_required": st.just(False),
    "lateness_ms": st.sampled_from([DAY_MS, 2 * MINUTE_MS, 30 * DAY_MS]),
    "caps": st.dictionaries(st.sampled_from(["location", "channel", "theme", "owner", "team"]), st.integers(1, 3)),
    "alerts_comment": st.just(False),
    "alerts_respondent": st.just("off"),
    "rank_min_n": st.integers(1, 2),
})

# Differences of the timestamps of two records, and of a record and a time in it.
STEPS_MS = [0, 1, MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, 12 * HOUR_MS, DAY_MS, 7 * DAY_MS, 7 * DAY_MS + 1, -1, -MINUTE_MS, -HOUR_MS]
AGES_MS = [0, 1, MINUTE_MS, HOUR_MS, DAY_MS, DAY_MS + 1, 6 * DAY_MS, 7 * DAY_MS, 7 * DAY_MS + 1, 40 * DAY_MS, -5 * MINUTE_MS,
           -5 * MINUTE_MS - 1]
TEXTS = ["a", "b", "", "__none__", "__other__", "a=b,c", "\u00e9%", "\x00\x7f", None]
ABSENT = object()
NEEDED = {"score": 3, "survey_kind": "relational", "location": "a"}  # defaults of an event that creates
TIMES = ("responded_at", "at", "invited_at")
FIELDS = {
    "score": [*range(11), None, "4", 9.0, Raw("1e1"), Raw("-0"), ABSENT],
    "survey_kind": ["transactional", "relational", "other", ABSENT],
    "location": ["a", "b", "a/b", "a/c/d", "b//x", "/", "", "__none__", "__other__", "a/__none__", "\u00e9 %", ABSENT],
    "channel": TEXTS,
    "team": TEXTS,
    "stage": TEXTS,
    "themes": [["a"], ["b"], ["a", "b"], [], ["b", "a", "", "a"], ["__none__"], ["__other__", "c"]],
    "attributes": [{"plan": "a"}, {"plan": "b", "age": "a"}, {"age": "b"}, {"plan": ""}, {"plan": None}, {}],
    "owner": TEXTS,
    "respondent_id": ["p", ""],
    "comment": ["bad", "worse", "", "\u20ac" * 1400],
    "excluded": [False, True, "true", "false"],
    "revision": [1, 2, 3, 4],
    "updated_at": [BASE_MS - DAY_MS + n for n in range(5)],  # not a time of the answer
    **dict.fromkeys(TIMES, [(age, form) for form in ("ms", "text of ms", "s", "RFC 3339") for age in AGES_MS]),
}
ODD_FIELDS = ("score", "type", "response_id", "invitation_id", "revision", "location", "responded_at", "updated_at", "at", "scale",
              "metric", "themes", "attributes", "excluded", "comment", "survey_kind", "data", "specversion", "unknown")
WHOLE = "a whole update"
TYPES = ("response.submitted", "response.updated", "response.retracted", *("survey." + stage for stage in STAGES))

OFTEN = ["revision", "updated_at", "score"] * 3 + ["responded_at", "location", "themes", "excluded"]
FIELD = st.sampled_from([*OFTEN, *FIELDS]).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(FIELDS[name])))
ODD = st.tuples(st.sampled_from(ODD_FIELDS), st.sampled_from(VALUES).map(Raw))
AFTER_MS = st.sampled_from([0, 1, MINUTE_MS, HOUR_MS, -1] * 10 + STEPS_MS)
# number: of the response or invitation; number 4 is response 0 in another partition
EVENT = st.tuples(
    st.sampled_from(["bare", "bare", "bare", "framed", "structured", "binary"]), AFTER_MS, st.integers(0, 4),
    st.sampled_from([TYPES[0]] * 6 + [TYPES[1]] * 4 + [WHOLE] * 2 + [TYPES[2]] * 2 + list(TYPES[3:])), st.lists(FIELD, max_size=12))
AGAIN = st.tuples(st.just("again"), AFTER_MS, st.integers(0, 63))  # about how many records ago
BROKEN = st.tuples(st.just("broken"), AFTER_MS, st.sampled_from(BAD))
WRONG = st.tuples(EVENT, ODD).map(lambda pair: (*pair[0][:4], [*pair[0][4], pair[1]]))
DRAIN = st.just(("drain",))
STEP = st.sampled_from([EVENT] * 24 + [AGAIN] * 8 + [WRONG] * 5 + [BROKEN, BROKEN, DRAIN]).flatmap(lambda step: step)


def fields_of(type_, number, fields, stamp):
    """The fields of an event."""
    named = "invitation_id" if type_.startswith("survey.") else "response_id"
    found = {"type": "response.updated" if type_ == WHOLE else type_, named: f"r{number % 4}"}
    if type_ not in ("response.updated", "response.retracted"):
        found.update(NEEDED)
    if type_ == WHOLE:
        found["responded_at"] = stamp
    for name, value in fields:
        if name in TIMES and isinstance(value, tuple) and not isinstance(value, Raw):
            value = time_of(stamp - value[0], value[1])
        found[name] = value
    return {name: value for name, value in found.items() if value is not ABSENT}


def time_of(ms, form):
    if form == "RFC 3339":
        return datetime.fromtimestamp(ms // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03d}Z"
    if form == "s":
        return Raw(f"{ms // 1000}.{ms % 1000:03d}")
    return ms if form == "ms" else str(ms)


def written(value):
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{written(of)}" for name, of in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def header(value):
    return (value.text if isinstance(value, Raw) else str(value)).encode()


def wrapped(fields, how):
    """(value, headers) of an event: bare, framed, or a binary or structured CloudEvent with type, id and time as attributes."""
    if how == "bare" or how == "framed":
        return (b"\0\0\0\0\7" if how == "framed" else b"") + written(fields).encode(), None
    attribute_of = {"type": "type", "response_id": "subject", "invitation_id": "subject", "responded_at": "time", "at": "time"}
    attributes = {attribute_of[name]: value for name, value in fields.items() if name in attribute_of}
    body = {name: value for name, value in fields.items() if name not in attribute_of}
    if how == "binary":
        return written(body).encode(), [("ce_" + name, header(value)) for name, value in attributes.items()]
    return written({"specversion": "1.0", **attributes, "data": body}).encode(), None


def built(steps):
    """Lists of records in the order in which they are sent, with a drain after each list."""
    parts, sent, now_ms = [[]], [], BASE_MS
    for how, *more in steps:
        if how == "drain":
            parts.append([])
            continue
        now_ms += more[0]
        if how == "again":
            if not sent:
                continue
            record = sent[-1 - more[1] % len(sent)]._replace(timestamp_ms=now_ms)
        elif how == "broken":
            record = Sent(more[1], now_ms, 0)
        else:
            _, number, type_, fields = more
            value, headers = wrapped(fields_of(type_, number, fields, now_ms), how)
            record = Sent(value, now_ms, (number + number // 4) % PARTITIONS, headers)
        sent.append(record)
        parts[-1].append(record)
    return [part for part in parts if part][:3]


def cases(lists=7):
    """A configuration, and what is sent before each drain. Several lists of steps are joined because a single one is short."""
    steps = st.tuples(*[st.lists(STEP, max_size=20)] * lists).map(lambda lists: [step for of in lists for step in of])
    return st.tuples(OPTIONS, steps.map(built))


def records_of(topic, sent):
    """The records of the topic after all were sent."""
    ends, found = Counter(), []
    for record in sent:
        found.append(Record(topic, record.partition, ends[record.partition], record.timestamp_ms, record.value, record.headers or ()))
        ends[record.partition] += 1
    return found
