"""npsd counts the events of npsgen: the account of npsgen, the recount of the oracle and Redis agree."""
import json
import os

from harness import run
from stream import seed_of

EVENTS = int(os.environ.get("NPSD_TEST_EVENTS", "20000"))  # a million before a release


def test_generated_events(case):
    case.topic_of(4)
    case.options = {"alerts.keep": EVENTS + 100, "alerts.keep_bytes": "16GB"}  # the stream keeps all alerts
    account = case.folder / "account.jsonl"
    done = run("npsgen", "--brokers", case.broker.bootstrap, "--topic", case.topic, "--events", str(EVENTS),
               "--seed", str(seed_of(30)), "--account", account)
    assert done.returncode == 0, done.stderr
    case.drain()
    expected = case.check()
    with open(account, encoding="utf-8") as lines:
        sums = json.loads(list(lines)[-1])["summary"]
    totals = case.totals()
    assert totals["counted"] == sum(sums[name] for name in ("creates", "edits", "withdraws", "revives", "reaches"))
    assert totals["clock_ms"] == sums["clock_ms"]
    fates = {name for name in sums if ":" in name} | {"duplicate", "late", "rejected", "ignored"}
    assert {name: totals.get(name, 0) for name in fates} == {name: sums[name] for name in fates}
    assert expected.totals["consumed"] == sums["records"] == EVENTS
