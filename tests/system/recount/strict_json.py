"""A strict reader of RFC 8259 on top of that of Python: it refuses what the latter accepts beyond the RFC."""
import json
import sys

sys.set_int_max_str_digits(0)  # a number may be as long as its record

MAX_DEPTH = 256


class Number(str):
    """A number as it is written. The reader of the field judges its value."""


class BadUtf8(ValueError):
    pass


class BadJson(ValueError):
    pass


def read_object(value):
    """The object in these bytes, which hold nothing else. The last of repeated keys counts."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError as e:
        raise BadUtf8(str(e)) from None
    try:
        found = json.loads(text, parse_int=Number, parse_float=Number, parse_constant=refuse_constant,
                           object_pairs_hook=read_pairs)
    except (ValueError, RecursionError) as e:
        raise BadJson(str(e)) from None
    if not isinstance(found, dict):
        raise BadJson("not an object")
    if text.count("{") + text.count("[") > MAX_DEPTH and depth(text) > MAX_DEPTH:
        raise BadJson("too deep")
    return found


def refuse_constant(word):
    raise ValueError(word + " is no JSON")


def depth(text):
    """The greatest depth of brackets in a valid document; that of the object is 1."""
    now = deepest = 0
    in_string = escaped = False
    for c in text:
        if in_string:
            if escaped:
                escaped = False
            elif c == "\\":
                escaped = True
            elif c == '"':
                in_string = False
        elif c == '"':
            in_string = True
        elif c in "{[":
            now += 1
            deepest = max(deepest, now)
        elif c in "}]":
            now -= 1
    return deepest


def read_pairs(pairs):
    """Keeps the last of repeated keys; checks the text of all, since the whole document must be valid."""
    for key, value in pairs:
        refuse_lone_surrogates(key)
        refuse_lone_surrogates(value)
    return dict(pairs)


def refuse_lone_surrogates(found):
    if isinstance(found, list):
        for value in found:
            refuse_lone_surrogates(value)
    elif isinstance(found, str):
        found.encode("utf-8")  # raises a ValueError
