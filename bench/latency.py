"""
Measures for latency.sh: sends probe events beside a steady stream of events, and records when Redis shows the effects of each.
One process reads all times from one clock. It polls the keys about once per millisecond.
"""
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import redis as redis_client
from confluent_kafka import Producer

from bed import Redis, npsd_command

TOPIC, PARTITIONS, HISTORY = "latency", 8, 20000
HISTORY_LIMIT_S = 300
PROBES_S = 10  # probes per second
LIMIT_S = 60  # the benchmark fails if a probe has no effect within this time

build, bootstrap, folder, events_s, seconds = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])


class Probes:
    """Detractors at location `probe/N`. Each raises an alert, creates a window, and adds 1 to the window of `probe`."""

    def __init__(self, redis):
        self.redis = redis
        self.sent = []  # when the producer got each probe
        self.seen = {"alert": {}, "first_window": {}, "busy_window": {}}
        self.all_sent = False
        self.channel = redis_client.Redis(unix_socket_path=redis.socket).pubsub()
        self.channel.subscribe("nps:alerts:location:probe")
        self.watchers = [threading.Thread(target=w) for w in (self.watch_alerts, self.watch_first, self.watch_busy)]

    def send(self):
        """Sends the probes at equal intervals, then waits until all effects are seen."""
        producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0, "partitioner": "murmur2_random"})
        for watcher in self.watchers:
            watcher.start()
        for i in range(seconds * PROBES_S):
            value = json.dumps({"type": "response.submitted", "response_id": f"probe-{i}", "survey_kind": "other", "score": 0,
                                "location": f"probe/{i}"})
            self.sent.append(time.monotonic())
            producer.produce(TOPIC, value, f"probe-{i}")
            producer.poll(0)
            time.sleep(1 / PROBES_S)
        producer.flush()
        self.all_sent = True
        for watcher in self.watchers:
            watcher.join(LIMIT_S)
            if watcher.is_alive():
                sys.exit("some probes have no effect in Redis; seen: " + str({k: len(v) for k, v in self.seen.items()}))

    def waiting(self, what):
        """Probes that are sent and not seen. None if all probes are sent and seen."""
        left = [i for i in range(len(self.sent)) if i not in self.seen[what]]
        return None if self.all_sent and not left else left

    def watch_alerts(self):
        while self.waiting("alert") is not None:
            message = self.channel.get_message(ignore_subscribe_messages=True, timeout=0.1)
            if message:
                probe = json.loads(message["data"])["response_id"]
                self.seen["alert"][int(probe.removeprefix("probe-"))] = time.monotonic()

    def watch_first(self):
        client = redis_client.Redis(unix_socket_path=self.redis.socket)
        while (left := self.waiting("first_window")) is not None:
            for i in left:
                if client.hexists(f"nps:v:{{kind=other,location=probe/{i}}}", "1h"):
                    self.seen["first_window"][i] = time.monotonic()
            time.sleep(0.001)

    def watch_busy(self):
        client = redis_client.Redis(unix_socket_path=self.redis.socket)
        while (left := self.waiting("busy_window")) is not None:
            text = client.hget("nps:v:{kind=other,location=probe}", "1h")
            for i in left if text else []:
                if json.loads(text)["n"] > i:  # order differs between partitions: n > i means that i + 1 probes count
                    self.seen["busy_window"][i] = time.monotonic()
            time.sleep(0.001)

    def figures(self, what):
        ms = sorted(1000 * (at - self.sent[i]) for i, at in self.seen[what].items())
        return {"p50_ms": round(statistics.median(ms), 1), "p99_ms": round(ms[len(ms) * 99 // 100], 1), "max_ms": round(ms[-1], 1)}


def wait_until_counted(client, records):
    end = time.monotonic() + HISTORY_LIMIT_S
    while time.monotonic() < end:
        if int(client.hget("nps:totals", "consumed") or 0) >= records:
            return
        time.sleep(0.01)
    sys.exit(f"npsd has not counted {records} records within {HISTORY_LIMIT_S} s")


def main():
    generator = [build / "npsgen", "--brokers", bootstrap, "--topic", TOPIC]
    subprocess.run([*generator, "--events", str(HISTORY), "--create", str(PARTITIONS)], check=True, stdout=subprocess.DEVNULL)
    redis = Redis(folder)
    children = []
    try:
        children.append(subprocess.Popen(npsd_command(build, bootstrap, TOPIC, "latency", redis)))
        wait_until_counted(redis_client.Redis(unix_socket_path=redis.socket), HISTORY)
        children.append(subprocess.Popen([*generator, "--seed", "2", "--rate", str(events_s), "--events", "forever"],
                                         stdout=subprocess.DEVNULL))
        probes = Probes(redis)
        probes.send()
    finally:
        for child in reversed(children):
            child.terminate()
            child.wait()
        redis.stop()
    print(json.dumps({"events_s": events_s, "probes": len(probes.sent), **{what: probes.figures(what) for what in probes.seen},
                      "cores": os.cpu_count()}))


main()
