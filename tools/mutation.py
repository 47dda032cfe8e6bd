"""Damage for tools/fuzz.py: bytes and values changed as by broken disks, typing errors and other programs."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Any

NUMBERS = [b"0", b"-1", b"1e999", b"nan", b"-inf", b"9" * 30, b"9" * 5000, b"0x" + b"f" * 5000, b"2147483648", b"1.5"]
NOISE = [b"\0", b"\n", b"\r", b"\t", b" ", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\x1a"]
DEEP = [b"[" * 3000, b"(" * 3000, b'{"a":' * 1500, b"-" * 3000, b"not " * 300, b"a." * 3000]
VALUES: list[Any] = [
    *(None, True, 0, 1, -1, 3, 10**5, 10**9, 2**63, 10**30, 10**4000, 0.5, -0.5, 1e308, float("inf"), float("nan")),
    *("", "x", "none", "\0", "\t\n", "\ud800", "x" * 5000, "../x", [], [[]], {}, {"a": 1}, [None], ["a", "a"], [0] * 9),
]
_NUMBER = re.compile(rb"-?\d[\d.]*")

Mutation = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def _flip(data: bytes, draw: random.Random, tokens: Sequence[bytes]) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]


def _cut(data: bytes, draw: random.Random, tokens: Sequence[bytes]) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + data[at + draw.choice([1, 2, 9, 60, len(data)]) :]


def _insert(data: bytes, draw: random.Random, tokens: Sequence[bytes]) -> bytes:
    at, added = draw.randrange(len(data) + 1), draw.choice([draw.choice(tokens), draw.choice(NOISE), draw.randbytes(3)])
    return data[:at] + added + data[at + draw.choice([0, 0, 1, len(added)]) :]


def _repeat(data: bytes, draw: random.Random, tokens: Sequence[bytes]) -> bytes:
    at = draw.randrange(len(data))
    part = data[at : at + draw.choice([1, 5, 40])]
    return data[:at] + part * draw.choice([2, 2, 2, 9, 500]) + data[at:]


def _lines(data: bytes, draw: random.Random, tokens: Sequence[bytes]) -> bytes:
    """Duplicate, swap or drop lines."""
    lines = data.split(b"\n")
    one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    match draw.randrange(3):
        case 0:
            lines.insert(other, lines[one])
        case 1:
            lines[one], lines[other] = lines[other], lines[one]
        case _:
            del lines[one]
    return b"\n".join(lines)


def _number(data: bytes, draw: random.Random, tokens: Sequence[bytes]) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return _insert(data, draw, NUMBERS)
    one = draw.choice(found)
    near = str(int(one[0][:15].partition(b".")[0]) + draw.choice([-1, 1, 7])).encode()
    return data[: one.start()] + draw.choice([near, *NUMBERS]) + data[one.end() :]


def _deep(data: bytes, draw: random.Random, tokens: Sequence[bytes]) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + draw.choice(DEEP) + data[at:]


MUTATIONS: list[Mutation] = [_flip, _cut, _insert, _insert, _repeat, _lines, _number, _number]


def damaged(data: bytes, draw: random.Random, tokens: Sequence[bytes]) -> bytes:
    """Return bytes with one to four faults, or sometimes nothing but noise."""
    if draw.random() < 0.05:
        return b"".join(draw.choices([*tokens, *NOISE], k=draw.randint(0, 40)))
    if draw.random() < 0.02:
        data = _deep(data, draw, tokens)
    for mutation in draw.choices(MUTATIONS, k=draw.choice([1, 1, 1, 2, 4])):
        data = mutation(data, draw, tokens) if data else draw.choice(tokens)
    return data


def altered(value: Any, draw: random.Random) -> Any:
    """Return a JSON value with one fault at a random place: another value, a missing entry, or an entry twice."""
    if not isinstance(value, dict | list) or not value or draw.random() < 0.1:
        if isinstance(value, int | float) and not isinstance(value, bool) and draw.random() < 0.4:
            return draw.choice([value + 1, value - 1, -value, value * 2, value * 1000])
        return draw.choice(VALUES)
    key = draw.choice(list(value) if isinstance(value, dict) else range(len(value)))
    copy = value.copy()
    fault = draw.random()
    if fault < 0.1:
        del copy[key]
    elif fault < 0.2:
        copy = {**copy, f"{key}x": value[key]} if isinstance(copy, dict) else [*copy, value[key]]
    else:
        copy[key] = altered(value[key], draw)
    return copy
