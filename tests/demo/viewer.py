#!/usr/bin/python3
"""
Shows what dashboards and alert readers would see, through npsctl alone: a table of windows that is written anew each
second, what changed since the second before in bold, and under it the alerts as they come. Without a terminal it prints
changed rows and alerts line by line. Ends when npsd does.
"""

import argparse
import collections
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import unicodedata

SEGMENTS = ["kind=transactional", "kind=relational", "kind=transactional,location=north", "kind=transactional,location=south",
            "kind=transactional,location=asia-pacific", "kind=transactional,location=Île-de-France",
            "kind=transactional,channel=email", "kind=transactional,channel=app%3Aios"]
WINDOWS = ["1h", "24h", "30d"]
SEVERITIES = {"critical": "31", "high": "33", "moderate": "36"}
CELL = 34


class Reader:
    """npsctl, and what it said last."""

    def __init__(self, npsctl, config):
        self.command = [npsctl, "--config", config, "--json"]
        self.alerts = collections.deque(maxlen=200)
        self.told = 0
        self.changed = threading.Lock()
        self.follower = subprocess.Popen(self.command + ["alerts", "--follow"], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self):
        for line in self.follower.stdout:
            try:
                alert = json.loads(line)
            except ValueError:
                continue
            with self.changed:
                self.alerts.append(alert)
                self.told += 1

    def last_alerts(self, n):
        with self.changed:
            return list(self.alerts)[-n:] if n > 0 else []

    def windows(self, segment):
        """{window: object}; empty where there is no such key yet."""
        done = subprocess.run(self.command + ["get", segment], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        try:
            return json.loads(done.stdout)["windows"]
        except (ValueError, KeyError):
            return {}

    def close(self):
        self.follower.terminate()
        self.follower.wait()


def columns(text):
    """How wide a terminal shows it."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) != 0 for c in text)


def fit(text, width):
    """Padded or cut to that many columns; nothing that a terminal would obey."""
    text = "".join(c if c.isprintable() else " " for c in text)
    while columns(text) > width:
        text = text[:-2] + "…"
    return text + " " * (width - columns(text))


def cell(window):
    if not window:
        return ""
    if not window.get("n"):
        return "no answers"
    text = f"{window['nps']:+6.1f} [{window['nps_lo']:+.1f} {window['nps_hi']:+.1f}] n={window['n']}"
    if window.get("significant"):
        text += " ▲" if window["delta"] > 0 else " ▼"
    return text


def alert_line(alert, width):
    score = "–" if alert.get("score") is None else str(alert["score"])
    if alert.get("prev_score") is not None:
        score = f"{alert['prev_score']}→{score}"
    at = time.strftime("%m-%d %H:%M:%S", time.localtime(alert.get("at_ms", 0) / 1000))
    head = f"{at} {alert.get('kind', ''):9} {alert.get('severity', ''):8} {score:>5}  "
    place = fit(alert.get("location", ""), 34)
    return fit(head + place + "  " + alert.get("comment", ""), width)


class Screen:
    """A terminal: everything in place, what changed in bold."""

    def __init__(self):
        self.before = {}
        sys.stdout.write("\033[2J")

    def draw(self, table, reader):
        size = shutil.get_terminal_size((100, 40))
        room = max(1, size.lines - len(table) - 6)
        lines = [f"npsd: NPS [95 % interval] answers, ▲▼ significant against the window before · {time.strftime('%H:%M:%S')}",
                 fit("", 42) + "".join(fit(w, CELL) for w in WINDOWS)]
        for segment, windows in table:
            line = fit(segment, 42)
            for name in WINDOWS:
                text = cell(windows.get(name))
                bold = self.before.get((segment, name), text) != text
                self.before[segment, name] = text
                line += ("\033[1m" if bold else "") + fit(text, CELL) + ("\033[0m" if bold else "")
            lines.append(line)
        lines += ["", f"alerts: {reader.told} seen, the last ones; Ctrl-C ends"]
        for alert in reader.last_alerts(room):
            lines.append(f"\033[{SEVERITIES.get(alert.get('severity'), '0')}m{alert_line(alert, size.columns - 1)}\033[0m")
        sys.stdout.write("\033[H" + "".join(f"{line}\033[K\n" for line in lines) + "\033[J")
        sys.stdout.flush()


class Lines:
    """No terminal: what is new, a line each."""

    def __init__(self):
        self.before, self.told = {}, 0

    def draw(self, table, reader):
        for segment, windows in table:
            text = "  ".join(f"{name}: {cell(windows.get(name))}" for name in WINDOWS)
            if self.before.get(segment) != text:
                self.before[segment] = text
                print(f"window {segment}  {text}")
        fresh = min(reader.told - self.told, 200)
        self.told += fresh
        for alert in reader.last_alerts(fresh):
            print("alert", alert_line(alert, 140).rstrip())
        sys.stdout.flush()


def lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main():
    parser = argparse.ArgumentParser(description="windows and alerts of a demonstration")
    parser.add_argument("--npsctl", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--watch", type=int, required=True, help="pid of npsd: without it there is nothing to show")
    options = parser.parse_args()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    screen = Screen() if sys.stdout.isatty() else Lines()
    reader = Reader(options.npsctl, options.config)
    while lives(options.watch) and not ended.is_set():
        screen.draw([(segment, reader.windows(segment)) for segment in SEGMENTS], reader)
        ended.wait(1)
    reader.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
