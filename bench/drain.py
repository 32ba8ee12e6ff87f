"""Measures for drain.sh: makes the topic, then runs the bare consumer and npsd in turn. Python's standard library only."""
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bed import Redis, npsd_command

PARTITIONS = 8
build, bootstrap, folder, events, rounds = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])


def measured(command, **how):
    """Wall and processor seconds of a command that must succeed, and the largest memory it had."""
    began = time.monotonic()
    with open(folder / "log", "wb") as log:
        child = subprocess.Popen(command, stdout=log, stderr=log, **how)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{command[0]} ended with {child.returncode}:\n{(folder / 'log').read_text()}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


def npsd(group, workers):
    redis = Redis(folder)
    try:
        return measured(npsd_command(build, bootstrap, "drain", group, redis, "clock=event", f"workers={workers}") + ["--drain"])
    finally:
        redis.stop()


def main():
    subprocess.run([build / "npsgen", "--brokers", bootstrap, "--topic", "drain", "--events", str(events), "--seed", "1",
                    "--create", str(PARTITIONS)], check=True, stdout=subprocess.DEVNULL)
    bare, mine = [], []
    for i in range(rounds + 1):  # the first of each warms the broker's cache
        bare.append(measured([build / "bench_bare", bootstrap, "drain", f"bare-{i}"]))
        mine.append(npsd(f"npsd-{i}", 0))
        print(f"{'warm-up' if i == 0 else i}: bare {bare[-1][0]:.2f} s ({bare[-1][1]:.2f} s cpu), "
              f"npsd {mine[-1][0]:.2f} s ({mine[-1][1]:.2f} s cpu, {mine[-1][2]} MiB)", flush=True)
    bare, mine = bare[1:], mine[1:]
    print(json.dumps({
        "events": events,
        "bare_events_s": round(events / statistics.median(b[0] for b in bare)),
        "npsd_events_s": round(events / statistics.median(m[0] for m in mine)),
        "ratio": round(statistics.median(b[0] / m[0] for b, m in zip(bare, mine)), 3),
        "cpu_ratio": round(statistics.median(m[1] / b[1] for b, m in zip(bare, mine)), 3),
        "rss_mib": max(m[2] for m in mine), "cores": os.cpu_count(), "rounds": rounds}))


main()
