#!/usr/bin/env python3
"""A new row of a table either works everywhere or does not compile. Compiles a few files with changed tables: an overlay
folder before src/ on the include path has the changed ones. Prints what is wrong; ends with 1 if there was anything."""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

CC = ["cc", "-std=gnu11", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE"]
COUNTERS, DIMS, FATES, TYPES = (f"tbl/{name}.def" for name in ("counters", "dims", "fates", "types"))
FIELDS = "decode/fields.def"
STAGE = 'X(stage, forwarded, "invitations forwarded")\n'
RESPONSE = 'X(response, reopened, "responses opened again")\n'
TYPE = 'X(FORWARDED, "survey.forwarded", NPSD_C_forwarded)\n'
FIELD = 'X(name_of_the_nearest_relative, NPSD_NDIM, "any value")\n'


def add(rows):
    return lambda text: text + rows


def insert(rows, before):
    return lambda text: text.replace(before, rows + before)


def drop(row):
    return lambda text: re.sub(rf"^X\({row},.*\n", "", text, flags=re.M)


CASES = [  # name, changes, file that is compiled, part of the error; None: it compiles
    ("a counter of responses", {COUNTERS: add(RESPONSE)}, "decode/event.c", None),
    ("a stage without a type", {COUNTERS: add(STAGE)}, "decode/event.c", "a stage of counters.def has no row"),
    ("a stage with its type", {COUNTERS: add(STAGE), TYPES: add(TYPE)}, "decode/event.c", None),
    ("a stage that is read", {COUNTERS: add(STAGE), TYPES: add(TYPE)}, "decode/validate.c", None),
    ("types in another order", {COUNTERS: add(STAGE), TYPES: insert(TYPE, "X(INVITED")}, "decode/event.c", "in the order of"),
    ("a stage after another group", {COUNTERS: add(RESPONSE + STAGE)}, "names/segment.c", "the stages are consecutive"),
    ("a score of 11", {COUNTERS: insert('X(score, h11, "")\n', "X(response, no_score")}, "names/segment.c", "scores are 0 to 10"),
    ("a score at the end", {COUNTERS: add('X(score, h11, "")\n')}, "names/segment.c", "the scores come first"),
    ("33 counters", {COUNTERS: add("".join(f'X(response, more{i}, "")\n' for i in range(14)))}, "names/segment.c", "is a bit"),
    ("a counter of no group", {COUNTERS: add('X(other, reopened, "")\n')}, "names/segment.c", "NPSD_GROUP_other"),
    ("a 17th dimension", {DIMS: add("X(plan, 10000)\n")}, "names/dims.c", "16 dimensions"),
    ("a dimension without a field", {FIELDS: drop("channel")}, "decode/validate.c", "has no row in fields.def"),
    ("a field with a long name", {FIELDS: insert(FIELD, "#undef TIME")}, "decode/parse.c", None),
    ("a type of response", {TYPES: insert('X(MERGED, "response.merged", NPSD_NCOUNTER)\n', "X(INVITED")}, "decode/event.c",
     "a new type of response needs a rule"),
    ("a reason", {FATES: add('REASON(rejected, bad_moon, "the moon is full")\n')}, "decode/event.c", None),
    ("a reason of no fate", {FATES: add('REASON(postponed, bad_moon, "")\n')}, "decode/event.c", "NPSD_F_postponed"),
]


def compile_with(changes, file):
    with tempfile.TemporaryDirectory() as overlay:
        for table, change in changes.items():
            before = Path("src", table).read_text()
            after = change(before)
            assert after != before, table
            path = Path(overlay, table)
            path.parent.mkdir(exist_ok=True)
            path.write_text(after)
        return subprocess.run([*CC, f"-I{overlay}", "-Iinclude", "-Isrc", f"src/{file}"], capture_output=True, text=True)


def main():
    wrong = 0
    for name, changes, file, expect in CASES:
        done = compile_with(changes, file)
        if (expect is None) != (done.returncode == 0) or (expect and expect not in done.stderr):
            print(f"{name}: {file}: expected {expect or 'no error'}, not {done.stderr.strip() or 'success'}")
            wrong += 1
    print(f"{wrong} of {len(CASES)} changes of a table do not end as expected" if wrong else "every change of a table ends as expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
