"""Fixtures: one broker per session; one redis-server, topic and group per test. A missing program fails in CI, else it skips."""
import json
import os
import shutil
import sys
import tempfile
import time
import uuid
from pathlib import Path

import pytest
from redis.exceptions import RedisError

sys.path.insert(0, str(Path(__file__).resolve().parent))

import harness  # noqa: E402
import oracle  # noqa: E402
from harness import wait_for  # noqa: E402
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
    """A topic, a Redis, and npsd between them. config: the configuration and the history of the topics, as the oracle needs them."""

    def __init__(self, broker, redis_server, folder):
        self.broker, self.redis_server, self.folder = broker, redis_server, folder
        self.redis = redis_server.client
        self.topic = f"t-{uuid.uuid4().hex[:12]}"
        self.config = Config(topic=self.topic)
        self.now_ms = time.time_ns() // 1_000_000
        self.started, self.options, self.subscriber = [], {}, None
        self.remembered, self.incarnation = [], 0

    def topic_of(self, partitions, **config):
        """Creates the topic. config: fields of recount.config.Config that differ from their defaults. Returns a producer."""
        self.broker.make_topics(self.topic, partitions=partitions)
        self.config = Config(topic=self.topic, **config)
        self.producer = harness.Producer(self.broker.bootstrap, self.topic)
        return self.producer

    def file(self):
        """The options of npsd that match self.config, and those that the test sets."""
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
        """The records that the topics hold now."""
        records = []
        for topic in self.config.topics:
            records += oracle.read_topic(self.broker.bootstrap, topic, self.incarnation, self.config.partitions)
        return records

    def remember(self, recreated=False):
        """Keeps what the topics hold for the recount: it is about to be deleted. recreated: the topics are, too."""
        seen = {record[:3] for record in self.remembered if record.incarnation == self.incarnation}
        self.remembered += [record for record in self.read() if record[:3] not in seen]
        self.incarnation += recreated

    def expected(self, use_dictionary=True, records=None):
        """What Redis must hold. records: what the topics hold, if the caller knows it."""
        now = {(*record[:3], record.incarnation): record for record in records or self.read()}
        gone = [record for record in self.remembered if (*record[:3], record.incarnation) not in now]
        dictionary = oracle.read_dictionary(self.redis, self.config) if use_dictionary else None
        rulings = oracle.read_rulings(self.redis, self.config)
        return oracle.expect([*gone, *now.values()], self.config, self.now_ms, dictionary, rulings)

    def check(self, records=None):
        """Asserts that Redis holds what a recount of the topics expects. Returns the recount."""
        expected = self.expected(records=records)
        differences = oracle.compare(self.redis, expected)
        assert not differences, f"{len(differences)} differences:\n" + "\n".join(differences[:40])
        return expected

    def settle(self, npsd, **how):
        """Waits until a running npsd has published what the topics hold. Returns the recount."""
        expected = self.expected(**how)
        wait_for("no differences", lambda: npsd.alive() and not oracle.compare(self.redis, expected), every_s=0.1)
        return expected

    def reported_lost(self):
        """The lost ranges of `meta`, in the form of Config.lost."""
        lines = self.redis.hget(f"{self.config.prefix}:meta", "lost").decode().split(";")
        return [" ".join(line.split()[:4] + line.split()[5:]) for line in lines if line]

    def view(self, seg, window):
        """The published object of a window, or None."""
        found = self.redis.hget(f"{self.config.prefix}:v:{{{seg}}}", window)
        return None if found is None else json.loads(found)

    def consumed(self):
        """How many records have a fate; 0 while Redis does not answer."""
        try:
            return self.totals().get("consumed", 0)
        except RedisError:
            return 0

    def totals(self):
        return {k.decode(): int(v) for k, v in self.redis.hgetall(f"{self.config.prefix}:totals").items()}

    def alerts(self):
        """The entries of the alert stream, fields as text."""
        entries = self.redis.xrange(f"{self.config.prefix}:alerts")
        return [{k.decode(): v.decode() for k, v in fields.items()} for _, fields in entries]

    def public_keys(self):
        """Key -> content of every public key, without the fields that depend on when npsd wrote it."""
        read = {b"hash": self.redis.hgetall, b"set": self.redis.smembers, b"stream": self.redis.xrange,
                b"zset": lambda key: self.redis.zrange(key, 0, -1, withscores=True)}
        found = {key.decode(): read[self.redis.type(key)](key) for key in self.redis.scan_iter("nps:*", count=1000)}
        for key, fields in found.items():
            if key.startswith("nps:v:"):
                fields.pop(b"rev")
                found[key] = {window: {**json.loads(text), "asof_ms": None} for window, text in fields.items()}
        del found["nps:meta"][b"heartbeat_ms"]
        return found

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
