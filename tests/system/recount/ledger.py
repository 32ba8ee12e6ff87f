"""The ledger of one partition: its answers, the order of their events, and the alerts of detractors."""
import hashlib
import hmac
from dataclasses import dataclass, field, replace

from .events import RETRACTED, SUBMITTED, UPDATED, is_stage
from .names import NONE, OTHER, ancestors
from .windows import seg_name


@dataclass(slots=True)
class Answer:
    """A response after its last counted event. revision and updated_ms: also of retractions that did not count."""

    id: str
    event_ms: int  # fixed by the event that created or revived it
    last_ms: int = 0  # the later of stream time and event time, at its last counted event
    revision: int = None
    updated_ms: int = None
    content: object = None  # Event; None: withdrawn
    transitions: int = 0
    incident: int = None
    severity: str = None  # of the last alert


@dataclass(slots=True)
class Invitation:
    last_ms: int
    since_ms: int  # the horizon when it became known: stages before it may have been counted and forgotten
    stages: set = field(default_factory=set)


@dataclass
class Partition:
    """A partition of one incarnation of its topic. A lost range makes it forget the answers before."""

    lateness_ms: int
    rulings: list = field(default_factory=list)  # [(first offset that it applies to, `horizon` or `lateness`, ms)], by offset
    gaps: list = field(default_factory=list)  # ends of lost ranges
    stream_ms: int = None
    horizon_ms: int = None
    answers: dict = field(default_factory=dict)
    forgotten: list = field(default_factory=list)
    invitations: dict = field(default_factory=dict)
    stages: list = field(default_factory=list)  # events that counted

    def obey(self, offset):
        """Applies the rulings before the record at this offset."""
        while self.gaps and self.gaps[0] <= offset:
            del self.gaps[0]
            self.forgotten += self.answers.values()
            self.answers, self.invitations = {}, {}
        while self.rulings and self.rulings[0][0] <= offset:
            _, what, ms = self.rulings.pop(0)
            if what == "horizon":
                self.horizon_ms = ms if self.horizon_ms is None else max(self.horizon_ms, ms)
            else:
                self.lateness_ms = ms

    def move(self, timestamp_ms):
        """A record advances stream time and horizon before it is judged. Neither goes back."""
        if self.stream_ms is None or timestamp_ms > self.stream_ms:
            self.stream_ms = timestamp_ms
        horizon_ms = self.stream_ms - self.lateness_ms
        if self.horizon_ms is None or horizon_ms > self.horizon_ms:
            self.horizon_ms = horizon_ms

    def known(self, id_):
        answer = self.answers.get(id_)
        if answer is not None and answer.last_ms < self.horizon_ms:
            self.forgotten.append(self.answers.pop(id_))
            return None
        return answer

    def counted(self):
        """Every answer that counts. Forgotten answers count, too."""
        return [answer for answer in (*self.answers.values(), *self.forgotten) if answer.content is not None]

    def apply(self, event, config):
        """Fate of an event and its reason, and the answer before and after it."""
        if is_stage(event.type):
            return self.reach(event), None, None, None
        before = self.known(event.id)
        if before is not None and not is_newer(event, before):
            return "duplicate", None, None, None
        if before is not None and before.content is not None:
            return "counted", None, before, self.keep(replace(before), event, edited(before.content, event))
        if before is not None and event.type == RETRACTED:
            self.answers[event.id] = in_order(replace(before), event)
            return "duplicate", None, None, None
        if event.type == UPDATED and not stands_alone(event, config):
            return "late", "unknown_update", None, None
        if event.own_ms < self.horizon_ms:
            return "late", None, None, None
        after = Answer(event.id, event.own_ms) if before is None else replace(before, event_ms=event.own_ms)
        return "counted", None, before, self.keep(after, event, first_content(event))

    def keep(self, after, event, content):
        after.content = content
        after.last_ms = max(self.stream_ms, after.event_ms)
        self.answers[event.id] = in_order(after, event)
        return after

    def reach(self, event):
        """Each stage of an invitation counts once. Stages have no order."""
        invitation = self.invitations.get(event.id)
        if invitation is not None and invitation.last_ms < self.horizon_ms:
            invitation = None
        if invitation is not None and event.type in invitation.stages:
            return "duplicate"
        if event.own_ms < (self.horizon_ms if invitation is None else invitation.since_ms):
            return "late"
        invitation = invitation or Invitation(event.own_ms, self.horizon_ms)
        invitation.last_ms = max(self.stream_ms, event.own_ms, invitation.last_ms)
        invitation.stages.add(event.type)
        self.invitations[event.id] = invitation
        self.stages.append(event)
        return "counted"


def in_order(answer, event):
    """Stores the order of an event. A part that the event does not have stays as it is."""
    answer.revision = answer.revision if event.revision is None else event.revision
    answer.updated_ms = answer.updated_ms if event.updated_ms is None else event.updated_ms
    return answer


def stands_alone(event, config):
    return ({"responded_at", "score"} <= event.mentioned and (event.kind or event.default_kind) is not None
            and (bool(event.location) or not config.location_required))


def first_content(event):
    if event.type == RETRACTED:
        return None
    return replace(event, kind=event.kind or event.default_kind)


def edited(content, event):
    """The content of an answer after an event: None if retracted, replaced if submitted, edited if updated."""
    if event.type == RETRACTED:
        return None
    if event.type == SUBMITTED:
        return event
    kept_values = {dim: value for dim, value in content.values.items() if dim not in event.mentioned}
    mentioned = {name: getattr(event, name) for name in CONTENT if name in event.mentioned}
    return replace(content, values={**kept_values, **event.values}, **mentioned)


# Fields that an update may leave out, besides the dimensions in `values`.
CONTENT = ("score", "kind", "location", "themes", "owner", "comment")


def is_newer(event, answer):
    """Within an incarnation: compares revisions, else update times, else offsets, and the event's is greater."""
    if event.revision is not None and answer.revision is not None:
        return event.revision > answer.revision
    if event.updated_ms is not None and answer.updated_ms is not None:
        return event.updated_ms > answer.updated_ms
    return True


def is_detractor(content):
    return content is not None and content.score is not None and content.score <= 6


def severity(score):
    return "critical" if score <= 2 else "high" if score <= 4 else "moderate"


def transition(before, after, names):
    """raised, changed, retracted or None, from the content of an answer before and after."""
    was, now = is_detractor(before), is_detractor(after)
    if now and not was:
        return "raised"
    if was and not now:
        return "retracted"
    if was and now and differs(before, after, names):
        return "changed"
    return None


def differs(old, new, names):
    """Fields that differ between two contents. Values over cap are equal."""
    fields = ["score"] if old.score != new.score else []
    fields += ["comment"] if new.comment is not None and new.comment != old.comment else []
    a, b = counted_values(old, names), counted_values(new, names)
    return fields + [name for name in sorted(set(a) | set(b)) if a.get(name) != b.get(name)]


def counted_values(content, names):
    """Owner and every dimension, by the name of the event field, as they count."""
    found = {
        "owner": names.counted_as("owner", content.owner),
        "survey_kind": content.kind,
        "location": names.counted_as("location", "/".join(content.location)),
        "themes": {names.counted_as("theme", theme) for theme in content.themes} or {NONE},
    }
    for dim, value in content.values.items():
        # `__none__` is the same as an absent value
        if (name := names.counted_as(dim, value)) != NONE:
            found[dim] = name
    return found


def alert(before, after, event, record, config, names, now_ms):
    """
    The alert of the transition that an event causes: its stream entry and its channels. None if there is no transition.
    Updates the transitions, incident and severity of `after`.
    """
    old = before.content if before else None
    kind = transition(old, after.content, names)
    if kind is None:
        return None
    after.transitions += 1
    after.incident = after.transitions if kind == "raised" else after.incident
    after.severity = after.severity if kind == "retracted" else severity(after.content.score)
    values = shown_values(event, after.content or old, names)
    json = alert_json(kind, old, after, event, record, values, config, names)
    oldest_ms = min(record.timestamp_ms, after.event_ms) if old is None else record.timestamp_ms
    stale_after_ms = oldest_ms + config.alerts_max_age_ms
    stale = now_ms > stale_after_ms
    channels = [] if stale else alert_channels(kind, old, after, values, names)
    return {"json": json, "stale": stale, "stale_after_ms": stale_after_ms, "channels": channels}


def kept(dim, value, names):
    """A value as the ledger keeps it: None if it is absent or over cap."""
    name = names.counted_as(dim, value)
    return None if name in (NONE, OTHER) else name


def shown_values(event, shown, names):
    """Owner, location, themes and other dimensions of an alert: of the event if it has them, else as the ledger keeps them."""
    dims = set(event.values) | set(shown.values)
    themes = event.themes if "themes" in event.mentioned else [t for t in shown.themes if kept("theme", t, names)]
    return {
        "owner": event.owner or kept("owner", shown.owner, names),
        "location": "/".join(event.location) or kept("location", "/".join(shown.location), names),
        "themes": themes or None,
        **{dim: event.values.get(dim) or kept(dim, shown.values.get(dim), names) for dim in dims},
    }


def reasons(kind, old, after, event, names):
    if kind == "raised":
        return ["detractor"]
    if kind == "changed":
        return differs(old, after.content, names)
    return ["score"] if after.content else ["excluded"] if event.excluded else ["withdrawn"]


def alert_json(kind, old, after, event, record, values, config, names):
    shown = after.content or old  # a retracted answer is shown as it was
    score = after.content.score if after.content else None
    found = {
        "id": f"{after.id}:{after.transitions}",
        "kind": kind,
        "severity": after.severity,
        "reasons": reasons(kind, old, after, event, names),
        "incident": after.incident,
        "response_id": after.id,
        "score": score,
        "prev_score": old.score if old and old.score != score else None,
        "comment": event.comment if config.alerts_comment else None,
        "has_comment": shown.comment is not None,
        "respondent_id": respondent(event, config),
        "survey_kind": shown.kind,
        "responded_at_ms": after.event_ms,
        "at_ms": event.at_ms(),
        "source": f"{record.topic}/{record.partition}/{record.offset}",
        "contract": 1,
    }
    if ["location"] in config.sets:
        found["seg"] = location_seg(shown, config, names)
    attributes = {}
    for dim, value in values.items():
        if dim.startswith("attributes."):
            attributes[dim[len("attributes."):]] = value
        else:
            found[dim] = value
    found["attributes"] = {name: value for name, value in attributes.items() if value is not None} or None
    return {name: value for name, value in found.items() if value is not None}


def respondent(event, config):
    if not event.respondent or config.alerts_respondent == "off":
        return None
    if config.alerts_respondent == "plain":
        return event.respondent
    return hmac.new(config.alerts_respondent_key.encode(), event.respondent.encode(), hashlib.sha256).hexdigest()[:32]


def location_seg(content, config, names):
    location = names.counted_as("location", "/".join(content.location))
    return seg_name(config, content.kind, ["location"], [location]).decode()


def alert_channels(kind, old, after, values, names):
    """Channels without the prefix, each once: those of the new and of the old values."""
    place = values["location"].split("/") if values["location"] else kept_place(after.content or old, names)
    channels = ["all", f"severity:{after.severity}"] + value_channels(place, values.get("team"), values["owner"])
    if kind != "raised":
        channels += [f"severity:{severity(old.score)}"] + value_channels(
            kept_place(old, names), kept("team", old.values.get("team"), names), kept("owner", old.owner, names))
    return sorted(set(channels))


def kept_place(content, names):
    """Levels of the location as the ledger keeps it: if it is over cap, those of its nearest ancestor that is not."""
    place = [path for path in ancestors(content.location) if kept("location", path, names)]
    return place[-1].split("/") if place else []


def value_channels(levels, team, owner):
    return ([f"location:{path}" for path in ancestors(levels) if path] + ([f"team:{team}"] if team else [])
            + ([f"owner:{owner}"] if owner else []))
