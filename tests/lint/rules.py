#!/usr/bin/env python3
"""Checks the house rules that no compiler knows: lengths, thread lines of public headers, atomics, options, scripts.
Prints `file:line: what` for each breach; exits with 1 if there is one."""
import re
import subprocess
import sys
from pathlib import Path

MAX_FILE, MAX_FUNCTION = 600, 70
breaches = []


def breach(path, line, what):
    breaches.append(f"{path}:{line}: {what}")


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "--", *patterns], check=True, capture_output=True, text=True).stdout
    return [Path(p) for p in out.split() if Path(p).exists()]


def lengths(path, lines):
    if len(lines) > MAX_FILE:
        breach(path, len(lines), f"file has {len(lines)} lines, the limit is {MAX_FILE}")
    if path.suffix not in (".c", ".cc"):
        return
    start = None
    for n, line in enumerate(lines, 1):
        if line.startswith("{") or (re.match(r"[^\s#/=].*\)\s*\{\s*$", line)):
            start = n
        elif line.startswith("}") and start:
            if n - start > MAX_FUNCTION:
                breach(path, start, f"function has {n - start} lines, the limit is {MAX_FUNCTION}")
            start = None


def thread_names():
    text = Path("src/tbl/threads.def").read_text()
    return set(re.findall(r"^X\((\w+),", text, re.M))


def thread_lines(path, text, threads):
    """A public header that declares functions has a `Thread:` line, and names only threads of the table."""
    if not re.search(r"Thread:", text) and re.search(r"^(?!_Static_assert)\w[^#=;]*\([^)]*\);", text, re.M):
        breach(path, 1, "declares functions and has no `Thread:` line")
    for m in re.finditer(r"Thread: ([^\n;.*]*)", text):
        first = re.match(r"(?:the one )?(\w+)", m.group(1))
        name = first.group(1) if first else ""
        if name not in threads | {"producer", "consumer"}:
            breach(path, text[: m.start()].count("\n") + 1, f"unknown thread `{m.group(1).strip()}`")


def atomics(path, text):
    if path.parts[:2] == ("src", "base"):
        return
    for m in re.finditer(r"\bvolatile\b|__sync_|__atomic_|\batomic_(load|store|fetch_)|stdatomic", text):
        breach(path, text[: m.start()].count("\n") + 1, f"`{m.group(0)}`: use the atomics of src/base/atomic.h")


def unfinished(path, text):
    """No file contains a word that announces later work. These are the words looked for, not such work."""
    for m in re.finditer(r"\b(TODO|FIXME|XXX|HACK)\b", text):
        breach(path, text[: m.start()].count("\n") + 1, f"`{m.group(0)}`: finish the work before the commit")


def options_used():
    """The code reads every option of the table."""
    rows = re.findall(r"^X\(([\w.]+), (\w+),", Path("src/tbl/options.def").read_text(), re.M)
    code = "\n".join(p.read_text() for p in tracked("src/*.c", "src/*.cc"))
    for name, field in rows:
        if not re.search(rf"(->|\.){field}\b", code):
            breach("src/tbl/options.def", 1, f"no code reads option {name}")


def scripts_in_table():
    rows = set(re.findall(r"^X\((\w+),", Path("src/tbl/scripts.def").read_text(), re.M))
    files = {p.stem for p in Path("src/redis/scripts").glob("[a-z]*.lua")}
    for name in sorted(rows ^ files):
        breach("src/tbl/scripts.def", 1, f"script {name} has {'a row and no file' if name in rows else 'a file and no row'}")


def main():
    threads = thread_names()
    for path in tracked("*.c", "*.h", "*.cc", "*.py", "*.lua", "*.sh", "dev"):
        text = path.read_text()
        lengths(path, text.splitlines())
        if path.suffix in (".c", ".h", ".cc"):
            atomics(path, text)
        if path.parts[:2] == ("include", "npsd"):
            thread_lines(path, text, threads)
        if path.name != "rules.py":
            unfinished(path, text)
    options_used()
    scripts_in_table()
    print("\n".join(breaches) if breaches else "house rules: no breach")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
