"""Rows that depend on a word's form alone are computed once and kept, within a limit of memory."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from arcparse.kernels.tables import aligned

CACHE_MIB = 128  # of a network's caches
LIMIT = CACHE_MIB << 20  # bytes
LONGEST = 100  # characters; longer forms hardly come again


class Maker(Protocol):
    """Computes one of the rows that are kept of each form."""

    @property
    def width(self) -> int:
        """Values in a row."""

    @property
    def dtype(self) -> type[np.int16] | type[np.float32]:
        """Their type."""

    def fill(self, forms: Sequence[str], place: NDArray[np.int32], table: NDArray[Any]) -> None:
        """Write the rows of U forms into the rows `place` [U] of a table."""


class Found(NamedTuple):
    """The row of each of T forms in each table."""

    row: NDArray[np.int32]  # [T]
    tables: tuple[NDArray[Any], ...]  # [..., width] one for each maker


class FormCache:
    """Rows of forms, computed when a form is first asked for.

    Any number of threads may ask at the same time, and none waits: at worst two of them compute the same row. A row
    never changes while a result refers to it, because a full cache is not emptied but given up for a new one.
    """

    def __init__(self, makers: Sequence[Maker], limit: int = LIMIT) -> None:
        """Keep the rows of the makers in at most `limit` bytes; a batch with more new forms needs more for a time."""
        self._makers = tuple(makers)
        size = sum(maker.width * np.dtype(maker.dtype).itemsize for maker in makers)
        self._capacity = limit // max(1, size)
        self._tables = _Tables(self._makers, self._capacity)

    def forget(self) -> None:
        """Drop all rows and use their memory again; no other thread may work with results of `find` at that time."""
        self._tables = _Tables(self._makers, self._capacity, self._tables.values)

    def find(self, forms: Sequence[str]) -> Found:
        """Return the rows of T forms."""
        tables = self._tables
        row = tables.rows(forms)
        if row is None:  # it is full, and others may work with its rows
            tables = self._tables = _Tables(self._makers, self._capacity)
            row = tables.rows(forms)
        if row is None:  # these are too many for any
            tables = _Tables(self._makers, len(set(forms)))
            row = tables.rows(forms)
        assert row is not None  # noqa: S101
        return Found(row, tables.values)


class _Tables:
    """A table for each maker. Memory that no row has used is only reserved."""

    def __init__(self, makers: Sequence[Maker], capacity: int, values: tuple[NDArray[Any], ...] | None = None) -> None:
        new = (aligned((capacity, maker.width), maker.dtype) for maker in makers)
        self.values = tuple(new) if values is None else values
        self._makers = makers
        self._row_of: dict[str, int] = {}
        self._free = iter(range(capacity))

    def rows(self, forms: Sequence[str]) -> NDArray[np.int32] | None:
        """Return the rows of T forms, made where there are none; None if there is no room for them."""
        known = self._row_of
        try:
            return np.fromiter(map(known.__getitem__, forms), np.int32, len(forms))
        except KeyError:
            new = [form for form in dict.fromkeys(forms) if form not in known]
        # The interpreter does nothing else while it takes free rows, so two threads never get the same one.
        free = list(islice(self._free, len(new)))
        if len(free) < len(new):
            return None
        place = np.array(free, np.int32)
        for maker, table in zip(self._makers, self.values, strict=True):
            maker.fill(new, place, table)
        own = dict(zip(new, free, strict=True))
        kept = {form: row for form, row in own.items() if len(form) <= LONGEST}
        known.update(kept)  # when the rows are there
        row_of = known if len(kept) == len(own) else {**known, **own}
        return np.fromiter(map(row_of.__getitem__, forms), np.int32, len(forms))
