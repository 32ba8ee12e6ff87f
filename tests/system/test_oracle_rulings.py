"""The oracle on rulings, lost ranges, recreated topics, defaults of topics, ranks, series and meta."""
import pytest
from test_oracle_ledger import EDIT, GONE, HOUR, T, fates, records, scores

import oracle
from recount.config import DAY_MS, Config
from recount.rulings import Rulings, take
from recount.windows import rank_place, series

PLACE = ("t", 0, 0)


def recount(events, now_ms=T, rulings=None, **config):
    return oracle.expect(events, Config(topic="t", **config), now_ms, None, rulings)


def ruled(*texts, lost=()):
    found = Rulings(lost=list(lost))
    for text in texts:
        found.moves.setdefault(PLACE, [])
        take(found, "t", 0, text)
    return found


def test_a_horizon_moved_by_memory_applies_from_its_offset_on():
    late = {"responded_at": T - HOUR}
    events = records(({"response_id": "a", **late}, 0), ({"response_id": "b", **late}, 0), ({"response_id": "a", **late}, 0))
    assert fates(recount(events)) == {"counted": 3}
    found = recount(events, rulings=ruled(f"horizon 0:1 {T}"), memory_is_short=True)
    assert fates(found) == {"counted": 2, "late": 1} and not found.faults  # a is known: its record was as late as the horizon is
    found = recount(events, rulings=ruled(f"horizon 0:1 {T + 1}"), memory_is_short=True)
    assert fates(found) == {"counted": 1, "late": 2}
    assert recount(events, rulings=ruled(f"horizon 0:1 {T}")).faults


def test_a_new_lateness_is_a_ruling():
    old = [({"response_id": f"r{n}", "responded_at": T - 2 * DAY_MS}, n) for n in range(3)]
    rulings = ruled(f"lateness 0:0 {7 * DAY_MS}", f"lateness 0:1 {DAY_MS}")
    found = recount(records(*old), rulings=rulings, lateness_ms=DAY_MS, latenesses=[7 * DAY_MS])
    assert fates(found) == {"counted": 1, "late": 2} and not found.faults
    assert recount(records(*old), rulings=rulings, lateness_ms=DAY_MS).faults


def test_a_lost_range_forgets_the_answers_before():
    events = records(({"score": 2}, 0), ({"score": 3}, 1), ({**EDIT, "score": 9}, 9), ({"score": 4}, 10))
    events = [event._replace(offset=event.offset + 5 * (event.offset > 1)) for event in events]
    line = f"gap 0:2 7 {T} retention"
    found = recount(events, rulings=ruled(line, lost=["t/0 " + line]), lost=["t/0 gap 0:2 7 retention"])
    assert fates(found) == {"counted": 3, "late": 1, "late:unknown_update": 1} and scores(found) == [3, 4]
    assert found.faults == [] and found.view(b"kind=relational", T)["24h"]["fragile"][-1] == "partial"
    assert [alert["json"]["id"] for alert in found.alerts["r"]] == ["r:1", "r:2", "r:1"]
    assert recount(events, rulings=ruled(line, lost=["t/0 " + line])).faults
    assert recount(events, rulings=ruled(lost=["t/0 " + line]), lost=["t/0 gap 0:2 7 retention"]).faults


def test_a_recreated_topic_is_counted_in_addition_to_the_deleted_one():
    before = records(({"score": 2, "revision": 5}, 8 * DAY_MS))
    anew = [event._replace(incarnation=1) for event in records(({"score": 9, "revision": 1}, 0), (GONE, 1))]
    found = recount(before + anew, now_ms=T + 8 * DAY_MS)
    assert fates(found) == {"counted": 3} and scores(found) == [2]  # neither a duplicate nor late


def test_since_is_the_latest_of_the_first_records():
    events = records(({"score": 1}, 0), ({"score": 2}, 5), ({"score": 3}, 3, 1), ({"score": 4}, 9, 2))
    found = recount(events, begin={("t", 0): 1, ("t", 1): 2})
    assert found.since_ms == T + 5 and fates(found) == {"counted": 3} and scores(found) == [2, 3, 4]
    assert recount(events).since_ms == 0


def test_topics_have_defaults_of_their_own():
    nameless = {"survey_kind": None, "response_id": "x"}
    events = [event._replace(topic=topic) for topic in ("t", "u", "v") for event in records((nameless, 0))]
    found = recount(events, default_kind="other", topic_defaults={"u": "transactional", "v": None})
    assert {seg.decode(): len(of) for seg, of in found.answers.items() if b"," not in seg} == {"kind=other": 1, "kind=transactional": 1}
    assert found.totals["v/rejected:no_kind"] == found.totals["rejected"] == 1


def test_a_keyed_respondent():
    events = records(({"score": 2, "respondent_id": "what do ya want for nothing?"}, 0))
    found = recount(events, alerts_respondent="keyed", alerts_respondent_key="Jefe")
    assert found.alerts["r"][0]["json"]["respondent_id"] == "5bdcc146bf60754e6a042426089575c7"  # RFC 4231, test case 2


@pytest.mark.parametrize("seg, name, split, due", [
    ("kind=other,channel=a%2Cb", "channel", True, ("other:channel", "a%2Cb")),
    ("kind=other,location=a/b", "location", True, ("other:location/2", "a/b")),
    ("theme=x", "theme", False, ("all:theme", "x")),
    ("kind=other,channel=__none__", "channel", True, None), ("channel=__other__", "channel", False, None),
    ("kind=other", "all", True, None), ("kind=other,channel=a,team=b", "channel,team", True, None),
])
def test_rank_place(seg, name, split, due):
    assert rank_place(seg, name, split) == due


def test_ranks():
    low = [({"response_id": f"r{n}", "location": "a", "score": 3}, 0) for n in range(9)]
    high = [({"response_id": f"s{n}", "location": "b/c", "score": 10}, 0) for n in range(10)]
    ranks = recount(records(*low, *high), windows=["1h"]).ranks()
    assert {name: list(of) for name, of in ranks.items()} == {
        "relational:location/1:1h": ["b"], "relational:location/2:1h": ["b/c"],
    }
    assert list(recount(records(*low, *high), windows=["1h"], rank_min_n=9).ranks()["relational:location/1:1h"]) == ["a", "b"]


def test_series():
    config = Config(windows=["1h", "2h", "7d"], window_since={})
    minute = T // 60_000 * 60_000
    begin = minute + 60_000 - 4 * HOUR
    answers = [(ms, score, False) for ms, score in ((T, 9), (T, 0), (T, None), (begin, 7), (begin - 1, 7), (minute + 60_000, 7))]
    assert series(answers, "1m", T, config) == {minute // 1000: [1, 0, 1], begin // 1000: [0, 1, 0]}
    assert sum(map(sum, series(answers, "1h", T, config).values())) == 5
    config.window_since = {"1h": begin + 60_000, "2h": begin + 120_000}
    assert begin // 1000 not in series(answers, "1m", T, config)


def test_meta():
    found = recount(records(({"team": "x", "owner": "o"}, 0), ({"response_id": "s", "at": T}, 0), (GONE, 1), ({"response_id": "t"}, DAY_MS)),
                    sets=[[], ["team"], ["location"]], windows=["24h", "1h"], since={"team": 5}, window_since={"1h": 7},
                    partitions={"t": 3}).metadata()
    assert found == {
        "contract": "1", "allow_compacted": "0", "windows": "1h,24h", "steps": "60,300", "dimensions": "kind,location,team",
        "sets": "all;team;location", "shards": "16", "lost": "", "partitions:t": "3", "other:team": "0", "other:location": "0",
        "undated": "2", "ahead": "1", "since_ms:all": "0", "since_ms:team": "5", "since_ms:location": "0",
        "since_ms:all:1h": "7", "since_ms:team:1h": "7", "since_ms:location:1h": "7"}


def test_answers_over_cap_are_counted_with_their_present_values():
    names = [("location", "a"), ("channel", "c")]
    events = records(({"location": "a/b", "channel": "c", "themes": ["x", "y"], "owner": "o"}, 0), ({**EDIT, "location": "a"}, 1),
                     ({"response_id": "s", "location": "__other__", "channel": "d"}, 2), ({"response_id": "gone", "location": "z"}, 3),
                     ({**GONE, "response_id": "gone"}, 4))
    found = oracle.expect(events, Config(topic="t"), T, names).meta
    assert {name: n for name, n in found.items() if n} == {"undated": 3, "other:location": 1, "other:channel": 1, "other:theme": 1,
                                                          "other:owner": 1}
