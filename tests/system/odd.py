"""Seeded malformed documents: valid events with a few changed fields or bytes."""
import random

from stream import BASE_MS

FIELDS = ("type", "response_id", "score", "survey_kind", "location", "channel", "responded_at", "updated_at", "at", "revision",
          "scale", "metric", "themes", "attributes", "respondent_id", "owner", "comment", "excluded", "unknown", "language",
          "invitation_id", "invited_at", "specversion", "data", "data_base64", "subject", "time")
VALUES = [
    "null", "true", "false", "0", "-0", "1", "7", "9.0", "1e1", "100e-1", "9.5", "-1", "11", "1E+0", "0.1e1", "1e999", "-1e999",
    "1e-999", "10.000000000000000000000000000001", "99999999999999999999", "9223372036854775807", "9223372036854775808",
    '""', '"7"', '"-0"', '"07"', '"+7"', '"7.0"', '" 7"', '"nps"', '"csat"', '"NPS"', '"other"', '"Other"', '"a/b"', '"/"',
    '"//a//b/"', '"a/b/c/d/e/f/g/h"', '"a/b/c/d/e/f/g/h/i"', '" a / b "', '"__none__"', '"__other__"', '"\\u0000"', '"\\ud83d\\ude00"',
    '"\\ud83d"', '"\\ude00\\ud83d"', '"\\/"', '"\\x"', '"\u00e9"', '"' + "x" * 256 + '"', '"' + "\u00e9" * 128 + '"', '"' + "x" * 257 + '"',
    '"' + "\u00e9" * 129 + '"', "[]", "[0,10]", "[0.0,1e1]", "[-0,10]", "[10,0]", "[0,10,0]", "[0]", '["0","10"]', "[1,5]", '["a","b","a",""]',
    '["a",null]', '[["a"]]', "{}", '{"plan":"gold"}', '{"plan":null}', '{"plan":1}', '{"plan":1,"plan":"x"}', '{"plan":"x","plan":[]}',
    '"response.submitted"', '"response.updated"', '"response.retracted"', '"survey.opened"', '"case.opened"', '"case."', '"true"', '"false"', '"TRUE"',
    '"2023-11-14T22:13:20Z"', '"2023-11-14T22:13:20.123Z"', '"2023-11-14T23:13:20+01:00"', '"2023-11-14T22:13:60Z"',
    '"2023-11-31T22:13:20Z"', '"2023-11-14T24:00:00Z"', '"2023-11-14 22:13"', '"2024-02-29T00:00:00Z"', '"2023-02-29T00:00:00Z"',
    '"2023-11-14T22:13:20+24:00"', '"2023-11-14T22:13:20-00:00"', "1700000000", '"1700000000"', "1700000000000", '"1700000000000"',
    "1700000000.25", "1.7e9", "1.7e12", "99999999999", '"soon"',
    "NaN", "Infinity", "tru", "01", "1.", ".5", "-", "1e", "'a'", "[1,]", '{"a"}', '{"a":1,}', "[" * 254 + "]" * 254, "[" * 255 + "]" * 255,
    "[" * 256 + "]" * 256, '"\t"', '"\x7f"', '"\x1f"', '"' + "c" * 5000 + '"', '"' + "\u20ac" * 1400 + '"', '"\\u00e9\\n"',
]
BEGINNINGS = [b""] * 20 + [b" ", b"\n", b"\0\0\0\0\1", b"\0", b"\xef\xbb\xbf"]
ENDINGS = [b""] * 20 + [b"\n", b" \t\r\n", b"}", b" {}", b"\0", b",", b"\xef\xbb\xbf", b"\xc2\xa0"]


def good(number):
    return {"type": '"response.submitted"', "response_id": f'"odd-{number}"', "score": str(number % 11),
            "survey_kind": '"relational"', "location": '"north/lisbon"', "responded_at": str(BASE_MS - number % 1000)}


def odd_documents(seed, n):
    r = random.Random(seed)
    return [odd_document(r, number) for number in range(n)]


def odd_document(r, number):
    fields = list(good(number).items())
    for _ in range(r.choice([0, 1, 1, 1, 2, 3])):
        fields.insert(r.randrange(len(fields) + 1), (r.choice(FIELDS), r.choice(VALUES)))
    if r.random() < 0.1:
        fields.pop(r.randrange(len(fields)))
    space = r.choice(["", "", " ", "\n\t", "\r "])
    text = "{" + f"{space},{space}".join(f'"{name}"{space}:{space}{value}' for name, value in fields) + space + "}"
    value = bytearray(text.encode())
    if r.random() < 0.1:
        value[r.randrange(len(value))] = r.randrange(256)
    if r.random() < 0.03:
        del value[r.randrange(len(value)):]
    return r.choice(BEGINNINGS) + bytes(value) + r.choice(ENDINGS)
