"""Symbols and their ids: forms, tags, labels, characters.

An open vocabulary begins with `<pad>` and `<unk>` and gives every unseen symbol the id of `<unk>`. A plain vocabulary,
of labels or actions, has neither: an unseen symbol is an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import ClassVar

from arcparse.errors import ArcparseError, nearest

SPECIALS = ("<pad>", "<unk>")


@dataclass(frozen=True)
class Vocabulary:
    """A bijection between strings and ids 0..len-1, in the order of `symbols`."""

    symbols: tuple[str, ...]
    PAD: ClassVar[int] = 0
    UNKNOWN: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Raise ArcparseError if a symbol occurs twice."""
        if len(self.id_of) != len(self.symbols):
            twice = next(symbol for symbol, count in Counter(self.symbols).items() if count > 1)
            raise ArcparseError(f"{twice!r} occurs twice among the {len(self)} symbols of a vocabulary; keep one")

    @classmethod
    def build(cls, counts: Mapping[str, int] | Iterable[str], min_count: int = 1) -> Vocabulary:
        """Make an open vocabulary of symbols with a count >= `min_count`: frequent first, ties by code point."""
        counted = Counter(counts)
        kept = [symbol for symbol, count in counted.items() if count >= min_count and symbol not in SPECIALS]
        return cls((*SPECIALS, *sorted(kept, key=lambda symbol: (-counted[symbol], symbol))))

    @classmethod
    def plain(cls, symbols: Iterable[str]) -> Vocabulary:
        """Make a vocabulary of labels or tags, in the given order and without `<pad>` and `<unk>`."""
        return cls(tuple(symbols))

    @cached_property
    def id_of(self) -> dict[str, int]:
        """The ids of the symbols that have one of their own."""
        return dict(zip(self.symbols, range(len(self.symbols)), strict=True))  # faster than a comprehension

    @cached_property
    def is_open(self) -> bool:
        """Whether an unseen symbol has the id of `<unk>`."""
        return self.symbols[: len(SPECIALS)] == SPECIALS

    def id(self, symbol: str, *, strict: bool = False) -> int:
        """Return the id of a symbol; an unseen one raises ArcparseError if `strict` or if the vocabulary is plain."""
        found = self.id_of.get(symbol)
        if found is not None:
            return found
        if strict or not self.is_open:
            raise self._missing(symbol)
        return self.UNKNOWN

    def ids(self, symbols: Iterable[str], *, strict: bool = False) -> list[int]:
        """Return the ids of many symbols, each as `id` gives it."""
        if self.is_open and not strict:
            return list(map(self.id_of.get, symbols, repeat(self.UNKNOWN)))
        try:
            return list(map(self.id_of.__getitem__, symbols))
        except KeyError as error:
            raise self._missing(error.args[0]) from None

    def symbol(self, id: int) -> str:
        """Return the symbol of an id. Raises ArcparseError for an id outside the vocabulary."""
        if not 0 <= id < len(self.symbols):
            raise ArcparseError(f"id {id} is outside the vocabulary of {len(self)} symbols")
        return self.symbols[id]

    def _missing(self, symbol: str) -> ArcparseError:
        return ArcparseError(
            f"{symbol!r} is not in the vocabulary of {len(self)} symbols{nearest(symbol, self.symbols)}"
        )

    def __len__(self) -> int:
        """Return the number of symbols, with `<pad>` and `<unk>`."""
        return len(self.symbols)

    def __contains__(self, symbol: object) -> bool:
        """Return whether the symbol has an id of its own."""
        return symbol in self.id_of

    def __iter__(self) -> Iterator[str]:
        """Iterate over the symbols in the order of their ids."""
        return iter(self.symbols)
