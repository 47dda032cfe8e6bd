"""Taggers, compiled: the layer that scores tags, and the tagger over a window of words.

Equal to `arcparse.networks.tags` and `arcparse.tagger.network`, over numpy arrays alone. Tokens are flat: sentence i
has the tokens offset[i]..offset[i+1]-1, int64, the root first. Tags are ids of the columns' vocabularies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from arcparse.kernels.encoders import FirstLayer, Floats, Ids, Offsets, Rows, Weights
from arcparse.kernels.kernel import FINE, Kernel
from arcparse.kernels.library import floats
from arcparse.vocabulary import SPECIALS, Vocabulary


class Tags(NamedTuple):
    """The best tags of T tokens in each column, the root's PAD, and the scores of all if they were asked for."""

    best: dict[str, Ids]  # [T]
    scores: dict[str, Floats]  # [T, tags] without the specials; empty if they were not asked for


class TagColumns:
    """The output layers of the columns, side by side."""

    def __init__(self, weights: Weights) -> None:
        """Take the weights [tags, E] and biases [tags] of a `TagLayer` by name: `columns.upos.weight` and so on."""
        self.names = [name.split(".")[1] for name in weights if name.endswith(".weight")]
        matrices = [floats(weights[f"columns.{name}.weight"]) for name in self.names]
        self.sizes = np.array([len(matrix) for matrix in matrices], np.int32)
        self.weight = floats(np.concatenate(matrices).T)
        self.bias = floats(np.concatenate([weights[f"columns.{name}.bias"] for name in self.names]))

    @property
    def inputs(self) -> int:
        """The dimension of the vectors that are read."""
        return len(self.weight)

    def arrays(self, tokens: int, *, scored: bool) -> tuple[Ids, Floats | None]:
        """Return room for tags [columns, T] and for the scores of all columns [T, tags]."""
        scores = np.zeros((tokens, len(self.bias)), np.float32) if scored else None
        return np.zeros((len(self.names), tokens), np.int32), scores

    def tags(self, best: Ids, scores: Floats | None, offset: Offsets) -> Tags:
        """Return the kernel's results by column: the tags as ids, the root's PAD."""
        best += len(SPECIALS)
        best[:, offset[:-1]] = Vocabulary.PAD
        parts = [] if scores is None else np.split(scores, np.cumsum(self.sizes)[:-1], axis=1)
        return Tags(dict(zip(self.names, best, strict=True)), dict(zip(self.names, parts, strict=bool(parts))))


class TagLayer:
    """Scores the tags of tokens from an encoder's vectors, and finds the best."""

    def __init__(self, weights: Weights, *, low: bool = False) -> None:
        """Take the layers' weights by name; `low` precision is faster."""
        self._columns = own = TagColumns(weights)
        self._kernel = Kernel("tags", own.inputs, len(own.sizes), own.sizes, own.weight, own.bias, int(low))

    def __call__(self, offset: Offsets, vectors: Floats, *, scored: bool = False) -> Tags:
        """Return the tags of T tokens from their vectors [T, E]; with the scores if `scored`."""
        best, scores = self._columns.arrays(len(vectors), scored=scored)
        self._kernel.call("run", len(vectors), vectors, best, scores)
        return self._columns.tags(best, scores, offset)


class HiddenLayer(NamedTuple):
    """A layer above the first hidden layer."""

    weight: Floats  # [units, inputs]
    bias: Floats  # [units]


class WindowTagger:
    """Tags words from the rows of the words around them in a first hidden layer."""

    def __init__(
        self,
        first: FirstLayer,
        outside: Floats,
        bias: Floats,
        hidden: Sequence[HiddenLayer],
        columns: Weights,
        before: int,
        *,
        low: bool = False,
    ) -> None:
        """Take the maker of rows, the vector [E] beyond a sentence, the first layer's bias, and the layers above.

        A window begins `before` words before the word that is tagged.
        """
        self._columns = own = TagColumns(columns)
        self._first, self._outside, bias = first, first(floats(outside)[None]), floats(bias)
        after = first.width // len(bias) - before - 1
        tags = own.inputs, len(own.sizes), own.sizes, own.weight, own.bias
        precision = FINE if low else 0  # a wrong tag costs arcs
        self._kernel = Kernel("window", before, after, len(bias), bias, *tags, precision)
        for weight, more in hidden:
            self._kernel.call("add", *weight.shape[::-1], floats(weight.T), floats(more), precision)

    def __call__(self, offset: Offsets, row: Ids, table: Rows, *, scored: bool = False) -> Tags:
        """Return the tags of T tokens, which have the rows [T] of a table; with the scores if `scored`."""
        best, scores = self._columns.arrays(len(row), scored=scored)
        arrays = offset, row, table, self._outside
        self._kernel.call("run", len(offset) - 1, *arrays, float(self._first.scale), best, scores)
        return self._columns.tags(best, scores, offset)


def completed(tags: Tags, given: Mapping[str, Ids], combinations: Mapping[str, Ids]) -> dict[str, Ids]:
    """Return the given ids [T] by column, an UNKNOWN one replaced by the best tag.

    If a token has some of its tags, the others make one of the `combinations` [N] with them, if there is one: the same
    as `arcparse.networks.tags.completed`.
    """
    known = {name: ids != Vocabulary.UNKNOWN for name, ids in given.items()}
    found = {name: np.where(known[name], given[name], tags.best[name]).astype(np.int32) for name in given}
    has_tag = np.stack(list(known.values()))
    some = np.flatnonzero(has_tag.any(0) & ~has_tag.all(0))
    size = len(next(iter(combinations.values()), ()))
    if not size or not len(some):
        return found
    total = np.zeros((len(some), size), np.float32)
    for name, ids in combinations.items():
        total += _log_softmax(tags.scores[name][some])[:, ids - len(SPECIALS)]
        total[known[name][some, None] & (given[name][some, None] != ids)] = -np.inf
    index = total.argmax(1)
    possible = np.isfinite(total[np.arange(len(some)), index])
    for name, ids in combinations.items():
        made = ~known[name][some] & possible
        found[name][some] = np.where(made, ids[index], found[name][some])
    return found


def _log_softmax(scores: Floats) -> Floats:
    shifted = scores - scores.max(1, keepdims=True)
    result: Floats = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return result
