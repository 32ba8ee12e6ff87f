"""
What the strategies reach, and how small an example becomes: Hypothesis looks for streams in which something happens, in the
oracle alone, and simplifies what it finds as it would a failure.
"""
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

import oracle
from recount.config import Config
from strategies import cases, records_of
from stream import BASE_MS, DAY_MS

# Recounts are many here, and a loaded machine is slow: that is no fault of a strategy.
QUIET = {"derandomize": True, "database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}


def recounted(case):
    options, parts = case
    records = records_of("t", [record for part in parts for record in part])
    return oracle.expect(records, Config(topic="t", **options), BASE_MS + 10 * 365 * DAY_MS)


def alerts(expected):
    return [alert["json"] for of in expected.alerts.values() for alert in of]


def test_what_streams_reach():
    reached, stages, kinds, reasons = Counter(), Counter(), Counter(), Counter()

    @settings(max_examples=250, phases=[Phase.generate], **QUIET)
    @given(cases())
    def collect(case):
        found = recounted(case)
        reached.update(name for name, n in found.totals.items() if n and "/" not in name)
        stages.update(stage for of in found.stages.values() for _, stage in of)
        kinds.update(alert["kind"] for alert in alerts(found))
        reasons.update(reason for alert in alerts(found) for reason in alert["reasons"])
        reached.update({"forgotten": found.forgotten > 0, "ranks": bool(found.ranks()), "drains": len(case[1]) > 1})

    collect()
    due = {"counted", "duplicate", "late", "late:unknown_update", "ignored:tombstone", "ignored:not_counted", "ignored:other_metric",
           "forgotten", "ranks", "drains"}
    due |= {f"rejected:{reason}" for reason in ("bad_json", "bad_utf8", "unknown_type", "no_id", "bad_field", "no_time", "future",
                                                "no_kind", "no_location", "wrong_scale", "bad_score", "out_of_range")}
    assert due - {name for name, n in reached.items() if n} == set()
    assert len(stages) == 6 and set(kinds) == {"raised", "changed", "retracted"}
    assert {"detractor", "score", "withdrawn", "excluded", "comment", "owner", "themes", "location", "channel"} <= set(reasons)


def kinds_of(expected):
    return [alert["json"]["kind"] for alert in expected.alerts.get("r0", [])]


# What happens, and how many records it takes.
HAPPENINGS = {
    "an alert": (lambda e: e.alerts, 1),
    "an edit of an alert": (lambda e: "changed" in kinds_of(e), 2),
    "withdrawn and back": (lambda e: kinds_of(e)[:3] == ["raised", "retracted", "raised"], 3),
    "forgotten": (lambda e: e.forgotten, 2),
    "one id in two partitions": (lambda e: any(len({a["json"]["source"][:3] for a in of}) == 2 for of in e.alerts.values()), 2),
}


@pytest.mark.parametrize("name", HAPPENINGS)
def test_how_small_an_example_becomes(name):
    happens, least = HAPPENINGS[name]
    budget = settings(max_examples=2000, phases=[Phase.generate, Phase.shrink], **QUIET)
    options, parts = find(cases(), lambda case: happens(recounted(case)), settings=budget)
    assert (options, len(parts)) == ({}, 1)
    assert len(parts[0]) <= least + 2
