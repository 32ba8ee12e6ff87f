"""The live demonstration: it shows what changes, and however it ends, no process and no file remains."""

import contextlib
import functools
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
BUILD = os.environ.get("NPSD_BIN_DIR", "build")
LIMIT_S = float(os.environ.get("NPSD_TEST_LIMIT_S", "120"))


def processes(folder, name=b""):
    """Processes whose arguments or environment name the folder; only those with `name` in their arguments."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            arguments = (entry / "cmdline").read_bytes()
            if name in arguments and folder.encode() in arguments + (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            pass  # the process has ended
    return found


def kill_all(folder):
    for pid in processes(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture()
def folder():
    """Where the demonstration writes; after the time limit all its processes are killed, so that no test hangs."""
    path = tempfile.mkdtemp(prefix="npsd-")  # short: the path of a Unix socket has at most 107 bytes
    watchdog = threading.Timer(LIMIT_S, kill_all, [path])
    watchdog.start()
    yield path
    watchdog.cancel()
    kill_all(path)  # after a failure
    shutil.rmtree(path)


def wait_until(condition):
    deadline = time.monotonic() + LIMIT_S
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)  # between two calls of condition()


def assert_all_ended(folder, demo, status):
    demo.wait()
    wait_until(lambda: not processes(folder))
    assert processes(folder) == [] and os.listdir(folder) == []
    assert demo.returncode == status


def start(folder, *options, before=(), **more):
    more = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE} | more
    return subprocess.Popen([*before, HERE / "demo.sh", BUILD, *options], **more,
                            env={**os.environ, "TMPDIR": folder, "NPSD_DEMO_EVENTS": "4000"})


def read_until(fd, text):
    """Reads until the output holds the text."""
    seen = b""
    while text not in seen:
        piece = os.read(fd, 65536)
        assert piece, seen.decode(errors="replace")
        seen += piece


def test_live(folder):
    demo = start(folder)
    windows, alerts = set(), 0
    with demo.stdout:
        for line in demo.stdout:
            if line.startswith(b"alert "):
                alerts += 1
            elif line.startswith(b"window kind=transactional "):
                windows.add(line)
            if alerts > 30 and len(windows) > 3:  # `--follow` begins with twenty old alerts; the others are new
                break
        else:
            pytest.fail(f"the demo ended by itself, after {len(windows)} windows and {alerts} alerts")
        assert processes(folder)
        demo.send_signal(signal.SIGTERM)
        demo.stdout.read()
    assert_all_ended(folder, demo, 143)


def test_wrong_use_is_refused(folder):
    done = subprocess.run([HERE / "demo.sh", folder, "--check"], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 1 and "is not built" in done.stderr
    done = subprocess.run([HERE / "demo.sh", BUILD, "--colour"], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 2 and "usage" in done.stderr
    assert os.listdir(folder) == []


def test_repeated_signals_do_not_interrupt_the_clean_up(folder):
    demo = start(folder, "--check", stderr=subprocess.PIPE)
    read_until(demo.stderr.fileno(), b"npsd counts")
    demo.send_signal(signal.SIGTERM)
    while True:
        try:
            demo.communicate(timeout=0.2)
            break
        except subprocess.TimeoutExpired:
            demo.send_signal(signal.SIGTERM)
    assert_all_ended(folder, demo, 143)


def start_on_terminal(folder):
    """The live demonstration with a terminal of its own, and the terminal's other end."""
    ours, theirs = pty.openpty()
    demo = start(folder, before=["setsid", "--ctty"], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    return demo, ours


def press(key, ours):
    os.write(ours, key)
    with contextlib.suppress(OSError):  # EIO: no process has the terminal open
        while os.read(ours, 65536):
            pass


@pytest.mark.parametrize("moment,leave,status", [(b"sending", os.close, 129), (b"kind=transactional", os.close, 129),
                                                 (b"kind=transactional", functools.partial(press, b"\x03"), 130),
                                                 (b"sending", functools.partial(press, b"\x1c"), 131)])
def test_leaving_the_terminal_ends_all(folder, moment, leave, status):
    demo, ours = start_on_terminal(folder)
    read_until(ours, moment)
    leave(ours)
    assert_all_ended(folder, demo, status)


@pytest.mark.parametrize("stderr,moment", [(subprocess.STDOUT, b""), (subprocess.STDOUT, b"sending"), (None, b"window ")])
def test_a_closed_pipe_ends_all(folder, stderr, moment):
    demo = start(folder, stderr=stderr)
    read_until(demo.stdout.fileno(), moment)
    demo.stdout.close()
    assert_all_ended(folder, demo, 141)


@pytest.mark.parametrize("name,status", [(b"viewer.py", 137), (b"npsd\0", 1), (b"demo.sh", -9)])
def test_death_of_a_part_ends_all(folder, name, status):
    demo = start(folder, stderr=subprocess.DEVNULL)
    with demo.stdout:
        read_until(demo.stdout.fileno(), b"window ")
        victim, = processes(folder, name)
        os.kill(victim, signal.SIGKILL)
        demo.stdout.read()
    assert_all_ended(folder, demo, status)
