"""Test whether confidences are reliable: of ten arcs with confidence 0.8, eight should be right.

Confidences are put into bins of equal width; in each bin, the mean confidence is compared with the share of right
arcs. The expected calibration error is the mean distance of the two, weighted by the bins' counts (Naeini et al. 2015;
Guo et al. 2017, section 2). This error is also 0 for a parser that gives every arc its average accuracy. The Brier
score is therefore given too: it is lower if confidences separate right arcs from wrong ones.

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
OF_METRIC = {"UAS": HEAD, "LAS": LABEL}  # the confidence that belongs to each metric


@dataclass(frozen=True, slots=True)
class Bin:
    """The words with a confidence from `low` up to `high`: their count, mean confidence, and share of right ones."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float

    @property
    def error(self) -> float:
        """The distance of confidence and accuracy; 0 if the bin is empty."""
        return abs(self.confidence - self.accuracy)


@dataclass(frozen=True)
class Reliability:
    """Bins of confidences, and the Brier score: the mean squared distance of confidence from 1 (right) or 0 (wrong)."""

    bins: tuple[Bin, ...]
    brier: float

    @classmethod
    def of(cls, confidence: Sequence[float] | Floats, right: Booleans, bins: int = BINS) -> Reliability:
        """Sort confidences from 0 to 1 into bins; each bin includes its lower bound, the last one also its upper."""
        values, hits = np.asarray(confidence, np.float64), right.astype(np.float64)
        index = np.minimum((values * bins).astype(np.int64), bins - 1)
        count = np.bincount(index, minlength=bins)
        mean, share = (np.bincount(index, each, bins) / np.maximum(count, 1) for each in (values, hits))
        bounds = np.linspace(0, 1, bins + 1)
        rows = zip(*(each.tolist() for each in (bounds[:-1], bounds[1:], count, mean, share)), strict=True)
        return cls(tuple(Bin(*row) for row in rows), float(np.square(values - hits).mean()) if len(values) else 0.0)

    @property
    def whole(self) -> Bin:
        """All words as one bin; its error is not the expected error: too high and too low confidences cancel out."""
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
    """Return, for UAS and LAS, the reliability of the confidences in the system's MISC.

    A word that is not aligned with gold is wrong. Raises TreebankError if a word has no confidence.
    """
    looked_at = comparison.looked_at(punctuation)[1]
    found = {}
    for metric, aligned_right in (("UAS", comparison.head_right), ("LAS", comparison.labelled_right)):
        right = np.zeros(len(looked_at), np.bool_)
        right[comparison.s] = aligned_right
        values = np.array(read_confidence(comparison.system.text.sentences, OF_METRIC[metric]), np.float64)
        found[metric] = Reliability.of(values[looked_at], right[looked_at], bins)
    return found
