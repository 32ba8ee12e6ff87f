"""CloudEvents in headers and in envelopes, defaults of topics, and copies of rejected records, with a real broker."""
import json

from harness import Producer, wait_for
from stream import BASE_MS, event

T = BASE_MS
CONTENT = {"score": 9, "survey_kind": "relational", "location": "north/lisbon"}
STRUCTURED = [("content-type", b"application/cloudevents+json")]


def send(case, value, headers=None, key=None, frame=b""):
    body = value if isinstance(value, bytes) else frame + json.dumps(value).encode()
    case.producer.client.produce(case.topic, body, key, partition=0, timestamp=T, headers=headers,
                                 on_delivery=case.producer.delivered)


def binary(type_, subject, time=None):
    found = [("ce_specversion", b"1.0"), ("ce_id", b"e"), ("ce_source", b"/s"), ("ce_type", type_), ("ce_subject", subject)]
    return found + ([] if time is None else [("ce_time", time)])


def envelope(data, **attributes):
    return {"specversion": "1.0", "id": "e", "source": "/s", **attributes, "data": data}


def test_cloudevents_by_header_by_envelope_and_framed(case):
    case.topic_of(1, windows=["1h"])
    bare = event("bare", 9, responded_at=T)
    send(case, bare)
    send(case, bare, [("trace", b"1"), ("content-type", b"application/json")])
    send(case, CONTENT, binary(b"response.submitted", b"b1"))
    send(case, CONTENT, binary(b"response.submitted", b"b2", b"2023-11-14T22:13:20Z"), frame=b"\0\0\0\0\7")
    send(case, CONTENT, binary(b"x", b"x") + binary(b"response.submitted", b"b3"))  # the last one counts
    send(case, envelope(CONTENT, type="response.submitted", subject="s1", time=T))
    send(case, {"data": {**bare, "response_id": "s2"}}, STRUCTURED)
    send(case, {"data": {**bare, "response_id": "s3"}}, STRUCTURED, frame=b"\0\0\0\0\7")
    send(case, {**bare, "specversion": "1.0", "response_id": "s4"})
    case.drain()
    totals = case.totals()
    assert totals["counted"] == totals["consumed"] == 9
    assert case.view("kind=relational,location=north/lisbon", "1h")["n"] == 8
    assert int(case.redis.hget("nps:meta", "undated")) == 2  # b1 and b3: the others have a time
    case.check()


def test_cloudevents_that_hold_no_event(case):
    case.topic_of(1)
    send(case, CONTENT, STRUCTURED)
    send(case, {"data_base64": "e30=", "data": CONTENT}, STRUCTURED)
    send(case, CONTENT, binary(b"com.example.answer", b"r"))
    send(case, CONTENT, binary(b"case.opened", b"r"))
    send(case, CONTENT, binary(b"response.submitted", b"\xff"))
    send(case, CONTENT, binary(b"response.submitted", b"r", b"soon"))
    send(case, CONTENT, [("ce_type", None), ("ce_subject", b"r")])  # a null header counts as absent
    case.drain()
    totals = case.totals()
    found = {name.partition(":")[2]: n for name, n in totals.items() if ":" in name and "/" not in name}
    assert {k: v for k, v in found.items() if v} == {
        "bad_json": 2, "unknown_type": 2, "not_counted": 1, "no_id": 1, "no_time": 1}
    case.check()


def test_header_names_are_case_sensitive(case):
    case.topic_of(1)
    send(case, CONTENT, [("CE_TYPE", b"response.submitted"), ("Ce_Subject", b"r")])
    send(case, {"data": event("s", 9)}, [("Content-Type", STRUCTURED[0][1])])
    case.drain()
    assert case.totals()["rejected:unknown_type"] == case.consumed() == 2


def test_only_three_attributes_of_an_envelope_are_read(case):
    case.topic_of(1, windows=["1h"])
    strange = {"score": 3, "channel": 7, "excluded": True, "metric": "csat", "response_id": "x", "dataschema": [1], "responded_at": "soon"}
    send(case, envelope(CONTENT, **{**strange, "type": "response.submitted", "subject": "s1", "time": T}))
    send(case, envelope(CONTENT, type="response.submitted", subject="s2", time="2023-11-14T22:13:20.000Z"))
    # headers neither add to the attributes of an envelope nor replace them
    send(case, envelope(CONTENT, type="response.submitted", subject="s3", time=str(T)), binary(b"case.opened", b"x", b"soon"))
    send(case, envelope(CONTENT, type="response.submitted"), binary(b"response.submitted", b"s4"))
    send(case, {"data": CONTENT, "subject": "s5"}, STRUCTURED + binary(b"response.submitted", b"s5"))
    # an attribute is checked as a header is
    send(case, envelope(CONTENT, type="response.submitted", subject="", time=T))
    send(case, envelope(CONTENT, type="response.submitted", subject="s6", time="soon"))
    case.drain()
    totals = case.totals()
    assert totals["counted"] == 3 and case.view("kind=relational", "1h")["promoters"] == 3
    assert (totals["rejected:no_id"], totals["rejected:unknown_type"], totals["rejected:no_time"]) == (2, 1, 1)
    assert int(case.redis.hget("nps:meta", "undated")) == 0
    case.check()


def test_topics_have_defaults_of_their_own(case):
    case.topic_of(1, windows=["1h"], default_kind="relational")
    case.config.more_topics = [f"{case.topic}.others", f"{case.topic}.none"]
    others, none = [Producer(case.broker.bootstrap, topic) for topic in case.config.more_topics]
    case.broker.make_topics(others.topic, partitions=2)
    case.broker.make_topics(none.topic)
    case.config.topic_defaults = {others.topic: "other", none.topic: None}
    nameless = {"survey_kind": ..., "responded_at": T}
    for producer, number in ((case.producer, 3), (others, 5), (none, 2)):
        for n in range(number):
            producer.send(event(f"r{n}", 9, **nameless), T)
        producer.send(event("named", 3, survey_kind="transactional", responded_at=T), T)
        # an update that creates takes the default, one that edits keeps the kind
        producer.send(event("updated", 8, type="response.updated", **nameless), T)
        producer.send(event("named", 2, type="response.updated", survey_kind=...), T)
        producer.send({"type": "survey.invited", "invitation_id": "i", "location": "north"}, T)
        producer.flush()
    others.send(event("r0", 9, responded_at=T), T, partition=1)  # not the response r0 of partition 0
    others.flush()
    case.drain()
    found = {kind: case.view(f"kind={kind}", "1h") for kind in ("relational", "other", "transactional")}
    assert {kind: (view["promoters"], view["passives"], view["detractors"], view["invited"]) for kind, view in found.items()} == {
        "relational": (4, 1, 0, 1), "other": (5, 1, 0, 1), "transactional": (0, 0, 3, 0)}
    totals = case.totals()
    assert totals[f"{others.topic}/counted"] == 10 and totals[f"{none.topic}/rejected:no_kind"] == 3
    assert totals[f"{none.topic}/late:unknown_update"] == totals["late:unknown_update"] == 1
    case.check()


def copies(case, topic, number):
    """The first records of a topic, as (value, key, timestamp, headers)."""
    from confluent_kafka import Consumer
    consumer = Consumer({"bootstrap.servers": case.broker.bootstrap, "group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    found = []

    def fetch():
        m = consumer.poll(0.2)
        if m is not None and m.error() is None:
            found.append((m.value(), m.key(), m.timestamp()[1], m.headers()))
        return len(found) >= number

    wait_for(f"{number} records in {topic}", fetch)
    consumer.close()
    return found


def test_rejected_records_are_copied_aside(case):
    case.topic_of(1)
    rejects = f"{case.topic}.rejects"
    case.broker.make_topics(rejects)
    case.options = {"rejects.topic": rejects}
    send(case, event("good", 9, responded_at=T), key=b"good")
    send(case, b"{", key=b"k1")
    send(case, event("r", 9, channel=1), [("trace", b"7"), ("content-type", b"application/json")], key=b"k2")
    send(case, event("r", 9, type="case.opened"))
    send(case, CONTENT, binary(b"x", b"r"))
    case.drain()
    assert case.totals()["rejected"] == 3 and case.totals()["ignored"] == 1
    case.check()

    def added(reason, position, offset, field=None):
        named = [] if field is None else [("npsd.field", field)]
        return [("npsd.reason", reason), ("npsd.position", position), *named, ("npsd.topic", case.topic.encode()),
                ("npsd.partition", b"0"), ("npsd.offset", offset)]

    bad = event("r", 9, channel=1)
    place = str(json.dumps(bad).index('"channel": ') + len('"channel": ')).encode()
    assert copies(case, rejects, 3) == [
        (b"{", b"k1", T, added(b"bad_json", b"1", b"1")),
        (json.dumps(bad).encode(), b"k2", T,
         [("trace", b"7"), ("content-type", b"application/json"), *added(b"bad_field", place, b"2", b"channel")]),
        (json.dumps(CONTENT).encode(), None, T, [*binary(b"x", b"r"), *added(b"unknown_type", b"0", b"4", b"ce_type")]),
    ]


def test_records_read_again_after_a_recovery_are_copied_again(case):
    case.topic_of(1)
    rejects = f"{case.topic}.rejects"
    case.broker.make_topics(rejects)
    case.options = {"rejects.topic": rejects}
    send(case, b"{", key=b"k1")
    case.drain()
    case.redis.flushall()  # npsd reads the topic again
    send(case, b"[]", key=b"k2")
    case.drain()
    assert [key for _, key, _, _ in copies(case, rejects, 3)] == [b"k1", b"k1", b"k2"]
    case.check()


def test_positions_of_errors_in_headers_and_envelopes(case):
    """The position of an error in a header is the beginning of the event: after the frame, in `data`."""
    case.topic_of(1)
    rejects = f"{case.topic}.rejects"
    case.broker.make_topics(rejects)
    case.options = {"rejects.topic": rejects}
    frame = b"\0\0\0\0\7"
    send(case, CONTENT, binary(b"response.submitted", b"r", b"soon"))
    send(case, CONTENT, binary(b"response.submitted", b"r", b"soon"), frame=frame)
    send(case, CONTENT, binary(b"response.submitted", b""), frame=frame)
    lacking = envelope(CONTENT, type="response.submitted")
    wrong = envelope(CONTENT, type="response.submitted", subject="s", time="soon")
    send(case, lacking)
    send(case, lacking, frame=frame)
    send(case, wrong, frame=frame)
    case.drain()

    def error(headers):
        found = dict(headers)
        return found["npsd.reason"].decode(), int(found["npsd.position"]), found["npsd.field"].decode()
    data, time = json.dumps(lacking).index('"data": ') + len('"data": '), json.dumps(wrong).index('"soon"')
    assert [error(headers) for _, _, _, headers in copies(case, rejects, 6)] == [
        ("no_time", 0, "ce_time"), ("no_time", 5, "ce_time"), ("no_id", 5, "ce_subject"),
        ("no_id", data, "response_id"), ("no_id", 5 + data, "response_id"), ("no_time", 5 + time, "time")]


def test_a_missing_rejects_topic_blocks_nothing(case):
    case.topic_of(1)
    case.options = {"rejects.topic": "no.such.topic", "kafka.properties": {"allow.auto.create.topics": "false",
                                                                           "message.timeout.ms": "1000"}}
    send(case, b"{")
    send(case, event("good", 9, responded_at=T))
    case.drain()
    assert case.totals()["rejected"] == 1 and case.totals()["counted"] == 1
    assert "1 rejected records could not be copied to topic \"no.such.topic\" so far" in case.started[0].output()
