"""The part of the configuration that affects counts, and the history of the topics, as the oracle needs them."""
from dataclasses import dataclass, field

HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
KINDS = ("transactional", "relational", "other")
# Dimensions with one value per event, named as the event field. Themes, attributes and kind have rules of their own.
PLAIN = ("channel", "stage", "team", "product", "profile", "language", "survey_id")
DEFAULT_CAPS = {"location": 1_000_000, "owner": 1_000_000}
DEFAULT_CAP = 10_000


@dataclass
class Config:
    topic: str = "survey-events"
    prefix: str = "nps"
    clock: str = "event"
    sets: list = field(default_factory=lambda: [[], ["location"], ["channel"], ["location", "channel"]])
    windows: list = field(default_factory=lambda: ["1h", "24h", "7d", "30d", "90d", "365d"])
    split_kinds: bool = True
    default_kind: str = None
    location_required: bool = True
    lateness_ms: int = 7 * DAY_MS
    event_bytes: int = 262_144
    caps: dict = field(default_factory=dict)
    few: int = 30
    wide: float = 10
    low_rate: float = 0.1
    alerts_max_age_ms: int = DAY_MS
    alerts_comment: bool = True
    alerts_respondent: str = "plain"
    alerts_respondent_key: str = ""
    more_topics: list = field(default_factory=list)  # read in addition to `topic`
    topic_defaults: dict = field(default_factory=dict)  # topic -> kind, or None for no default
    series_sets: list = field(default_factory=list)
    series_steps: list = field(default_factory=list)
    rank_min_n: int = 10
    shards: int = 16
    since: dict = field(default_factory=dict)  # of sets added later, by name: the first event time that they count
    window_since: dict = field(default_factory=dict)  # of windows added later: the start of the first pane that they read
    # What the test did to the topics:
    partitions: dict = field(default_factory=dict)  # topic -> number of partitions
    grown: set = field(default_factory=set)  # topics that have grown
    begin: dict = field(default_factory=dict)  # (topic, partition) -> first offset that counts, if not 0
    lost: list = field(default_factory=list)  # lost ranges, oldest first: "TOPIC/P gap INC:FROM TO", reason
    memory_is_short: bool = False  # `ledger.memory_max` may have moved horizons
    before: list = field(default_factory=list)  # earlier values of options that decoding depends on: [{field: value}], a ruling `config` after each
    latenesses: list = field(default_factory=list)  # earlier values of `lateness`

    @property
    def topics(self):
        return [self.topic, *self.more_topics]

    def default_kind_of(self, topic):
        return self.topic_defaults.get(topic, self.default_kind)

    def dims(self):
        """The dimensions of the sets, in the order of npsd."""
        used = {dim for dims in self.sets for dim in dims}
        return [dim for dim in ("location", *PLAIN, "theme", *("attributes." + name for name in self.attributes())) if dim in used]

    def cap(self, dim):
        return self.caps.get(dim, DEFAULT_CAPS.get(dim, DEFAULT_CAP))

    def attributes(self):
        """The names X of the dimensions attributes.X."""
        names = []
        for dims in self.sets:
            for dim in dims:
                if dim.startswith("attributes.") and dim[len("attributes."):] not in names:
                    names.append(dim[len("attributes."):])
        return names


def set_name(dims):
    return ",".join(dims) if dims else "all"


def width_s(window):
    return int(window[:-1]) * UNITS_S[window[-1]]


def step_s(window):
    width = width_s(window)
    if width <= 3 * 3600:
        return 60
    if width <= 24 * 3600:
        return 300
    if width <= 31 * 86400:
        return 3600
    return 86400
