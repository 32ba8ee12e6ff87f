"""Private servers and one npsd at a time: what the system tests stand on. Every wait is for a condition, with a limit."""
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

HERE = Path(__file__).resolve().parent
LIMIT_S = float(os.environ.get("NPSD_TEST_LIMIT_S", "120"))


def wait_for(what, condition, limit_s=LIMIT_S, every_s=0.02):
    """The first true answer of condition(); fails with `what` after the limit."""
    end = time.monotonic() + limit_s
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"after {limit_s} s still not: {what}"
        time.sleep(every_s)  # between two looks at the condition


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def end_process(process, limit_s=20):
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class RedisServer:
    """A redis-server of one's own, in memory, in a folder that the caller removes."""

    def __init__(self, folder):
        self.folder, self.port = Path(folder), free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = Redis(host="127.0.0.1", port=self.port)
        self.start()

    def start(self):
        """Begins with what was saved last, if anything."""
        with open(self.folder / "redis.log", "ab") as log:
            self.process = subprocess.Popen(
                ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "",
                 "--appendonly", "no", "--rdbcompression", "no", "--maxmemory-policy", "noeviction"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for("redis-server answers", self.answers, 30)

    def answers(self):
        assert self.process.poll() is None, "redis-server ended while it started"
        try:
            return self.client.ping()
        except RedisConnectionError:
            return False

    def lose_since_save(self):
        """As a fail-over to a replica that lagged: all that was written since the last save is gone."""
        self.process.kill()
        self.process.wait()
        self.start()

    def stop(self):
        self.client.close()
        self.process.send_signal(signal.SIGCONT)
        end_process(self.process)


class KafkaBroker:
    """A real broker, started by kafka.sh, in a folder that the caller removes."""

    def __init__(self, folder):
        self.folder = str(folder)
        done = subprocess.run([HERE / "kafka.sh", "start", self.folder], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, check=True, timeout=900)
        self.bootstrap = done.stdout.strip().removeprefix("bootstrap=")

    def stop(self):
        subprocess.run([HERE / "kafka.sh", "stop", self.folder], stdin=subprocess.DEVNULL, check=True, timeout=120)

    def make_topic(self, *names_and_partitions):
        """(name, ..., partitions)"""
        from confluent_kafka.admin import AdminClient, NewTopic
        *names, partitions = names_and_partitions
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        for made in admin.create_topics([NewTopic(name, partitions, 1) for name in names]).values():
            made.result(60)
        for name in names:
            wait_for(f"{name} has leaders", lambda: self.has_leaders(admin, name, partitions))

    def delete_records(self, topic, partition, before):
        """As retention does: what lies before this offset is gone. (Debian's client has no call for it.)"""
        name = topic.encode()
        body = struct.pack(f">hhihih{len(name)}siiqi", 21, 1, 7, -1, 1, len(name), name, 1, partition, before, 30_000)
        host, port = self.bootstrap.split(",")[0].split(":")
        with socket.create_connection((host, int(port)), 30) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            answer = connection.makefile("rb").read(4 + 4 + 4 + 4 + 2 + len(name) + 4 + 4 + 8 + 2)
        low, error = struct.unpack(">qh", answer[-10:])
        assert (low, error) == (before, 0), f"DeleteRecords: low {low}, error {error}"

    def make_anew(self, topic, partitions):
        """Deletes a topic and makes it again, empty."""
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient, NewTopic
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        admin.delete_topics([topic])[topic].result(60)
        wait_for(f"{topic} is gone", lambda: topic not in admin.list_topics(timeout=10).topics)

        def made():
            try:
                admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result(60)
                return True
            except KafkaException:  # still being deleted
                return False
        wait_for(f"{topic} is there again", made)
        wait_for(f"{topic} has leaders", lambda: self.has_leaders(admin, topic, partitions))

    @staticmethod
    def has_leaders(admin, name, partitions):
        topic = admin.list_topics(name, timeout=10).topics.get(name)
        return topic and len(topic.partitions) == partitions and all(p.leader >= 0 for p in topic.partitions.values())


class Producer:
    """Writes records as told: partition and timestamp are the test's to choose."""

    def __init__(self, bootstrap, topic):
        from confluent_kafka import Producer as Client
        self.topic = topic
        self.failures = []
        self.client = Client({"bootstrap.servers": bootstrap, "linger.ms": 2, "enable.idempotence": True,
                              "message.max.bytes": 4_000_000})

    def send(self, event, timestamp_ms, partition=0, headers=None, key=None):
        """event: an object to be written as JSON, bytes as they are, or None for a tombstone."""
        value = json.dumps(event, ensure_ascii=False).encode() if isinstance(event, dict) else event
        while True:
            try:
                self.client.produce(self.topic, value, key, partition=partition, timestamp=timestamp_ms,
                                    headers=headers, on_delivery=self.delivered)
                return
            except BufferError:
                self.client.poll(0.1)

    def delivered(self, error, _message):
        if error:
            self.failures.append(error)

    def flush(self):
        assert self.client.flush(LIMIT_S) == 0, "records were not delivered"
        assert not self.failures, self.failures


class Npsd:
    """One npsd process: its file of options, its output, its end."""

    count = 0

    def __init__(self, folder, options, *arguments):
        Npsd.count += 1
        self.name = f"npsd-{Npsd.count}"
        self.log_path = Path(folder) / f"{self.name}.log"
        config = Path(folder) / f"{self.name}.yaml"
        config.write_text(yaml_text(options))
        self.command = [str(program("npsd")), "--config", str(config), *arguments]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def output(self):
        return self.log_path.read_text(errors="replace")

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, limit_s=LIMIT_S):
        """Its exit code; negative, the signal that ended it."""
        try:
            return self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end in {limit_s} s:\n{self.output()[-4000:]}") from None

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def expect_exit(self, code):
        found = self.wait()
        assert found == code, f"{' '.join(self.command)}: exit {found}, due {code}:\n{self.output()[-6000:]}"

    def alive(self):
        found = self.process.poll()
        assert found is None, f"{self.name} ended with {found}:\n{self.output()[-6000:]}"
        return True


def program(name):
    """Path of one of npsd's programs, in NPSD_BIN_DIR or the usual build tree."""
    found = Path(os.environ.get("NPSD_BIN_DIR", HERE.parents[1] / "build")).resolve() / name
    assert os.access(found, os.X_OK), f"{found} is not built"
    return found


def yaml_text(options):
    """{'kafka.brokers': …} as a file: nested maps, lists in flow style. JSON's scalars are YAML's."""
    lines, open_ = [], None
    for name in sorted(options, key=lambda n: (n.partition(".")[0], n)):
        head, dot, tail = name.partition(".")
        if dot and head != open_:
            lines.append(f"{head}:")
        open_ = head if dot else None
        value = json.dumps(options[name], ensure_ascii=False)
        lines.append(f"  {tail}: {value}" if dot else f"{head}: {value}")
    return "\n".join(lines) + "\n"


class Subscriber:
    """Hears every alert channel from the moment it is made."""

    def __init__(self, url, prefix="nps"):
        self.messages = []
        self.client = Redis.from_url(url)
        self.pubsub = self.client.pubsub()
        self.pubsub.psubscribe(f"{prefix}:alerts:*")
        wait_for("the subscription stands", lambda: self.step(0.1) == "psubscribe", 30)
        self.lock = threading.Lock()

    def step(self, timeout_s):
        message = self.pubsub.get_message(timeout=timeout_s)
        if message and message["type"] == "pmessage":
            self.messages.append((message["channel"].decode(), message["data"].decode()))
        return message and message["type"]

    def read_all(self):
        """All that was published before this call: a message of one's own comes behind them."""
        self.client.publish("nps:alerts:end-of-test", "")
        while not self.messages or self.messages[-1][0] != "nps:alerts:end-of-test":
            assert self.step(30), "the subscription is silent"
        return self.messages[:-1]

    def stop(self):
        self.pubsub.close()
        self.client.close()


def note(text):
    print(text, file=sys.stderr, flush=True)
