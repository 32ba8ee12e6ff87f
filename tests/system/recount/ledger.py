"""The ledger of one partition: which answers there are, in what order their events go, and what is told of detractors."""
from dataclasses import dataclass, field, replace

from .names import NONE, ancestors
from .windows import seg_name


@dataclass(slots=True)
class Answer:
    """A response as of its last counted event."""

    id: str
    event_ms: int  # fixed by the event that created it
    last_ms: int = 0  # the later of stream time and event time, at its last counted event
    revision: int = None
    updated_ms: int = None
    content: object = None  # Event
    transitions: int = 0
    incident: int = None
    severity: str = None  # last told


@dataclass
class Partition:
    stream_ms: int = None
    horizon_ms: int = None
    answers: dict = field(default_factory=dict)
    forgotten: list = field(default_factory=list)

    def move(self, timestamp_ms, lateness_ms):
        """A record moves stream time and horizon before it is judged; neither goes back."""
        if self.stream_ms is None or timestamp_ms > self.stream_ms:
            self.stream_ms = timestamp_ms
        horizon_ms = self.stream_ms - lateness_ms
        if self.horizon_ms is None or horizon_ms > self.horizon_ms:
            self.horizon_ms = horizon_ms

    def known(self, id_):
        answer = self.answers.get(id_)
        if answer is not None and answer.last_ms < self.horizon_ms:
            self.forgotten.append(self.answers.pop(id_))
            return None
        return answer

    def counted(self):
        """Every answer that counts, also those that are forgotten: what was counted stays."""
        return [*self.answers.values(), *self.forgotten]

    def apply(self, event):
        """Fate of an event, and the answer before and after it."""
        return APPLY[event.type](self, event)


def submitted(partition, event):
    before = partition.known(event.id)
    if before is not None and not is_newer(event, before):
        return "duplicate", None, None
    if before is None and partition.horizon_ms is not None and event.own_ms < partition.horizon_ms:
        return "late", None, None
    if before is None:
        after = Answer(event.id, event.own_ms)
    else:
        after = replace(before)
    after.content = event
    after.revision = before.revision if before and event.revision is None else event.revision
    after.updated_ms = before.updated_ms if before and event.updated_ms is None else event.updated_ms
    stream_ms = event.own_ms if partition.stream_ms is None else partition.stream_ms
    after.last_ms = max(stream_ms, after.event_ms)
    partition.answers[event.id] = after
    return "counted", before, after


# How each type that is counted changes the ledger.
APPLY = {"response.submitted": submitted}


def is_newer(event, answer):
    """The incarnation of a topic apart: revisions, else update times, else the offset, which is later here."""
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
    """raised, changed, retracted, or None."""
    was, now = is_detractor(before and before.content), is_detractor(after.content)
    if now and not was:
        return "raised"
    if was and not now:
        return "retracted"
    if was and now and differs(before.content, after.content, names):
        return "changed"
    return None


def differs(old, new, names):
    comment_is_news = new.comment is not None and new.comment != old.comment
    return old.score != new.score or told_apart(old, names) != told_apart(new, names) or comment_is_news


def told_apart(content, names):
    """Owner and every dimension, as far as the dictionary tells values apart."""
    return (
        names.counted_as("owner", content.owner),
        content.kind,
        names.counted_as("location", "/".join(content.location)),
        # a value that is said to be `__none__` is none, like one that is not mentioned
        {dim: name for dim, value in content.values.items() if (name := names.counted_as(dim, value)) != NONE},
        {names.counted_as("theme", theme) for theme in content.themes},
    )


def alert(before, after, record, config, names, now_ms):
    """
    The transition that an applied event makes, as its stream entry, with the channels that carry it; None without one.
    Writes into `after` what is to be remembered of it.
    """
    kind = transition(before, after, names)
    if kind is None:
        return None
    told_before = before.severity if before else None
    after.transitions += 1
    after.incident = after.transitions if kind == "raised" else after.incident
    after.severity = told_before if kind == "retracted" else severity(after.content.score)
    json = alert_json(kind, before, after, record, config, names)
    oldest_ms = min(record.timestamp_ms, after.event_ms) if before is None else record.timestamp_ms
    stale_after_ms = oldest_ms + config.alerts_max_age_ms
    channels = [] if now_ms > stale_after_ms else alert_channels(kind, before, after, told_before, config)
    stale = now_ms > stale_after_ms
    return {"json": json, "stale": stale, "stale_after_ms": stale_after_ms, "channels": channels}


def alert_json(kind, before, after, record, config, names):
    content = after.content
    found = {
        "id": f"{after.id}:{after.transitions}",
        "kind": kind,
        "severity": after.severity,
        "incident": after.incident,
        "response_id": after.id,
        "score": content.score,
        "prev_score": before.content.score if before and before.content.score != content.score else None,
        "comment": content.comment if config.alerts_comment else None,
        "has_comment": content.comment is not None,
        "owner": content.owner,
        "respondent_id": content.respondent if config.alerts_respondent == "plain" else None,
        "survey_kind": content.kind,
        "location": "/".join(content.location) or None,
        "themes": content.themes or None,
        "responded_at_ms": after.event_ms,
        "at_ms": content.at_ms(),
        "source": f"{record.topic}/{record.partition}/{record.offset}",
        "contract": 1,
    }
    if ["location"] in config.sets:
        found["seg"] = location_seg(content, config, names)
    attributes = {}
    for dim, value in content.values.items():
        if dim.startswith("attributes."):
            attributes[dim[len("attributes."):]] = value
        else:
            found[dim] = value
    found["attributes"] = attributes or None
    return {name: value for name, value in found.items() if value is not None}


def location_seg(content, config, names):
    location = names.counted_as("location", "/".join(content.location))
    return seg_name(config, content.kind, ["location"], [location]).decode()


def alert_channels(kind, before, after, told_before, config):
    """Without the prefix: to old and new values, each once; of a severity that was lifted the old one."""
    contents = [content for content in (before and before.content, after.content) if content is not None]
    if kind == "raised":
        contents = [after.content]
    channels = ["all"]
    channels += [f"severity:{s}" for s in (told_before, after.severity) if s and kind != "raised"]
    channels += [f"severity:{after.severity}"]
    for content in contents:
        channels += [f"location:{path}" for path in ancestors(content.location)]
        channels += [f"team:{content.values['team']}"] if "team" in content.values else []
        channels += [f"owner:{content.owner}"] if content.owner else []
    return sorted(set(channels))
