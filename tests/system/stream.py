"""Seeded streams of events: edits, duplicates, disorder, bad input, over several partitions. The seed is all they depend on."""
import json
import os
import random
from collections import namedtuple

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
BASE_MS = 1_700_000_000_000  # long past: alerts are stale, and no clock is behind it
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


def seed_of(default):
    """The seed to run: NPSD_TEST_SEED where it is set. Printed, so that a failure can be repeated."""
    seed = int(os.environ.get("NPSD_TEST_SEED", default))
    print(f"seed {seed} (NPSD_TEST_SEED={seed})")
    return seed


class Stream:
    """next() is one record more; `pace_ms` how far the clock of the records goes on between two, about."""

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
            self.now_ms += 12 * HOUR_MS  # so that days of windows turn, and answers are forgotten
        stamp = self.now_ms - r.choice([0, 0, 0, 5_000, 10 * MINUTE_MS])
        if r.random() < 0.03:
            return Sent(r.choice(BAD), stamp, r.randrange(self.partitions))
        number = r.randrange(self.responses)
        partition = number % self.partitions
        events = self.sent_of.setdefault(number, [])
        if events and r.random() < 0.3:
            return Sent(as_json(r.choice(events)), stamp, partition)  # an old one once more
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
        """Most are submitted whole; others edit, withdraw, or are a stage of an invitation of the same name."""
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
        """When it was answered: mostly just before, now and then long ago, too long ago, in the future, or not told."""
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
    Every event says where it stands, and when it was answered: fed again, and in whatever order, nothing may change. Of even
    responses the events are whole and come in any order; of odd ones they come in theirs, and may be edits of a part.
    """

    def event(self, number, stamp, before):
        r = self.random
        told = self.sent_of.setdefault(("told", number), {})  # what is said the same each time
        stage = r.choice(STAGES + [None] * 30)
        event = self.answer(number, stamp)
        if stage:
            at = told.setdefault(stage, stamp - r.randrange(HOUR_MS))
            return {**event, "type": f"survey.{stage}", "invitation_id": event["response_id"], "at": at}
        event["responded_at"] = told.setdefault("responded_at", min(event["responded_at"] or stamp, stamp))
        event["type"] = r.choice(["response.submitted", "response.submitted", "response.updated", "response.retracted"])
        event["excluded"] = r.random() < 0.1
        if number % 2 and event["type"] == "response.updated":
            kept = ("responded_at",) if event["excluded"] else ()  # a withdrawal has a time, too
            event = {name: value for name, value in event.items() if name not in PARTS or name in kept or r.random() < 0.5}
        place = before + 1 if number % 2 else r.randrange(1, 30)
        if number % 3 != 1:
            event["revision"] = place
        if number % 3 != 0:
            event["updated_at"] = told["responded_at"] + place * MINUTE_MS
        return event


def as_json(event):
    return json.dumps(event, ensure_ascii=False).encode()


def send_all(producer, sent):
    for record in sent:
        producer.send(*record)
    producer.flush()
