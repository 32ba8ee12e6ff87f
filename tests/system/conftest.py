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
        self.remembered, self.incarnation = [], 0

    def topic_of(self, partitions, **config):
        """Makes the topic; config: fields of recount.config.Config that differ from their defaults."""
        self.broker.make_topic(self.topic, partitions)
        self.config = Config(topic=self.topic, **config)
        self.producer = harness.Producer(self.broker.bootstrap, self.topic)
        return self.producer

    def another_topic(self, partitions):
        """One more that is read; a producer of it."""
        name = f"{self.topic}.{len(self.config.topics)}"
        self.broker.make_topic(name, partitions)
        self.config.more_topics.append(name)
        return harness.Producer(self.broker.bootstrap, name)

    def file(self):
        """npsd's options for self.config, and those of the test."""
        config = self.config
        options = {
            "kafka.brokers": self.broker.bootstrap,
            "kafka.topics": config.topics,
            "kafka.group": self.topic,
            "redis.url": self.redis_server.url,
            "prefix": config.prefix,
            "clock": config.clock,
            "segments": config.sets,
            "windows": config.windows,
            "kinds.split": config.split_kinds,
            "location.required": config.location_required,
            "lateness": f"{config.lateness_ms // 1000}s",
            "alerts.comment": "on" if config.alerts_comment else "off",
            "alerts.respondent": config.alerts_respondent,
            "alerts.respondent_key": config.alerts_respondent_key,
            "defaults.survey_kind": config.default_kind or "none",
            "topic_defaults": {topic: {"survey_kind": kind or "none"} for topic, kind in config.topic_defaults.items()},
            "series.segments": config.series_sets,
            "rank.min_n": config.rank_min_n,
            "fragile.few": config.few,
            "fragile.wide": config.wide,
            "fragile.low_rate": config.low_rate,
            "shards": config.shards,
            "publish.interval": "50ms",
            "workers": 2,
        }
        if config.series_steps:
            options["series.steps"] = config.series_steps
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

    def read(self):
        """All that the topics hold now."""
        records = []
        for topic in self.config.topics:
            records += oracle.read_topic(self.broker.bootstrap, topic, self.incarnation, self.config.partitions)
        return records

    def remember(self, made_anew=False):
        """What the topics hold is about to go; made_anew: with them."""
        seen = {record[:3] for record in self.remembered if record.incarnation == self.incarnation}
        self.remembered += [record for record in self.read() if record[:3] not in seen]
        self.incarnation += made_anew

    def expected(self, use_dictionary=True, records=None):
        """records: what the topics hold, where it is known."""
        now = {(*record[:3], record.incarnation): record for record in records or self.read()}
        gone = [record for record in self.remembered if (*record[:3], record.incarnation) not in now]
        dictionary = oracle.read_dictionary(self.redis, self.config) if use_dictionary else None
        rulings = oracle.read_rulings(self.redis, self.config)
        return oracle.expect([*gone, *now.values()], self.config, self.now_ms, dictionary, rulings)

    def check(self, records=None):
        """Zero differences between Redis and a recount; the recount."""
        expected = self.expected(records=records)
        differences = oracle.compare(self.redis, expected)
        assert not differences, f"{len(differences)} differences:\n" + "\n".join(differences[:40])
        return expected

    def told_lost(self):
        """The lost ranges that `meta` tells, as the configuration of the oracle names them."""
        lines = self.redis.hget(f"{self.config.prefix}:meta", "lost").decode().split(";")
        return [" ".join(line.split()[:4] + line.split()[5:]) for line in lines if line]

    def ends(self):
        """(topic, partition) -> offset of the next record."""
        found = {(topic, p): 0 for topic, n in self.config.partitions.items() for p in range(n)}
        for record in self.read():
            found[record.topic, record.partition] = record.offset + 1
        return found

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


