"""Intervals cover the true value as often as they should; p-values equal those of all resamples, if enumerable."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from arcparse.evaluation import (
    ALL_METRICS,
    METRICS,
    approximate_randomisation,
    compare_systems,
    confidence_intervals,
    paired_bootstrap,
)
from arcparse.evaluation.scores import GOLD
from arcparse.evaluation.significance import ROUNDING, Test, f1

TESTS = (approximate_randomisation, paired_bootstrap)
Counts = NDArray[np.int64]


def counts_of(correct: NDArray[np.int64], sizes: NDArray[np.int64]) -> Counts:
    """Return counts, [S, M, 4], which are equal for all metrics, for systems with as many words as gold."""
    rows = np.stack([correct, sizes, sizes, sizes], axis=-1)
    return np.repeat(rows[:, None], len(ALL_METRICS), axis=1)


def simulated(generator: np.random.Generator, sentences: int, accuracy: float, spread: float = 8.0) -> Counts:
    """Draw sentences with different shares of right words, since real sentences differ too."""
    sizes = generator.integers(3, 40, sentences)
    chances = generator.beta(accuracy * spread, (1 - accuracy) * spread, sentences)
    return counts_of(generator.binomial(sizes, chances), sizes)


def better(counts: Counts, generator: np.random.Generator, chance: float) -> Counts:
    """Correct some of the wrong words."""
    mended = counts.copy()
    mended[..., 0] += generator.binomial(counts[:, 0, 1] - counts[:, 0, 0], chance)[:, None]
    return mended


@st.composite
def sentence_counts(draw: st.DrawFn, least: int = 1) -> tuple[Counts, Counts]:
    sizes = draw(st.lists(st.integers(1, 40), min_size=least, max_size=30))
    first, second = ([draw(st.integers(0, size)) for size in sizes] for _ in range(2))
    return counts_of(np.array(first), np.array(sizes)), counts_of(np.array(second), np.array(sizes))


@given(sentence_counts(), st.integers(0, 100))
@settings(max_examples=50)
def test_intervals_hold_their_estimates(systems: tuple[Counts, Counts], seed: int) -> None:
    first, second = systems
    interval = confidence_intervals(first, ["LAS"], resamples=300, seed=seed)["LAS"]
    assert interval.low - ROUNDING <= interval.estimate <= interval.high + ROUNDING
    assert interval.estimate == float(f1(first.sum(0))[0])
    difference = compare_systems(first, second, ["LAS"], resamples=300, seed=seed)["LAS"]
    assert difference.low - ROUNDING <= difference.estimate <= difference.high + ROUNDING


@pytest.mark.parametrize("test", TESTS)
@given(systems=sentence_counts(), seed=st.integers(0, 100))
@settings(max_examples=30)
def test_p_values_are_symmetric_and_1_for_the_same_system(
    test: Test, systems: tuple[Counts, Counts], seed: int
) -> None:
    first, second = systems
    forth, back = (test(*pair, resamples=200, seed=seed) for pair in ((first, second), (second, first)))
    assert (forth == back).all()
    assert ((forth > 0.0) & (forth <= 1.0)).all()
    assert (test(first, first, resamples=200, seed=seed) == 1.0).all()


def test_differences_change_their_sign() -> None:
    generator = np.random.default_rng(1)
    first = simulated(generator, 50, 0.8)
    second = better(first, generator, 0.1)
    forth, back = compare_systems(first, second)["LAS"], compare_systems(second, first)["LAS"]
    assert forth.estimate == -back.estimate > 0
    assert forth.p_value == back.p_value
    assert (forth.low, forth.high) == pytest.approx((-back.high, -back.low))


@pytest.mark.parametrize("test", TESTS)
def test_a_clearly_better_system_has_the_least_p_value(test: Test) -> None:
    generator = np.random.default_rng(1)
    first = simulated(generator, 500, 0.8)
    found = compare_systems(first, better(first, generator, 0.3), ["UAS"], test=test, resamples=999)["UAS"]
    assert found.p_value == 0.001
    assert 0 < found.low < found.estimate < found.high


@pytest.mark.parametrize("test", TESTS)
def test_resampling_repeats_with_its_seed(test: Test) -> None:
    generator = np.random.default_rng(1)
    first, second = simulated(generator, 3000, 0.8), simulated(generator, 3000, 0.8)
    second[..., 1:] = first[..., 1:]
    second[..., 0] = np.minimum(second[..., 0], first[..., 1])
    runs = [compare_systems(first, second, ["LAS"], test=test, resamples=400, seed=seed) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
    intervals = [confidence_intervals(first, ["LAS"], resamples=400, seed=seed) for seed in (1, 1, 2)]
    assert intervals[0] == intervals[1] != intervals[2]


def test_randomisation_comes_near_all_exchanges() -> None:
    generator = np.random.default_rng(4)
    first = simulated(generator, 8, 0.7)
    second = better(first, generator, 0.2)
    second[:2] = first[2:4] * [1, 0, 1, 1] + first[:2] * [0, 1, 0, 0]  # other numbers of words in the system
    observed = np.abs(f1(second.sum(0)) - f1(first.sum(0)))
    differences = []
    for exchange in product([False, True], repeat=len(first)):
        which = np.array(exchange)[:, None, None]
        mine, yours = np.where(which, second, first), np.where(which, first, second)
        differences.append(np.abs(f1(yours.sum(0)) - f1(mine.sum(0))) >= observed - ROUNDING)
    exact = np.mean(differences, axis=0)
    assert 0.02 < exact[0] < 0.98
    assert approximate_randomisation(first, second, resamples=20_000) == pytest.approx(exact, abs=0.015)


def test_the_bootstrap_comes_near_all_draws() -> None:
    generator = np.random.default_rng(7)
    first = simulated(generator, 5, 0.7)
    second = better(first, generator, 0.3)
    second[0] = first[0] * [0, 1, 1, 1]
    observed = f1(second.sum(0)) - f1(first.sum(0))
    draws = np.array(list(product(range(len(first)), repeat=len(first))))
    differences = f1(second[draws].sum(1)) - f1(first[draws].sum(1))
    exact = (np.abs(differences - observed) >= np.abs(observed) - ROUNDING).mean(0)
    assert 0.02 < exact[0] < 0.98
    assert paired_bootstrap(first, second, resamples=20_000) == pytest.approx(exact, abs=0.015)
    found = compare_systems(first, second, ["LAS"], resamples=20_000)["LAS"]
    bounds = np.quantile(differences[:, 0], [0.025, 0.975], method="inverted_cdf")
    assert [found.low, found.high] == pytest.approx(bounds, abs=0.02)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    generator = np.random.default_rng(1)
    covered = 0
    for seed in range(300):
        interval = confidence_intervals(simulated(generator, 150, 0.8), ["LAS"], resamples=300, seed=seed)["LAS"]
        covered += interval.low <= 0.8 <= interval.high
    assert 0.90 <= covered / 300 <= 0.98


@pytest.mark.parametrize("test", TESTS)
def test_equal_systems_seldom_seem_to_differ(test: Test) -> None:
    generator = np.random.default_rng(1)
    found = 0
    for seed in range(300):
        sizes, chances = generator.integers(3, 40, 100), generator.beta(6.4, 1.6, 100)
        first, second = (counts_of(generator.binomial(sizes, chances), sizes) for _ in range(2))
        found += test(first[:, :1], second[:, :1], resamples=200, seed=seed)[0] <= 0.05
    assert 0.02 <= found / 300 <= 0.085


def test_more_sentences_make_narrower_intervals() -> None:
    few, many = (confidence_intervals(simulated(np.random.default_rng(1), size, 0.8))["LAS"] for size in (100, 1600))
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(4, rel=0.3)
    assert list(confidence_intervals(simulated(np.random.default_rng(1), 10, 0.8), resamples=9)) == list(METRICS)


def test_a_wider_level_makes_a_wider_interval() -> None:
    counts = simulated(np.random.default_rng(1), 100, 0.8)
    narrow, wide = (confidence_intervals(counts, ["LAS"], level=level)["LAS"] for level in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_no_sentences_have_no_difference() -> None:
    nothing = np.zeros((0, len(ALL_METRICS), 4), np.int64)
    assert confidence_intervals(nothing, ["LAS"], resamples=5)["LAS"].high == 0.0
    for test in TESTS:
        assert compare_systems(nothing, nothing, ["LAS"], test=test, resamples=5)["LAS"].p_value == 1.0


def test_systems_are_compared_on_the_same_gold() -> None:
    counts = simulated(np.random.default_rng(1), 10, 0.8)
    longer = counts.copy()
    longer[0, 0, GOLD] += 1
    for other in (counts[1:], longer):
        with pytest.raises(ValueError, match="the same sentences of gold"):
            compare_systems(counts, other)
