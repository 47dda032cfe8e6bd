"""Whether confidences mean what they say: of the arcs with confidence 0.8, eight of ten should be right.

Confidences fall into bins of equal width; in each, the mean confidence stands against the share that is right. The
expected calibration error is the mean distance of the two, weighted by the bins' counts (Naeini et al. 2015; Guo et al.
2017, section 2). A parser that gives every arc its average accuracy has none either, so the Brier score stands beside
it, which falls as confidences tell right arcs from wrong ones.

Axis letters: W words, A aligned words, N bins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from arcparse.confidence import HEAD, LABEL, read_confidence
from arcparse.evaluation.alignment import Booleans, Integers
from arcparse.evaluation.comparison import Comparison

Floats = NDArray[np.float64]
BINS = 10
OF_METRIC = {"UAS": HEAD, "LAS": LABEL}  # the confidence that foretells each


@dataclass(frozen=True)
class Reliability:
    """Confidences by bin: how many, their mean, and the share of them that was right; 0 where a bin is empty."""

    count: Integers  # [N]
    confidence: Floats  # [N]
    accuracy: Floats  # [N]
    brier: float  # mean squared distance of confidence from 1 where it was right, from 0 where it was wrong

    @classmethod
    def of(cls, confidence: Sequence[float] | Floats, right: Booleans, bins: int = BINS) -> Reliability:
        """Sort confidences of 0 to 1 into `bins` bins; a bin holds its lower bound, the last one also its upper."""
        values, hits = np.asarray(confidence, np.float64), right.astype(np.float64)
        index = np.minimum((values * bins).astype(np.int64), bins - 1)
        count = np.bincount(index, minlength=bins)
        means = (np.bincount(index, each, bins) / np.maximum(count, 1) for each in (values, hits))
        return cls(count, *means, float(np.square(values - hits).mean()) if len(values) else 0.0)

    @cached_property
    def bounds(self) -> Floats:
        """The bounds of the bins, [N + 1]."""
        return np.linspace(0, 1, len(self.count) + 1)

    @property
    def expected_error(self) -> float:
        """Mean distance of confidence and accuracy over all words (ECE)."""
        return float(np.abs(self.confidence - self.accuracy) @ self.count / max(self.count.sum(), 1))

    @property
    def largest_error(self) -> float:
        """Distance of confidence and accuracy in the worst bin (MCE)."""
        return float(np.abs(self.confidence - self.accuracy).max())

    @property
    def mean_confidence(self) -> float:
        """The mean over all words, to hold against the accuracy."""
        return float(self.confidence @ self.count / max(self.count.sum(), 1))

    def as_dict(self) -> dict[str, object]:
        """Return measures and bins, ready for JSON."""
        rows = zip(self.bounds, self.bounds[1:], self.count, self.confidence, self.accuracy, strict=False)
        names = ("low", "high", "count", "confidence", "accuracy")
        return {
            "expected_error": self.expected_error,
            "largest_error": self.largest_error,
            "brier": self.brier,
            "mean_confidence": self.mean_confidence,
            "bins": [dict(zip(names, map(float, row), strict=True)) | {"count": int(row[2])} for row in rows],
        }


def calibration(comparison: Comparison, *, bins: int = BINS, punctuation: bool = True) -> dict[str, Reliability]:
    """Return by metric, UAS and LAS, how reliable the confidences in the system's MISC are.

    A word that is none of gold's is wrong. Raises TreebankError where a word has no confidence.
    """
    looked_at = comparison.looked_at(punctuation)[1]
    found = {}
    for metric, aligned_right in (("UAS", comparison.head_right), ("LAS", comparison.labelled_right)):
        right = np.zeros(len(looked_at), np.bool_)
        right[comparison.s] = aligned_right
        values = np.array(read_confidence(comparison.system.text.sentences, OF_METRIC[metric]), np.float64)
        found[metric] = Reliability.of(values[looked_at], right[looked_at], bins)
    return found
