"""The reliability of the confidences of a parser, as a table and as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from arcparse.evaluation import Reliability
from arcparse.evaluation.calibration import Bin


def reliability_rows(panels: Mapping[str, Reliability]) -> Iterator[list[str]]:
    """Yield a table's rows, a heading first: for each metric its bins that are not empty, then all words."""
    yield ["confidence", "words", "mean", "right", "error", "Brier"]
    for metric, found in panels.items():
        for part in found.bins:
            if part.count:
                yield [f"{metric} {part.low:.2f}-{part.high:.2f}", str(part.count), *_percents(part, part.error), ""]
        whole = found.whole
        yield [f"{metric} all", str(whole.count), *_percents(whole, found.expected_error), f"{found.brier:.4f}"]


def _percents(part: Bin, error: float) -> list[str]:
    return [f"{100 * value:.2f}" for value in (part.confidence, part.accuracy, error)]


def reliability_cells(panels: Mapping[str, Reliability]) -> Iterator[dict[str, str | int | float]]:
    """Yield a row of CSV, by the columns' names, for each metric and bin."""
    for metric, found in panels.items():
        for part in found.bins:
            place = {"breakdown": "confidence", "part": f"{part.low:.2f}-{part.high:.2f}", "metric": metric}
            right = {"precision": part.accuracy, "correct": round(part.accuracy * part.count), "system": part.count}
            yield {**place, **right, "confidence": part.confidence}
