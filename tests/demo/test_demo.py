"""The demonstration without --check: shows what changes, ends when told to, and leaves nothing behind."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading

import pytest

HERE = pathlib.Path(__file__).resolve().parent
BUILD = os.environ.get("NPSD_BIN_DIR", "build")
LIMIT_S = float(os.environ.get("NPSD_TEST_LIMIT_S", "120"))


@pytest.fixture()
def folder():
    path = tempfile.mkdtemp(prefix="npsd-")  # short: a socket's path has little room
    yield path
    shutil.rmtree(path)


def of_folder(folder):
    """Processes that were started with a path in the folder."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if folder.encode() in entry.read_bytes():
                found.append(int(entry.parent.name))
        except OSError:
            pass  # it has ended
    return found


def start(folder, *options, **more):
    return subprocess.Popen([HERE / "demo.sh", BUILD, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            env={**os.environ, "TMPDIR": folder, "NPSD_DEMO_EVENTS": "4000"}, text=True, **more)


def test_live(folder):
    demo = start(folder)
    watchdog = threading.Timer(LIMIT_S, demo.send_signal, [signal.SIGTERM])
    watchdog.start()
    windows, alerts = {}, 0
    try:
        for line in demo.stdout:
            if line.startswith("alert "):
                alerts += 1
            elif line.startswith("window kind=transactional "):
                windows[line] = True
            if alerts > 30 and len(windows) > 3:  # more than the twenty old ones; and the windows move
                break
        else:
            pytest.fail(f"the demo ended by itself, after {len(windows)} windows and {alerts} alerts")
        assert of_folder(folder)
        demo.send_signal(signal.SIGTERM)
        demo.stdout.read()
        assert demo.wait(timeout=LIMIT_S) == 143
    finally:
        watchdog.cancel()
        demo.stdout.close()
    assert of_folder(folder) == [] and os.listdir(folder) == []


def test_wrong_use_is_told(folder):
    done = subprocess.run([HERE / "demo.sh", folder, "--check"], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 1 and "is not built" in done.stderr
    done = subprocess.run([HERE / "demo.sh", BUILD, "--colour"], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 2 and "usage" in done.stderr
    assert os.listdir(folder) == []


def test_ended_in_the_middle(folder):
    """Whenever the signal comes, and though it comes again and again, all that was started ends."""
    demo = start(folder, "--check", stderr=subprocess.PIPE)
    for line in demo.stderr:
        if "npsd counts" in line:
            break
    demo.send_signal(signal.SIGTERM)
    while True:
        try:
            demo.communicate(timeout=0.2)
            break
        except subprocess.TimeoutExpired:
            demo.send_signal(signal.SIGTERM)
    assert demo.returncode == 143
    assert of_folder(folder) == [] and os.listdir(folder) == []
