"""The vectors of tokens, compiled: those of forms, recurrent encoders, and the rows of a first hidden layer.

Equal to `arcparse.networks.encoder`, over numpy arrays alone. Tokens are flat: sentence i has the tokens
offset[i]..offset[i+1]-1, int64, the root first. Axis letters: U forms, T tokens, E and D dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from arcparse.kernels.kernel import Kernel
from arcparse.kernels.library import floats
from arcparse.kernels.tables import aligned

Floats = NDArray[np.float32]
Ids = NDArray[np.int32]
Offsets = NDArray[np.int64]
Rows = NDArray[Any]  # of float32, or of int16
GATE_SCALE = 1024.0  # of gates in 16-bit integers; beyond 28 a gate is open or shut
Weights = Mapping[str, NDArray[np.float32]]  # by the names of a saved model, in any precision


def part(weights: Weights, name: str) -> dict[str, NDArray[Any]]:
    """Return the weights of a part of a network, by their names in the part."""
    return {own.removeprefix(f"{name}."): value for own, value in weights.items() if own.startswith(f"{name}.")}


class FormIds(Protocol):
    """The ids of U forms, int32."""

    @property
    def word(self) -> Ids:
        """The words [U]."""

    @property
    def vector(self) -> Ids:
        """The rows of the pretrained vectors [U]."""

    @property
    def affix(self) -> Ids:
        """One column for each length of prefix, then of suffix [U, P]."""

    @property
    def shape(self) -> Ids:
        """The shapes [U]."""

    @property
    def character(self) -> Ids:
        """The characters of all forms, one after the other."""

    @property
    def offset(self) -> Offsets:
        """Where the characters of each form begin, and the end of the last [U + 1]."""


class FormVectors:
    """Gives forms their vectors, as `arcparse.networks.encoder.FormEncoder` does outside training."""

    def __init__(self, weights: Weights, rows: NDArray[np.int8], scale: Floats, affixes: int) -> None:
        """Take the encoder's weights by name, the pretrained vectors, and the number of a form's affixes."""
        word, affix, shape = (_table(weights.get(f"{name}.weight")) for name in ("word", "affix", "shape"))
        unknown, convolution, bias = floats(weights["unknown"]), *_convolution(weights)
        count = affixes if affix.shape[1] else 0
        sizes = word.shape[1], len(unknown), count, affix.shape[1], shape.shape[1], len(bias)
        self.dimension = word.shape[1] + len(unknown) + count * affix.shape[1] + shape.shape[1] + len(bias)
        self._kept = word, np.ascontiguousarray(rows), floats(scale), unknown, affix, shape, convolution, bias
        self._kernel = Kernel("forms", *sizes, *self._kept)  # reads the arrays where they are

    def __call__(self, ids: FormIds) -> Floats:
        """Return the vectors [U, E]."""
        vectors = np.empty((len(ids.word), self.dimension), np.float32)
        parts = ids.word, ids.vector, ids.affix, ids.shape, ids.offset, ids.character
        self._kernel.call("run", len(vectors), *parts, vectors)
        return vectors


def _table(weight: Floats | None) -> Floats:
    return np.empty((0, 0), np.float32) if weight is None else floats(weight)


def _convolution(weights: Weights) -> tuple[Floats, Floats]:
    """Return each character's share at each place of the convolution [C, 3, F], and the bias [F]."""
    if "convolution.weight" not in weights:
        return np.empty((0, 3, 0), np.float32), np.empty(0, np.float32)
    character, filters = floats(weights["character.weight"]), floats(weights["convolution.weight"])
    return floats(np.einsum("ce,fek->ckf", character, filters)), floats(weights["convolution.bias"])


class LSTMWeights(NamedTuple):
    """The weights of an LSTM in one direction, the gates in torch's order."""

    input: Floats  # [4D, E]
    recurrent: Floats  # [4D, D]
    bias: Floats  # [4D] the sum of both of torch's

    @classmethod
    def of(cls, weights: Weights, prefix: str, suffix: str = "") -> LSTMWeights:
        """Return those of a layer of torch by the beginning and the end of their names."""
        kinds = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
        matrix, recurrent, bias, more = (floats(weights[f"{prefix}.{kind}_l0{suffix}"]) for kind in kinds)
        return cls(matrix, recurrent, bias + more)


class LSTM:
    """One or more layers of LSTMs, each in one direction or both.

    If many tokens share a vector, `in_rows` saves a part of the work: the vectors go through `first`, once each, and
    the layers read its rows.
    """

    first: FirstLayer | None = None  # the share of a vector in the gates of the first layer, if it reads rows

    def __init__(self, layers: Sequence[Sequence[LSTMWeights]], *, low: bool = False, in_rows: bool = False) -> None:
        """Take for each layer the weights forwards and, if there are any, backwards; `low` precision is faster."""
        self.dimension = len(layers[-1]) * layers[-1][0].recurrent.shape[1]
        self._kernel = Kernel("lstm")
        for number, layer in enumerate(layers):
            stacked: list[Floats | None] = [floats(np.stack(parts)) for parts in zip(*layer, strict=True)]
            hidden, inputs = layer[0].recurrent.shape[1], layer[0].input.shape[1]
            if in_rows and not number:
                self.first, stacked[0] = _gates(layer, low=low), None
            self._kernel.call("add", len(layer), inputs, hidden, *stacked, int(low))

    @classmethod
    def bilstm(cls, weights: Weights, *, low: bool = False, in_rows: bool = False) -> LSTM:
        """Return `arcparse.networks.encoder.BiLSTM` with its weights by name."""
        layers, both = 1 + max(int(name.split(".")[1]) for name in weights), ("forwards", "backwards")
        named = [[LSTMWeights.of(weights, f"{name}.{i}") for name in both] for i in range(layers)]
        return cls(named, low=low, in_rows=in_rows)

    @classmethod
    def recurrent(cls, weights: Weights, *, low: bool = False, in_rows: bool = False) -> LSTM:
        """Return `arcparse.networks.recurrent.Recurrent` of LSTMs with its weights by name."""
        layers = 1 + max(int(name.split(".")[1]) for name in weights)
        suffixes = ("", "_reverse") if any(name.endswith("_reverse") for name in weights) else ("",)
        named = [[LSTMWeights.of(weights, f"layers.{i}.rnn", suffix) for suffix in suffixes] for i in range(layers)]
        return cls(named, low=low, in_rows=in_rows)

    def __call__(self, offset: Offsets, vectors: Rows, row: Ids | None = None) -> Floats:
        """Return outputs [T, D] of tokens with vectors [T, E]; with a `row` [T], their vectors are these rows.

        If it reads rows, `vectors` are rows of `first`.
        """
        output = np.empty((int(offset[-1]), self.dimension), np.float32)
        if self.first is None:
            self._kernel.call("run", len(offset) - 1, offset, row, vectors, output)
            return output
        row = np.arange(len(output), dtype=np.int32) if row is None else row
        self._kernel.call("run_rows", len(offset) - 1, offset, row, vectors, float(self.first.scale), output)
        return output


def _gates(layer: Sequence[LSTMWeights], *, low: bool) -> FirstLayer:
    """Return the maker of rows of gates [directions, 4, hidden], each gate padded to a multiple of 16 units."""
    hidden = layer[0].recurrent.shape[1]
    units = np.pad(np.arange(hidden), (0, -hidden % 16), constant_values=-1)
    order = np.concatenate([np.where(units < 0, 4 * hidden, gate * hidden + units) for gate in range(4)])
    weight = [np.pad(own.input, ((0, 1), (0, 0)))[order] for own in layer]  # the padding's weights are 0
    bias = [np.pad(own.bias, (0, 1))[order] for own in layer]
    scale = GATE_SCALE if low else 0.0
    return FirstLayer(np.concatenate(weight).T, bias=np.concatenate(bias), scale=scale, low=low)


class FirstLayer:
    """Makes rows of a first hidden layer: the share of a vector at each position of the features."""

    def __init__(
        self,
        weight: Floats,
        none: Floats | None = None,
        projection: tuple[Floats, Floats] | None = None,
        *,
        bias: Floats | None = None,
        scale: float = 0.0,
        low: bool = False,
    ) -> None:
        """Take the weight [E, P * D], the vector `none` [E] whose row is subtracted, and a projection [E, E'] and [E].

        A `bias` [P * D] is added to each row.
        With a `scale`, rows are 16-bit integers, their values times the scale; else they are floats.
        """
        weight = floats(weight)
        total = floats(np.zeros(weight.shape[1]) if bias is None else bias)
        if none is not None:
            total = total - floats(none) @ weight
        matrix, more = (None, None) if projection is None else map(floats, projection)
        turned = None if matrix is None else floats(matrix.T)
        self.width, self.scale = weight.shape[1], scale
        self.dtype: type[np.int16] | type[np.float32] = np.int16 if scale else np.float32
        inputs = 0 if turned is None else len(turned)
        self._kernel = Kernel("first_layer", *weight.shape, weight, total, inputs, turned, more, int(low))

    def __call__(self, vectors: Floats) -> Rows:
        """Return the rows [U, P * D] of vectors [U, E]."""
        rows = aligned((len(vectors), self.width), self.dtype)
        self.fill(vectors, None, rows)
        return rows

    def fill(self, vectors: Floats, place: Ids | None, table: Rows) -> None:
        """Write the rows of vectors [U, E] into the rows `place` [U] of a table, or into the first rows."""
        self._kernel.call("run", len(vectors), vectors, place, float(self.scale), table)


class FormRows:
    """The row that is kept of a form: its vector or, with a first layer, the vector's share in that."""

    def __init__(
        self, ids: Callable[[Sequence[str]], FormIds], vectors: FormVectors, first: FirstLayer | None = None
    ) -> None:
        """Take the lexicon's ids of forms, and the kernels."""
        self._ids, self._vectors, self._first = ids, vectors, first
        self.width = vectors.dimension if first is None else first.width
        self.dtype: type[np.int16] | type[np.float32] = np.float32 if first is None else first.dtype

    def fill(self, forms: Sequence[str], place: Ids, table: Rows) -> None:
        """Write the row of each of U forms into the rows `place` [U] of a table [..., width]."""
        vectors = self._vectors(self._ids(forms))
        if self._first is None:
            table[place] = vectors
        else:
            self._first.fill(vectors, place, table)
