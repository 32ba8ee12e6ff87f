"""
Streams that Hypothesis generates. npsd drains each from a topic of its own; no key differs from the recount. The streams are the
same every time; NPSD_TEST_EXAMPLES=1000 tries 1000 others.
"""
import os
import uuid

import pytest
from hypothesis import HealthCheck, given, note, settings

import harness
from conftest import Case, need
from recount.config import Config, step_s
from recount.windows import STEPS_S
from strategies import EXAMPLES, PARTITIONS, cases, records_of

MORE = os.environ.get("NPSD_TEST_EXAMPLES")


class Bed:
    """Shared by all examples: a Redis, a producer, and topics, which are created 50 at a time because that is slow."""

    def __init__(self, broker, folder):
        self.broker, self.folder, self.topics = broker, folder, []
        self.server = harness.RedisServer(folder)
        self.producer = harness.Producer(broker.bootstrap, None)

    def case(self, options):
        if not self.topics:
            self.topics = [f"t-{uuid.uuid4().hex[:12]}" for _ in range(50)]
            self.broker.make_topics(*self.topics, partitions=PARTITIONS)
            self.producer.client.list_topics(timeout=harness.LIMIT_S)  # loads their metadata
        self.server.client.flushall()
        case = Case(self.broker, self.server, self.folder)
        case.topic = self.producer.topic = self.topics.pop()
        case.producer = self.producer
        config = case.config = Config(topic=case.topic, partitions={case.topic: PARTITIONS}, **options)
        config.series_sets, steps = config.sets, {step_s(window) for window in config.windows}
        config.series_steps = [name for name, s in STEPS_S.items() if s in steps]
        return case


@pytest.fixture(scope="module")
def bed(broker, tmp_path_factory):
    need("redis-server")
    found = Bed(broker, tmp_path_factory.mktemp("streams"))
    yield found
    found.server.stop()


@settings(max_examples=int(MORE or EXAMPLES), derandomize=MORE is None, database=None, deadline=None, print_blob=True,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(cases())
def test_streams(bed, made):
    options, parts = made
    if not parts:
        return
    case = bed.case(options)
    try:
        for part in parts:
            for record in part:
                case.producer.send(*record)
            case.drain()
        case.check(records_of(case.topic, [record for part in parts for record in part]))
    finally:
        for started in case.started:
            started.kill()
            note(started.output())
