#!/usr/bin/env python3
"""Checks docs/contract.md against tests/contract.tsv: each statement has one number, each number has one line in the table, each
test that the table names exists. Prints `file:line: what` for each breach; exits with 1 if there is one."""
import re
import sys
from pathlib import Path

CONTRACT, TABLE = Path("docs/contract.md"), Path("tests/contract.tsv")
NUMBER = r"\[([A-Z][1-9][0-9]*)\]"
breaches = []


def breach(path, line, what):
    breaches.append(f"{path}:{line}: {what}")


def statements(text):
    """Number of each statement -> its line."""
    found, start = {}, text.index("\n## 1.")
    for n, line in enumerate(text[start:].split("\n"), text[:start].count("\n") + 1):
        for number in re.findall(NUMBER, line):
            if number in found:
                breach(CONTRACT, n, f"[{number}] is the number of line {found[number]}, too")
            found.setdefault(number, n)
    return found


# What states nothing: an example, a heading, the head of a table.
FRAME = re.compile(r"^(?:```.*?\n```|#+ [^\n]*|\|[^\n]*(?=\n\| ---)|\| ---[^\n]*)$", re.M | re.S)


def unnumbered(text):
    """A sentence, an item of a list and a line of a table end in a number."""
    start = text.index("\n## 1.")
    line = text[:start].count("\n") + 1
    blocks = re.split(r"(\n(?:\n|(?=- |\|)))", FRAME.sub(lambda m: "\n" * m.group().count("\n"), text[start:]))
    for block in blocks:
        stripped = block.strip()
        prose = re.sub(r"`[^`\n]*`", lambda m: "x" * len(m.group()), block)
        if stripped:
            ends = [m.start() for m in re.finditer(r"\.\)?(?=\s+[A-Z(*x])", prose)] + [len(prose.rstrip(" \n|.);")) - 1]
            if stripped.endswith(":"):
                ends.pop()
            for at in ends:
                if not re.search(r"\][.)]*$", prose[: at + 1].rstrip(".")) and not prose[at + 1:].startswith(") ["):
                    breach(CONTRACT, line + block[:at].count("\n"), f"no number after `…{' '.join(block[:at].split())[-50:]}`")
        line += block.count("\n")


def names_in(path, cache={}):
    """The tests of a file as `name`, and tests of Criterion also as `suite::name`."""
    if path not in cache:
        text = Path(path).read_text()
        if path.endswith(".py"):
            cache[path] = set(re.findall(r"^def (test_\w+)", text, re.M))
        else:
            tests = re.findall(r"^Test\((\w+), (\w+)", text, re.M)
            cache[path] = {name for _, name in tests} | {f"{suite}::{name}" for suite, name in tests}
    return cache[path]


def check_test(n, test):
    path, _, name = test.partition("::")
    if re.match(r"tests/system/test_oracle_", path):
        breach(TABLE, n, f"`{test}` tests the oracle, not npsd")
    elif not Path(path).is_file():
        breach(TABLE, n, f"file `{path}` does not exist")
    elif name not in names_in(path):
        breach(TABLE, n, f"test `{name}` does not exist in {path}")


def check_line(n, number, shown, box):
    """shown: tests; `later: WORDS` with words of the contract's box; or `note: WHY` if the statement promises nothing."""
    kind, colon, why = shown.partition(": ")
    if kind == "later" and colon:
        if why.lower() not in box.lower():
            breach(TABLE, n, f"{number} is later, but the contract's box does not name `{why}`")
        return kind
    if kind == "note" and colon:
        return kind
    if not shown.split():
        breach(TABLE, n, f"{number} names no test")
    for test in shown.split():
        check_test(n, test)
    return "tested"


def main():
    text = CONTRACT.read_text()
    box = re.search(r"\*\*What this version counts\.\*\*(.*?)\n\n", text, re.S)
    box = " ".join(box.group(1).split()) if box else ""
    numbers = statements(text)
    unnumbered(text)
    rows, kinds = {}, {"tested": 0, "later": 0, "note": 0}
    for n, line in enumerate(TABLE.read_text().split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        number, _, shown = line.partition("\t")
        if number in rows:
            breach(TABLE, n, f"{number} has a line already: {rows[number]}")
        elif number not in numbers:
            breach(TABLE, n, f"{number} is not in the contract")
        rows[number] = n
        kinds[check_line(n, number, shown, box)] += 1
    for number in numbers.keys() - rows.keys():
        breach(CONTRACT, numbers[number], f"[{number}] has no line in {TABLE}")
    print("\n".join(sorted(breaches)) or f"contract: {kinds['tested']} statements are tested, {kinds['later']} are for later, "
          f"{kinds['note']} promise nothing")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
