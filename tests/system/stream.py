"""Single events, and seeded streams of them: edits, duplicates, disorder, bad input, over several partitions."""
import json
import os
import random
from collections import namedtuple

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
BASE_MS = 1_700_000_000_000  # long past: alerts are stale, and no record is ahead of the clock
SETS = [[], ["location"], ["channel"], ["location", "channel"], ["theme", "attributes.plan"]]
Sent = namedtuple("Sent", "value timestamp_ms partition")

LOCATIONS = ["north/lisbon/unit-1", "north/lisbon/unit-2", "north/porto", "south/faro/unit-1", "south", "west/a=b,c{d}",
             "west//a%2F", "__none__", "é/ü/\u6771", "north/lisbon"]
CHANNELS = ["email", "sms", "web", "", None, "__none__", "in app", "a:b\x7f", "\x01"]
TEAMS = ["red", "blue", "", None]
STAGES = ["invited", "delivered", "opened", "declined", "bounced", "unsubscribed"]
PARTS = ["score", "survey_kind", "location", "channel", "team", "themes", "attributes", "owner", "comment", "responded_at"]
COMMENTS = ["slow", "rude", "obrigado", "¡tarde!", "", None, None]
BAD = [
    None, b"", b"{", b'{"a":1}}', b'{"type":"response.submitted","response_id":"\xff"}', b"[]", b'{"type":"x"}',
    b'{"type":"response.submitted"}', b'{"type":"survey.invited","invitation_id":"i"}', b'{"a":' + b"[" * 300 + b"]" * 300 + b"}",
]


def event(id_, score, **fields):
    """A submitted response. A field that is `...` is left out."""
    found = {"type": "response.submitted", "response_id": id_, "score": score, "survey_kind": "relational",
             "location": "north/lisbon", **fields}
    return {name: value for name, value in found.items() if value is not ...}


def seed_of(default):
    """NPSD_TEST_SEED if it is set, else the default. Prints it, so that a failure can be repeated."""
    seed = int(os.environ.get("NPSD_TEST_SEED", default))
    print(f"seed {seed} (NPSD_TEST_SEED={seed})")
    return seed


class Stream:
    """Records that depend on the seed alone. pace_ms: about how far the record timestamps advance from one to the next."""

    def __init__(self, seed, partitions=3, responses=400, base_ms=BASE_MS, pace_ms=40_000):
        self.random = random.Random(seed)
        self.partitions, self.responses, self.pace_ms = partitions, responses, pace_ms
        self.now_ms = base_ms
        self.sent_of = {}  # response number -> its events so far

    def take(self, n):
        return [self.next() for _ in range(n)]

    def next(self):
        r = self.random
        self.now_ms += r.choice([0, 1, 17, self.pace_ms // 2, self.pace_ms, 3 * self.pace_ms])
        if r.random() < 0.01:
            self.now_ms += 12 * HOUR_MS  # so that windows of days advance, and answers are forgotten
        stamp = self.now_ms - r.choice([0, 0, 0, 5_000, 10 * MINUTE_MS])
        if r.random() < 0.03:
            return Sent(r.choice(BAD), stamp, r.randrange(self.partitions))
        number = r.randrange(self.responses)
        partition = number % self.partitions
        events = self.sent_of.setdefault(number, [])
        if events and r.random() < 0.3:
            return Sent(as_json(r.choice(events)), stamp, partition)  # a duplicate
        event = self.event(number, stamp, len(events))
        events.append(event)
        return Sent(as_json(event), stamp, partition)

    def event(self, number, stamp, before):
        r = self.random
        event = self.answer(number, stamp)
        if number % 3 == 0:
            event["revision"] = r.choice([before, before + 1, before + 2])
        elif number % 3 == 1:
            event["updated_at"] = stamp - r.choice([0, MINUTE_MS, HOUR_MS])
        return self.varied(event)

    def answer(self, number, stamp):
        r = self.random
        return {
            "type": "response.submitted",
            "response_id": f"r{number}",
            "score": r.choice([0, 1, 2, 3, 5, 6, 7, 8, 9, 9, 10, 10, 10, "4", 9.0, None, None, 11, "x"]),
            "survey_kind": r.choice(["transactional", "transactional", "relational", "other"]),
            "location": r.choice(LOCATIONS),
            "channel": r.choice(CHANNELS),
            "team": r.choice(TEAMS),
            "themes": r.choice([None, [], ["price"], ["price", "staff"], ["staff", "price", "price", ""]]),
            "attributes": {"plan": r.choice(["gold", "free", ""]), "other": 1},
            "owner": r.choice(["ann", "bob", None]),
            "comment": r.choice(COMMENTS),
            "responded_at": self.time(stamp),
        }

    def varied(self, event):
        """Most events submit a response; others edit it, retract it, or are a stage of an invitation of the same id."""
        r = self.random
        kind = r.random()
        if kind < 0.25:
            dropped = set() if r.random() < 0.3 else set(r.sample(PARTS, r.randrange(len(PARTS) + 1)))
            return {"type": "response.updated", **{k: v for k, v in event.items() if k != "type" and k not in dropped}}
        if kind < 0.35:
            return {**event, "type": "response.retracted"}
        if kind < 0.40:
            return {**event, "excluded": r.choice([True, "true"])}
        if kind < 0.50:
            return {**event, "type": f"survey.{r.choice(STAGES)}", "invitation_id": event["response_id"], "at": event["responded_at"]}
        return event

    def time(self, stamp):
        """responded_at: mostly just before the record; sometimes long before, too late, in the future, or absent."""
        r = self.random
        kind = r.random()
        if kind < 0.05:
            return None
        if kind < 0.07:
            return stamp + 6 * MINUTE_MS
        if kind < 0.10:
            return stamp - 8 * DAY_MS
        if kind < 0.20:
            return stamp - r.randrange(6 * DAY_MS)
        return stamp - r.randrange(30 * MINUTE_MS)


class OrderedStream(Stream):
    """
    Every event has an order (revision, updated_at) and a responded_at: to read the records again, in any order, changes nothing.
    The events of an even response are complete and come in any order; those of an odd one come in their order and may be edits.
    """

    def event(self, number, stamp, before):
        r = self.random
        fixed = self.sent_of.setdefault(("fixed", number), {})  # what every event of a response repeats
        stage = r.choice(STAGES + [None] * 30)
        event = self.answer(number, stamp)
        if stage:
            at = fixed.setdefault(stage, stamp - r.randrange(HOUR_MS))
            return {**event, "type": f"survey.{stage}", "invitation_id": event["response_id"], "at": at}
        event["responded_at"] = fixed.setdefault("responded_at", min(event["responded_at"] or stamp, stamp))
        event["type"] = r.choice(["response.submitted", "response.submitted", "response.updated", "response.retracted"])
        event["excluded"] = r.random() < 0.1
        if number % 2 and event["type"] == "response.updated":
            kept = ("responded_at",) if event["excluded"] else ()  # a retraction has a time, too
            event = {name: value for name, value in event.items() if name not in PARTS or name in kept or r.random() < 0.5}
        place = before + 1 if number % 2 else r.randrange(1, 30)
        if number % 3 != 1:
            event["revision"] = place
        if number % 3 != 0:
            event["updated_at"] = fixed["responded_at"] + place * MINUTE_MS
        return event


def as_json(event):
    return json.dumps(event, ensure_ascii=False).encode()


def send_all(producer, sent):
    for record in sent:
        producer.send(*record)
    producer.flush()
