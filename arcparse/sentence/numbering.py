"""The ID column of CoNLL-U: words (`3`), multiword ranges (`3-4`) and empty nodes (`8.1`), in a sound order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache

from arcparse.errors import shown

RANGE = re.compile(r"([1-9][0-9]{0,8})-([1-9][0-9]{0,8})")
RULES = "number words 1, 2, 3, a range m-n before word m, an empty node n.1 after word n"

is_word = str.isdigit  # of an ID: whether its row is a syntactic word


@lru_cache(maxsize=1024)
def numbers(size: int) -> tuple[str, ...]:
    """Return the numbers of `size` words as the ID column writes them."""
    return _numerals(size.bit_length())[1 : size + 1]


def head_texts(heads: Sequence[int]) -> list[str]:
    """Return the heads of all words of a sentence as the HEAD column writes them; each word has a head."""
    numerals = _numerals(len(heads).bit_length())
    return [numerals[head] for head in heads]


@cache
def _numerals(bits: int) -> tuple[str, ...]:
    """Return the numbers below 2 ** `bits` as texts, so that all sentences share them."""
    return tuple(map(str, range(1 << bits)))


def word_rows(ids: Sequence[str]) -> Sequence[int]:
    """Return the rows of the syntactic words, in order."""
    if ids and ids[-1] == str(len(ids)):
        return range(len(ids))
    return tuple([row for row, name in enumerate(ids) if is_word(name)])


def ranges(ids: Sequence[str]) -> Iterator[tuple[int, range]]:
    """Yield each multiword range as its row and the numbers of its words."""
    for row, name in enumerate(ids):
        if "-" in name:
            yield row, _words(name)


def tokens(ids: Sequence[str]) -> Iterator[tuple[int, range]]:
    """Yield each token of the text as its row and the numbers of its words: a range, or a word outside all ranges."""
    covered = 0
    for row, name in enumerate(ids):
        if is_word(name):
            word = int(name)
            if word > covered:
                yield row, range(word, word + 1)
        elif "-" in name:
            words = _words(name)
            covered = words.stop - 1
            yield row, words


def fault(ids: Sequence[str], remedy: Callable[[str, int], str] = lambda name, word: RULES) -> tuple[int, str] | None:
    """Return the first row whose ID is wrong, counted from 0, and a description of it; None if all are right.

    `remedy` gets the wrong ID and the number of the last word before it, and ends the description.
    """
    if ids == numbers(len(ids)):
        return None
    word = node = range_row = range_end = 0
    for row, name in enumerate(ids):
        if name == str(word + 1):
            word, node = word + 1, 0
        elif name == f"{word}.{node + 1}":
            node += 1
        elif (match := RANGE.fullmatch(name)) and range_end <= word < int(match[1]) == word + 1 <= int(match[2]):
            range_row, range_end = row, int(match[2])
        else:
            return row, f"ID {shown(name)} where '{word + 1}' was expected; {remedy(name, word)}"
    if range_end > word or not word:
        return range_row, f"ID {ids[range_row]!r} in a sentence of {word} words; add the missing words"
    return None


def shifted(ids: Sequence[str], by: int) -> Iterator[str]:
    """Yield the IDs of words and ranges with greater numbers."""
    return ("-".join([str(int(number) + by) for number in name.split("-")]) for name in ids)


def _words(name: str) -> range:
    first, _, last = name.partition("-")
    return range(int(first), int(last) + 1)
