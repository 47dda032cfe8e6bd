"""The beam search of a parser, compiled: `arcparse.search` with the scores of `arcparse.parser.scorer`, from arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ctypes import Structure, byref, c_float, c_int32, c_int64, c_void_p
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcparse.kernels.encoders import FirstLayer
from arcparse.kernels.kernel import Kernel
from arcparse.kernels.library import floats, pointer
from arcparse.kernels.slots import Path, slots
from arcparse.kernels.systems import Actions
from arcparse.kernels.tables import Combinations, Floats, Rows, Shares, stored

LABEL = "label"  # the attribute that the configuration itself knows
TOGETHER = 96  # configurations scored at once, about


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
        self, actions: Actions, features: Sequence[tuple[Path, str]], network: Network, *, low: bool = False
    ) -> None:
        """Take a network whose `features` are paths to tokens and attributes, in the order of its positions.

        With `low` precision, tables hold integers of 16 bits, and products are the processor's fastest. Raises
        ArcparseError without a compiled library.
        """
        paths = {name: [path for path, own in features if own == name] for name in network.first}
        self.main = next((name for name in paths if name not in network.embeddings), None)  # the attribute
        tags = [name for name in paths if name not in (self.main, LABEL)]
        tag_paths = list(dict.fromkeys(path for name in tags for path in paths[name]))
        self._shares = Shares(network.first, network.none, network.embeddings, network.bias)
        self._network, self._low = network, low and self._shares.is_finite()  # integers would hide damage
        self.scale = self._shares.scale() if self._low else 0.0  # of tables; 0 if they hold floats
        place = slots(path for path, _ in features)
        positions = {"main": paths.get(self.main or "", []), "tag": tag_paths, LABEL: paths.get(LABEL, [])}
        label = stored(self._shares.table.get(LABEL, np.zeros((0, 0, 0), np.float32)), self.scale)
        self._kernel = Kernel(
            "decoder",
            _parts(
                *(len(actions.label), actions.transition, actions.label, actions.legal),
                *(place.stack, place.buffer, len(place.parent), place.parent, place.relation),
                *(len(own) for own in positions.values()),
                *(place.positions(own) for own in positions.values()),
                *(self._shares.width, self.scale, self._shares.bias, len(label), label, network.cube),
            ),
        )
        for inputs, layer in zip(
            [network.bias, *(layer.bias for layer in network.layers)], network.layers, strict=False
        ):
            sizes = len(inputs), len(layer.bias)
            self._kernel.call("add", *sizes, floats(layer.weight), floats(layer.bias), int(self._low))
        columns = {name: ([tag_paths.index(path) for path in paths[name]], self._shares.table[name]) for name in tags}
        self._combinations = Combinations(columns, (len(tag_paths), self._shares.width), self.scale)

    def first_layer(self, projection: tuple[Floats, Floats] | None = None) -> FirstLayer:
        """Return the maker of the main block's rows, from vectors that first go through the `projection`, if any."""
        assert self.main is not None, "no feature looks at vectors"  # noqa: S101
        weight = self._shares.weight[self.main].reshape(len(self._network.none[self.main]), -1)
        return FirstLayer(weight, self._network.none[self.main], projection, scale=self.scale, low=self._low)

    def tags(self, ids: Mapping[str, NDArray[Any]]) -> Rows:
        """Return the table of the tags' combinations and each token's row in it, from ids [T] of each column."""
        return self._combinations.rows(ids)

    def decode(
        self,
        offset: NDArray[np.int64],
        main: Rows | None,
        tags: Rows,
        *,
        beam: int = 1,
        margin: float = 5.0,
        normalise: bool = False,
        together: int = TOGETHER,
    ) -> Trees:
        """Return the trees of sentences: sentence i has the tokens from offset[i] to offset[i + 1], the root first.

        The search is that of `arcparse.search`; with `normalise`, its scores are log-probabilities. `main` is a table
        that `first_layer` has made, if features need one, and `tags` the result of `tags`. Raises ValueError if scores
        are not numbers.
        """
        offset = np.ascontiguousarray(offset, np.int64)
        length = int(offset[-1])
        head, label = np.empty(length, np.int32), np.empty(length, np.int32)
        score, scored, size = np.empty(len(offset) - 1, np.float32), np.zeros(1, np.int64), np.zeros(1, np.int64)
        blocks = *_block(main, length), *_block(tags, length)
        batch = _Batch(len(offset) - 1, pointer(offset), *blocks)
        settings = _Settings(beam, margin, normalise, together)
        trees = _Trees(*(pointer(own) for own in (head, label, score, scored, size)))
        self._kernel.call("run", byref(batch), byref(settings), byref(trees))
        return Trees(head, label, score, int(scored[0]), int(size[0]))


def _block(rows: Rows | None, length: int) -> tuple[c_void_p | None, c_void_p | None]:
    """Return the addresses of a table and of its rows, of which there is one for each token."""
    if rows is None:
        return None, None
    row = rows.row
    if len(row) != length or (length and not 0 <= row.min() <= row.max() < len(rows.table)):
        raise IndexError(f"{len(row)} rows of a table of {len(rows.table)} for {length} tokens")
    return pointer(rows.table), pointer(row)


def _fields(kind: Any, *names: str) -> list[tuple[str, Any]]:
    return [(name, kind) for name in names]


class _Parts(Structure):
    """`DecoderParts` of source/interface.cpp."""

    _fields_ = (
        *_fields(c_int32, "actions"),
        *_fields(c_void_p, "transition", "label", "legal"),
        *_fields(c_int32, "stack", "buffer", "children"),
        *_fields(c_void_p, "parent", "relation"),
        *_fields(c_int32, "main_positions", "tag_positions", "label_positions"),
        *_fields(c_void_p, "main_slot", "tag_slot", "label_slot"),
        *_fields(c_int32, "width"),
        *_fields(c_float, "scale"),
        *_fields(c_void_p, "bias"),
        *_fields(c_int32, "labels"),
        *_fields(c_void_p, "label_table"),
        *_fields(c_int32, "cube"),
    )


def _parts(*values: Any) -> Any:
    """Return a reference to such a structure, which keeps its arrays alive."""
    parts = _Parts(*(pointer(value) if isinstance(value, np.ndarray) else value for value in values))
    parts.arrays = values
    return byref(parts)


class _Batch(Structure):
    """`Batch` of source/search.h."""

    _fields_ = (*_fields(c_int64, "sentences"), *_fields(c_void_p, "offset", "main", "main_row", "tags", "tag_row"))


class _Settings(Structure):
    """`Settings` of source/search.h."""

    _fields_ = (("beam", c_int32), ("margin", c_float), ("normalise", c_int32), ("together", c_int32))


class _Trees(Structure):
    """`Trees` of source/search.h."""

    _fields_ = (*_fields(c_void_p, "head", "label", "score", "scored", "bytes"),)
