"""Tables of a parser's first layer: each value of a feature has a row at each position, its share in the layer's sum.

A table is [values, positions, width]; the width is that of the layer, rounded up to whole registers. A table of tags
has a row for each combination of tags that occurs, so that a token has one row for all its tags.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcparse.kernels.library import floats

Floats = NDArray[np.float32]
UNIT = 32  # numbers; a table is as wide as a multiple of it
FINEST = 1024.0  # parts of 1 in integers of 16 bits: sums up to 32, each row to a two-thousandth
LINE = 64  # bytes that memory moves at a time
LIMIT = 64 << 20  # bytes of tags' combinations to remember


class Shares:
    """The shares of known vectors; F positions of an attribute, D numbers of its vectors, U units, `width` >= U.

    A row is less that of NONE, whose sum over all positions is in the bias.
    """

    def __init__(
        self, first: Mapping[str, Floats], none: Mapping[str, Floats], embeddings: Mapping[str, Floats], bias: Floats
    ) -> None:
        """Take weights [D, F * U] and NONE's vector [D] of each attribute, and embeddings [symbols, D] of some."""
        self.width = -(-len(bias) // UNIT) * UNIT
        self.weight = {name: self._padded(floats(own).reshape(len(own), -1, len(bias))) for name, own in first.items()}
        shares = {
            name: np.tensordot(floats(none[name]), weight, 1) for name, weight in self.weight.items()
        }  # [F, width]
        self.bias = floats(self._padded(bias) + sum(own.sum(0, dtype=np.float64) for own in shares.values()))
        self.table = {
            name: floats(np.tensordot(floats(own), self.weight[name], 1) - shares[name])
            for name, own in embeddings.items()
        }

    def is_finite(self) -> bool:
        """Return whether all its numbers are."""
        return all(np.isfinite(own).all() for own in (self.bias, *self.weight.values(), *self.table.values()))

    def scale(self) -> float:
        """Return the power of two that stands for 1 in integers of 16 bits, so that the sum of all known rows fits."""
        most = abs(self.bias) + sum(abs(own).max(0).sum(0) for own in self.table.values())
        return min(FINEST, 2.0 ** math.floor(math.log2(np.iinfo(np.int16).max / max(1.0, float(most.max())))))

    def _padded(self, array: Floats) -> Floats:
        missing = self.width - array.shape[-1]
        return np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, missing)]) if missing else array


class Rows(NamedTuple):
    """A table and the row of each token in it."""

    table: NDArray[Any]  # [R, positions, width] in any shape
    row: NDArray[np.int32]  # [T]


class _Known(NamedTuple):
    """Combinations: their keys in order [C], the row of each, and the table, with room for more."""

    key: NDArray[np.int64]
    row: NDArray[np.int32]
    table: NDArray[Any]


def aligned(shape: Sequence[int], dtype: Any) -> NDArray[Any]:
    """Return an array that begins at a whole line of memory, for rows are read faster so; its numbers are undefined."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(size + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    array: NDArray[Any] = memory[start : start + size].view(dtype).reshape(shape)
    return array


def stored(rows: Floats, scale: float) -> NDArray[Any]:
    """Return rows as a table has them: integers of 16 bits if there is a scale, else floats."""
    values = np.rint(rows * np.float32(scale)).clip(-32767, 32767) if scale else rows
    array = aligned(rows.shape, np.int16 if scale else np.float32)
    array[:] = values
    return array


def _missing(key: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the keys that are not known, each once, in order; `np.setdiff1d` would import `numpy.ma` first."""
    return np.array(sorted(set(key.tolist()) - set(known.tolist())), np.int64)


class Combinations:
    """The table of tags, filled as combinations occur; threads may share it."""

    def __init__(self, columns: dict[str, tuple[list[int], Floats]], shape: tuple[int, int], scale: float) -> None:
        """Take each column's positions among those of a row, and its table; `shape` is that of a row."""
        self._columns, self._shape, self._scale = columns, shape, scale
        self._known, self._lock = self._start(), Lock()

    def rows(self, tags: Mapping[str, NDArray[Any]]) -> Rows:
        """Return the table and the tokens' rows in it, from the tags' ids [T] by column."""
        [length] = {len(ids) for ids in tags.values()}
        key = np.zeros(length, np.int64)
        for name, (_, share) in self._columns.items():
            key = key * len(share) + tags[name]
        known = self._known
        place = np.searchsorted(known.key, key)
        if not np.array_equal(known.key.take(place, mode="clip"), key):
            with self._lock:
                known = self._known = self._with(self._known, key)
            place = np.searchsorted(known.key, key)
        return Rows(known.table, known.row[place])

    def _with(self, known: _Known, key: NDArray[np.int64]) -> _Known:
        """Return the known combinations and those in `key`; if that is too much, the latter alone."""
        new = _missing(key, known.key)
        if (len(known.key) + len(new)) * known.table[0].nbytes > LIMIT:
            known = self._start()
            new = _missing(key, known.key)
        rows, count, table = self._compute(new), len(known.key), known.table
        if count + len(new) > len(table):  # a search that runs keeps the old one
            table = aligned((2 * (count + len(new)), *self._shape), rows.dtype)
            table[:count] = known.table[:count]
        table[count : count + len(new)] = rows
        both = np.concatenate([known.key, new])
        row = np.concatenate([known.row, np.arange(count, count + len(new), dtype=np.int32)])
        order = np.argsort(both)
        return _Known(both[order], row[order], table)

    def _compute(self, key: NDArray[np.int64]) -> NDArray[Any]:
        total = np.zeros((len(key), *self._shape), np.float32)
        for positions, share in reversed(self._columns.values()):
            key, tag = np.divmod(key, len(share))
            for position, own in zip(positions, share[tag].swapaxes(0, 1), strict=True):  # a position may come twice
                total[:, position] += own
        return stored(total, self._scale)

    def _start(self) -> _Known:
        """Return the combination of the ids 0, which is the root's."""
        zero = np.zeros(1, np.int64)
        return _Known(zero, zero.astype(np.int32), self._compute(zero))
