"""The rulings and lost ranges that npsd stored (docs/formats.md), and whether each has a cause."""
import re
from collections import defaultdict
from dataclasses import dataclass, field, replace

RULING = re.compile(r"(ahead|gap|lateness|horizon|config) ([0-9]+):([0-9]+) (.*)")
LOST = re.compile(r"(\S+/[0-9]+ gap [0-9]+:[0-9]+ [0-9]+) ([0-9]{13}) ([a-z]+)")


@dataclass
class Rulings:
    moves: dict = field(default_factory=dict)  # (topic, partition, incarnation) -> [(offset, `horizon` or `lateness`, ms)]
    configs: dict = field(default_factory=dict)  # (topic, partition, incarnation) -> [first offset of the configuration after it]
    ahead: set = field(default_factory=set)  # (topic, partition, incarnation, offset)
    gaps: list = field(default_factory=list)  # in the form of `lost`
    lost: list = field(default_factory=list)  # the lines of `lost`
    unreadable: list = field(default_factory=list)

    @property
    def lost_ms(self):
        """When the last lost range was found; 0 if there is none."""
        return max((int(LOST.fullmatch(line).group(2)) for line in self.lost if LOST.fullmatch(line)), default=0)

    def of(self, place):
        return sorted(self.moves.get(place, []), key=lambda ruling: ruling[0])

    def ends_of_gaps(self, place):
        gaps = [re.match(r"(.*)/([0-9]+) gap ([0-9]+):[0-9]+ ([0-9]+) ", line).groups() for line in self.gaps]
        return sorted(int(end) for topic, partition, incarnation, end in gaps if (topic, int(partition), int(incarnation)) == place)

    def config_at(self, place, offset, config):
        """The configuration that a record was decoded with. A ruling `config` marks the end of one."""
        for at, before in zip(self.configs.get(place, []), config.before):
            if offset < at:
                return replace(config, **before)
        return config

    def horizons(self):
        return [ruling for moves in self.moves.values() for ruling in moves if ruling[1] == "horizon"]

    def faults(self, config):
        """Rulings and lost ranges without a cause."""
        found = [f"ruling: {text!r} is unreadable" for text in self.unreadable]
        due = {config.lateness_ms, *config.latenesses}
        for place, moves in self.moves.items():
            found += [f"ruling: lateness {ms} of {place} was never set" for _, what, ms in moves if what == "lateness" and ms not in due]
        if self.horizons() and not config.memory_is_short:
            found.append(f"ruling: horizons moved by memory: {self.horizons()[:3]}")
        lost = [" ".join(LOST.fullmatch(line).group(1, 3)) if LOST.fullmatch(line) else line for line in self.lost]
        if lost != config.lost:
            found.append(f"lost ranges: {lost}, due {config.lost}")
        if sorted(self.gaps) != sorted(self.lost):
            found.append(f"rulings of lost ranges: {self.gaps}, lost: {self.lost}")
        return found


def read_rulings(redis, config):
    found = Rulings(moves=defaultdict(list))
    private = "{%s:alerts}:" % config.prefix
    found.lost = [line.decode() for line in redis.lrange(private + "lost", 0, -1)]
    for topic in config.topics:
        for key in redis.scan_iter(f"{private}rulings:{topic}/*"):
            partition = key.decode().rpartition("/")[2]
            for text in redis.lrange(key, 0, -1):
                take(found, topic, int(partition), text.decode())
    return found


def take(found, topic, partition, text):
    parts = RULING.fullmatch(text)
    if not parts:
        found.unreadable.append(text)
        return
    what, incarnation, offset, rest = parts.group(1), int(parts.group(2)), int(parts.group(3)), parts.group(4)
    if what == "ahead":
        found.ahead |= {(topic, partition, incarnation, n) for n in range(offset, int(rest))}
    elif what == "gap":
        found.gaps.append(f"{topic}/{partition} {text}")
    elif what == "config":
        found.configs.setdefault((topic, partition, incarnation), []).append(offset)
    else:
        found.moves[topic, partition, incarnation].append((offset, what, int(rest)))
