"""Writes to Redis what npsd must publish, for the tests of the comparisons."""
import json
from decimal import Decimal

SEQUENCE = 7  # in every rev


def text_of(value):
    """A figure with four decimals, other values as JSON."""
    if isinstance(value, Decimal):
        text = f"{value:.4f}"
        return "0.0000" if text == "-0.0000" else text
    return json.dumps(value)


def publish(redis, expected):
    """The Redis must be empty. Stream ids begin at its clock."""
    pipe, prefix, t = redis.pipeline(transaction=False), expected.config.prefix, expected.clock_ms
    now_s, _ = redis.time()
    for seg, name in expected.set_of.items():
        windows = {}
        for window, found in expected.view(seg, t).items():
            members = {**found, "asof_ms": t}
            windows[window] = "{" + ",".join(f'"{k}":{text_of(v)}' for k, v in members.items()) + "}"
        if windows:
            windows["rev"] = f"{now_s * 1000:013d}-{SEQUENCE:012d}-{t:013d}"
            pipe.hset(f"{prefix}:v:{{".encode() + seg + b"}", mapping=windows)
            pipe.sadd(f"{prefix}:index:{name}", seg)
    for name, members in expected.ranks().items():
        pipe.zadd(f"{prefix}:rank:{name}", {value: text_of(score) for value, score in members.items()})
    for name, panes in expected.series().items():
        pipe.hset(f"{prefix}:series:{name}", mapping={pane: "%d %d %d" % tuple(of) for pane, of in panes.items()})
    pipe.hset(f"{prefix}:totals", mapping={**expected.totals, "clock_ms": t})
    pipe.hset(f"{prefix}:meta", mapping={**expected.metadata(), "heartbeat_ms": now_s * 1000})
    publish_alerts(pipe, expected, now_s * 1000)
    pipe.execute()


def publish_alerts(pipe, expected, now_ms):
    number = 0
    for alerts in expected.alerts.values():
        for alert in alerts:
            due, number = alert["json"], number + 1
            entry = {k: due[k] for k in ("id", "kind", "severity", "response_id", "at_ms", "source")}
            entry["json"] = json.dumps(due)
            if now_ms > alert["stale_after_ms"]:
                entry["stale"] = "1"
            pipe.xadd(f"{expected.config.prefix}:alerts", entry, id=f"{now_ms}-{number}")
