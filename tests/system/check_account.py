#!/usr/bin/python3
"""Compares what npsd published with the account of npsgen.

The account says of every record what it means; nothing here decodes events, orders them or judges lateness. From the
answers that stand at the end, and the clock (`clock: event`), every window, index, total and alert follows; each one
that differs from Redis is told. Needs Redis at rest: after `npsd --drain` with default windows.

Last line of the output: {"events":…,"segments":…,"windows":…,"alerts":…,"differences":…,"seconds":…}. Exit 0 only where
nothing differs.
"""

import argparse
import collections
import itertools
import json
import math
import re
import sys
import time

import redis

MINUTE, DAY = 60000, 86400000
Z = 1.959963984540054
DIMS = ("survey_kind", "location", "channel", "stage", "team", "product", "profile", "language", "survey_id", "themes")
SCORES = 11
NO_SCORE, COMMENTS, WIDTH = 11, 12, 13  # of a count vector: 11 scores, then these
FUNNEL = ("invited", "delivered", "opened", "declined", "bounced", "unsubscribed")
COMMENT_BYTES = 4096

Answer = collections.namedtuple("Answer", ("event_ms", "score", "owner", "respondent", "has_comment", "comment") + DIMS)
Window = collections.namedtuple("Window", "name width_ms step_ms")


class Differences:
    """Counts what differs, and keeps the first ones to show."""

    def __init__(self, shown=20):
        self.count, self.shown, self.texts = 0, shown, []

    def add(self, where, what):
        self.count += 1
        if len(self.texts) < self.shown:
            self.texts.append(f"{where}: {what}")

    def same(self, where, expected, found):
        if expected != found:
            self.add(where, f"expected {expected!r}, found {found!r}")


# --- figures of a window, from counts ---


def shares(counts):
    """Promoters, passives, detractors."""
    return sum(counts[9:11]), sum(counts[7:9]), sum(counts[0:7])


def adjusted(p, s, d):
    """Of the adjusted Wald interval: n', m', v'."""
    n = p + s + d + 3
    m = (p - d) / n
    return n, m, (p + d + 1.5) / n - m * m


def interval(p, s, d):
    n, m, v = adjusted(p, s, d)
    half = Z * math.sqrt(v / n)
    return 100 * max(-1.0, m - half), 100 * min(1.0, m + half)


def change(now, before):
    """delta, z, p_value of two (promoters, passives, detractors)."""
    n1, m1, v1 = adjusted(*now)
    n2, m2, v2 = adjusted(*before)
    z = (m1 - m2) / math.sqrt(v1 / n1 + v2 / n2)
    return nps(*now) - nps(*before), z, math.erfc(abs(z) / math.sqrt(2))


def nps(p, s, d):
    return 100 * (p - d) / (p + s + d)


def spread(scores):
    """Mean and population standard deviation."""
    n = sum(scores)
    mean = sum(i * c for i, c in enumerate(scores)) / n
    return mean, math.sqrt(sum(c * (i - mean) ** 2 for i, c in enumerate(scores)) / n)


def window_object(now, before, window, clock_ms):
    """The published object; figures are floats that are not rounded yet."""
    p, s, d = shares(now)
    n, prev_n = p + s + d, sum(shares(before))
    to_ms = clock_ms // window.step_ms * window.step_ms + window.step_ms
    out = {
        "n": n, "promoters": p, "passives": s, "detractors": d, "scores": list(now[:SCORES]), "no_score": now[NO_SCORE],
        "comments": now[COMMENTS], "prev_n": prev_n, "from_ms": to_ms - window.width_ms, "to_ms": to_ms,
        "step_s": window.step_ms // 1000,
    }
    out.update(dict.fromkeys(FUNNEL, 0))
    fragile = ["few"] if n < 30 else []
    if n:
        lo, hi = interval(p, s, d)
        mean, sd = spread(now[:SCORES])
        out.update(nps=nps(p, s, d), nps_lo=lo, nps_hi=hi, mean=mean, sd=sd, promoter_share=p / n, passive_share=s / n,
                   detractor_share=d / n)
        fragile += ["wide"] if (hi - lo) / 2 > 10 else []
    if prev_n:
        out["prev_nps"] = nps(*shares(before))
    if n and prev_n:
        out["delta"], out["z"], out["p_value"] = change((p, s, d), shares(before))
        out["significant"] = out["p_value"] < 0.05
    fragile += ["volume_drop"] if 2 * n < prev_n else []
    out["fragile"] = fragile
    return out


# --- segments and windows of the answers that stand ---


def encode(value):
    return "".join(f"%{ord(c):02X}" if c < " " or c in "\x7f%,={}:" else c for c in value)


def values_of(said, dim):
    """The values of a dimension that an answer counts in; said: what it says of each dimension."""
    value = said[dim]
    if dim == "location":
        levels = value.split("/")
        return ["/".join(levels[: i + 1]) for i in range(len(levels))]
    if dim == "theme":
        return value or ["__none__"]
    return [value or "__none__"]


def segments_of(said, sets):
    """(set, SEG) of each segment that an answer counts in."""
    found = []
    for dims in sets:
        for values in itertools.product(*(values_of(said, dim) for dim in dims)):
            parts = [f"{dim}={encode(value)}" for dim, value in zip(dims, values)]
            found.append((set_name(dims), ",".join([f"kind={said['survey_kind']}"] + parts)))
    return found


def set_name(dims):
    return ",".join(dims) or "all"


def parse_window(name):
    width = int(name[:-1]) * {"m": 60, "h": 3600, "d": 86400}[name[-1]]
    step = 60 if width <= 10800 else 300 if width <= 86400 else 3600 if width <= 31 * 86400 else 86400
    return Window(name, width * 1000, step * 1000)


def places(pane, windows, clock_ms):
    """Where the pane that begins at this minute counts: (window's number, 0 now or 1 before)."""
    out = []
    for i, w in enumerate(windows):
        end = clock_ms // w.step_ms * w.step_ms + w.step_ms
        if end - w.width_ms <= pane < end:
            out.append((i, 0))
        elif end - 2 * w.width_ms <= pane < end - w.width_ms:
            out.append((i, 1))
    return tuple(out)


def cells_of(answers, dims, windows, clock_ms):
    """Answers that are alike in all that matters here, taken together: (dimensions, places, counter, comment) -> how many."""
    fields = ["themes" if dim == "theme" else dim for dim in dims]
    panes, cells = {}, collections.Counter()
    for a in answers:
        minute = a.event_ms // MINUTE * MINUTE
        if minute not in panes:
            panes[minute] = places(minute, windows, clock_ms)
        if panes[minute]:
            slot = NO_SCORE if a.score is None else a.score
            cells[tuple(getattr(a, field) for field in fields), panes[minute], slot, a.has_comment] += 1
    return cells


def fold(answers, sets, windows, clock_ms):
    """SEG -> counts of each window, now and before; and set -> its SEGs."""
    dims = ["survey_kind"] + sorted({dim for of in sets for dim in of})
    counts, members, segments = {}, collections.defaultdict(set), {}
    for (said, where, slot, has_comment), n in cells_of(answers, dims, windows, clock_ms).items():
        if said not in segments:
            segments[said] = segments_of(dict(zip(dims, said)), sets)
        for name, seg in segments[said]:
            members[name].add(seg)
            if seg not in counts:
                counts[seg] = [([0] * WIDTH, [0] * WIDTH) for _ in windows]
            windows_of = counts[seg]
            for i, which in where:
                windows_of[i][which][slot] += n
                windows_of[i][which][COMMENTS] += n * has_comment
    return counts, members


# --- the account ---


class Account:
    """What the account's lines come to: answers that stand, totals by fate, alerts that must have been told."""

    def __init__(self, sets):
        self.location_set = ("location",) in sets
        self.answers, self.told, self.alerts = {}, {}, {}
        self.fates = collections.Counter()
        self.clock_ms = self.made_ms = None
        self.topic, self.events = "", 0
        self.known = {}

    def read(self, lines):
        first = json.loads(next(lines))["run"]
        self.topic, self.made_ms = first["topic"], first["made_ms"]
        for line in lines:
            record = json.loads(line)
            if "summary" in record:
                return self.close(record["summary"])
            self.take(record)
        raise ValueError("the account has no summary: npsgen did not end well")

    def close(self, summary):
        assert summary["records"] == self.events and summary.get("clock_ms") == self.clock_ms, "the account contradicts itself"
        return self

    def same_text(self, text):
        """One object for equal texts: there are few values and many records."""
        return self.known.setdefault(text, text)

    def answer(self, record, content):
        dims = {}
        for name in DIMS[:-1] + ("owner",):
            dims[name] = self.same_text(content[name]) if name in content else None
        themes = self.same_text(tuple(sorted(content.get("themes", ()))))
        return Answer(event_ms=record["event_ms"], score=content["score"], respondent=content.get("respondent_id"),
                      has_comment=content["has_comment"], comment=cut(content.get("comment")), themes=themes, **dims)

    def take(self, record):
        self.events += 1
        intent = record["intent"]
        self.fates["consumed"] += 1
        if intent not in ("creates", "edits"):
            self.fates[intent] += 1
            if ":" in intent:
                self.fates[intent.split(":")[0]] += 1
            return
        self.fates["counted"] += 1
        self.clock_ms = max(self.clock_ms or record["event_ms"], record["event_ms"])
        new, old = self.answer(record, record["is"]), self.answers.get(record["id"])
        if intent == "edits":
            was = self.answer(record, record["was"])
            blank = {"comment": None, "event_ms": 0}
            assert old._replace(**blank) == was._replace(**blank), f"the account contradicts itself at {record['seq']}"
        else:
            assert old is None
        self.answers[record["id"]] = new
        self.alert(record, old, new)

    def alert(self, record, old, new):
        was, now = (a is not None and a.score is not None and a.score <= 6 for a in (old, new))
        if not was and not now:
            return
        kind = "raised" if not was else "retracted" if not now else "changed"
        if kind == "changed" and not changed(old, new):
            return
        sequence, incident, severity = self.told.get(record["id"], (0, 0, None))
        sequence += 1
        if kind == "raised":
            incident = sequence
        if kind != "retracted":
            severity = "critical" if new.score <= 2 else "high" if new.score <= 4 else "moderate"
        self.told[record["id"]] = (sequence, incident, severity)
        name = f"{record['id']}:{sequence}"
        self.alerts[name] = self.alert_object(record, old, new, (name, kind, severity, incident))

    def alert_object(self, record, old, new, head):
        name, kind, severity, incident = head
        out = {"id": name, "kind": kind, "severity": severity, "incident": incident, "response_id": record["id"],
               "score": new.score, "has_comment": new.has_comment, "comment": new.comment, "owner": new.owner,
               "respondent_id": new.respondent, "responded_at_ms": new.event_ms,
               "at_ms": record.get("at_ms", record["event_ms"]), "contract": 1}
        if old is not None and old.score is not None and old.score != new.score:
            out["prev_score"] = old.score
        for dim in DIMS[:-1]:
            out[dim] = getattr(new, dim)
        out["themes"] = new.themes or None
        if self.location_set:
            out["seg"] = f"kind={new.survey_kind},location={encode(new.location)}"
        out = {k: v for k, v in out.items() if v is not None}
        # not part of the object: what decides whether it is stale
        out["_times"] = (record["record_ms"], record["event_ms"] if old is None else record["record_ms"])
        return out


def changed(old, new):
    if old.score != new.score or old.owner != new.owner:
        return True
    if any((getattr(old, dim) or "__none__") != (getattr(new, dim) or "__none__") for dim in DIMS):
        return True
    return new.comment is not None and new.comment != old.comment


def cut(comment):
    """4 KiB at most, no half character."""
    if comment is None:
        return None
    return comment.encode()[:COMMENT_BYTES].decode(errors="ignore")


# --- Redis ---


class Figure(float):
    """A number written with a fraction, and how it was written."""

    FORM = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]{4}$")

    def __new__(cls, text):
        self = super().__new__(cls, text)
        self.well_written = bool(cls.FORM.match(text)) and text != "-0.0000"
        return self


def read_json(raw):
    return json.loads(raw, parse_float=Figure)


def same_figure(expected, found):
    """The expected one is not rounded: half of the last digit is all that may lie between."""
    if not isinstance(found, Figure) or not found.well_written:
        return False
    return abs(expected - found) <= 0.5e-4 + 1e-9 * max(1, abs(expected))


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
    """Every hash whose key matches; a key that is something else raises."""
    keys = list(server.scan_iter(match=pattern, count=2000))
    for i in range(0, len(keys), 1000):
        pipe = server.pipeline(transaction=False)
        for key in keys[i:i + 1000]:
            pipe.hgetall(key)
        yield from zip(keys[i:i + 1000], pipe.execute())


def compare_windows(diff, server, prefix, counts, windows, clock_ms):
    """Returns how many windows there had to be."""
    left, total = dict(counts), 0
    for key, fields in read_hashes(server, f"{prefix}:v:*"):
        name = key.decode(errors="backslashreplace")
        rev = fields.pop(b"rev", None)
        if rev is None or not REV.match(rev):
            diff.add(name, f"rev is {rev!r}")
        seg = name[len(f"{prefix}:v:"):]
        if not (seg.startswith("{") and seg.endswith("}")):
            diff.add(name, "the segment does not stand in braces")
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
    """The wall clock at the commit decides; it lay between the making of the account and now."""
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
    if not isinstance(found.pop("reasons", None), list):
        diff.add(where, "reasons is no array")
    found.pop("source", None)
    expected = dict(expected)
    compare_stale(diff, where, expected.pop("_times"), fields, made_ms)
    if "themes" in found:
        found["themes"] = tuple(sorted(found["themes"]))
    if expected.get("score") is None and found.get("score") is None:
        found.pop("score", None)
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
                diff.add(where, "was told twice" if name in seen else f"was not expected ({fields.get(b'kind')!r})")
                continue
            seen.add(name)
            compare_alert(diff, where, expected, fields, account.made_ms)
            compare_place(diff, where, last, fields)
        if not chunk:
            break
    if entries < keep:  # nothing can have been trimmed
        for name, alert in left.items():
            diff.add(f"{prefix}:alerts {name}", f"is missing ({alert['kind']}, {alert['severity']})")
    else:
        compare_trimmed(diff, prefix, left, seen)


def compare_place(diff, where, last, fields):
    """The transitions of one response: one partition, rising offsets, rising sequence."""
    try:
        topic, partition, offset = fields[b"source"].decode().rsplit("/", 2)
        response, sequence = fields[b"id"].decode().rsplit(":", 1)
        place = (topic, int(partition)), int(offset), int(sequence)
    except (KeyError, ValueError):
        return  # told already
    before = last.get(response)
    if before and (before[0] != place[0] or before[1] >= place[1] or before[2] >= place[2]):
        diff.add(where, f"at {place} stands behind one at {before}")
    last[response] = place


def compare_trimmed(diff, prefix, left, seen):
    """Where the stream was trimmed, what is missing of a response comes before what is there."""
    first = {}
    for name in seen:
        response, sequence = name.rsplit(":", 1)
        first[response] = min(int(sequence), first.get(response, int(sequence)))
    for name in left:
        response, sequence = name.rsplit(":", 1)
        if int(sequence) > first.get(response, int(sequence)):
            diff.add(f"{prefix}:alerts {name}", "is missing between others")


# --- the whole ---


def check(account, server, sets, windows, prefix="nps", alerts_keep=100000):
    """Compares everything; returns the differences and the figures of the last line."""
    diff = Differences()
    counts, members = fold(account.answers.values(), sets, windows, account.clock_ms or 0)
    total = compare_windows(diff, server, prefix, counts, windows, account.clock_ms)
    compare_indexes(diff, server, prefix, members, sets)
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
    parser.add_argument("--segments", default="all location channel location,channel", help="sets, a space between")
    parser.add_argument("--windows", default="1h 24h 7d 30d 90d 365d")
    parser.add_argument("--alerts-keep", type=int, default=100000, help="below this many entries none may be missing")
    options = parser.parse_args()
    begun = time.monotonic()
    sets = parse_sets(options.segments)
    with open(options.account, encoding="utf-8", newline="\n") as lines:
        account = Account(sets).read(lines)
    server = redis.Redis.from_url(options.redis)
    windows = [parse_window(name) for name in options.windows.split()]
    diff, figures = check(account, server, sets, windows, options.prefix, options.alerts_keep)
    for text in diff.texts:
        print(text)
    if diff.count > len(diff.texts):
        print(f"... and {diff.count - len(diff.texts)} more")
    figures["seconds"] = round(time.monotonic() - begun, 1)
    print(json.dumps(figures, separators=(",", ":")))
    return 1 if diff.count else 0


if __name__ == "__main__":
    sys.exit(main())
