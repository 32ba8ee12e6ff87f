"""One record in, an event or its fate out: contract 1, in the order of its checks."""
import re
from collections import namedtuple
from dataclasses import dataclass, field
from datetime import datetime, timezone
from fractions import Fraction

from .config import DAY_MS, KINDS, PLAIN
from .strict_json import BadJson, BadUtf8, Number, read_object
from .windows import FUNNEL

# headers: [(name, bytes or None)]; incarnation: how often the topic was recreated before
Record = namedtuple("Record", "topic partition offset timestamp_ms value headers incarnation", defaults=((), 0))

SUBMITTED, UPDATED, RETRACTED = "response.submitted", "response.updated", "response.retracted"
TYPES = (SUBMITTED, UPDATED, RETRACTED, *("survey." + stage for stage in FUNNEL))
IGNORED = re.compile("(case|review|signal|customer)[.].+", re.DOTALL)
MAX_ID, MAX_VALUE, MAX_COMMENT = 128, 256, 4096
MAX_LEVELS, MAX_THEMES = 8, 16
FUTURE_MS = 5 * 60 * 1000


class Fate(Exception):
    """The fate of a record that does not reach the ledger."""

    def __init__(self, fate, reason):
        super().__init__(fate + ":" + reason)
        self.fate, self.reason = fate, reason


@dataclass(slots=True)
class Event:
    """The fields of a record. The content of an answer is an Event, too: that of its last events together."""

    type: str
    id: str
    mentioned: set = field(default_factory=set)  # dimensions, and names of other fields here, that the event mentions
    excluded: bool = False  # `excluded` turned another type into a retraction
    revision: int = None
    updated_ms: int = None
    own_ms: int = None  # the time of the event, with its fall-backs
    undated: bool = False  # own_ms is the timestamp of the record
    score: int = None
    kind: str = None
    default_kind: str = None  # for an update that creates an answer without a kind
    location: list = field(default_factory=list)  # levels
    values: dict = field(default_factory=dict)  # dimension -> value, without absent ones
    themes: list = field(default_factory=list)
    owner: str = None
    respondent: str = None
    comment: str = None

    def at_ms(self):
        return self.own_ms if self.updated_ms is None else self.updated_ms


def rejected(reason):
    return Fate("rejected", reason)


def decode(record, config, now_ms):
    """The event of a record. Raises Fate."""
    body = read_body(record, config)
    type_, excluded = judged_type(body)
    event = Event(type=type_, id=read_id(body, type_), excluded=excluded)
    event.revision = read_revision(body.get("revision"))
    if type_ != RETRACTED:
        event.default_kind = config.default_kind_of(record.topic)
        read_content(event, body, config)
    read_times(event, body, record)
    if event.own_ms > record.timestamp_ms + FUTURE_MS or is_ahead(record, now_ms):
        raise rejected("future")
    if type_ != RETRACTED:
        judge_missing(event, config)
    if type_ in (SUBMITTED, UPDATED):
        judge_scale(body.get("scale"))
        read_score(event, body)
    return event


def is_ahead(record, now_ms):
    return record.timestamp_ms > now_ms + DAY_MS


def is_stage(type_):
    return type_.startswith("survey.")


def read_body(record, config):
    """The fields of an event, and the attributes of its CloudEvent under the names of headers."""
    value = record.value
    if value is None:
        raise Fate("ignored", "tombstone")
    if len(value) > config.event_bytes:
        raise rejected("too_big")
    if len(value) >= 5 and value[0] == 0:
        value = value[5:]
    try:
        return without_envelope(read_object(value), dict(record.headers or ()))
    except BadUtf8:
        raise rejected("bad_utf8") from None
    except BadJson:
        raise rejected("bad_json") from None


def without_envelope(found, headers):
    """A structured CloudEvent has the event in `data` and its attributes around it; else the attributes are headers."""
    structured = (headers.get("content-type") or b"").lower().startswith(b"application/cloudevents")
    whole = isinstance(found.get("data"), dict)
    if structured and (not whole or found.get("data_base64") is not None):
        raise BadJson("a CloudEvent without an event")
    if structured or (whole and found.get("specversion") is not None):
        body, attributes = found["data"], found
    else:
        body = found
        attributes = {name[3:]: value.decode(errors="surrogateescape")
                      for name, value in headers.items() if name.startswith("ce_") and value is not None}
    return {**body, **{"ce_" + name: attributes.get(name) for name in ("type", "subject", "time")}}


def is_text(found):
    return isinstance(found, str) and not isinstance(found, Number)


def first_present(body, *names):
    """The first of these fields that is not absent or null."""
    return next((body[name] for name in names if body.get(name) is not None), None)


def judged_type(body):
    """The type of an event, and whether `excluded` turned it into a retraction."""
    type_ = first_present(body, "type", "ce_type")
    if not is_text(type_) or not (type_ in TYPES or IGNORED.fullmatch(type_)):
        raise rejected("unknown_type")
    if type_ not in TYPES:
        raise Fate("ignored", "not_counted")
    if body.get("metric") not in (None, "nps"):
        raise Fate("ignored", "other_metric")
    if not is_stage(type_) and (body.get("excluded") is True or body.get("excluded") == "true"):
        return RETRACTED, type_ != RETRACTED
    return type_, False


def read_id(body, type_):
    found = first_present(body, "invitation_id" if is_stage(type_) else "response_id", "ce_subject")
    try:
        if is_text(found) and 1 <= len(found.encode()) <= MAX_ID:
            return found
    except UnicodeEncodeError:
        pass  # a header that is no UTF-8
    raise rejected("no_id")


def text_field(body, name, most=MAX_VALUE):
    """The text of a field, None where it is not mentioned."""
    found = body.get(name)
    if found is None:
        return None
    if not is_text(found) or (most is not None and len(found.encode()) > most):
        raise rejected("bad_field")
    return found


def read_content(event, body, config):
    """Each field's form, and which are mentioned."""
    event.kind = text_field(body, "survey_kind")
    if event.kind is not None and event.kind not in KINDS:
        raise rejected("bad_field")
    event.location = read_location(body)
    values = {name: text_field(body, name) for name in PLAIN}
    values.update(read_attributes(body.get("attributes"), config))
    event.values = {dim: value for dim, value in values.items() if value}
    event.themes = read_themes(body.get("themes"))
    event.respondent = text_field(body, "respondent_id")
    event.owner = text_field(body, "owner") or None
    event.comment = cut(text_field(body, "comment", most=None))
    if not (body.get("excluded") in (None, "true", "false") or isinstance(body["excluded"], bool)):
        raise rejected("bad_field")
    event.mentioned = {dim for dim, value in values.items() if value is not None}
    event.mentioned |= {name for name in ("location", "themes", "owner", "comment") if body.get(name) is not None}
    event.mentioned |= {"kind"} if event.kind else set()
    if event.type != UPDATED:
        event.kind = event.kind or event.default_kind


def judge_missing(event, config):
    """An update may mention neither kind nor location, but cannot remove a required location."""
    if event.kind is None and event.type != UPDATED:
        raise rejected("no_kind")
    unmentioned = event.type == UPDATED and "location" not in event.mentioned
    if not event.location and config.location_required and not unmentioned:
        raise rejected("no_location")


def read_revision(found):
    if found is None:
        return None
    if not isinstance(found, Number) or not re.fullmatch("[0-9]+", found) or not 1 <= int(found) < 2**63:
        raise rejected("bad_field")
    return int(found)


def read_location(body):
    path = text_field(body, "location", most=None)
    levels = [level for level in (path or "").split("/") if level]
    if len(levels) > MAX_LEVELS or any(len(level.encode()) > MAX_VALUE for level in levels):
        raise rejected("bad_field")
    return levels


def read_attributes(found, config):
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise rejected("bad_field")
    return {"attributes." + name: text_field(found, name) for name in config.attributes()}


def read_themes(found):
    if found is None:
        return []
    if not isinstance(found, list):
        raise rejected("bad_field")
    themes = []
    for theme in found:
        if not is_text(theme) or len(theme.encode()) > MAX_VALUE:
            raise rejected("bad_field")
        if theme and theme not in themes:
            themes.append(theme)
    return themes[:MAX_THEMES]


def cut(comment):
    """The first 4 KiB of a comment, without a broken character. None if it is empty."""
    if not comment:
        return None
    return comment.encode()[:MAX_COMMENT].decode(errors="ignore")


def read_times(event, body, record):
    if is_stage(event.type):
        own = first_present(body, "at", "invited_at", "ce_time")
    else:
        own = first_present(body, "responded_at", "at", "updated_at", "ce_time")
        event.updated_ms = read_time(body.get("updated_at"))
        event.mentioned |= {"responded_at"} if body.get("responded_at") is not None else set()
    event.undated = own is None
    event.own_ms = record.timestamp_ms if event.undated else read_time(own)


def read_time(found):
    """Milliseconds, or None if the field is absent."""
    if found is None:
        return None
    if isinstance(found, Number):
        return epoch_ms(exact(found))
    if is_text(found) and re.fullmatch("[0-9]+", found):
        return epoch_ms(Fraction(int(found)))
    if is_text(found):
        return rfc3339_ms(found)
    raise rejected("no_time")


def epoch_ms(value):
    if value is None or abs(value) >= 10**18:  # outside of any calendar
        raise rejected("no_time")
    return value * 1000 // 1 if abs(value) < 10**11 else value // 1


RFC3339 = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?"
                     r"([Zz]|[+-][0-9]{2}:[0-9]{2})")


def rfc3339_ms(text):
    parts = RFC3339.fullmatch(text)
    if not parts:
        raise rejected("no_time")
    date, clock, fraction, zone = parts.groups()
    try:
        local = datetime.fromisoformat(f"{date}T{clock}").replace(tzinfo=timezone.utc)
    except ValueError:
        raise rejected("no_time") from None
    local_ms = round(local.timestamp()) * 1000 + int(Fraction("0" + (fraction or ".0")) * 1000)
    return local_ms - zone_ms(zone)


def zone_ms(zone):
    if zone in "Zz":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 23 or minutes > 59:
        raise rejected("no_time")
    return (hours * 60 + minutes) * 60_000 * (-1 if zone[0] == "-" else 1)


def exact(number):
    """The value of a written number as a fraction. None if it is too large for any field (1e999)."""
    mantissa, _, exponent = number.lower().partition("e")
    if not mantissa.strip("-0."):
        return Fraction(0)
    if int(exponent or 0) > 400:
        return None
    if int(exponent or 0) < -400 - len(mantissa):
        return Fraction(1, 10**400)  # any value that is not an integer
    return Fraction(mantissa) * Fraction(10) ** int(exponent or 0)


def judge_scale(found):
    if found is None:
        return
    if not (isinstance(found, list) and len(found) == 2 and all(isinstance(x, Number) for x in found)
            and [exact(x) for x in found] == [0, 10]):
        raise rejected("wrong_scale")


def read_score(event, body):
    if "score" in body:
        event.score = score_of(body["score"])
        event.mentioned.add("score")
    elif event.type != UPDATED:
        raise rejected("bad_score")


def score_of(found):
    if found is None:
        return None
    if isinstance(found, Number):
        value = exact(found)
        if value is not None and value.denominator != 1:
            raise rejected("bad_score")
    elif is_text(found) and re.fullmatch("-?(0|[1-9][0-9]*)", found):
        value = int(found)
    else:
        raise rejected("bad_score")
    if value is None or not 0 <= value <= 10:
        raise rejected("out_of_range")
    return int(value)
