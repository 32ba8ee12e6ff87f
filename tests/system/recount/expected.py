"""What Redis must hold after the records of a topic: everything that npsd publishes, computed from all answers."""
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import partial

from .config import Config, set_name, step_s, width_s
from .events import Fate, decode, is_ahead
from .ledger import Partition, alert
from .names import OTHER, Names
from .rulings import Rulings
from .windows import rank_place, segments, series, window_object

AHEAD_MS = 5 * 60 * 1000


@dataclass
class Expected:
    config: Config
    rulings: Rulings = field(default_factory=Rulings)
    totals: Counter = field(default_factory=Counter)
    clock_ms: int = 0
    alerts: dict = field(default_factory=partial(defaultdict, list))  # response id -> its transitions, in order within a partition
    answers: dict = field(default_factory=partial(defaultdict, list))  # SEG -> [(event_ms, score, has a comment)]
    stages: dict = field(default_factory=partial(defaultdict, list))  # SEG -> [(event_ms, stage of an invitation)]
    set_of: dict = field(default_factory=dict)  # SEG -> name of its set
    since_ms: int = 0  # not 0 if the count does not begin with the first records
    meta: Counter = field(default_factory=Counter)  # `undated`, `ahead`, `other:DIM`
    forgotten: int = 0  # answers that the ledger does not know any more
    ahead: set = field(default_factory=set)  # (topic, partition, incarnation, offset) of records ahead of the clock
    faults: list = field(default_factory=list)  # in the dictionary and the rulings
    views: dict = field(default_factory=dict)  # results of view()

    def view(self, seg, t_ms):
        """The windows of a segment at t: {window: object}, without empty ones."""
        if (seg, t_ms) not in self.views:
            answers, stages = self.answers.get(seg, []), self.stages.get(seg, [])
            whole = max(self.config.since.get(self.set_of.get(seg)) or self.since_ms, self.rulings.lost_ms)
            objects = {w: window_object(answers, w, t_ms, self.config, whole, stages) for w in self.config.windows}
            self.views[seg, t_ms] = {w: found for w, found in objects.items() if found is not None}
        return self.views[seg, t_ms]

    def at_clock(self, _seg):
        return self.clock_ms

    def ranks(self, t_of=None):
        """The part of a key after `rank:` -> {value: nps_lo}. t_of(SEG): the t of its windows."""
        t_of, found = t_of or self.at_clock, defaultdict(dict)
        for seg, name in self.set_of.items():
            place = rank_place(seg.decode(), name, self.config.split_kinds)
            for window, view in self.view(seg, t_of(seg)).items() if place else ():
                if view["n"] >= self.config.rank_min_n:
                    found[f"{place[0]}:{window}"][place[1]] = view["nps_lo"]
        return found

    def series(self, t_of=None):
        """The part of a key after `series:` -> {pane: its three counts}"""
        t_of, found = t_of or self.at_clock, {}
        names = [set_name(dims) for dims in self.config.series_sets]
        for seg, name in self.set_of.items():
            for step in self.config.series_steps if name in names else ():
                panes = series(self.answers.get(seg, []), step, t_of(seg), self.config)
                if panes:
                    found[f"{{{seg.decode()}}}:{step}"] = panes
        return found

    def metadata(self):
        """The fields of `meta` without `heartbeat_ms` and `horizon_moved`."""
        config = self.config
        windows = sorted(config.windows, key=width_s)
        found = {
            "contract": "1",
            "allow_compacted": "0",
            "windows": ",".join(windows),
            "steps": ",".join(str(step_s(window)) for window in windows),
            "dimensions": ",".join(["kind"] * config.split_kinds + config.dims()),
            "sets": ";".join(map(set_name, config.sets)),
            "shards": str(config.shards),
            "lost": ";".join(self.rulings.lost),
            **{f"partitions:{topic}": str(n) for topic, n in config.partitions.items()},
            **{f"other:{dim}": str(self.meta[f"other:{dim}"]) for dim in config.dims()},
            **{name: str(n) for name, n in self.meta.items()},
        }
        for name in map(set_name, config.sets):
            since = config.since.get(name) or self.since_ms
            found[f"since_ms:{name}"] = str(since)
            found.update({f"since_ms:{name}:{w}": str(max(since, ms)) for w, ms in config.window_since.items()})
        return found


def expect(records, config, now_ms=None, dictionary=None, rulings=None):
    """
    What is due after these records. Those of a partition are in order; the order between partitions does not matter. dictionary and
    rulings: decisions that do not follow from the records, as npsd stored them; `faults` lists what is wrong with them.
    """
    now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    names, rulings = Names(dictionary), rulings or Rulings()
    expected = Expected(config, rulings)
    partitions = {}
    for record in records:
        if record.incarnation == 0 and record.offset < config.begin.get((record.topic, record.partition), 0):
            continue
        place = (record.topic, record.partition, record.incarnation)
        if place not in partitions:
            partitions[place] = Partition(config.lateness_ms, rulings.of(place), rulings.ends_of_gaps(place))
            if place[:2] in config.begin:
                expected.since_ms = max(expected.since_ms, record.timestamp_ms)
        fate, reason = run(record, partitions[place], expected, names, now_ms)
        tally(expected.totals, record.topic, fate, reason)
    for partition in partitions.values():
        expected.forgotten += len(partition.forgotten)
        for answer in partition.counted():
            content = answer.content
            add(expected, expected.answers, content, (answer.event_ms, content.score, content.comment is not None), names)
            expected.meta.update(f"other:{dim}" for dim in over_cap(content, names))
        for event in partition.stages:
            add(expected, expected.stages, event, (event.own_ms, event.type.removeprefix("survey.")), names)
    expected.faults = names.faults(config.cap) + rulings.faults(config)
    return expected


def run(record, partition, expected, names, now_ms):
    """Applies the checks and the ledger to one record. Returns its fate and reason."""
    config, place = expected.config, (record.topic, record.partition, record.incarnation)
    then = expected.rulings.config_at(place, record.offset, config) if config.before else config
    try:
        event, fate = decode(record, then, now_ms), None
    except Fate as e:
        event, fate = None, e
    partition.obey(record.offset)
    note(record, expected, now_ms)
    if not is_ahead(record, now_ms) and not (fate and fate.reason == "future"):
        partition.move(record.timestamp_ms)
    if fate:
        return fate.fate, fate.reason
    result, reason, before, after = partition.apply(event, then)
    if result != "counted":
        return result, reason
    if after is None or after.content is not None:  # a stage, or an answer that counts
        expected.clock_ms = max(expected.clock_ms, event.own_ms if after is None else after.event_ms)
    if event.undated and after and after.content and not (before and before.content):
        expected.meta["undated"] += 1
    emitted = after and alert(before, after, event, record, then, names, now_ms)
    if emitted:
        expected.alerts[after.id].append(emitted)
    return result, reason


def note(record, expected, now_ms):
    if is_ahead(record, now_ms):
        expected.ahead.add((record.topic, record.partition, record.incarnation, record.offset))
    if record.timestamp_ms > now_ms + AHEAD_MS:
        expected.meta["ahead"] += 1


def tally(totals, topic, fate, reason):
    for prefix in ("", topic + "/"):
        totals[prefix + "consumed"] += 1
        totals[prefix + fate] += 1
        if reason:
            totals[f"{prefix}{fate}:{reason}"] += 1


def add(expected, counts, content, counted, names):
    event_ms = counted[0]
    for number, segs in segments(content, expected.config, names).items():
        if event_ms < expected.config.since.get(set_name(expected.config.sets[number]), event_ms):
            continue
        for seg in segs:
            counts[seg].append(counted)
            expected.set_of[seg] = set_name(expected.config.sets[number])


def over_cap(content, names):
    """Dimensions in which an answer counts as `__other__`."""
    by_dim = {"location": ["/".join(content.location)], "owner": [content.owner], "theme": content.themes,
            **{dim: [value] for dim, value in content.values.items()}}
    return [dim for dim, values in by_dim.items() if OTHER in [names.counted_as(dim, value) for value in values]]
