"""Reads the account of npsgen: the answers that count at the end, the totals, and the alerts that npsd must emit."""

import collections
import json

from account_windows import FIRST_STAGE, FUNNEL, NO_SCORE, encode

COMMENT_BYTES = 4096
DIMS = ("survey_kind", "location", "channel", "stage", "team", "product", "profile", "language", "survey_id")
COUNTED = ("creates", "edits", "withdraws", "revives", "reaches")

# A response that counts, or one stage of an invitation.
Answer = collections.namedtuple("Answer", ("event_ms", "score", "has_comment", "comment", "owner", "plan", "themes") + DIMS)


class Account:
    """The sum of the lines of an account: what counts, totals by fate, expected alerts."""

    def __init__(self, sets):
        self.location_set = ("location",) in sets
        self.plan_declared = any("attributes.plan" in dims for dims in sets)
        self.answers, self.stages, self.last_alerts, self.alerts = {}, [], {}, {}
        self.fates = collections.Counter()
        self.clock_ms = self.made_ms = None
        self.topic, self.events = "", 0
        self.known = {}

    def read(self, lines):
        first = json.loads(next(lines))["run"]
        self.topic, self.made_ms = first["topic"], first["made_ms"]
        for line in lines:
            record = json.loads(line)
            if "summary" in record:
                return self.close(record["summary"])
            self.take(record)
        raise ValueError("the account has no summary: npsgen failed")

    def close(self, summary):
        assert summary["records"] == self.events and summary.get("clock_ms") == self.clock_ms, "the account contradicts itself"
        return self

    def counted(self):
        """(Answer, its counter in a window)"""
        for answer in self.answers.values():
            yield answer, NO_SCORE if answer.score is None else answer.score
        yield from self.stages

    def same_text(self, text):
        """One object for equal texts, to save memory: few values, many records."""
        return self.known.setdefault(text, text)

    def value(self, content, name):
        """None for `__none__`, too: only the alert of the record itself shows the difference."""
        value = content.get(name)
        return None if value == "__none__" else self.same_text(value)

    def answer(self, event_ms, content, before=None):
        """before: the answer that the record edits. Its comment stays if the record does not mention one."""
        dims = {name: self.value(content, name) for name in DIMS + ("owner",)}
        comment = None
        if content.get("has_comment"):
            comment = cut(content["comment"]) if "comment" in content else before and before.comment
        return Answer(event_ms=event_ms, score=content.get("score"), has_comment=content.get("has_comment", False),
                      comment=comment, plan=self.value(content, "attributes.plan"),
                      themes=self.same_text(tuple(sorted(content.get("themes", ())))), **dims)

    def take(self, record):
        self.events += 1
        intent = record["intent"]
        self.fates["consumed"] += 1
        if intent not in COUNTED:
            self.fates[intent] += 1
            if ":" in intent:
                self.fates[intent.split(":")[0]] += 1
            return
        self.fates["counted"] += 1
        if intent != "withdraws":
            self.clock_ms = max(self.clock_ms or record["event_ms"], record["event_ms"])
        if intent == "reaches":
            stage = FUNNEL.index(record["type"].partition(".")[2])
            self.stages.append((self.answer(record["event_ms"], record["is"]), FIRST_STAGE + stage))
        else:
            self.take_response(record, intent)

    def take_response(self, record, intent):
        old = self.answers.pop(record["id"], None)
        was = self.answer(record["event_ms"], record["was"]) if "was" in record else None
        blank = {"comment": None}
        assert (old and old._replace(**blank)) == (was and was._replace(**blank)), f"the account contradicts itself at {record['seq']}"
        assert (old is None) != (intent == "edits") or intent == "withdraws"
        new = None
        if intent != "withdraws":
            new = self.answers[record["id"]] = self.answer(record["event_ms"], record["is"], old)
        self.alert(record, old, new)

    def alert(self, record, old, new):
        was, now = (a is not None and a.score is not None and a.score <= 6 for a in (old, new))
        if not was and not now:
            return
        kind = "raised" if not was else "retracted" if not now else "changed"
        reasons = self.reasons(kind, record, old, new)
        if not reasons:
            return
        sequence, incident, severity = self.last_alerts.get(record["id"], (0, 0, None))
        sequence += 1
        if kind == "raised":
            incident = sequence
        if kind != "retracted":
            severity = "critical" if new.score <= 2 else "high" if new.score <= 4 else "moderate"
        self.last_alerts[record["id"]] = (sequence, incident, severity)
        name = f"{record['id']}:{sequence}"
        head = {"id": name, "kind": kind, "severity": severity, "incident": incident, "reasons": reasons}
        self.alerts[name] = self.alert_object(record, old, new, head)

    def reasons(self, kind, record, old, new):
        """Sorted. If a `changed` alert has no reason, npsd emits none."""
        if kind == "raised":
            return ["detractor"]
        if kind == "retracted":
            return ["score"] if new else ["excluded" if record.get("excluded") else "withdrawn"]
        found = {"score"} if old.score != new.score else set()
        names = DIMS + ("owner",) + (("plan",) if self.plan_declared else ())
        found |= {name for name in names if getattr(old, name) != getattr(new, name)}
        found |= {"themes"} if old.themes != new.themes else set()
        found |= {"comment"} if new.comment is not None and new.comment != old.comment else set()
        return sorted("attributes.plan" if name == "plan" else name for name in found)

    def alert_object(self, record, old, new, head):
        """Values of the record, else of the ledger. A retracted answer is shown as it was, without its score."""
        mentioned, shown = record.get("is", {}), new or old
        score, prev_score = new and new.score, old and old.score
        out = {**head, "response_id": record["id"], "score": score, "prev_score": prev_score if prev_score != score else None,
               "has_comment": shown.has_comment, "comment": cut(mentioned.get("comment")), "owner": shown.owner,
               "respondent_id": mentioned.get("respondent_id"), "themes": shown.themes or None,
               "responded_at_ms": record["event_ms"], "at_ms": record.get("at_ms", record["event_ms"]), "contract": 1}
        out.update((name, mentioned.get(name, getattr(shown, name))) for name in DIMS)
        plan = mentioned.get("attributes.plan", shown.plan)
        if self.plan_declared and plan:
            out["attributes"] = {"plan": plan}
        if self.location_set:
            out["seg"] = f"kind={shown.survey_kind},location={encode(shown.location)}"
        out = {k: v for k, v in out.items() if v is not None}
        # not part of the object: the times that decide whether the alert is stale
        out["_times"] = (record["record_ms"], record["event_ms"] if old is None else record["record_ms"])
        return out


def cut(comment):
    """The first 4 KiB, without a broken character."""
    if comment is None:
        return None
    return comment.encode()[:COMMENT_BYTES].decode(errors="ignore")
