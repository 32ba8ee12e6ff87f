"""Shared by the benchmarks: a private redis-server, and the command line of npsd. Uses only Python's standard library."""
import subprocess
import sys
import time


class Redis:
    """A private redis-server without persistence on a Unix socket."""

    def __init__(self, folder):
        self.socket = str(folder / "redis.sock")
        self.child = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL)
        while subprocess.run(["redis-cli", "-s", self.socket, "ping"], capture_output=True).stdout != b"PONG\n":
            if self.child.poll() is not None:
                sys.exit(f"redis-server exited with {self.child.returncode}")
            time.sleep(0.05)

    def stop(self):
        self.child.terminate()
        self.child.wait()


def npsd_command(build, bootstrap, topic, group, redis, *settings):
    command = [build / "npsd"]
    for setting in (f"kafka.brokers={bootstrap}", f"kafka.topics=[{topic}]", f"kafka.group={group}",
                    f"redis.url=unix://{redis.socket}", "log.level=warning", *settings):
        command += ["--set", setting]
    return command
