"""Measures for drain.sh: creates the topic, then runs the bare consumer and npsd in turn. Uses only Python's standard library."""
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
    """Wall time and CPU time in seconds, and peak memory in MiB, of a command that must succeed."""
    began = time.monotonic()
    with open(folder / "log", "wb") as log:
        child = subprocess.Popen(command, stdout=log, stderr=log, **how)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{command[0]} exited with {child.returncode}:\n{(folder / 'log').read_text()}")
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
    bare, counted = [], []
    for i in range(rounds + 1):  # the first round warms the cache of the broker
        bare.append(measured([build / "bench_bare", bootstrap, "drain", f"bare-{i}"]))
        counted.append(npsd(f"npsd-{i}", 0))
        print(f"{'warm-up' if i == 0 else i}: bare {bare[-1][0]:.2f} s ({bare[-1][1]:.2f} s cpu), "
              f"npsd {counted[-1][0]:.2f} s ({counted[-1][1]:.2f} s cpu, {counted[-1][2]} MiB)", flush=True)
    bare, counted = bare[1:], counted[1:]
    print(json.dumps({
        "events": events,
        "bare_events_s": round(events / statistics.median(b[0] for b in bare)),
        "npsd_events_s": round(events / statistics.median(c[0] for c in counted)),
        "ratio": round(statistics.median(b[0] / c[0] for b, c in zip(bare, counted)), 3),
        "cpu_ratio": round(statistics.median(c[1] / b[1] for b, c in zip(bare, counted)), 3),
        "rss_mib": max(c[2] for c in counted), "cores": os.cpu_count(), "rounds": rounds}))


main()
