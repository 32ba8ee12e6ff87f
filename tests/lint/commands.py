#!/usr/bin/env python3
"""The commands that scripts call are the rows of src/tbl/commands.def, and the rights of npsd in docs/redis.md. Prints each
difference; exits with 1 if there is one."""
import re
import sys
from pathlib import Path

# scripts that get the command's name as an argument
BY_ARGUMENT = {"index": {"SADD", "SREM"}, "members": {"SSCAN", "ZSCAN"}, "lookup": {"SMISMEMBER", "ZMSCORE"}}


def called():
    found = set()
    for path in Path("src/redis/scripts").glob("*.lua"):
        text = re.sub(r"--.*", "", path.read_text())
        if path.stem != "probe":
            found |= set(re.findall(r"(?:redis\.p?call|push)\('(\w+)'", text))
            if re.search(r"redis\.p?call\(ARGV", text):
                found |= BY_ARGUMENT[path.stem]
    return {name.lower() for name in found}


def rows():
    return set(re.findall(r"^X\((\w+),", Path("src/tbl/commands.def").read_text(), re.M))


def acl():
    """What the ACL line of npsd has besides the commands that the connection itself sends."""
    line = re.search(r"ACL SETUSER npsd ((?:.*\\\n)*.*)", Path("docs/redis.md").read_text()).group(1)
    return {name for name in re.findall(r"\+([\w|]+)", line)} - {"evalsha", "script|load", "info", "ping", "select"}


def main():
    wrong, table = 0, rows()
    for what, found in (("the scripts", called()), ("the ACL line of docs/redis.md", acl())):
        for name in sorted(found ^ table):
            print(f"{name}: in {what if name in found else 'src/tbl/commands.def'} only, "
                  f"not in {'src/tbl/commands.def' if name in found else what}")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
