#!/usr/bin/python3
"""
Shows windows and alerts through npsctl alone. On a terminal: a table of windows, redrawn each second with changed cells
in bold, and the latest alerts below it. Elsewhere: one line per changed row and per alert. Ends when npsd ends; demo.sh
ends the session of this program, and so the npsctl that follows the alerts.
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
    """Runs npsctl and keeps the latest alerts."""

    def __init__(self, npsctl, config):
        self.command = [npsctl, "--config", config, "--json"]
        self.alerts = collections.deque(maxlen=200)
        self.nalerts = 0
        self.lock = threading.Lock()
        self.follower = subprocess.Popen(self.command + ["alerts", "--follow"], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self):
        for line in self.follower.stdout:
            try:
                alert = json.loads(line)
            except ValueError:
                continue
            with self.lock:
                self.alerts.append(alert)
                self.nalerts += 1

    def last_alerts(self, n):
        with self.lock:
            return list(self.alerts)[-n:] if n > 0 else []

    def windows(self, segment):
        """{window: object}; empty if the segment has no key yet."""
        done = subprocess.run(self.command + ["get", segment], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        try:
            return json.loads(done.stdout)["windows"]
        except (ValueError, KeyError):
            return {}


def columns(text):
    """The width of the text on a terminal."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) != 0 for c in text)


def fit(text, width):
    """Padded or cut to `width` columns; control characters become spaces."""
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
    """For a terminal: one table at a fixed place, changed cells in bold."""

    def __init__(self):
        self.before = {}
        sys.stdout.write("\033[2J")

    def draw(self, table, reader):
        size = shutil.get_terminal_size((100, 40))
        rows = max(1, size.lines - len(table) - 6)
        lines = [f"npsd: NPS [95 % interval] answers, ▲▼ significant change from the previous window · {time.strftime('%H:%M:%S')}",
                 fit("", 42) + "".join(fit(w, CELL) for w in WINDOWS)]
        for segment, windows in table:
            line = fit(segment, 42)
            for name in WINDOWS:
                text = cell(windows.get(name))
                bold = self.before.get((segment, name), text) != text
                self.before[segment, name] = text
                line += ("\033[1m" if bold else "") + fit(text, CELL) + ("\033[0m" if bold else "")
            lines.append(line)
        lines += ["", f"alerts: {reader.nalerts} received, the latest below; Ctrl-C ends"]
        for alert in reader.last_alerts(rows):
            lines.append(f"\033[{SEVERITIES.get(alert.get('severity'), '0')}m{alert_line(alert, size.columns - 1)}\033[0m")
        sys.stdout.write("\033[H" + "".join(f"{line}\033[K\n" for line in lines) + "\033[J")
        sys.stdout.flush()


class Lines:
    """For a pipe or a file: one line per changed row and per new alert."""

    def __init__(self):
        self.before, self.printed = {}, 0

    def draw(self, table, reader):
        for segment, windows in table:
            text = "  ".join(f"{name}: {cell(windows.get(name))}" for name in WINDOWS)
            if self.before.get(segment) != text:
                self.before[segment] = text
                print(f"window {segment}  {text}")
        fresh = min(reader.nalerts - self.printed, reader.alerts.maxlen)
        self.printed += fresh
        for alert in reader.last_alerts(fresh):
            print("alert", alert_line(alert, 140).rstrip())
        sys.stdout.flush()


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main():
    parser = argparse.ArgumentParser(description="show windows and alerts of a demonstration")
    parser.add_argument("--npsctl", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--watch", type=int, required=True, help="process id of npsd; the viewer ends when npsd ends")
    options = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # end without a traceback when the reader closes the pipe
    screen = Screen() if sys.stdout.isatty() else Lines()
    reader = Reader(options.npsctl, options.config)
    while is_running(options.watch):
        screen.draw([(segment, reader.windows(segment)) for segment in SEGMENTS], reader)
        time.sleep(1)  # the screen is drawn once a second


if __name__ == "__main__":
    main()
