#!/usr/bin/env python3
"""House rules that no compiler knows: lengths, thread lines of the contracts, atomics by name, options and reasons in
their tables and manuals. Prints `file:line: what` for each breach; ends with 1 if there was one."""
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
        breach(path, len(lines), f"file of {len(lines)} lines, at most {MAX_FILE}")
    if path.suffix not in (".c", ".cc"):
        return
    start = None
    for n, line in enumerate(lines, 1):
        if line.startswith("{") or (re.match(r"[^\s#/=].*\)\s*\{\s*$", line)):
            start = n
        elif line.startswith("}") and start:
            if n - start > MAX_FUNCTION:
                breach(path, start, f"function of {n - start} lines, at most {MAX_FUNCTION}")
            start = None


def words_of_threads():
    text = Path("src/tbl/threads.def").read_text()
    return set(re.findall(r"^X\((\w+),", text, re.M))


def thread_lines(path, text, words):
    """A contract names a thread somewhere, and only words of the table."""
    if not re.search(r"Thread:", text) and re.search(r"^(?!_Static_assert)\w[^#=;]*\([^)]*\);", text, re.M):
        breach(path, 1, "declares functions and has no `Thread:` line")
    for m in re.finditer(r"Thread: ([^\n;.*]*)", text):
        first = re.match(r"(?:the one )?(\w+)", m.group(1))
        word = first.group(1) if first else ""
        if word not in words | {"producer", "consumer"}:
            breach(path, text[: m.start()].count("\n") + 1, f"unknown thread `{m.group(1).strip()}`")


def atomics(path, text):
    if path.parts[:2] == ("src", "base"):
        return
    for m in re.finditer(r"\bvolatile\b|__sync_|__atomic_|\batomic_(load|store|fetch_)|stdatomic", text):
        breach(path, text[: m.start()].count("\n") + 1, f"`{m.group(0)}`: atomics only through src/base/atomic.h")


def unfinished(path, text):
    """Words that promise work; they stand in this pattern alone."""
    for m in re.finditer(r"\b(TODO|FIXME|XXX|HACK)\b", text):
        breach(path, text[: m.start()].count("\n") + 1, f"`{m.group(0)}`: what is committed is done")


def options_used():
    """An option that nothing reads is a promise that nobody keeps."""
    rows = re.findall(r"^X\(([\w.]+), (\w+),", Path("src/tbl/options.def").read_text(), re.M)
    code = "\n".join(p.read_text() for p in tracked("src/*.c", "src/*.cc"))
    for name, field in rows:
        if not re.search(rf"(->|\.){field}\b", code):
            breach("src/tbl/options.def", 1, f"option {name} is read nowhere")


def scripts_in_table():
    rows = set(re.findall(r"^X\((\w+),", Path("src/tbl/scripts.def").read_text(), re.M))
    files = {p.stem for p in Path("src/redis/scripts").glob("[a-z]*.lua")}
    for name in sorted(rows ^ files):
        breach("src/tbl/scripts.def", 1, f"script {name}: row and file do not go together")


def main():
    words = words_of_threads()
    for path in tracked("*.c", "*.h", "*.cc", "*.py", "*.lua", "*.sh", "dev"):
        text = path.read_text()
        lengths(path, text.splitlines())
        if path.suffix in (".c", ".h", ".cc"):
            atomics(path, text)
        if path.parts[:2] == ("include", "npsd"):
            thread_lines(path, text, words)
        if path.name != "rules.py":
            unfinished(path, text)
    options_used()
    scripts_in_table()
    print("\n".join(breaches) if breaches else "no breach of the house rules")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
