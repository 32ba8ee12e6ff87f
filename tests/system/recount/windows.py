"""Segments, their windows and figures. Every window is summed from all answers."""
import math
from decimal import Decimal, getcontext
from fractions import Fraction
from itertools import product

from .config import step_s, width_s
from .names import NONE, OTHER, encode

getcontext().prec = 60
Z = Decimal("1.959963984540054")
STEPS_S = {"1m": 60, "5m": 300, "1h": 3600, "1d": 86400}
FUNNEL = ("invited", "delivered", "opened", "declined", "bounced", "unsubscribed")
ANSWER_COUNTS = ("no_score", "comments")


def seg_name(config, kind, dims, values):
    parts = [b"kind=" + kind.encode()] if config.split_kinds else []
    parts += [dim.encode() + b"=" + encode(value) for dim, value in zip(dims, values)]
    return b",".join(parts) or b"all"


def segments(content, config, names):
    """{set number: names of the segments that an answer counts in}"""
    found = {}
    for number, dims in enumerate(config.sets):
        choices = [names_of(content, dim, names) for dim in dims]
        found[number] = [seg_name(config, content.kind, dims, values) for values in product(*choices)]
    return found


def names_of(content, dim, names):
    if dim == "location":
        return names.locations(content.location)
    if dim in ("theme", "themes"):
        return names.themes(content.themes)
    return [names.counted_as(dim, content.values.get(dim))]


def bounds_ms(window, t_ms):
    """The three borders of the window at t and the one before it. A window includes its begin, not its end."""
    step, width = step_s(window) * 1000, width_s(window) * 1000
    end = t_ms // step * step + step
    return end - 2 * width, end - width, end


def count(answers, from_ms, to_ms, stages=()):
    """Counters of answers [(event_ms, score or None, has a comment)] and stages [(event_ms, which)], from <= time < to."""
    counts = {"scores": [0] * 11, **dict.fromkeys(ANSWER_COUNTS + FUNNEL, 0)}
    for event_ms, score, has_comment in answers:
        if from_ms <= event_ms < to_ms:
            if score is None:
                counts["no_score"] += 1
            else:
                counts["scores"][score] += 1
            counts["comments"] += has_comment
    for event_ms, stage in stages:
        counts[stage] += from_ms <= event_ms < to_ms
    return with_groups(counts)


def with_groups(counts):
    scores = counts["scores"]
    counts["detractors"], counts["passives"], counts["promoters"] = sum(scores[:7]), sum(scores[7:9]), sum(scores[9:])
    counts["n"] = sum(scores)
    return counts


def is_empty(counts):
    return not any(any(c) if isinstance(c, list) else c for c in counts.values())


def window_object(answers, window, t_ms, config, set_since=0, stages=()):
    """The published object, with exact figures. None if the window and the one before it are empty."""
    begin, middle, end = bounds_ms(window, t_ms)
    read_from = config.window_since.get(window, begin)
    now = count(answers, max(middle, read_from), end, stages)
    prev = count(answers, max(begin, read_from), middle, stages)
    if is_empty(now) and is_empty(prev):
        return None
    found = {**now, "prev_n": prev["n"], "from_ms": middle, "to_ms": end, "step_s": step_s(window)}
    found.update(figures(now))
    found.update(change(now, prev))
    found.update(rate(now))
    found["fragile"] = fragile(found, config)
    whole = max(set_since, config.window_since.get(window, 0))
    if begin < whole:
        found["fragile"].append("partial" if middle < whole else "partial_prev")
        for name in ("delta", "z", "p_value", "significant"):
            found.pop(name, None)
    return found


def groups(counts):
    return counts["promoters"], counts["detractors"], counts["n"]


def decimal(fraction):
    return Decimal(fraction.numerator) / Decimal(fraction.denominator)


def nps(counts):
    p, d, n = groups(counts)
    return Fraction(100 * (p - d), n)


def wald(counts):
    """Adjusted Wald: n', m', v'"""
    p, d, n = groups(counts)
    n_, m_ = n + 3, Fraction(p - d, n + 3)
    return n_, m_, (p + d + Fraction(3, 2)) / n_ - m_ * m_


def figures(counts):
    if counts["n"] == 0:
        return {}
    n_, m_, v_ = wald(counts)
    half = Z * decimal(v_ / n_).sqrt()
    n, scores = counts["n"], counts["scores"]
    mean = Fraction(sum(s * c for s, c in enumerate(scores)), n)
    variance = Fraction(sum(s * s * c for s, c in enumerate(scores)), n) - mean * mean
    return {
        "nps": decimal(nps(counts)),
        "nps_lo": 100 * max(Decimal(-1), decimal(m_) - half),
        "nps_hi": 100 * min(Decimal(1), decimal(m_) + half),
        "mean": decimal(mean),
        "sd": decimal(variance).sqrt(),
        "promoter_share": decimal(Fraction(counts["promoters"], n)),
        "passive_share": decimal(Fraction(counts["passives"], n)),
        "detractor_share": decimal(Fraction(counts["detractors"], n)),
    }


def change(now, prev):
    if prev["n"] == 0:
        return {}
    found = {"prev_nps": decimal(nps(prev))}
    if now["n"] == 0:
        return found
    (n1, m1, v1), (n2, m2, v2) = wald(now), wald(prev)
    z = decimal(m1 - m2) / decimal(v1 / n1 + v2 / n2).sqrt()
    p_value = math.erfc(abs(float(z)) / math.sqrt(2))
    found.update(delta=decimal(nps(now) - nps(prev)), z=z, p_value=Decimal(p_value), significant=p_value < 0.05)
    return found


def rate(counts):
    asked = counts["delivered"] or counts["invited"]
    answered = counts["n"] + counts["no_score"]
    if asked == 0 or answered > asked:
        return {}
    low, high = wilson(answered, asked)
    return {"response_rate": decimal(Fraction(answered, asked)), "response_rate_lo": low, "response_rate_hi": high}


def wilson(k, n):
    share, z2 = Decimal(k) / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * (share * (1 - share) / n + z2 / (4 * n * n)).sqrt()
    return middle - half, middle + half


def fragile(found, config):
    flags = []
    if found["n"] < config.few:
        flags.append("few")
    if found["n"] > 0 and (found["nps_hi"] - found["nps_lo"]) / 2 > Decimal(str(config.wide)):
        flags.append("wide")
    if "response_rate" in found and found["response_rate"] < Decimal(str(config.low_rate)):
        flags.append("low_rate")
    if 2 * found["n"] < found["prev_n"]:
        flags.append("volume_drop")
    return flags


# --- beside the windows


def rank_place(seg, name, split_kinds=True):
    """The part of the key of a segment's rank before the window, and its member. None if it has no rank."""
    if name == "all" or "," in name:
        return None
    parts = seg.split(",")
    value = parts[-1].partition("=")[2]
    if value in (NONE, OTHER):
        return None
    kind = parts[0].partition("=")[2] if split_kinds else "all"
    return f"{kind}:{name}/{value.count('/') + 1}" if name == "location" else f"{kind}:{name}", value


def series(answers, step, t_ms, config):
    """{start of a pane in s: [promoters, passives, detractors]} of the panes of the widest window of this step and the one before."""
    step_ms = STEPS_S[step] * 1000
    windows = [w for w in config.windows if step_s(w) * 1000 == step_ms]
    begin, _, end = bounds_ms(max(windows, key=width_s), t_ms)
    begin = max(begin, min(config.window_since.get(w, 0) for w in windows))
    panes = {}
    for event_ms, score, *_ in answers:
        if score is not None and begin <= event_ms < end:
            pane = panes.setdefault(event_ms // step_ms * step_ms // 1000, [0, 0, 0])
            pane[0 if score >= 9 else 1 if score >= 7 else 2] += 1
    return panes


__all__ = ["NONE", "bounds_ms", "count", "figures", "rank_place", "seg_name", "segments", "series", "window_object",
           "wilson", "with_groups"]
