"""The windows that Redis must hold: figures from counts, and counts from the answers and stages that count."""

import collections
import itertools
import math

MINUTE = 60000
Z = 1.959963984540054
SCORES = 11
NO_SCORE, COMMENTS, FIRST_STAGE = 11, 12, 13  # places in a count vector: 11 scores, these, the stages of the funnel
FUNNEL = ("invited", "delivered", "opened", "declined", "bounced", "unsubscribed")
WIDTH = FIRST_STAGE + len(FUNNEL)
FIELD_OF = {"theme": "themes", "attributes.plan": "plan"}  # dimensions whose name differs from the field of Answer

Window = collections.namedtuple("Window", "name width_ms step_ms")


# --- figures of a window, from counts ---


def shares(counts):
    """Promoters, passives, detractors."""
    return sum(counts[9:11]), sum(counts[7:9]), sum(counts[0:7])


def adjusted(p, s, d):
    """n', m' and v' of the adjusted Wald interval."""
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


def response_rate(counts):
    """The rate and its Wilson interval. None if nobody was asked, or more answered than were asked."""
    funnel = dict(zip(FUNNEL, counts[FIRST_STAGE:]))
    asked = funnel["delivered"] or funnel["invited"]
    answered = sum(counts[:SCORES]) + counts[NO_SCORE]
    if asked == 0 or answered > asked:
        return None
    rate, z2 = answered / asked, Z * Z
    middle = (rate + z2 / (2 * asked)) / (1 + z2 / asked)
    half = Z / (1 + z2 / asked) * math.sqrt(rate * (1 - rate) / asked + z2 / (4 * asked * asked))
    return rate, middle - half, middle + half


def window_object(now, before, window, clock_ms):
    """The published object. Figures are floats, not rounded."""
    p, s, d = shares(now)
    n, prev_n = p + s + d, sum(shares(before))
    to_ms = clock_ms // window.step_ms * window.step_ms + window.step_ms
    out = {
        "n": n, "promoters": p, "passives": s, "detractors": d, "scores": list(now[:SCORES]), "no_score": now[NO_SCORE],
        "comments": now[COMMENTS], "prev_n": prev_n, "from_ms": to_ms - window.width_ms, "to_ms": to_ms,
        "step_s": window.step_ms // 1000,
    }
    out.update(zip(FUNNEL, now[FIRST_STAGE:]))
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
    rate = response_rate(now)
    if rate:
        out["response_rate"], out["response_rate_lo"], out["response_rate_hi"] = rate
        fragile += ["low_rate"] if rate[0] < 0.1 else []
    fragile += ["volume_drop"] if 2 * n < prev_n else []
    out["fragile"] = fragile
    return out


# --- segments and windows ---


def encode(value):
    return "".join(f"%{ord(c):02X}" if c < " " or c in "\x7f%,={}:" else c for c in value)


def values_of(of, dim):
    """The values of a dimension in which an answer counts. of: dimension -> value of the answer."""
    value = of[dim]
    if dim == "location":
        levels = value.split("/")
        return ["/".join(levels[: i + 1]) for i in range(len(levels))]
    if dim == "theme":
        return value or ["__none__"]
    return [value or "__none__"]


def segments_of(of, sets):
    """(set, SEG) of each segment that an answer counts in."""
    found = []
    for dims in sets:
        for values in itertools.product(*(values_of(of, dim) for dim in dims)):
            parts = [f"{dim}={encode(value)}" for dim, value in zip(dims, values)]
            found.append((set_name(dims), ",".join([f"kind={of['survey_kind']}"] + parts)))
    return found


def set_name(dims):
    return ",".join(dims) or "all"


def parse_window(name):
    width = int(name[:-1]) * {"m": 60, "h": 3600, "d": 86400}[name[-1]]
    step = 60 if width <= 10800 else 300 if width <= 86400 else 3600 if width <= 31 * 86400 else 86400
    return Window(name, width * 1000, step * 1000)


def places(pane, windows, clock_ms):
    """The windows in which the pane of this minute counts: (number of the window, 0 for it or 1 for the one before)."""
    out = []
    for i, w in enumerate(windows):
        end = clock_ms // w.step_ms * w.step_ms + w.step_ms
        if end - w.width_ms <= pane < end:
            out.append((i, 0))
        elif end - 2 * w.width_ms <= pane < end - w.width_ms:
            out.append((i, 1))
    return tuple(out)


def cells_of(counted, dims, windows, clock_ms):
    """How many answers are equal in all that matters for windows: (dimensions, places, counter, comment) -> number."""
    fields = [FIELD_OF.get(dim, dim) for dim in dims]
    panes, cells = {}, collections.Counter()
    for a, slot in counted:
        minute = a.event_ms // MINUTE * MINUTE
        if minute not in panes:
            panes[minute] = places(minute, windows, clock_ms)
        if panes[minute]:
            cells[tuple(getattr(a, field) for field in fields), panes[minute], slot, a.has_comment] += 1
    return cells


def fold(counted, sets, windows, clock_ms):
    """counted: [(Answer, counter)]. Returns SEG -> counts of each window and the one before, and set -> its SEGs."""
    dims = ["survey_kind"] + sorted({dim for of in sets for dim in of})
    counts, members, segments = {}, collections.defaultdict(set), {}
    for (values, where, slot, has_comment), n in cells_of(counted, dims, windows, clock_ms).items():
        if values not in segments:
            segments[values] = segments_of(dict(zip(dims, values)), sets)
        for name, seg in segments[values]:
            members[name].add(seg)
            if seg not in counts:
                counts[seg] = [([0] * WIDTH, [0] * WIDTH) for _ in windows]
            windows_of = counts[seg]
            for i, which in where:
                windows_of[i][which][slot] += n
                windows_of[i][which][COMMENTS] += n * has_comment
    return counts, members


def series_of(counted, sets, windows, step, clock_ms):
    """SEG -> start of a pane in seconds -> promoters, passives, detractors. step: such as `1h`."""
    step_ms = parse_step(step)
    width_ms = max(w.width_ms for w in windows if w.step_ms == step_ms)
    end = clock_ms // step_ms * step_ms + step_ms
    dims = ["survey_kind"] + sorted({dim for of in sets for dim in of})
    fields = [FIELD_OF.get(dim, dim) for dim in dims]
    cells = collections.Counter()
    for a, slot in counted:
        if slot < SCORES and end - 2 * width_ms <= a.event_ms < end:
            group = 0 if slot >= 9 else 1 if slot >= 7 else 2
            cells[tuple(getattr(a, field) for field in fields), a.event_ms // step_ms * step_ms // 1000, group] += 1
    series = collections.defaultdict(dict)
    for (values, pane, group), n in cells.items():
        for _, seg in segments_of(dict(zip(dims, values)), sets):
            series[seg].setdefault(pane, [0, 0, 0])[group] += n
    return series


def parse_step(step):
    return {"1m": 60, "5m": 300, "1h": 3600, "1d": 86400}[step] * 1000
