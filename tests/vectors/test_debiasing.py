"""What the paper promises of neutralised and equalised vectors, whatever they were."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcparse.errors import VectorsError
from arcparse.vectors import WordVectors, bias_direction, debias, direction_of, equalise, neutralise, unit
from arcparse.vectors.similarity import Matrix

SEEDS = st.integers(0, 2**32 - 1)
CLOSE = 1e-5


def drawn(seed: int, rows: int, dimension: int = 6) -> Matrix:
    return np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)


@given(SEEDS, st.integers(1, 5))
@settings(max_examples=50)
def test_the_direction_is_that_of_most_difference(seed: int, pairs: int) -> None:
    first, second = drawn(seed, pairs), drawn(seed + 1, pairs)
    direction = bias_direction(first, second)
    assert np.linalg.norm(direction) == pytest.approx(1)
    differences = unit(first) - unit(second)
    along = differences @ direction
    assert along.sum() >= -CLOSE
    for other in unit(drawn(seed + 2, 20)):
        assert np.square(differences @ other).sum() <= np.square(along).sum() + CLOSE
    assert bias_direction(second, first) == pytest.approx(-direction, abs=1e-3) or abs(along.sum()) < 1e-3
    if pairs == 1:
        assert direction == pytest.approx(unit(differences[0]), abs=1e-4)


@given(SEEDS)
@settings(max_examples=50)
def test_neutral_words_have_nothing_along_the_direction(seed: int) -> None:
    vectors, direction = drawn(seed, 9), drawn(seed + 1, 1)[0]
    neutral = neutralise(vectors, direction)
    assert neutral @ unit(direction) == pytest.approx(np.zeros(9), abs=CLOSE)
    assert np.linalg.norm(neutral, axis=1) == pytest.approx(np.ones(9))
    assert neutralise(neutral, direction) == pytest.approx(neutral, abs=CLOSE)


@given(SEEDS)
@settings(max_examples=50)
def test_equal_words_are_as_far_from_all_neutral_ones(seed: int) -> None:
    pair, direction = drawn(seed, 2), drawn(seed + 1, 1)[0]
    first, second = equalise(pair, direction)
    assert np.linalg.norm([first, second], axis=1) == pytest.approx([1, 1])
    neutral = neutralise(drawn(seed + 2, 9), direction)
    assert neutral @ first == pytest.approx(neutral @ second, abs=CLOSE)
    distances = [np.linalg.norm(neutral - own, axis=1) for own in (first, second)]
    assert distances[0] == pytest.approx(distances[1], abs=CLOSE)
    along = unit(direction)
    assert first @ along == pytest.approx(-(second @ along), abs=CLOSE)
    assert np.sign((first - second) @ along) == np.sign((unit(pair[0]) - unit(pair[1])) @ along)


def test_words_are_debiased_together() -> None:
    words = ["she", "he", "woman", "man", "nurse", "rest"]
    space = WordVectors(words, drawn(3, 6))
    pairs = [("she", "he"), ("woman", "man")]
    found, direction = debias(space, pairs, ["Nurse"], pairs[1:]), direction_of(space, pairs)
    nurse, woman, man = (found.matrix[found.row(word)] for word in ("nurse", "woman", "man"))
    assert nurse @ direction == pytest.approx(0, abs=CLOSE)
    assert nurse @ woman == pytest.approx(nurse @ man, abs=CLOSE)
    for same in ("she", "he", "rest"):
        assert found.matrix[found.row(same)] == pytest.approx(space.directions[space.row(same)])
    assert np.array_equal(debias(space, pairs).matrix, space.directions)


@pytest.mark.parametrize("count", [0, 2])
def test_a_direction_needs_pairs_that_differ(count: int) -> None:
    with pytest.raises(VectorsError, match="needs pairs of words with different vectors"):
        bias_direction(drawn(0, count), drawn(0, count))
    with pytest.raises(VectorsError, match="needs pairs"):
        direction_of(WordVectors(["a"], drawn(0, 1)), [("a", "A")] * count)


def test_what_has_no_other_side_is_refused() -> None:
    direction = drawn(1, 1)[0]
    with pytest.raises(VectorsError, match="no component outside the direction"):
        neutralise(np.stack([3 * direction]), direction)
    with pytest.raises(VectorsError, match="do not differ along the direction"):
        equalise(neutralise(drawn(2, 2), direction), direction)
    with pytest.raises(VectorsError, match="no vector for 'b'"):
        debias(WordVectors(["a"], drawn(0, 1)), [("a", "b")])
