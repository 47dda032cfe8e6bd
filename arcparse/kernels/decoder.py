"""The beam search of a parser, compiled: `arcparse.search` with the scores of `arcparse.parser.scorer`, from arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcparse.kernels.encoders import FirstLayer
from arcparse.kernels.kernel import Kernel
from arcparse.kernels.library import floats
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
        self._shares = shares = Shares(network.first, network.none, network.embeddings, network.bias)
        self._network, self._low = network, low and shares.is_finite()  # integers would hide damage
        self.scale = shares.scale() if self._low else 0.0  # of tables; 0 if they hold floats
        place = slots(path for path, _ in features)
        positions = [place.positions(own) for own in (paths.get(self.main or "", []), tag_paths, paths.get(LABEL, []))]
        label = stored(shares.table.get(LABEL, np.zeros((0, 0, 0), np.float32)), self.scale)
        self._kernel = Kernel(
            "decoder",
            *(len(actions.label), actions.transition, actions.label, actions.legal),
            *(place.stack, place.buffer, len(place.parent), place.parent, place.relation),
            *(*map(len, positions), *positions, shares.width, self.scale, shares.bias),
            *(len(label), label, network.cube),
        )
        for layer in network.layers:
            weight = floats(layer.weight)
            self._kernel.call("add", *weight.shape, weight, floats(layer.bias), int(self._low))
        columns = {name: ([tag_paths.index(path) for path in paths[name]], shares.table[name]) for name in tags}
        self._combinations = Combinations(columns, (len(tag_paths), shares.width), self.scale)

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
        if beam < 1:
            raise ValueError(f"the beam must hold at least 1 hypothesis, not {beam}")
        offset = np.ascontiguousarray(offset, np.int64)
        if offset[0] != 0 or (np.diff(offset) < 1).any():
            raise IndexError("each sentence needs a root, and the first begins at token 0")
        length = int(offset[-1])
        head, label = np.empty(length, np.int32), np.empty(length, np.int32)
        score, scored, size = np.empty(len(offset) - 1, np.float32), np.zeros(1, np.int64), np.zeros(1, np.int64)
        self._kernel.call(
            "run",
            *(len(score), offset, *_block(main, length), *_block(tags, length)),
            *(beam, margin, int(normalise), together),
            *(head, label, score, scored, size),
        )
        return Trees(head, label, score, int(scored[0]), int(size[0]))


def _block(rows: Rows | None, length: int) -> tuple[NDArray[Any] | None, NDArray[np.int32] | None]:
    """Return a table and its rows, of which there is one for each token."""
    if rows is None:
        return None, None
    table, row = rows.table, np.ascontiguousarray(rows.row, np.int32)
    if len(row) != length or (length and not 0 <= row.min() <= row.max() < len(table)):
        raise IndexError(f"{len(row)} rows of a table of {len(table)} for {length} tokens")
    return table, row
