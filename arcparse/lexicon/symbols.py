"""The symbols of sources and outputs, words or characters: their vocabularies, and the marks of an output."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Literal

from arcparse.vocabulary import SPECIALS, Vocabulary

MARKS = ("<s>", "</s>")
BEGINNING = (*SPECIALS, *MARKS)  # of every vocabulary
GO, EOS = len(SPECIALS), len(SPECIALS) + 1
NEVER = (Vocabulary.PAD, GO)  # never in an output

Symbols = Sequence[str]
SymbolKind = Literal["words", "tokens", "characters"]
TOKEN = re.compile(r"\w+['’]?|[^\w\s]")  # a word with the apostrophe of an elision, or one sign


def vocabulary(sequences: Iterable[Symbols], min_count: int = 1) -> Vocabulary:
    """Make a vocabulary: padding, unknown, GO, EOS, and all symbols that occur `min_count` times in sequences."""
    counts = Counter(chain.from_iterable(sequences))
    for mark in MARKS:
        counts.pop(mark, None)
    return Vocabulary((*BEGINNING, *Vocabulary.build(counts, min_count).symbols[len(SPECIALS) :]))


def source_ids(vocabulary: Vocabulary, sequences: Iterable[Symbols], *, is_reversed: bool = False) -> list[list[int]]:
    """Return the ids of sources; EOS ends each, so that none is empty."""
    ids = (vocabulary.ids(sequence) for sequence in sequences)
    return [[*(reversed(row) if is_reversed else row), EOS] for row in ids]


def output_ids(vocabulary: Vocabulary, sequences: Iterable[Symbols]) -> tuple[list[list[int]], list[list[int]]]:
    """Return a decoder's inputs, GO first, and its wanted outputs, EOS last."""
    rows = [vocabulary.ids(sequence) for sequence in sequences]
    return [[GO, *row] for row in rows], [[*row, EOS] for row in rows]


def divided(text: str, kind: SymbolKind) -> tuple[str, ...]:
    """Return the symbols of a line: words between spaces, words and signs in lower case, or characters."""
    if kind == "characters":
        return tuple(text)
    return tuple(text.split() if kind == "words" else TOKEN.findall(text.lower()))


def together(symbols: Symbols, kind: SymbolKind) -> str:
    """Return the line of which `divided` makes these symbols."""
    return ("" if kind == "characters" else " ").join(symbols)
