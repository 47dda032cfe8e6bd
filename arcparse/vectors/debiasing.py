"""Hard de-biasing of word vectors (Bolukbasi et al. 2016, section "Debiasing algorithms").

Step 1 finds the direction of a bias, such as gender, from pairs of words that differ in it (`bias_direction`). Step 2a
removes it from words that should not have it (`neutralise`). It also changes pairs that should differ only in this
direction, so that both words are equally far from all neutral words (`equalise`). All vectors have length 1, as in the
paper. A bias that remains in the neighbourhoods of words is not removed (Gonen & Goldberg 2019).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from arcparse.errors import VectorsError
from arcparse.vectors.similarity import Matrix, WordVectors, unit

LEAST = 1e-6  # a shorter rest of a vector, or difference of vectors, has no reliable direction


def bias_direction(first: Matrix, second: Matrix) -> Matrix:
    """Return the direction [d] in which the vectors `first` [n, d] differ most from their partners `second` [n, d].

    It is the first principal component of the pairs, each pair centred at its own mean (step 1 of the paper, with one
    direction, as there). It has length 1 and points from the second words to the first. Raises VectorsError if there
    is no pair, or no difference.
    """
    differences = unit(first).astype(np.float64) - unit(second)  # twice the distance of each word from the pair's mean
    if not len(differences) or np.abs(differences).max() < LEAST:
        raise VectorsError("a direction needs pairs of words with different vectors; give at least one")
    direction = np.linalg.svd(differences, full_matrices=False)[2][0]
    sign = -1 if (differences @ direction).sum() < 0 else 1
    return unit((sign * direction).astype(np.float32))


def neutralise(vectors: Matrix, direction: Matrix) -> Matrix:
    """Return vectors [n, d] without their component along a direction [d], of length 1 (step 2a, "neutralize").

    Raises VectorsError if nothing is left of a vector.
    """
    rest = _without(unit(vectors).astype(np.float64), direction)
    if len(rest) and np.linalg.norm(rest, axis=1).min() < LEAST:
        raise VectorsError("a vector has no component outside the direction of the bias; leave its word out")
    return unit(rest.astype(np.float32))


def equalise(vectors: Matrix, direction: Matrix) -> Matrix:
    """Return vectors [n, d], such as a pair, changed to differ only along a direction [d] (step 2a, "equalize").

    They have length 1, and outside the direction they all have the component of their mean. So each has the same
    distance from every neutralised vector. Raises VectorsError if a vector is like the mean along the direction.
    """
    directions = unit(vectors).astype(np.float64)
    mean = directions.mean(axis=0)
    common, along = _without(mean, direction), unit(direction).astype(np.float64)
    sides = directions @ along - mean @ along
    if not len(sides) or np.abs(sides).min() < LEAST:
        raise VectorsError(
            "words that do not differ along the direction of the bias cannot be equalised; leave them out"
        )
    reach = np.sqrt(max(0.0, 1 - float(common @ common)))
    return unit((common + np.sign(sides)[:, None] * reach * along).astype(np.float32))


def debias(
    vectors: WordVectors,
    defining: Sequence[tuple[str, str]],
    neutral: Iterable[str] = (),
    equal: Sequence[tuple[str, str]] = (),
) -> WordVectors:
    """Return word vectors of length 1; the words `neutral` lose the bias that the pairs `defining` define.

    The pairs `equal` are equalised. Raises VectorsError if a word has no vector, and as the steps do.
    """
    direction = direction_of(vectors, defining)
    rows = vectors.rows(neutral)
    found = vectors.replaced(rows, neutralise(vectors.matrix[rows], direction))
    for pair in equal:
        rows = vectors.rows(pair)
        found = found.replaced(rows, equalise(vectors.matrix[rows], direction))
    return found


def direction_of(vectors: WordVectors, pairs: Sequence[tuple[str, str]]) -> Matrix:
    """Return the `bias_direction` [d] of pairs of words."""
    first, second = (vectors.matrix[vectors.rows(side)] for side in (zip(*pairs, strict=True) if pairs else ((), ())))
    return bias_direction(first, second)


def _without(vectors: NDArray[np.float64], direction: Matrix) -> NDArray[np.float64]:
    """Return vectors [..., d] without their component along a direction [d]."""
    along = unit(direction).astype(np.float64)
    rest: NDArray[np.float64] = vectors - (vectors @ along)[..., None] * along
    return rest
