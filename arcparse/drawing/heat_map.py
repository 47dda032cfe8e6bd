"""Where a decoder looked: a row for each symbol written, a column for each symbol of the source, dark where much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from arcparse.drawing.elements import document, element, text, text_width, tooltip

CELL, SIZE, MARGIN, GAP = 20, 12, 14, 6  # pixels: of a square, letters, the edge, between letters and squares
LIGHT, DARK = (255, 255, 255), (0, 85, 145)  # of weights 0 and 1
LINE, INK = "#dddddd", "#333333"


def heat_map(rows: Sequence[str], columns: Sequence[str], weights: Sequence[Sequence[float]]) -> str:
    """Draw weights from 0 to 1, by row and column, as SVG; pointing at a square tells its weight."""
    left = MARGIN + GAP + max((text_width(row, SIZE) for row in rows), default=0.0)
    top = MARGIN + GAP + max((text_width(column, SIZE) for column in columns), default=0.0)
    wide, high = left + CELL * len(columns) + MARGIN, top + CELL * len(rows) + MARGIN
    return document(_parts(rows, columns, weights, left, top), wide, high, font_size=SIZE)


def _parts(
    rows: Sequence[str], columns: Sequence[str], weights: Sequence[Sequence[float]], left: float, top: float
) -> Iterator[str]:
    middle = CELL / 2 + SIZE / 3  # where the baseline of a text stands that is in the middle of a square
    for number, column in enumerate(columns):
        x, y = left + CELL * number + middle, top - GAP
        yield text(x, y, column, fill=INK, transform=f"rotate(-90 {x:.2f} {y:.2f})")
    for number, (row, own) in enumerate(zip(rows, weights, strict=True)):
        y = top + CELL * number
        yield text(left - GAP, y + middle, row, fill=INK, text_anchor="end")
        for place, (column, weight) in enumerate(zip(columns, own, strict=True)):
            square: dict[str, str | float] = {"x": left + CELL * place, "y": y, "width": CELL, "height": CELL}
            title = tooltip(f"{row} ← {column}: {weight:.3f}")
            yield element("rect", title, **square, fill=_colour(weight), stroke=LINE)


def _colour(weight: float) -> str:
    return "#" + "".join(f"{round(a + (b - a) * weight):02x}" for a, b in zip(LIGHT, DARK, strict=True))
