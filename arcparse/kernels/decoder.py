"""The beam search of a parser, compiled: `arcparse.search` with the scores of `arcparse.parser.scorer`, from arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from ctypes import Structure, byref, c_float, c_int32, c_int64, c_void_p
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcparse.kernels.library import NOT_NUMBERS, Handle, check, floats, pointer
from arcparse.kernels.slots import Path, slots
from arcparse.kernels.systems import Actions
from arcparse.kernels.tables import Combinations, FirstLayer, Rows, aligned

LABEL = "label"  # the attribute that the configuration itself knows
TOGETHER = 128  # configurations scored at once, about
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Layer:
    """A dense layer: weight [inputs, outputs] and bias [outputs]."""

    weight: Floats
    bias: Floats


@dataclass(frozen=True)
class Network:
    """The arrays of a feed-forward scorer; F positions of an attribute, D numbers of its vectors, U units."""

    first: Mapping[str, Floats]  # of each attribute [D, F * U]
    none: Mapping[str, Floats]  # of each attribute [D], the vector of no token
    embeddings: Mapping[str, Floats]  # of tags and "label" [symbols, D]; one other attribute may be the main block
    bias: Floats  # [U] of the first layer
    layers: Sequence[Layer]  # the other hidden ones, then the output
    cube: bool = False  # the activation of the first layer; else it is rectified, as the others are


@dataclass(frozen=True)
class Trees:
    """The trees of B sentences, T tokens in all, the root first in each sentence."""

    head: NDArray[np.int32]  # [T] NONE at the root
    label: NDArray[np.int32]  # [T] NONE at the root
    score: Floats  # [B]
    scored: int  # configurations that the network has scored
    bytes: int  # of memory that the sentences have taken, beside the memory of a step


class Decoder:
    """A parser's transition system, features and network, ready to search; threads may share it."""

    def __init__(
        self,
        kernels: ctypes.CDLL,
        actions: Actions,
        features: Sequence[tuple[Path, str]],
        network: Network,
        *,
        low: bool = False,
    ) -> None:
        """Take a network whose `features` are paths to tokens and attributes, in the order of its positions.

        With `low` precision, tables hold integers of 16 bits, and products are the processor's fastest.
        """
        self._kernels = kernels
        paths = {name: [path for path, own in features if own == name] for name in network.first}
        tags = [name for name in paths if name in network.embeddings and name != LABEL]
        tag_paths = list(dict.fromkeys(path for name in tags for path in paths[name]))
        main = next((name for name in paths if name not in network.embeddings), "")
        first = FirstLayer(network.first, network.none, network.embeddings, network.bias)
        self._row_type = np.int16 if low and first.is_finite() else np.float32  # integers would hide damage
        self._positions, self._width = len(paths.get(main, ())), first.width
        slot = slots(path for path, _ in features)
        parts = _Parts()
        parts.take(
            actions=len(actions.label), transition=actions.transition, label=actions.label, legal=actions.legal,
            stack=slot.stack, buffer=slot.buffer, children=len(slot.parent), parent=slot.parent, relation=slot.relation,
            width=first.width, low=self._row_type is np.int16, scale=first.scale(), bias=first.bias, cube=network.cube,
        )  # fmt: skip
        for name, own in (("main", paths.get(main, ())), ("tag", tag_paths), (LABEL, paths.get(LABEL, ()))):
            parts.take(**{f"{name}_positions": len(own), f"{name}_slot": slot.positions(own)})
        if LABEL in paths:
            parts.take(labels=len(first.table[LABEL]), label_table=first.table[LABEL])
        if main:
            share, bias = first.weight[main].transpose(1, 0, 2), -first.none[main]
            parts.take(inputs=share.shape[1], share=floats(share), share_bias=floats(bias))
        parts.take_layers(len(network.bias), network.layers)
        self._handle = Handle(kernels.arcparse_decoder_new(byref(parts)), kernels.arcparse_decoder_free)
        positions = {name: np.array([tag_paths.index(path) for path in paths[name]], np.int32) for name in tags}
        self._combinations = Combinations(
            {name: first.table[name] for name in tags}, positions, len(tag_paths), self._stored
        )

    def rows(self, vector: Floats) -> NDArray[Any]:
        """Return the table [R, positions, width] of the main block from R vectors [R, D].

        Raises ValueError if a number is not finite.
        """
        if not np.isfinite(vector).all():
            check(NOT_NUMBERS)
        table = aligned((len(vector), self._positions, self._width), self._row_type)
        vector = floats(vector)
        check(self._kernels.arcparse_decoder_rows(self._handle, pointer(vector), len(vector), pointer(table)))
        return table

    def tags(self, ids: Mapping[str, NDArray[Any]]) -> Rows:
        """Return the table of the tags' combinations and each token's row in it, from ids [T] of each column."""
        return self._combinations.rows(ids)

    def decode(
        self,
        offset: NDArray[np.int64],
        main: Rows,
        tags: Rows,
        *,
        beam: int = 1,
        margin: float = 5.0,
        normalise: bool = False,
        together: int = TOGETHER,
    ) -> Trees:
        """Return the trees of sentences: sentence i has the tokens from offset[i] to offset[i + 1], the root first.

        The search is that of `arcparse.search`; with `normalise`, its scores are log-probabilities. `main` and `tags`
        come from `rows` and `tags`. Raises ValueError if scores are not numbers.
        """
        offset = np.ascontiguousarray(offset, np.int64)
        length = int(offset[-1])
        head, label = np.empty(length, np.int32), np.empty(length, np.int32)
        score, counts = np.empty(len(offset) - 1, np.float32), np.zeros(2, np.int64)
        batch = _Batch(len(offset) - 1, pointer(offset), *_block(main, length), *_block(tags, length))
        settings = _Settings(beam, margin, normalise, together)
        result = _Trees(*(pointer(own) for own in (head, label, score, counts[:1], counts[1:])))
        check(self._kernels.arcparse_decoder_search(self._handle, byref(batch), byref(settings), byref(result)))
        return Trees(head, label, score, scored=int(counts[0]), bytes=int(counts[1]))

    def _stored(self, rows: Floats) -> NDArray[Any]:
        table = aligned(rows.shape, self._row_type)
        count = table.size // self._width
        check(self._kernels.arcparse_decoder_store(self._handle, pointer(rows), count, pointer(table)))
        return table


def _block(rows: Rows, length: int) -> tuple[c_void_p, c_void_p]:
    """Return the addresses of a table and of its rows, of which there is one for each token."""
    row = rows.row
    if len(row) != length or (length and not 0 <= row.min() <= row.max() < len(rows.table)):
        raise IndexError(f"{len(row)} rows of a table of {len(rows.table)} for {length} tokens")
    return pointer(rows.table), pointer(row)


def _fields(kind: Any, *names: str) -> list[tuple[str, Any]]:
    return [(name, kind) for name in names]


class _Parts(Structure):
    """`DecoderParts` of the interface."""

    _fields_ = (
        _fields(c_int32, "actions")
        + _fields(c_void_p, "transition", "label", "legal")
        + _fields(c_int32, "stack", "buffer", "children")
        + _fields(c_void_p, "parent", "relation")
        + _fields(c_int32, "main_positions", "tag_positions", "label_positions")
        + _fields(c_void_p, "main_slot", "tag_slot", "label_slot")
        + _fields(c_int32, "width", "low")
        + [("scale", c_float), ("bias", c_void_p), ("labels", c_int32), ("label_table", c_void_p), ("inputs", c_int32)]
        + _fields(c_void_p, "share", "share_bias")
        + _fields(c_int32, "cube", "layers")
        + _fields(c_void_p, "units", "weight", "layer_bias")
    )

    def take(self, **parts: Any) -> None:
        """Set fields; arrays live as long as the structure does."""
        self.arrays = [*getattr(self, "arrays", []), parts]
        for name, part in parts.items():
            setattr(self, name, pointer(part) if isinstance(part, np.ndarray) else part)

    def take_layers(self, units: int, layers: Sequence[Layer]) -> None:
        """Set the layers above the first one, which has `units`."""
        weights, biases = [floats(layer.weight) for layer in layers], [floats(layer.bias) for layer in layers]
        self.take(
            layers=len(layers),
            units=np.array([units, *map(len, biases)], np.int32),
            weight=np.array([own.ctypes.data for own in weights], np.uintp),
            layer_bias=np.array([own.ctypes.data for own in biases], np.uintp),
        )
        self.arrays.append({"weights": weights, "biases": biases})


class _Batch(Structure):
    """`Batch` of source/search.h."""

    _fields_ = _fields(c_int64, "sentences") + _fields(c_void_p, "offset", "main", "main_row", "tags", "tag_row")


class _Settings(Structure):
    """`Settings` of source/search.h."""

    _fields_ = [("beam", c_int32), ("margin", c_float), ("normalise", c_int32), ("together", c_int32)]


class _Trees(Structure):
    """`Trees` of source/search.h."""

    _fields_ = _fields(c_void_p, "head", "label", "score", "scored", "bytes")
