"""Whether confidences mean what they say: of the arcs with confidence 0.8, eight of ten should be right.

Confidences fall into bins of equal width; in each, the mean confidence stands against the share that is right. The
expected calibration error is the mean distance of the two, weighted by the bins' counts (Naeini et al. 2015; Guo et al.
2017, section 2). A parser that gives every arc its average accuracy has none either, so the Brier score stands beside
it, which falls as confidences tell right arcs from wrong ones.

Axis letters: W words, A aligned words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcparse.evaluation.alignment import Booleans
from arcparse.evaluation.comparison import Comparison
from arcparse.evaluation.confidence import HEAD, LABEL, read_confidence

Floats = NDArray[np.float64]
BINS = 10
OF_METRIC = {"UAS": HEAD, "LAS": LABEL}  # the confidence that foretells each


@dataclass(frozen=True, slots=True)
class Bin:
    """The words with a confidence from `low` up to `high`: how many, their mean confidence, and the share right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float

    @property
    def error(self) -> float:
        """The distance of confidence and accuracy; 0 where the bin is empty."""
        return abs(self.confidence - self.accuracy)


@dataclass(frozen=True)
class Reliability:
    """Confidences by bin, and the mean squared distance of confidence from 1 where right, from 0 where wrong."""

    bins: tuple[Bin, ...]
    brier: float

    @classmethod
    def of(cls, confidence: Sequence[float] | Floats, right: Booleans, bins: int = BINS) -> Reliability:
        """Sort confidences of 0 to 1 into `bins` bins; a bin holds its lower bound, the last one also its upper."""
        values, hits = np.asarray(confidence, np.float64), right.astype(np.float64)
        index = np.minimum((values * bins).astype(np.int64), bins - 1)
        count = np.bincount(index, minlength=bins)
        mean, share = (np.bincount(index, each, bins) / np.maximum(count, 1) for each in (values, hits))
        bounds = np.linspace(0, 1, bins + 1)
        rows = zip(*(each.tolist() for each in (bounds[:-1], bounds[1:], count, mean, share)), strict=True)
        return cls(tuple(Bin(*row) for row in rows), float(np.square(values - hits).mean()) if len(values) else 0.0)

    @property
    def whole(self) -> Bin:
        """All words as one bin, whose error is not the expected one: what is too sure and too modest cancels out."""
        return Bin(0.0, 1.0, sum(part.count for part in self.bins), self._mean("confidence"), self._mean("accuracy"))

    @property
    def expected_error(self) -> float:
        """The mean error over all words (ECE)."""
        return self._mean("error")

    @property
    def largest_error(self) -> float:
        """The error of the worst bin (MCE)."""
        return max(part.error for part in self.bins)

    def _mean(self, name: str) -> float:
        total = sum(part.count for part in self.bins)
        return sum(part.count * float(getattr(part, name)) for part in self.bins) / total if total else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return measures and bins, ready for JSON."""
        names = ("expected_error", "largest_error", "brier")
        whole = {"count": self.whole.count, "confidence": self.whole.confidence, "accuracy": self.whole.accuracy}
        return {**{name: getattr(self, name) for name in names}, **whole, "bins": [asdict(part) for part in self.bins]}


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
