"""Parallel texts: pairs of a source and its output, line by line, and their batches.

A corpus is one file of lines `source TAB output` (more columns are not read), or two files whose names differ in the
language alone, as `train.en` and `train.fr`, which the corpus `train` and the two languages name. Files may end in .gz,
.xz or .bz2.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TextIO, cast

from arcparse.batches import bucket
from arcparse.errors import TreebankError
from arcparse.files import COMPRESSED, Location
from arcparse.formats.source import Source, lines_of
from arcparse.lexicon.symbols import SymbolKind, divided


@dataclass(frozen=True)
class Pair:
    """A source and the wanted output."""

    source: tuple[str, ...]
    output: tuple[str, ...]


def read_pairs(place: str, source: str = "", output: str = "", kind: SymbolKind = "words") -> list[Pair]:
    """Return the pairs of a corpus, whose lines are divided into symbols of a kind.

    With the languages `source` and `output` the corpus is two files, else one. Raises TreebankError if a file cannot be
    read, one is longer than the other, or a line has no tab.
    """
    lines = _two_files(place, source, output) if source else columns(place)
    pairs = [Pair(divided(a, kind), divided(b, kind)) for a, b in lines]
    if not pairs:
        raise TreebankError(f"{place}: holds no pair; give a corpus with at least one")
    return pairs


def lines(location: Location, name: str) -> Iterator[str]:
    """Give the lines of a file or stream. Raises TreebankError if it cannot be read or is not UTF-8."""
    source = cast(TextIO, Source(location, name))
    return (line for _, line in lines_of(source, name))


def columns(place: str) -> Iterator[tuple[str, str]]:
    """Give the source and the output of each line. Raises TreebankError for one without a tab."""
    for number, line in enumerate(lines(place, place), 1):
        source, tab, rest = line.partition("\t")
        if not tab:
            raise TreebankError(
                f"{place}:{number}: has no tab between source and output; write one, or name the two languages"
            )
        yield source, rest.partition("\t")[0]


def _two_files(place: str, *languages: str) -> Iterator[tuple[str, str]]:
    names = [_found(f"{place}.{language}") for language in languages]
    for number, (source, output) in enumerate(zip_longest(*(lines(name, name) for name in names)), 1):
        if source is None or output is None:
            shorter = names[0] if source is None else names[1]
            raise TreebankError(f"{shorter}: ends before line {number} of the other; lines must be translations")
        yield source, output


def _found(name: str) -> str:
    """Return the file of that name, compressed or not."""
    return next((name + suffix for suffix in COMPRESSED if Path(name + suffix).exists()), name)


def pair_batches(pairs: Sequence[Pair], batch_tokens: int, generator: random.Random) -> list[list[int]]:
    """Group the indices of pairs by the length of the source, then of the output, in an order drawn at random.

    A batch's outputs, with EOS and padding, have at most `batch_tokens` symbols. Its sources have one length or, if few
    have the same length, some neighbouring lengths, so that there is hardly any padding.
    """
    by_length: dict[int, list[int]] = {}
    for index, pair in enumerate(pairs):
        by_length.setdefault(len(pair.source), []).append(index)
    batches, group = list[list[int]](), list[int]()
    for length in sorted(by_length):
        group += by_length[length]
        if sum(len(pairs[i].output) + 1 for i in group) >= batch_tokens or length == max(by_length):
            lengths = [len(pairs[i].output) + 1 for i in group]
            batches += [[group[i] for i in batch] for batch in bucket(lengths, batch_tokens, generator=generator)]
            group = []
    generator.shuffle(batches)
    return batches
