"""Private servers and the programs under test. Every wait is for a condition; its limit is for a machine that is overloaded."""
import json
import os
import random
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

HERE = Path(__file__).resolve().parent
LIMIT_S = float(os.environ.get("NPSD_TEST_LIMIT_S", "300"))
QUICK = {"session.timeout.ms": "3000", "heartbeat.interval.ms": "300"}  # the group gives up a killed member after 3 s


def wait_for(what, condition, limit_s=LIMIT_S, every_s=0.02):
    """The first true result of condition(). Fails with `what` after the limit."""
    end = time.monotonic() + limit_s
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"not within {limit_s} s: {what}"
        time.sleep(every_s)  # between two calls of condition()


def free_port():
    """A free loopback port outside the kernel's range for outgoing connections: no client takes it while its server restarts."""
    for port in random.SystemRandom().sample(range(20000, 32000), 1000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:  # in use
                continue
    raise AssertionError("no free port")


def end_process(process, limit_s=20):
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class RedisServer:
    """A private redis-server without persistence, in a folder that the caller removes. words: more of its command line."""

    def __init__(self, folder, *words):
        self.folder, self.port, self.words = Path(folder), free_port(), words
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = Redis(host="127.0.0.1", port=self.port)
        self.start()

    def start(self):
        """Starts with the data of the last save, if there is one."""
        with open(self.folder / "redis.log", "ab") as log:
            self.process = subprocess.Popen(
                ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "",
                 "--appendonly", "no", "--rdbcompression", "no", "--maxmemory-policy", "noeviction", *self.words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for("redis-server answers", self.answers)

    def answers(self):
        """Whether this process, and no other server on its port, answers."""
        assert self.process.poll() is None, (self.folder / "redis.log").read_text()[-2000:]
        try:
            return self.client.info("server")["process_id"] == self.process.pid
        except RedisConnectionError:
            return False

    def lose_since_save(self):
        """Loses all writes since the last save, as a fail-over to a replica that lags does."""
        self.process.kill()
        self.process.wait()
        self.start()

    def stop(self):
        self.client.close()
        self.process.send_signal(signal.SIGCONT)
        end_process(self.process)


class KafkaBroker:
    """A real broker that kafka.sh starts, in a folder that the caller removes."""

    def __init__(self, folder):
        self.folder = str(folder)
        done = subprocess.run([HERE / "kafka.sh", "start", self.folder], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, check=True, timeout=900)
        self.bootstrap = done.stdout.strip().removeprefix("bootstrap=")

    def stop(self):
        subprocess.run([HERE / "kafka.sh", "stop", self.folder], stdin=subprocess.DEVNULL, check=True, timeout=LIMIT_S)

    def make_topics(self, *names, partitions=1, config=None):
        from confluent_kafka.admin import AdminClient, NewTopic
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        topics = [NewTopic(name, partitions, 1, config=config or {}) for name in names]
        for made in admin.create_topics(topics).values():
            made.result(LIMIT_S)
        for name in names:
            wait_for(f"{name} has leaders", lambda: self.has_leaders(admin, name, partitions))

    def grow_topic(self, topic, partitions):
        """More partitions. A producer that knows the topic learns of them later."""
        from confluent_kafka.admin import AdminClient, NewPartitions
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        admin.create_partitions([NewPartitions(topic, partitions)])[topic].result(LIMIT_S)
        wait_for(f"{topic} has leaders", lambda: self.has_leaders(admin, topic, partitions))

    def delete_records(self, topic, partition, before):
        """Deletes the records before an offset, as retention does. (Debian's client has no call for it.)"""
        name = topic.encode()
        body = struct.pack(f">hhihih{len(name)}siiqi", 21, 1, 7, -1, 1, len(name), name, 1, partition, before, 30_000)
        host, port = self.bootstrap.split(",")[0].split(":")
        with socket.create_connection((host, int(port)), LIMIT_S) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            reply = connection.makefile("rb").read(4 + 4 + 4 + 4 + 2 + len(name) + 4 + 4 + 8 + 2)
        low, error = struct.unpack(">qh", reply[-10:])
        assert (low, error) == (before, 0), f"DeleteRecords: low {low}, error {error}"

    def recreate_topic(self, topic, partitions):
        """Deletes a topic and creates it again, empty."""
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        admin.delete_topics([topic])[topic].result(LIMIT_S)
        wait_for(f"{topic} is deleted", lambda: topic not in admin.list_topics(timeout=LIMIT_S).topics)

        def created():
            try:
                self.make_topics(topic, partitions=partitions)
                return True
            except KafkaException:  # the deletion is not complete
                return False
        wait_for(f"{topic} is created again", created)

    @staticmethod
    def has_leaders(admin, name, partitions):
        topic = admin.list_topics(name, timeout=LIMIT_S).topics.get(name)
        return topic and len(topic.partitions) == partitions and all(p.leader >= 0 for p in topic.partitions.values())


class Producer:
    """Writes records with the partition and the timestamp that the test chooses."""

    def __init__(self, bootstrap, topic):
        from confluent_kafka import Producer as Client
        self.topic = topic
        self.failures = []
        self.client = Client({"bootstrap.servers": bootstrap, "linger.ms": 2, "enable.idempotence": True,
                              "message.max.bytes": 4_000_000})

    def send(self, event, timestamp_ms, partition=0, headers=None, key=None):
        """event: a dictionary, written as JSON; bytes, written as they are; or None, a tombstone."""
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
    """One npsd process: its configuration file, its output and its exit."""

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
        """The exit code; if a signal ended the process, the signal's number, negative."""
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
        assert found == code, f"{' '.join(self.command)}: exit {found}, expected {code}:\n{self.output()[-6000:]}"

    def alive(self):
        found = self.process.poll()
        assert found is None, f"{self.name} ended with {found}:\n{self.output()[-6000:]}"
        return True


def program(name):
    """Path of npsd, npsctl or npsgen, in NPSD_BIN_DIR or build/."""
    found = Path(os.environ.get("NPSD_BIN_DIR", HERE.parents[1] / "build")).resolve() / name
    assert os.access(found, os.X_OK), f"{found} is not built"
    return found


def run(name, *arguments, stdin=""):
    """Runs npsd, npsctl or npsgen to its end. The output is text if stdin is text, bytes if stdin is bytes."""
    return subprocess.run([program(name), *arguments], input=stdin, text=isinstance(stdin, str), capture_output=True,
                          timeout=LIMIT_S, check=False)


def yaml_text(options):
    """Options such as {'kafka.brokers': ...} as a YAML file: nested maps, lists in flow style, scalars as in JSON."""
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
    """Receives the messages of every alert channel from its creation on."""

    def __init__(self, url, prefix="nps"):
        self.messages = []
        self.client = Redis.from_url(url)
        self.pubsub = self.client.pubsub()
        self.pubsub.psubscribe(f"{prefix}:alerts:*")
        wait_for("the subscription is confirmed", lambda: self.step(0.1) == "psubscribe")

    def step(self, timeout_s):
        message = self.pubsub.get_message(timeout=timeout_s)
        if message and message["type"] == "pmessage":
            self.messages.append((message["channel"].decode(), message["data"].decode()))
        return message and message["type"]

    def read_all(self):
        """The messages that were published before this call; a message of its own marks their end."""
        self.client.publish("nps:alerts:end-of-test", "")
        while not self.messages or self.messages[-1][0] != "nps:alerts:end-of-test":
            assert self.step(LIMIT_S), "no message arrives"
        return self.messages[:-1]

    def stop(self):
        self.pubsub.close()
        self.client.close()
