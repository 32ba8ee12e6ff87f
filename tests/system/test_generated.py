"""npsgen's events through npsd: its own account, the oracle's recount and Redis say the same."""
import json
import os
import subprocess

from harness import program
from stream import seed_of

EVENTS = int(os.environ.get("NPSD_TEST_EVENTS", "20000"))  # a million before a release


def test_generated_events(case):
    case.topic_of(4)
    case.options = {"alerts.keep": EVENTS + 100, "alerts.keep_bytes": "16GB"}  # all of them are compared
    account = case.folder / "account.jsonl"
    done = subprocess.run(
        [program("npsgen"), "--brokers", case.broker.bootstrap, "--topic", case.topic, "--events", str(EVENTS), "--seed",
         str(seed_of(30)), "--account", str(account)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    case.drain()
    expected = case.check()
    with open(account, encoding="utf-8") as lines:
        sums = json.loads(list(lines)[-1])["summary"]
    totals = case.totals()
    assert totals["counted"] == sum(sums[name] for name in ("creates", "edits", "withdraws", "revives", "reaches"))
    assert totals["clock_ms"] == sums["clock_ms"]
    told_apart = {name for name in sums if ":" in name} | {"duplicate", "late", "rejected", "ignored"}
    assert {name: totals.get(name, 0) for name in told_apart} == {name: sums[name] for name in told_apart}
    assert expected.totals["consumed"] == sums["records"] == EVENTS
