from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcparse.errors import VectorsError
from arcparse.vectors import VectorStore, WordVectors, analogy, nearest, principal_components, unit

SQUARE = WordVectors(
    ["man", "king", "woman", "queen", "zero", "noise"],
    np.array([[1, 0, 0], [1, 0, 1], [0, 2, 0], [0, 2, 2], [0, 0, 0], [-1, -1, 0]], np.float32),
)


def test_nearest_words_come_best_first() -> None:
    space = WordVectors(["a", "b", "c", "d", "e"], np.array([[1, 0], [1, 0.1], [1, 1], [-1, 0], [0, 0]], np.float32))
    assert [word for word, _ in nearest(space, "A", 3)] == ["b", "c", "e"]
    assert nearest(space, "a", 2)[1][1] == pytest.approx(2**-0.5)
    assert len(nearest(space, "a", 10)) == 4
    assert nearest(space, "a", 0) == []
    with pytest.raises(VectorsError, match="no vector for 'absent'"):
        nearest(space, "absent")


def test_an_analogy_is_a_parallelogram_of_directions() -> None:
    assert analogy(SQUARE, "man", "king", "Woman", 1)[0][0] == "queen"
    [(word, cosine)] = analogy(SQUARE, "man", "man", "king", 1)
    assert (word, cosine) == ("queen", pytest.approx(0.5))
    assert not {"man", "king", "woman"} & {word for word, _ in analogy(SQUARE, "man", "king", "woman", 9)}


def test_forms_find_their_words_as_in_a_store(store_path: Path, keyed: Any) -> None:
    space = WordVectors.open(store_path)
    with VectorStore.open(store_path) as store:
        assert len(space) == len(store)
        assert [("PARIS" in each, "rome" in each) for each in (space, store)] == [(True, False)] * 2
        assert np.array_equal(space.matrix[space.row("PARIS")], store["PARIS"])
    again = space.keyed()
    assert again.index_to_key == list(space.words)
    assert np.array_equal(again["London"], keyed["London"])


def test_each_word_needs_a_vector() -> None:
    with pytest.raises(VectorsError, match="2 words and 1 vectors"):
        WordVectors(["a", "b"], np.zeros((1, 3), np.float32))


def test_lengths_become_1_but_zeros_stay() -> None:
    assert np.linalg.norm(SQUARE.directions, axis=1) == pytest.approx([1, 1, 1, 1, 0, 1])
    assert unit(np.array([3.0, 4.0])) == pytest.approx([0.6, 0.8])


@given(st.integers(1, 8), st.integers(1, 6), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_components_keep_most_variance_in_order(rows: int, dimension: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)
    found, shares = principal_components(vectors, 3)
    centred = vectors - vectors.mean(axis=0)
    total = float(np.square(centred).sum())
    assert found.shape == (rows, 3)
    assert np.square(found).sum(axis=0) == pytest.approx(shares * total, abs=1e-3)
    assert list(shares) == sorted(shares, reverse=True)
    assert 0 <= shares.sum() <= 1 + 1e-5
    assert found.sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-3)
    assert (found[0] >= 0).all()
    if min(rows - 1, dimension) <= 3:  # nothing is lost: distances stay
        gap = np.linalg.norm(vectors[0] - vectors[-1])
        assert np.linalg.norm(found[0] - found[-1]) == pytest.approx(gap, abs=1e-3)
