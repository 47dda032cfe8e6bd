"""Similarity of words by the direction of their vectors: nearest words, analogies, and a projection to a plane."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from arcparse.errors import VectorsError
from arcparse.spelling import find
from arcparse.vectors.needed import require_gensim
from arcparse.vectors.store import VectorStore

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

Matrix = NDArray[np.float32]
Scored = list[tuple[str, float]]  # words and their cosines, best first


class WordVectors:
    """Words and their vectors, float32 [V, d], in memory; a form is found by the `scheme` of `lookup.candidates`."""

    def __init__(self, words: Sequence[str], matrix: Matrix, scheme: str = "none") -> None:
        """Take words and their vectors, in the same order. Raises VectorsError if their numbers differ."""
        if len(words) != len(matrix):
            raise VectorsError(f"{len(words)} words and {len(matrix)} vectors; each word needs one")
        self.words, self.matrix, self.scheme = tuple(words), matrix, scheme
        self._row = {word: row for row, word in enumerate(self.words)}

    @classmethod
    def of(cls, store: VectorStore) -> WordVectors:
        """Read the vectors of a store, without its random ones."""
        return cls(*store.dense(), store.metadata.normalisation)

    @classmethod
    def open(cls, path: Path) -> WordVectors:
        """Read the store at a path. Raises VectorsError as `VectorStore.open` does."""
        with VectorStore.open(path, read_only=True) as store:
            return cls.of(store)

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self.words)

    def __contains__(self, form: str) -> bool:
        """Return whether a form, or a variant of it, has a vector."""
        return find(form, self.scheme, self._row) is not None

    def row(self, form: str) -> int:
        """Return the row of a form, or of its first known variant. Raises VectorsError if there is none."""
        found = find(form, self.scheme, self._row)
        if found is None:
            raise VectorsError(f"no vector for {form!r}, nor for its lower case, among {len(self)} words")
        return self._row[found]

    def rows(self, forms: Iterable[str]) -> list[int]:
        """Return the rows of forms, as `row` does."""
        return [self.row(form) for form in forms]

    @cached_property
    def directions(self) -> Matrix:
        """The vectors scaled to length 1, [V, d]; vectors of zeros are not changed."""
        return unit(self.matrix)

    def keyed(self) -> KeyedVectors:
        """Return the vectors as gensim's `KeyedVectors`, for `save_vectors` and `VectorStore.create`."""
        keyed: KeyedVectors = require_gensim().KeyedVectors(self.matrix.shape[1])
        keyed.add_vectors(list(self.words), self.matrix)
        return keyed

    def replaced(self, rows: Sequence[int], vectors: Matrix) -> WordVectors:
        """Return word vectors of length 1, in which some rows are replaced by `vectors` [n, d]."""
        matrix = self.directions.copy()
        matrix[list(rows)] = vectors
        return WordVectors(self.words, matrix, self.scheme)


def unit(vectors: Matrix) -> Matrix:
    """Return vectors [..., d] scaled to length 1; vectors of zeros are not changed."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Matrix = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return scaled


def nearest(vectors: WordVectors, form: str, count: int = 10) -> Scored:
    """Return the `count` words nearest to a form, without the form's own word, and their cosines, best first.

    Raises VectorsError if the form has no vector.
    """
    row = vectors.row(form)
    return _best(vectors, vectors.directions[row], {row}, count)


def analogy(vectors: WordVectors, a: str, b: str, c: str, count: int = 10) -> Scored:
    """Return the words that are to `c` as `b` is to `a`, best first, without these three.

    This is the vector offset method of Mikolov, Yih & Zweig (2013), section 4: the greatest cosines with b - a + c,
    where all vectors have length 1. Raises VectorsError if one of the three has no vector.
    """
    rows = vectors.rows((a, b, c))
    from_a, from_b, from_c = vectors.directions[rows]
    return _best(vectors, unit(from_b - from_a + from_c), set(rows), count)


def _best(vectors: WordVectors, direction: Matrix, without: set[int], count: int) -> Scored:
    cosines = vectors.directions @ direction
    found = np.argsort(-cosines, kind="stable")[: max(count, 0) + len(without)]
    kept = [row for row in found.tolist() if row not in without]
    return [(vectors.words[row], float(cosines[row])) for row in kept[: max(count, 0)]]


def principal_components(vectors: Matrix, count: int = 2) -> tuple[Matrix, Matrix]:
    """Project vectors [n, d] onto their `count` directions of greatest variance (Pearson 1901).

    Returns coordinates [n, count], and the share of each direction in the whole variance [count]; both are zero for
    directions that do not exist. The coordinates of the first vector are not negative, so that signs do not depend on
    the machine.
    """
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    left, lengths, _ = np.linalg.svd(centred, full_matrices=False)
    some = min(count, len(lengths))
    coordinates, shares = np.zeros((len(vectors), count)), np.zeros(count)
    coordinates[:, :some] = left[:, :some] * lengths[:some] * np.where(left[0, :some] < 0, -1, 1)
    shares[:some] = lengths[:some] ** 2 / max(float(np.square(lengths).sum()), np.finfo(np.float64).tiny)
    return coordinates.astype(np.float32), shares.astype(np.float32)
