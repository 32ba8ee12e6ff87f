#!/usr/bin/python3
"""Compares what npsd published with the account of npsgen.

The account gives the intent of every record; nothing here decodes events, orders them or judges lateness. All windows,
indexes, totals and alerts follow from the answers that count at the end and the clock (`clock: event`). Each difference
from Redis is printed. Run it after `npsd --drain` with default windows, when nothing writes to Redis.

Last line of the output: {"events":…,"segments":…,"windows":…,"alerts":…,"differences":…,"seconds":…}. Exits with 0 if
nothing differs.
"""

import argparse
import collections
import json
import re
import sys
import time

import redis
from account_windows import SCORES, fold, interval, parse_window, series_of, set_name, shares, window_object
from npsgen_account import Account
from recount.compare import compare_ranks, compare_series
from recount.windows import rank_place

DAY = 86400000
RANK_MIN_N = 10
ROUNDING = 0.5e-4 + 1e-7  # half a unit of the last digit of a figure, and the error of floats


class Differences:
    """Counts the differences and keeps the first ones."""

    def __init__(self, shown=20):
        self.count, self.shown, self.texts = 0, shown, []

    def add(self, where, what):
        self.count += 1
        if len(self.texts) < self.shown:
            self.texts.append(f"{where}: {what}")

    def take(self, lines):
        for line in lines:
            self.add(*line.split(": ", 1))

    def same(self, where, expected, found):
        if expected != found:
            self.add(where, f"expected {expected!r}, found {found!r}")


# --- Redis ---


class Figure(float):
    """A number with a fraction, and whether it is written with four decimals."""

    FORM = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]{4}$")

    def __new__(cls, text):
        self = super().__new__(cls, text)
        self.well_written = bool(cls.FORM.match(text)) and text != "-0.0000"
        return self


def read_json(raw):
    return json.loads(raw, parse_float=Figure)


def same_figure(expected, found):
    """The expected figure is not rounded: the two may differ by half a unit of the last digit."""
    if not isinstance(found, Figure) or not found.well_written:
        return False
    return abs(expected - found) <= ROUNDING


def compare_window(diff, where, expected, raw, window, clock_ms):
    try:
        found = read_json(raw)
    except ValueError as error:
        return diff.add(where, f"no JSON: {error}")
    asof = found.pop("asof_ms", None)
    if not isinstance(asof, int) or asof > clock_ms or asof // window.step_ms != clock_ms // window.step_ms:
        diff.add(where, f"asof_ms {asof!r} does not fit the clock {clock_ms}")
    for name in expected.keys() | found.keys():
        if name not in found or name not in expected:
            diff.add(where, f"{name} {'is missing' if name in expected else 'is not expected'}")
        elif isinstance(expected[name], float):
            if not same_figure(expected[name], found[name]):
                diff.add(where, f"{name}: expected {expected[name]:.4f}, found {found[name]!r}")
        elif type(expected[name]) is not type(found[name]) or expected[name] != found[name]:
            diff.add(where, f"{name}: expected {expected[name]!r}, found {found[name]!r}")
    return None


REV = re.compile(rb"[0-9]{13}-[0-9]{12}-[0-9]{13}$")


def read_hashes(server, pattern):
    """Yields every hash whose key matches. Raises if such a key has another type."""
    keys = list(server.scan_iter(match=pattern, count=2000))
    for i in range(0, len(keys), 1000):
        pipe = server.pipeline(transaction=False)
        for key in keys[i:i + 1000]:
            pipe.hgetall(key)
        yield from zip(keys[i:i + 1000], pipe.execute())


def compare_windows(diff, server, prefix, counts, windows, clock_ms):
    """Returns the number of expected windows."""
    left, total = dict(counts), 0
    for key, fields in read_hashes(server, f"{prefix}:v:*"):
        name = key.decode(errors="backslashreplace")
        rev = fields.pop(b"rev", None)
        if rev is None or not REV.match(rev):
            diff.add(name, f"rev is {rev!r}")
        seg = name[len(f"{prefix}:v:"):]
        if not (seg.startswith("{") and seg.endswith("}")):
            diff.add(name, "the segment is not in braces")
            continue
        total += compare_segment(diff, name, left.pop(seg[1:-1], None), fields, (windows, clock_ms))
    for seg, vectors in left.items():
        n = sum(1 for now, before in vectors if any(now) or any(before))
        diff.add(f"{prefix}:v:{{{seg}}}", f"the key is missing, with {n} windows")
        total += n
    return total


def compare_segment(diff, name, vectors, fields, when):
    windows, clock_ms = when
    expected = 0
    for i, window in enumerate(windows):
        now, before = vectors[i] if vectors else ((), ())
        raw = fields.pop(window.name.encode(), None)
        if any(now) or any(before):
            expected += 1
            if raw is None:
                diff.add(name, f"window {window.name} is missing")
            else:
                compare_window(diff, f"{name} {window.name}", window_object(now, before, window, clock_ms), raw, window,
                               clock_ms)
        elif raw is not None:
            diff.add(name, f"window {window.name} is not expected")
    for field in fields:
        diff.add(name, f"field {field!r} is not expected")
    return expected


def compare_indexes(diff, server, prefix, members, sets):
    wanted = {f"{prefix}:index:{set_name(dims)}": members.get(set_name(dims), set()) for dims in sets}
    found = {key.decode() for key in server.scan_iter(match=f"{prefix}:index:*", count=2000)}
    for key in sorted(wanted.keys() | found):
        have = {m.decode(errors="backslashreplace") for m in server.smembers(key)}
        for seg in sorted(wanted.get(key, set()) - have):
            diff.add(key, f"{seg} is missing")
        for seg in sorted(have - wanted.get(key, set())):
            diff.add(key, f"{seg} is not expected")


def ranks_of(counts, members, sets, windows):
    """The part of a key after `rank:` -> value -> nps_lo, for the sets of one dimension."""
    ranks = collections.defaultdict(dict)
    for name in map(set_name, sets):
        for seg in members.get(name, ()):
            place = rank_place(seg, name)
            for window, (now, _) in zip(windows, counts[seg]) if place else ():
                if sum(now[:SCORES]) >= RANK_MIN_N:
                    ranks[f"{place[0]}:{window.name}"][place[1]] = interval(*shares(now))[0]
    return ranks


def compare_totals(diff, server, prefix, account):
    key = f"{prefix}:totals"
    found = {k.decode(): v.decode() for k, v in server.hgetall(key).items()}
    wanted = {name: 0 for name in ("consumed", "counted", "duplicate", "late", "rejected", "ignored")}
    wanted.update(account.fates)
    for name in list(wanted):
        wanted[f"{account.topic}/{name}"] = wanted[name]
    if account.clock_ms is not None:
        wanted["clock_ms"] = account.clock_ms
        found.pop(f"{account.topic}/clock_ms", None)
    for name in sorted(wanted.keys() | found.keys()):
        # a reason that never occurred may stand there as 0 or not at all
        diff.same(f"{key} {name}", wanted.get(name, 0), int(found.get(name, 0)))


# --- alerts ---


def compare_stale(diff, where, times, fields, made_ms):
    """The wall clock of the commit decides, which is between the creation of the account and now."""
    stale = fields.get(b"stale") == b"1"
    if min(times) < made_ms - DAY and not stale:
        diff.add(where, "is not marked stale")
    if min(times) > time.time() * 1000 - DAY and stale:
        diff.add(where, "is marked stale")


def compare_alert(diff, where, expected, fields, made_ms):
    try:
        found = json.loads(fields[b"json"])
    except (KeyError, ValueError) as error:
        return diff.add(where, f"json: {error!r}")
    if not re.fullmatch(r".+/[0-9]+/[0-9]+", found.get("source", "")):
        diff.add(where, f"source is {found.get('source')!r}")
    for name in ("id", "kind", "severity", "response_id", "at_ms", "source"):
        diff.same(f"{where} field {name}", str(found.get(name)), fields.get(name.encode(), b"").decode())
    if not isinstance(found.get("reasons"), list):
        diff.add(where, "reasons is no array")
    else:
        found["reasons"].sort()
    found.pop("source", None)
    expected = dict(expected)
    compare_stale(diff, where, expected.pop("_times"), fields, made_ms)
    if "themes" in found:
        found["themes"] = tuple(sorted(found["themes"]))
    for name in sorted(expected.keys() | found.keys()):
        diff.same(f"{where} {name}", expected.get(name), found.get(name))
    return None


def compare_alerts(diff, server, prefix, account, keep):
    left, last = dict(account.alerts), {}
    seen = set()
    entries, begin = 0, "-"
    while True:
        chunk = server.xrange(f"{prefix}:alerts", min=begin, count=5000)
        for stream_id, fields in chunk:
            entries += 1
            begin = b"(" + stream_id
            name = fields.get(b"id", b"").decode(errors="backslashreplace")
            where = f"{prefix}:alerts {name}"
            expected = left.pop(name, None)
            if expected is None:
                diff.add(where, "is a duplicate" if name in seen else f"is not expected ({fields.get(b'kind')!r})")
                continue
            seen.add(name)
            compare_alert(diff, where, expected, fields, account.made_ms)
            compare_place(diff, where, last, fields)
        if not chunk:
            break
    if entries < keep:  # nothing was trimmed
        for name, alert in left.items():
            diff.add(f"{prefix}:alerts {name}", f"is missing ({alert['kind']}, {alert['severity']})")
    else:
        compare_trimmed(diff, prefix, left, seen)


def compare_place(diff, where, last, fields):
    """The transitions of one response are in one partition, with increasing offsets and sequences."""
    try:
        topic, partition, offset = fields[b"source"].decode().rsplit("/", 2)
        response, sequence = fields[b"id"].decode().rsplit(":", 1)
        place = (topic, int(partition)), int(offset), int(sequence)
    except (KeyError, ValueError):
        return  # reported by compare_alert()
    before = last.get(response)
    if before and (before[0] != place[0] or before[1] >= place[1] or before[2] >= place[2]):
        diff.add(where, f"at {place} comes after one at {before}")
    last[response] = place


def compare_trimmed(diff, prefix, left, seen):
    """In a trimmed stream, the missing alerts of a response come before those that are there."""
    first = {}
    for name in seen:
        response, sequence = name.rsplit(":", 1)
        first[response] = min(int(sequence), first.get(response, int(sequence)))
    for name in left:
        response, sequence = name.rsplit(":", 1)
        if int(sequence) > first.get(response, int(sequence)):
            diff.add(f"{prefix}:alerts {name}", "is missing between others")


# --- the whole ---


def check(account, server, sets, windows, prefix="nps", alerts_keep=100000, series=((), ())):
    """Compares everything. series: sets and steps. Returns the differences and the content of the last line."""
    diff = Differences()
    counts, members = fold(account.counted(), sets, windows, account.clock_ms or 0)
    total = compare_windows(diff, server, prefix, counts, windows, account.clock_ms)
    compare_indexes(diff, server, prefix, members, sets)
    diff.take(compare_ranks(server, prefix, ranks_of(counts, members, sets, windows)))
    panes = {}
    for step in series[1]:
        found = series_of(account.counted(), series[0], windows, step, account.clock_ms or 0)
        panes.update({f"{{{seg}}}:{step}": of for seg, of in found.items()})
    diff.take(compare_series(server, prefix, panes))
    compare_totals(diff, server, prefix, account)
    compare_alerts(diff, server, prefix, account, alerts_keep)
    figures = {"events": account.events, "segments": len(counts), "windows": total, "alerts": len(account.alerts),
               "differences": diff.count}
    return diff, figures


def parse_sets(text):
    return [() if name == "all" else tuple(name.split(",")) for name in text.split()]


def main():
    parser = argparse.ArgumentParser(description="compare Redis with npsgen's account")
    parser.add_argument("--account", required=True)
    parser.add_argument("--redis", default="redis://127.0.0.1:6379/0", help="redis:// or unix:// URL")
    parser.add_argument("--prefix", default="nps")
    parser.add_argument("--segments", default="all location channel location,channel",
                        help="sets, separated by spaces")
    parser.add_argument("--series", default="", help="sets with published series")
    parser.add_argument("--series-steps", default="", help="widths of their panes, separated by spaces")
    parser.add_argument("--windows", default="1h 24h 7d 30d 90d 365d")
    parser.add_argument("--alerts-keep", type=int, default=100000, help="alerts.keep of npsd: if the stream has fewer entries, none may be missing")
    options = parser.parse_args()
    begun = time.monotonic()
    sets = parse_sets(options.segments)
    with open(options.account, encoding="utf-8", newline="\n") as lines:
        account = Account(sets).read(lines)
    server = redis.Redis.from_url(options.redis)
    windows = [parse_window(name) for name in options.windows.split()]
    series = parse_sets(options.series), options.series_steps.split()
    diff, figures = check(account, server, sets, windows, options.prefix, options.alerts_keep, series)
    for text in diff.texts:
        print(text)
    if diff.count > len(diff.texts):
        print(f"... and {diff.count - len(diff.texts)} more")
    figures["seconds"] = round(time.monotonic() - begun, 1)
    print(json.dumps(figures, separators=(",", ":")))
    return 1 if diff.count else 0


if __name__ == "__main__":
    sys.exit(main())
