"""Compares what Redis holds with what is due. One readable line per difference."""
import json
import re
from collections import Counter, defaultdict
from decimal import Decimal

from .names import encode
from .strict_json import Number, read_object
from .windows import bounds_ms

FIGURE = re.compile(r"-?[0-9]+\.[0-9]{4}")
COUNT = re.compile("-?[0-9]+")  # a time before 1970 is below zero
REV = re.compile(r"([0-9]{13})-([0-9]{12})-([0-9]{13})")
HEART_MS = 600_000  # the greatest age of a heartbeat: a topic is compared sooner after its drain
CLOCKS_MS = 10_000  # the greatest time between the judgement of an alert and its stream id
HALF_UNIT = Decimal("0.00005") + Decimal("1e-9")  # four decimals, and the error of a double


def compare(redis, expected):
    prefix = expected.config.prefix

    def t_of(seg):
        return view_t(redis, seg, expected)
    return (list(expected.faults) + compare_totals(redis, expected) + compare_index(redis, expected)
            + compare_views(redis, expected) + compare_ranks(redis, prefix, expected.ranks(t_of))
            + compare_series(redis, prefix, expected.series(t_of)) + compare_meta(redis, expected)
            + compare_alerts(redis, expected))


def compare_totals(redis, expected):
    prefix = expected.config.prefix
    found = {k.decode(): v.decode() for k, v in redis.hgetall(f"{prefix}:totals").items()}
    due = {k: str(v) for k, v in expected.totals.items()}
    due["clock_ms"] = str(expected.clock_ms)
    # A total that is 0 may be absent; the clocks of the topics are not compared.
    names = [n for n in sorted(set(found) | set(due)) if not n.endswith("/clock_ms")]
    return [f"totals {n}: {found.get(n)}, due {due.get(n)}" for n in names if found.get(n, "0") != due.get(n, "0")]


def compare_index(redis, expected):
    """The index of each set holds exactly the segments that have a window."""
    prefix, due, differences = expected.config.prefix, defaultdict(set), []
    for seg, name in expected.set_of.items():
        if expected.view(seg, view_t(redis, seg, expected)):
            due[name].add(seg)
    stored = {key.decode()[len(f"{prefix}:index:"):] for key in redis.scan_iter(f"{prefix}:index:*", count=1000)}
    for name in sorted(stored | set(due)):
        found = redis.smembers(f"{prefix}:index:{name}")
        differences += [f"index {name}: {seg} is missing" for seg in sorted(due[name] - found)]
        differences += [f"index {name}: {seg} is not due" for seg in sorted(found - due[name])]
    return differences


def view_t(redis, seg, expected):
    """The t of a segment's windows: the event clock, or with the wall clock the t of the last publication."""
    if expected.config.clock == "event":
        return expected.clock_ms
    rev = REV.fullmatch((redis.hget(view_key(expected.config.prefix, seg), "rev") or b"").decode())
    return int(rev.group(3)) if rev else expected.clock_ms


def view_key(prefix, seg):
    return f"{prefix}:v:{{".encode() + seg + b"}"


def compare_views(redis, expected):
    prefix = expected.config.prefix
    stored = {key[len(prefix) + 4:-1] for key in redis.scan_iter(prefix + ":v:*", count=1000)}
    differences = []
    for seg in sorted(stored | set(expected.set_of)):
        differences += [f"{seg.decode()} {line}" for line in compare_view(redis, seg, expected)]
    return differences


def compare_view(redis, seg, expected):
    fields = {k.decode(): v for k, v in redis.hgetall(view_key(expected.config.prefix, seg)).items()}
    due = expected.view(seg, view_t(redis, seg, expected))
    rev = fields.pop("rev", b"").decode()
    parts = REV.fullmatch(rev)
    if fields and not parts:
        return [f"rev is {rev!r}"]
    rev_t_ms = int(parts.group(3)) if parts else None
    lines = [f"{w}: missing, due n={due[w]['n']} prev_n={due[w]['prev_n']}" for w in sorted(set(due) - set(fields))]
    lines += [f"{w}: not due: {fields[w]!r}" for w in sorted(set(fields) - set(due))]
    for window in sorted(set(due) & set(fields)):
        lines += [f"{window}: {line}" for line in compare_object(fields[window], due[window], window, rev_t_ms)]
        if expected.config.clock == "event" and rev_t_ms > expected.clock_ms:
            lines.append(f"{window}: published at {rev_t_ms}, the event clock is {expected.clock_ms}")
    return lines


def compare_object(text, due, window, rev_t_ms):
    try:
        found = read_object(text)
    except ValueError as e:
        return [f"no JSON object ({e}): {text!r}"]
    lines = [f"{name} is missing, due {due[name]}" for name in sorted(set(due) - set(found))]
    lines += [f"{name} is not due: {found[name]}" for name in sorted(set(found) - set(due) - {"asof_ms"})]
    lines += [f"{name} is {found[name]}, due {due[name]}"
              for name in sorted(set(due) & set(found)) if not same(found[name], due[name])]
    asof = found.get("asof_ms")
    if not isinstance(asof, Number) or not COUNT.fullmatch(asof):
        return lines + [f"asof_ms is {asof!r}"]
    # It may lag within the last pane.
    if bounds_ms(window, int(asof))[1:] != (due["from_ms"], due["to_ms"]):
        lines.append(f"asof_ms {asof} is outside its own window's last pane")
    if int(asof) != rev_t_ms:
        lines.append(f"asof_ms is {asof}, rev says {rev_t_ms}")
    return lines


def same(found, due):
    """Compares a published value. Figures have four decimals, right to half a unit of the last; counts are integers."""
    if isinstance(due, Decimal):
        return (isinstance(found, Number) and FIGURE.fullmatch(found) is not None and found != "-0.0000"
                and abs(Decimal(found) - due) <= HALF_UNIT)
    if isinstance(due, bool) or isinstance(due, str):
        return found is due if isinstance(due, bool) else found == due
    if isinstance(due, list):
        return isinstance(found, list) and len(found) == len(due) and all(map(same, found, due))
    return isinstance(found, Number) and COUNT.fullmatch(found) is not None and int(found) == due


# --- beside the windows


def compare_ranks(redis, prefix, wanted):
    """wanted: the part of a key after `rank:` -> {member: score, not rounded}"""
    found = {key.decode(errors="backslashreplace") for key in redis.scan_iter(match=f"{prefix}:rank:*", count=2000)}
    lines = []
    for key in sorted(found | {f"{prefix}:rank:{name}" for name in wanted}):
        due = {member.encode(): score for member, score in wanted.get(key[len(f"{prefix}:rank:"):], {}).items()}
        have = dict(redis.zrange(key, 0, -1, withscores=True, score_cast_func=lambda text: Decimal(text.decode())))
        lines += [f"{key}: {member} is missing" for member in sorted(due.keys() - have.keys())]
        lines += [f"{key}: {member} is not due" for member in sorted(have.keys() - due.keys())]
        lines += [f"{key}: {member} is {have[member]}, due {due[member]}" for member in sorted(have.keys() & due.keys())
                  if not same_score(have[member], due[member])]
    return lines


def same_score(found, due):
    """A score has the four decimals of the published figure."""
    return abs(found - Decimal(due)) <= HALF_UNIT and abs(found - round(found, 4)) < Decimal("1e-9")


def compare_series(redis, prefix, wanted):
    """wanted: the part of a key after `series:` -> {pane: its three counts}"""
    found = {key.decode(errors="backslashreplace") for key in redis.scan_iter(match=f"{prefix}:series:*", count=2000)}
    lines = []
    for key in sorted(found | {f"{prefix}:series:{name}" for name in wanted}):
        due = {b"%d" % pane: b"%d %d %d" % tuple(of) for pane, of in wanted.get(key[len(f"{prefix}:series:"):], {}).items()}
        have = redis.hgetall(key)
        lines += [f"{key}: pane {pane} is {have.get(pane)}, due {due.get(pane)}" for pane in sorted(due.keys() | have.keys())
                  if have.get(pane) != due.get(pane)]
    return lines


def compare_meta(redis, expected):
    found = {k.decode(): v.decode() for k, v in redis.hgetall(f"{expected.config.prefix}:meta").items()}
    due, rulings = expected.metadata(), expected.rulings
    lines = []
    beat, now_ms = found.pop("heartbeat_ms", ""), redis.time()[0] * 1000
    if not COUNT.fullmatch(beat) or not 0 <= now_ms + 1000 - int(beat) <= HEART_MS:
        lines.append(f"meta heartbeat_ms is {beat!r}, the clock of Redis {now_ms}")
    moved = found.pop("horizon_moved", "0")
    if int(moved) < len(rulings.horizons()) or (int(moved) > 0) != bool(rulings.horizons()):
        lines.append(f"meta horizon_moved is {moved}, there are {len(rulings.horizons())} rulings")
    for topic in expected.config.grown:
        if not COUNT.fullmatch(found.pop(f"grown:{topic}", "")):
            lines.append(f"meta grown:{topic} is missing")
    # A counter that is 0 may be absent.
    lines += [f"meta {name} is {found.get(name)!r}, due {due.get(name)!r}" for name in sorted(found.keys() | due.keys())
              if found.get(name, absent(name)) != due.get(name, absent(name))]
    for place in sorted(rulings.ahead ^ expected.ahead):
        lines.append(f"ruling: {place} is {'not ' if place in rulings.ahead else ''}ahead of the clock")
    return lines


def absent(name):
    return "0" if name in ("undated", "ahead") or name.startswith("other:") else None


# --- alerts


def compare_alerts(redis, expected):
    """The alerts of one response (of one partition) are in order; those of different responses in any order."""
    found, wanted, differences = defaultdict(list), defaultdict(list), []
    for stream_id, entry in redis.xrange(f"{expected.config.prefix}:alerts"):
        fields = {k.decode(): v for k, v in entry.items()}
        place = fields.get("source", b"").decode().rpartition("/")[0]
        found[place, fields.get("response_id", b"").decode()].append((stream_id.decode(), fields))
    for id_, alerts in expected.alerts.items():
        for alert in alerts:
            wanted[alert["json"]["source"].rpartition("/")[0], id_].append(alert)
    for id_ in sorted(set(found) | set(wanted)):
        entries, due = found[id_], wanted[id_]
        kinds = [fields.get("kind", b"").decode() for _, fields in entries]
        if kinds != [alert["json"]["kind"] for alert in due]:
            differences.append(f"alerts of {id_!r}: {kinds}, due {[alert['json']['kind'] for alert in due]}")
            continue
        for (stream_id, fields), alert in zip(entries, due):
            differences += [f"alert {alert['json']['id']} ({stream_id}): {line}" for line in compare_entry(stream_id, fields, alert)]
    return differences


def compare_entry(stream_id, fields, alert):
    due = alert["json"]
    lines = []
    for name in ("id", "kind", "severity", "response_id", "at_ms", "source"):
        text = fields.get(name, b"").decode()
        if text != str(due[name]):
            lines.append(f"field {name} is {text!r}, due {due[name]!r}")
    stale = fields.get("stale", b"").decode()
    emitted_ms = int(stream_id.partition("-")[0])
    if stale != ("1" if emitted_ms > alert["stale_after_ms"] else "") and abs(emitted_ms - alert["stale_after_ms"]) > CLOCKS_MS:
        lines.append(f"field stale is {stale!r}, emitted at {emitted_ms}, due after {alert['stale_after_ms']}")
    unknown = set(fields) - {"id", "kind", "severity", "response_id", "at_ms", "source", "json", "stale"}
    lines += [f"field {name} is not due" for name in sorted(unknown)]
    return lines + compare_alert_json(fields.get("json", b""), due)


def compare_alert_json(text, due):
    try:
        found = read_object(text)
    except ValueError as e:
        return [f"json is none ({e}): {text!r}"]
    found = {name: value for name, value in found.items() if value is not None}
    found.pop("stream_id", None)
    return [f"json.{name} is {found.get(name)!r}, due {due.get(name)!r}"
            for name in sorted(set(found) | set(due)) if not same_json(found.get(name), due.get(name))]


def same_json(found, due):
    if isinstance(due, dict):
        return isinstance(found, dict) and found == due
    if isinstance(due, list):
        return isinstance(found, list) and sorted(found) == sorted(due)
    return same(found, due) if due is not None else found is None


def compare_channels(messages, expected):
    """messages: all [(channel, text)] of a subscriber. Each alert is due once on each of its channels."""
    prefix = f"{expected.config.prefix}:alerts:"
    found = Counter((channel, json.loads(text)["id"]) for channel, text in messages)
    due = Counter()
    for alerts in expected.alerts.values():
        for alert in alerts:
            due.update((prefix + written(channel), alert["json"]["id"]) for channel in alert["channels"])
    lines = [f"channel {c}: alert {i} published {found[c, i]} times, due {due[c, i]}" for c, i in sorted(set(found) | set(due))
             if found[c, i] != due[c, i]]
    by_id = {alert["json"]["id"]: alert["json"] for alerts in expected.alerts.values() for alert in alerts}
    for channel, text in messages:
        alert = json.loads(text)
        if not re.fullmatch("[0-9]+-[0-9]+", alert.get("stream_id", "")):
            lines.append(f"channel {channel}: stream_id is {alert.get('stream_id')!r}")
        if alert["id"] in by_id:
            lines += [f"channel {channel}: alert {alert['id']}: {line}"
                      for line in compare_alert_json(text.encode(), by_id[alert["id"]])]
    return lines


def written(channel):
    word, colon, value = channel.partition(":")
    return word + colon + encode(value).decode()
