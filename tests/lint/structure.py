#!/usr/bin/env python3
"""
Checks how the files of src/ depend on each other. Usage: structure.py BUILD, where BUILD is a built tree.

1. The files of a folder use each other in one direction: no cycle. A file uses another if its object has an undefined symbol
   that the object of the other defines.
2. No two C files have the same base name, except NAME.c and NAME.h of one folder.
3. Every header in src/ and include/npsd/ is included by some file.

Prints one line per breach; exits with 1 if there is one.
"""
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

# Uses that may be part of a cycle: (user, used) -> the reason. An entry that is no longer needed is a breach.
ALLOWED = {}

STRONG = set("TDBRGSC")  # nm's letters of symbols that one object defines for all
breaches = []


def breach(text):
    breaches.append(text)


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "--", *patterns], check=True, capture_output=True, text=True).stdout
    return [Path(p) for p in out.split() if Path(p).exists()]


# --- cycles ---


def objects(build):
    """Source file of src/ -> its objects, as ninja builds them: a file that is compiled more than once has several."""
    out = subprocess.run(["ninja", "-C", build, "-t", "commands"], check=True, capture_output=True, text=True).stdout
    found, root = defaultdict(set), Path.cwd()
    for target, source in re.findall(r" -o (\S+\.o) -c (\S+)", out):
        path = Path(source)
        if path.is_absolute() and path.is_relative_to(root / "src"):
            found[path.relative_to(root)].add(Path(build) / target)
    return found


def symbols(paths):
    """Names that the objects define, and names that they use and do not define."""
    out = subprocess.run(["nm", "-P", "-g", *paths], check=True, capture_output=True, text=True).stdout
    rows = [line.split()[:2] for line in out.splitlines() if len(line.split()) >= 2]
    defined = {name for name, kind in rows if kind in STRONG}
    return defined, {name for name, kind in rows if kind == "U"} - defined


def uses_of(files):
    """User -> used -> the symbols that tie them; files of one folder, path -> (defined, undefined)."""
    owner = {name: path for path, (defined, _) in files.items() for name in defined}
    uses = {path: defaultdict(set) for path in files}
    for path, (_, undefined) in files.items():
        for name in undefined & owner.keys():
            uses[path][owner[name]].add(name)
    return uses


def reachable(uses, start):
    found, unvisited = set(), [start]
    while unvisited:
        for path in uses[unvisited.pop()].keys() - found:
            found.add(path)
            unvisited.append(path)
    return found


def cycles(uses):
    """Sets of files in which each reaches each other."""
    reached = {path: reachable(uses, path) for path in uses}
    return {frozenset(p for p in reached[path] if path in reached[p]) for path in uses if path in reached[path]}


def check_cycles(build):
    folders, found, needed = defaultdict(dict), objects(build), set()
    for path in tracked("src/*.c", "src/*.cc"):
        if found[path]:
            folders[path.parent][path] = symbols(sorted(found[path]))
        else:
            breach(f"{path}: is not part of the build {build}")
    for folder, files in sorted(folders.items()):
        uses = uses_of(files)
        in_cycles = {(user, used) for cycle in cycles(uses) for user in cycle for used in cycle & uses[user].keys()}
        for user, used in in_cycles:
            if (user.as_posix(), used.as_posix()) in ALLOWED:
                needed.add((user.as_posix(), used.as_posix()))
                del uses[user][used]
        for cycle in sorted(cycles(uses), key=sorted):
            ties = [f"\n    {user.name} uses {used.name}: {' '.join(sorted(uses[user][used]))}"
                    for user in sorted(cycle) for used in sorted(cycle & uses[user].keys())]
            breach(f"{folder}: cycle of {' '.join(path.name for path in sorted(cycle))}{''.join(ties)}")
    for (user, used), reason in ALLOWED.items():
        if (user, used) not in needed or not reason:
            breach(f"tests/lint/structure.py: the exception {user} -> {used} has no reason or is not needed")


# --- names and headers ---


def check_names():
    places = defaultdict(list)
    for path in tracked("src/*.c", "src/*.cc", "src/*.h"):
        places[path.stem].append(path)
    for stem, paths in sorted(places.items()):
        folders, code = {path.parent.as_posix() for path in paths}, [path for path in paths if path.suffix != ".h"]
        if len(folders) > 1 or len(code) > 1:
            breach(f"{paths[0]}: base name `{stem}` is that of {' '.join(map(str, paths[1:]))}, too")


def check_headers():
    headers = set(tracked("src/*.h", "include/npsd/*.h"))
    included = set()
    for path in tracked("*.c", "*.cc", "*.h", "cmake/*"):
        for name in re.findall(r'#include \\?["<]([\w./]+)', path.read_text()):
            places = [path.parent / name, Path("src") / name, Path("include") / name]
            included |= {next((place for place in places if place in headers), None)} - {path}
    for path in sorted(headers - included):
        breach(f"{path}: no file includes it")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: structure.py BUILD")
    check_cycles(sys.argv[1])
    check_names()
    check_headers()
    print("\n".join(breaches) if breaches else "structure: no breach")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
