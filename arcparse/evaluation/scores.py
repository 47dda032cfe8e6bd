"""Counts of right items, which add up over files, and the scores that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

SPAN_METRICS = ("Tokens", "Sentences", "Words")  # of segmentation: these have no accuracy over aligned words
TAG_METRICS = ("UPOS", "XPOS", "UFeats", "AllTags", "Lemmas")
ATTACHMENT_METRICS = ("UAS", "LAS", "CLAS", "MLAS", "BLEX")
METRICS = SPAN_METRICS + TAG_METRICS + ATTACHMENT_METRICS  # of the shared task, in its order
EXACT_METRICS = ("UEM", "LEM")  # sentences with all heads right, or all heads and labels
ALL_METRICS = (*METRICS, "Root", *EXACT_METRICS)
CORRECT, GOLD, SYSTEM, ALIGNED = range(4)  # the last axis of arrays of counts

HEADER = "Metric     | Precision |    Recall |  F1 Score | AligndAcc"
RULE = "-----------+-----------+-----------+-----------+-----------"


@dataclass(frozen=True, slots=True)
class Score:
    """Numbers of `correct`, `gold` and `system` items, and of the words that both texts have (`aligned`).

    Ratios lie in 0..1, and are 0 if nothing is counted.
    """

    correct: int = 0
    gold: int = 0
    system: int = 0
    aligned: int | None = None

    @property
    def precision(self) -> float:
        """The share of correct items among the system's."""
        return self.correct / self.system if self.system else 0.0

    @property
    def recall(self) -> float:
        """The share of correct items among gold's."""
        return self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.correct / (self.system + self.gold) if self.system + self.gold else 0.0

    @property
    def aligned_accuracy(self) -> float | None:
        """The share of correct ones among the aligned words; None for SPAN_METRICS and EXACT_METRICS."""
        if self.aligned is None:
            return None
        return self.correct / self.aligned if self.aligned else 0.0

    def as_dict(self) -> dict[str, float | None]:
        """Return ratios and counts, ready for JSON."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "aligned_accuracy": self.aligned_accuracy,
            "correct": self.correct,
            "gold": self.gold,
            "system": self.system,
            "aligned": self.aligned,
        }

    def __add__(self, other: Score) -> Score:
        """Return the score over both texts. Raises ValueError if only one of them counts aligned words."""
        if (self.aligned is None) != (other.aligned is None):
            raise ValueError(f"scores of different kinds do not add: {self} and {other}")
        aligned = None if self.aligned is None or other.aligned is None else self.aligned + other.aligned
        return Score(self.correct + other.correct, self.gold + other.gold, self.system + other.system, aligned)


def _nothing_counted() -> tuple[Score, ...]:
    return tuple(Score(aligned=None if metric in (*SPAN_METRICS, *EXACT_METRICS) else 0) for metric in ALL_METRICS)


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores by metric: `scores["LAS"].f1`. `Scores()` is neutral: `sum(parts, Scores())` adds scores."""

    counts: tuple[Score, ...] = field(default_factory=_nothing_counted)  # in the order of ALL_METRICS

    @classmethod
    def of(cls, counts: NDArray[np.int64]) -> Scores:
        """Make scores from counts, [M, 4] over ALL_METRICS and CORRECT, GOLD, SYSTEM, ALIGNED."""
        rows = zip(counts.tolist(), _nothing_counted(), strict=True)
        return cls(
            tuple(
                Score(row[CORRECT], row[GOLD], row[SYSTEM], None if zero.aligned is None else row[ALIGNED])
                for row, zero in rows
            )
        )

    def __getitem__(self, metric: str) -> Score:
        """Return the score of one of ALL_METRICS. Raises KeyError if there is no such metric."""
        if metric not in ALL_METRICS:
            raise KeyError(f"no metric '{metric}'; there are {', '.join(ALL_METRICS)}")
        return self.counts[ALL_METRICS.index(metric)]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the shared task's metrics."""
        return iter(METRICS)

    def __add__(self, other: Scores) -> Scores:
        """Return the scores over both texts.

        They equal the scores of the joined text if gold and system begin the second text with the same word.
        """
        return Scores(tuple(mine + yours for mine, yours in zip(self.counts, other.counts, strict=True)))

    def as_dict(self, metrics: Iterable[str] = METRICS) -> dict[str, dict[str, float | None]]:
        """Return ratios and counts by metric, ready for JSON."""
        return {metric: self[metric].as_dict() for metric in metrics}

    def table(self, metrics: Iterable[str] = METRICS) -> str:
        """Return the table that the shared task's scorer prints, in percent."""
        return "\n".join([HEADER, RULE, *(_row(metric, self[metric]) for metric in metrics)])

    def __str__(self) -> str:
        """Return the table of the shared task's metrics."""
        return self.table()


def _row(metric: str, score: Score) -> str:
    accuracy = "" if score.aligned_accuracy is None else f"{100 * score.aligned_accuracy:10.2f}"
    ratios = (100 * ratio for ratio in (score.precision, score.recall, score.f1))
    return f"{metric:11}|" + "".join(f"{ratio:10.2f} |" for ratio in ratios) + accuracy
