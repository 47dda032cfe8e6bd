"""The width of text: in ems of a sans-serif type, and in cells of a terminal (Unicode Standard Annex 11)."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from math import fsum

# Advance widths of DejaVu Sans in hundredths of an em. Arial, Helvetica, Liberation and Noto Sans are narrower.
_LATIN = {
    28: "'ijl", 30: "IJ", 32: " ,.", 34: "/:;\\|", 35: "f", 36: "-", 39: "()[]t", 40: "!", 41: "r", 46: '"', 50: "*_`",
    52: "sz", 53: "?", 55: "c", 56: "L", 58: "Fk", 59: "vxy", 60: "P", 61: "TYao", 62: "e", 63: "Ehnu",
    64: "$0123456789Sbdgpq{}", 66: "K", 68: "AVXZ", 69: "B", 70: "CR", 73: "U", 75: "HN", 77: "D", 78: "&G", 79: "OQ",
    82: "w", 84: "#+<=>^~≠", 86: "M", 95: "%", 97: "m", 99: "W", 100: "@",
}  # fmt: skip
_EM = {character: width / 100 for width, characters in _LATIN.items() for character in characters}
_WIDE = 1.0  # of an ideograph
_LETTER, _CAPITAL, _BROAD = 0.66, 0.8, 1.1  # of other scripts, on the safe side
_BROAD_LETTERS = frozenset("ÆŒæœŉЖМФШЩЪЫЮжмфшщъыюѢѬѪЉЊљњ…—―")
_ZERO = ("Mn", "Me", "Cf")


@lru_cache(maxsize=1 << 14)
def ems(text: str) -> float:
    """Return the width of a text in ems, or a little more if it is not known."""
    return fsum(map(_em, text))  # the same in all versions of Python; that of `sum` differs from 3.12 on


@lru_cache(maxsize=4096)
def _em(character: str) -> float:
    if character in _EM:
        return _EM[character]
    if unicodedata.category(character) in _ZERO:
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return _WIDE
    base = unicodedata.normalize("NFD", character)[0]
    if base in _EM:
        return _EM[base]
    if character in _BROAD_LETTERS or unicodedata.bidirectional(character) == "AL":
        return _BROAD
    return _CAPITAL if unicodedata.category(character) in ("Lu", "So", "Lo") else _LETTER


@lru_cache(maxsize=1 << 14)
def cells(text: str) -> int:
    """Return the number of cells of a text in a terminal: two for an ideograph, none for a mark on another sign."""
    return sum(map(_cell, text))


def _cell(character: str) -> int:
    if unicodedata.category(character) in _ZERO:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
