"""The ID column of CoNLL-U: words (`3`), multiword ranges (`3-4`) and empty nodes (`8.1`), in a sound order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

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


def shifted(ids: Sequence[str], by: int) -> Iterator[str]:
    """Yield the IDs of words and ranges with greater numbers."""
    return ("-".join([str(int(number) + by) for number in name.split("-")]) for name in ids)


def _words(name: str) -> range:
    first, _, last = name.partition("-")
    return range(int(first), int(last) + 1)
