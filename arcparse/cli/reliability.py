"""How reliable a parser's confidences are, as a table and as the reliability diagram (DeGroot & Fienberg 1983)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from arcparse.drawing.elements import document, element, text, tooltip
from arcparse.evaluation import Reliability
from arcparse.evaluation.calibration import Bin

SIDE, SHARES, MARGIN = 240, 60, 48  # of a panel, of the shares of words below it, and around both, in pixels
SIZE = 11
RIGHT, DISTANCE, INK = "#4878a8", "#d95f02", "#333333"


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


def reliability_diagram(panels: Mapping[str, Reliability]) -> str:
    """Return an SVG document: by bin of confidence the share that is right, and below it the bin's share of words.

    Where a bar ends below the diagonal the parser is too sure, above it too modest.
    """
    parts = [
        element("g", "\n".join(_panel(name, found)), transform=f"translate({left} {MARGIN})", font_size=SIZE)
        for left, (name, found) in zip(range(MARGIN, 10**6, SIDE + MARGIN), panels.items(), strict=False)
    ]
    return document(parts, MARGIN + (SIDE + MARGIN) * len(panels), SIDE + SHARES + 3 * MARGIN)


def _panel(name: str, found: Reliability) -> Iterator[str]:
    total, width = max(found.whole.count, 1), SIDE / len(found.bins)
    yield text(0, -14, f"{name}: expected error {100 * found.expected_error:.2f}%", font_weight="bold", fill=INK)
    for number, part in enumerate(found.bins):
        right, (low, high) = part.accuracy, sorted((part.confidence, part.accuracy))
        tip = tooltip(f"{part.count} words, confidence {part.confidence:.3f}, right {right:.3f}")
        for inset, y, height, fill in (
            (0.0, SIDE * (1 - right), SIDE * right, RIGHT),
            (width / 4, SIDE * (1 - high), SIDE * (high - low), DISTANCE),
            (0.0, SIDE + MARGIN / 2, SHARES * part.count / total, INK),
        ):
            box = {"x": number * width + inset, "y": y, "width": width - 2 * inset, "height": height}
            yield element("rect", tip, **box, fill=fill, fill_opacity=0.8, stroke="white")
    yield element("path", d=f"M0 {SIDE}L{SIDE} 0", stroke=INK, stroke_dasharray="4 3")
    yield element("path", d=f"M0 0V{SIDE}H{SIDE}", stroke=INK, fill="none")
    for tick in (0, 0.5, 1):
        yield text(SIDE * tick, SIDE + 14, f"{tick:g}", text_anchor="middle", fill=INK)
        yield text(-6, SIDE * (1 - tick) + 4, f"{tick:g}", text_anchor="end", fill=INK)
    yield text(0, SIDE + SHARES + MARGIN, "confidence: share right, share of words", fill=INK)
