"""Figures, windows and flags of the oracle, compared with numbers from other programs and from hand calculation."""
import json
from decimal import Decimal
from pathlib import Path

import pytest

from recount.config import Config, step_s
from recount.windows import bounds_ms, change, figures, wilson, window_object, with_groups

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "stat-vectors.json").read_text())
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def counts(promoters, passives, detractors):
    scores = [0] * 11
    scores[10], scores[8], scores[3] = promoters, passives, detractors
    return with_groups({"scores": scores})


def close(found, due):
    return abs(Decimal(found) - Decimal(str(due))) <= Decimal("0.00005")


@pytest.mark.parametrize("v", VECTORS["interval"], ids=lambda v: f"{v['p']}-{v['s']}-{v['d']}")
def test_interval(v):
    found = figures(counts(v["p"], v["s"], v["d"]))
    assert close(found["nps"], v["nps"]) and close(found["nps_lo"], v["lo"]) and close(found["nps_hi"], v["hi"])


@pytest.mark.parametrize("v", VECTORS["change"], ids=lambda v: f"{v['now']}")
def test_change(v):
    found = change(counts(*v["now"]), counts(*v["prev"]))
    assert close(found["delta"], v["delta"]) and close(found["z"], v["z"]) and close(found["p_value"], v["p_value"])
    assert found["significant"] is bool(v["sig"])


@pytest.mark.parametrize("v", VECTORS["rate"], ids=lambda v: f"{v['k']}-of-{v['n']}")
def test_rate(v):
    low, high = wilson(v["k"], v["n"])
    assert close(low, v["lo"]) and close(high, v["hi"])


@pytest.mark.parametrize("v", VECTORS["spread"], ids=lambda v: str(v["mean"]))
def test_spread(v):
    found = figures(with_groups({"scores": v["h"]}))
    assert close(found["mean"], v["mean"]) and close(found["sd"], v["sd"])


@pytest.mark.parametrize("window, step", [
    ("1h", 60), ("3h", 60), ("4h", 300), ("24h", 300), ("1d", 300), ("25h", 3600), ("31d", 3600), ("32d", 86400), ("365d", 86400),
])
def test_step(window, step):
    assert step_s(window) == step


@pytest.mark.parametrize("window, t, due", [
    ("1h", 10 * HOUR, (8 * HOUR + MINUTE, 9 * HOUR + MINUTE, 10 * HOUR + MINUTE)),
    ("1h", 10 * HOUR - 1, (8 * HOUR, 9 * HOUR, 10 * HOUR)),
    ("1h", 10 * HOUR + MINUTE - 1, (8 * HOUR + MINUTE, 9 * HOUR + MINUTE, 10 * HOUR + MINUTE)),
    ("24h", 10 * DAY, (8 * DAY + 5 * MINUTE, 9 * DAY + 5 * MINUTE, 10 * DAY + 5 * MINUTE)),
    ("7d", 30 * DAY + 1, (16 * DAY + HOUR, 23 * DAY + HOUR, 30 * DAY + HOUR)),
    ("90d", 400 * DAY + 5, (221 * DAY, 311 * DAY, 401 * DAY)),
])
def test_bounds(window, t, due):
    assert bounds_ms(window, t) == due


def at(*events):
    """Answers (event time, score)."""
    return [(ms, score, False) for ms, score in events]


def test_a_border_belongs_to_the_later_window():
    t = 10 * HOUR
    begin, middle, end = bounds_ms("1h", t)
    answers = at((begin - 1, 0), (begin, 1), (middle - 1, 2), (middle, 9), (end - 1, 10), (end, 5))
    found = window_object(answers, "1h", t, Config())
    assert (found["n"], found["prev_n"], found["promoters"]) == (2, 2, 2)
    assert (found["from_ms"], found["to_ms"], found["step_s"]) == (middle, end, 60)
    assert found["scores"] == [0] * 9 + [1, 1]


def test_a_window_exists_while_it_or_the_one_before_is_not_empty():
    t = 10 * HOUR
    begin, middle, _ = bounds_ms("1h", t)
    silent = window_object(at((begin, 9)), "1h", t, Config())
    assert silent["n"] == 0 and silent["prev_n"] == 1 and silent["fragile"] == ["few", "volume_drop"]
    assert "nps" not in silent and silent["prev_nps"] == 100 and "delta" not in silent
    assert window_object(at((begin - 1, 9)), "1h", t, Config()) is None
    unscored = window_object(at((middle, None)), "1h", t, Config())
    assert unscored["n"] == 0 and unscored["no_score"] == 1 and "nps" not in unscored


def test_comments_are_counted_with_and_without_a_score():
    t = 10 * HOUR
    found = window_object([(t, None, True), (t, 9, True), (t, 9, False)], "1h", t, Config())
    assert (found["comments"], found["no_score"], found["n"]) == (2, 1, 2)


@pytest.mark.parametrize("now, prev, flags", [
    ([10] * 29, [], ["few", "wide"]),
    ([10] * 1000, [], []),
    ([10] * 30 + [0] * 30, [], ["wide"]),
    ([10] * 1000, [10] * 2000, []),
    ([10] * 1000, [10] * 2001, ["volume_drop"]),
], ids=str)
def test_fragile(now, prev, flags):
    t = 10 * HOUR
    answers = at(*[(t, s) for s in now], *[(t - HOUR, s) for s in prev])
    assert window_object(answers, "1h", t, Config())["fragile"] == flags


def test_thresholds_are_options():
    found = window_object(at((10 * HOUR, 10)), "1h", 10 * HOUR, Config(few=1, wide=100))
    assert found["fragile"] == []
