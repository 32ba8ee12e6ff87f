"""Fixtures: one broker a session, one redis-server, topic and group a test. What is missing fails in CI and is told elsewhere."""
import os
import shutil
import sys
import tempfile
import time
import uuid
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import harness  # noqa: E402
import oracle  # noqa: E402
from recount.config import Config  # noqa: E402


def need(*programs):
    missing = [name for name in programs if shutil.which(name) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"missing: {' '.join(missing)}")
    if missing:
        pytest.skip(f"missing: {' '.join(missing)}")


@pytest.fixture(scope="session")
def broker():
    need("java", "mvn")
    folder = tempfile.mkdtemp(prefix="npsd-kafka-")
    found = harness.KafkaBroker(folder)
    yield found
    found.stop()
    shutil.rmtree(folder)


@pytest.fixture
def redis_server(tmp_path):
    need("redis-server")
    found = harness.RedisServer(tmp_path)
    yield found
    found.stop()


@pytest.fixture
def redis(redis_server):
    return redis_server.client


class Case:
    """A topic, a Redis, and npsd between them; config is what the oracle believes."""

    def __init__(self, broker, redis_server, folder):
        self.broker, self.redis_server, self.folder = broker, redis_server, folder
        self.redis = redis_server.client
        self.topic = f"t-{uuid.uuid4().hex[:12]}"
        self.config = Config(topic=self.topic)
        self.now_ms = time.time_ns() // 1_000_000
        self.started, self.options, self.subscriber = [], {}, None

    def topic_of(self, partitions, **config):
        """Makes the topic; config: fields of recount.config.Config that differ from their defaults."""
        self.broker.make_topic(self.topic, partitions)
        self.config = Config(topic=self.topic, **config)
        self.producer = harness.Producer(self.broker.bootstrap, self.topic)
        return self.producer

    def file(self):
        """npsd's options for self.config, and those of the test."""
        config = self.config
        options = {
            "kafka.brokers": self.broker.bootstrap,
            "kafka.topics": [self.topic],
            "kafka.group": self.topic,
            "redis.url": self.redis_server.url,
            "prefix": config.prefix,
            "clock": config.clock,
            "segments": config.sets,
            "windows": config.windows,
            "kinds.split": config.split_kinds,
            "location.required": config.location_required,
            "lateness": f"{config.lateness_ms // 1000}s",
            "publish.interval": "50ms",
            "workers": 2,
        }
        if config.default_kind:
            options["defaults.survey_kind"] = config.default_kind
        for dim, cap in config.caps.items():
            options[f"caps.{dim}"] = cap
        return {**options, **self.options}

    def npsd(self, *arguments):
        started = harness.Npsd(self.folder, self.file(), *arguments)
        self.started.append(started)
        return started

    def subscribe(self):
        self.subscriber = harness.Subscriber(self.redis_server.url, self.config.prefix)

    def drain(self):
        self.producer.flush()
        self.npsd("--drain").expect_exit(0)

    def expected(self, use_dictionary=True):
        records = oracle.read_topic(self.broker.bootstrap, self.topic)
        dictionary = oracle.read_dictionary(self.redis, self.config) if use_dictionary else None
        return oracle.expect(records, self.config, self.now_ms, dictionary)

    def check(self):
        """Zero differences between Redis and a recount; the recount."""
        expected = self.expected()
        differences = oracle.compare(self.redis, expected)
        assert not differences, f"{len(differences)} differences:\n" + "\n".join(differences[:40])
        return expected

    def view(self, seg, window):
        """The published object of a window, None without one; values as JSON has them."""
        found = self.redis.hget(f"{self.config.prefix}:v:{{{seg}}}", window)
        return None if found is None else harness.json.loads(found)

    def totals(self):
        return {k.decode(): int(v) for k, v in self.redis.hgetall(f"{self.config.prefix}:totals").items()}

    def alerts(self):
        """The stream's entries, fields as text."""
        entries = self.redis.xrange(f"{self.config.prefix}:alerts")
        return [{k.decode(): v.decode() for k, v in fields.items()} for _, fields in entries]

    def stop(self):
        for started in self.started:
            started.kill()
            print(f"--- {started.name}, exit {started.process.returncode}\n{started.output()[-3000:]}")  # shown on failure
        if self.subscriber:
            self.subscriber.stop()


@pytest.fixture
def case(broker, redis_server, tmp_path):
    found = Case(broker, redis_server, tmp_path)
    yield found
    found.stop()


