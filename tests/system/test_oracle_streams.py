"""
What the strategies reach, and how small an example becomes. Hypothesis searches for streams in which something happens, with the
oracle alone, and simplifies what it finds as it simplifies a failure.
"""
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

import oracle
from recount import ledger
from recount.config import Config
from recount.events import RETRACTED, UPDATED
from strategies import EXAMPLES, cases, records_of
from stream import BASE_MS, DAY_MS

# A slow machine is no fault of a strategy.
QUIET = {"derandomize": True, "database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}


def recounted(case, now_ms=BASE_MS + 5 * 60_000):
    """now_ms: soon after the records, so that alerts are not stale."""
    options, parts = case
    records = records_of("t", [record for part in parts for record in part])
    return oracle.expect(records, Config(topic="t", **options), now_ms)


def alerts(expected):
    return [alert["json"] for of in expected.alerts.values() for alert in of]


def test_what_streams_reach():
    reached, stages, kinds, reasons = Counter(), Counter(), Counter(), Counter()

    @settings(max_examples=120, phases=[Phase.generate], **QUIET)
    @given(cases())
    def collect(case):
        found = recounted(case)
        reached.update(name for name, n in found.totals.items() if n and "/" not in name)
        stages.update(stage for of in found.stages.values() for _, stage in of)
        kinds.update(alert["kind"] for alert in alerts(found))
        reasons.update(reason for alert in alerts(found) for reason in alert["reasons"])
        reached.update({"forgotten": found.forgotten > 0, "ranks": bool(found.ranks()), "drains": len(case[1]) > 1})

    collect()
    due = {"counted", "duplicate", "late", "late:unknown_update", "ignored:tombstone", "forgotten", "ranks", "drains"}
    due |= {f"rejected:{reason}" for reason in ("bad_json", "unknown_type", "no_id", "bad_field", "no_time", "future", "no_kind",
                                                "no_location", "bad_score")}
    assert due - {name for name, n in reached.items() if n} == set()
    assert len(stages) == 6 and set(kinds) == {"raised", "changed", "retracted"}
    assert {"detractor", "score", "withdrawn", "excluded", "comment", "owner", "themes", "location", "channel"} <= set(reasons)


# Wrong rules: the name of a function of recount.ledger -> its replacement, made from the right one
WRONG = {
    "equal revisions": ("is_newer", lambda right: lambda e, a: (e.revision is not None and e.revision == a.revision) or right(e, a)),
    "equal update times": ("is_newer", lambda right: lambda e, a: (
        e.updated_ms is not None and e.updated_ms == a.updated_ms and None in (e.revision, a.revision)) or right(e, a)),
    "updated_at first": ("is_newer", lambda right: lambda e, a: (
        e.updated_ms > a.updated_ms if None not in (e.updated_ms, a.updated_ms) else right(e, a))),
    "the later offset only": ("is_newer", lambda right: lambda e, a: True),
    "an event removes the stored order": ("in_order", lambda right: lambda a, e: replace(
        a, revision=e.revision, updated_ms=e.updated_ms)),
    "a retraction stores no order": ("in_order", lambda right: lambda a, e: a if e.type == RETRACTED else right(a, e)),
    "an update removes what it does not mention": ("edited", lambda right: lambda c, e: (
        replace(right(c, e), values=e.values) if e.type == UPDATED else right(c, e))),
    "an update needs no responded_at": ("stands_alone", lambda right: lambda e, config: right(
        replace(e, mentioned=e.mentioned | {"responded_at"}), config)),
    "an update never creates": ("stands_alone", lambda right: lambda e, config: False),
    "comments are not compared": ("differs", lambda right: lambda a, b, names: [n for n in right(a, b, names) if n != "comment"]),
    "severity": ("severity", lambda right: lambda score: right(score + 1)),
    "a detractor with 7": ("is_detractor", lambda right: lambda c: right(c) or (c is not None and c.score == 7)),
    "stages count again": ("Partition.reach", lambda right: lambda self, e: (self.invitations.pop(e.id, None), right(self, e))[1]),
    "reasons of withdrawals": ("reasons", lambda right: lambda *args: [
        {"excluded": "withdrawn"}.get(reason, reason) for reason in right(*args)]),
    "old channels get nothing": ("alert_channels", lambda right: lambda kind, old, after, values, names: right(
        "raised", old, after, values, names)),
}


def all_of(expected):
    """All that npsd is compared with."""
    emitted = {id_: [(alert["json"], alert["channels"]) for alert in of] for id_, of in expected.alerts.items()}
    return expected.totals, emitted, {seg: sorted(map(str, of)) for seg, of in expected.answers.items()}, expected.stages, expected.meta


def test_the_usual_streams_expose_wrong_rules():
    """Each wrong rule changes the recount of one of the streams that test_streams sends through the broker."""
    unseen = dict(WRONG)

    @settings(max_examples=EXAMPLES, phases=[Phase.generate], **QUIET)
    @given(cases())
    def look(case):
        right = all_of(recounted(case))
        for name, (of, made) in list(unseen.items()):
            holder, _, function = of.rpartition(".")
            holder = getattr(ledger, holder) if holder else ledger
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(holder, function, made(getattr(holder, function)))
                if all_of(recounted(case)) != right:
                    del unseen[name]

    look()
    assert set(unseen) == set()


def kinds_of(expected):
    return [alert["json"]["kind"] for alert in expected.alerts.get("r0", [])]


# What happens, and the least number of records for it.
HAPPENINGS = {
    "an alert": (lambda e: e.alerts, 1),
    "an edit of an alert": (lambda e: "changed" in kinds_of(e), 2),
}


@pytest.mark.parametrize("name", HAPPENINGS)
def test_how_small_an_example_becomes(name):
    happens, least = HAPPENINGS[name]
    budget = settings(max_examples=2000, phases=[Phase.generate, Phase.shrink], **QUIET)
    options, parts = find(cases(lists=2), lambda case: happens(recounted(case)), settings=budget)
    assert (options, len(parts)) == ({}, 1)
    assert len(parts[0]) <= least + 2
