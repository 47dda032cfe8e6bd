"""Confidence intervals for the scores of one system, and significance tests for two systems on the same sentences.

The bootstrap (Koehn 2004; Berg-Kirkpatrick et al. 2012) draws S of the S sentences, with replacement, and scores each
draw. Approximate randomisation (Noreen 1989, section 2; Yeh 2000) estimates how often two systems would differ as much
by chance: it exchanges their outputs for each sentence with probability 1/2. The scores of a draw come from its summed
counts, not from means over sentences; a draw therefore costs one row of a matrix product.

Axis letters: S sentences of gold, M metrics, C columns of counts, R resamples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arcparse.evaluation.alignment import Integers
from arcparse.evaluation.scores import ALL_METRICS, CORRECT, GOLD, METRICS, SYSTEM

Floats = NDArray[np.float64]
Test = Callable[..., Floats]

RESAMPLES = 10_000  # the p-value's standard error is then at most 0.005, and 0.002 near 0.05
LEVEL = 0.95
CELLS = 1 << 19  # sentences x resamples held at a time: fits the cache, and bounds memory
ROUNDING = 1e-12  # tolerance: a difference equal to the observed one but for rounding counts as equal


@dataclass(frozen=True, slots=True)
class Interval:
    """An F1 and the interval around it, all in 0..1."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """The second system's F1 minus the first one's, the interval around it, and the two-sided p-value."""

    estimate: float
    low: float
    high: float
    p_value: float


def f1(counts: Integers | Floats) -> Floats:
    """Return F1 of counts, [..., 4] in the order of CORRECT, GOLD, SYSTEM, ALIGNED; 0 if nothing is counted."""
    items = np.asarray(counts[..., GOLD] + counts[..., SYSTEM], np.float64)
    return np.divide(2.0 * counts[..., CORRECT], items, out=np.zeros_like(items), where=items > 0)


def confidence_intervals(
    counts: Integers,
    metrics: Sequence[str] = METRICS,
    *,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return percentile bootstrap intervals of F1 from the counts of sentences, as `count_sentences` gives them.

    With `level` 0.95, 2.5 % of the resamples lie below the interval and 2.5 % above it.
    """
    chosen = _chosen(counts, metrics)
    drawn = np.concatenate([f1(sums) for sums in _bootstrap(chosen, resamples, seed)])
    rows = zip(f1(chosen.sum(0)), *_bounds(drawn, level), strict=True)
    return {metric: Interval(*map(float, row)) for metric, row in zip(metrics, rows, strict=True)}


def approximate_randomisation(
    first: Integers, second: Integers, *, resamples: int = RESAMPLES, seed: int = 0
) -> Floats:
    """Return two-sided p-values, [M], from the counts of sentences [S, M, 4] of two systems.

    A p-value is the share of random exchanges after which F1 differs at least as much as observed. The observed result
    itself counts as one exchange.
    """
    total, other, gain = first.sum(0), second.sum(0), second - first
    observed = np.abs(f1(other) - f1(total))
    reached = np.zeros(len(observed))
    generator = np.random.default_rng(seed)
    for rows in _chunks(resamples, len(first)):
        moved = _weighted(generator.integers(2, size=(rows, len(first)), dtype=np.int8), gain)
        reached += (np.abs(f1(other - moved) - f1(total + moved)) >= observed - ROUNDING).sum(0)
    return (1 + reached) / (1 + resamples)


def paired_bootstrap(first: Integers, second: Integers, *, resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """Return two-sided p-values, [M], from the counts of sentences [S, M, 4] of two systems.

    A p-value is the share of draws whose difference in F1 is at least as far from the observed difference as the
    observed difference is from 0 (Berg-Kirkpatrick et al. 2012, section 2.2). The observed result counts as one draw.
    """
    observed = f1(second.sum(0)) - f1(first.sum(0))
    from_observed = np.abs(_differences(first, second, resamples, seed) - observed)
    reached = (from_observed >= np.abs(observed) - ROUNDING).sum(0)
    return np.asarray((1 + reached) / (1 + resamples), np.float64)


def compare_systems(
    first: Integers,
    second: Integers,
    metrics: Sequence[str] = METRICS,
    *,
    test: Test = approximate_randomisation,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Difference]:
    """Return the gain of the second system over the first, from the counts of the same sentences of gold.

    The interval comes from the percentile bootstrap; `test` is `approximate_randomisation` or `paired_bootstrap`.
    Raises ValueError if the counts do not come from the same gold trees.
    """
    if first.shape != second.shape or not np.array_equal(first[..., GOLD], second[..., GOLD]):
        raise ValueError(
            f"counts of {len(first)} and {len(second)} sentences, or with different gold trees or punctuation; "
            "compare two systems on the same sentences of gold"
        )
    first, second = _chosen(first, metrics), _chosen(second, metrics)
    estimates = f1(second.sum(0)) - f1(first.sum(0))
    drawn = _differences(first, second, resamples, seed)
    p_values = test(first, second, resamples=resamples, seed=seed)
    rows = zip(estimates, *_bounds(drawn, level), p_values, strict=True)
    return {metric: Difference(*map(float, row)) for metric, row in zip(metrics, rows, strict=True)}


def _chosen(counts: Integers, metrics: Sequence[str]) -> Integers:
    return counts[:, [ALL_METRICS.index(metric) for metric in metrics]]


def _bounds(drawn: Floats, level: float) -> Floats:
    """Return the bounds ([2, M]) of the middle share `level` of the resamples [R, M]."""
    return np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)


def _differences(first: Integers, second: Integers, resamples: int, seed: int) -> Floats:
    """Return the difference of F1, [R, M]; both systems are scored on the same draws."""
    both = np.stack([first, second], axis=1)
    return np.concatenate([f1(sums[:, 1]) - f1(sums[:, 0]) for sums in _bootstrap(both, resamples, seed)])


def _bootstrap(counts: Integers, resamples: int, seed: int) -> Iterator[Floats]:
    """Yield the summed counts of some resamples at a time, R in all; each has the shape of one sentence's counts."""
    generator, size = np.random.default_rng(seed), len(counts)
    for rows in _chunks(resamples, size):
        drawn = generator.integers(size, size=(rows, size)) if size else np.zeros((rows, 0), np.int64)
        cells = drawn + size * np.arange(rows)[:, None]
        yield _weighted(np.bincount(cells.ravel(), minlength=rows * size).reshape(rows, size), counts)


def _chunks(resamples: int, size: int) -> Iterator[int]:
    rows = max(1, CELLS // max(1, size))
    for done in range(0, resamples, rows):
        yield min(rows, resamples - done)


def _weighted(times: NDArray[np.integer], counts: Integers) -> Floats:
    """Sum the counts of sentences, each multiplied by `times` ([rows, S]); exact for whole numbers below 2**53."""
    flat = counts.reshape(len(counts), int(np.prod(counts.shape[1:])))
    return np.asarray(times.astype(np.float64) @ flat.astype(np.float64)).reshape(len(times), *counts.shape[1:])
