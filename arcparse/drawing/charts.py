"""Bars of counts, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from arcparse.drawing.elements import SANS, document, element, text
from arcparse.drawing.widths import ems

Bars = Mapping[str, float]

SMALL, TITLE = 11.0, 14.0  # sizes of type
ROW, LONGEST, BESIDE = 17.0, 300.0, 8.0  # height of a bar, length of the longest, and what is left beside it
MARGIN, BETWEEN, COLUMNS = 16.0, 30.0, 2
INK, BAR = "#333333", "#0068a8"


def charts(groups: Mapping[str, Bars]) -> str:
    """Draw groups of bars under their titles, two beside each other."""
    columns = [list(groups.items())[start::COLUMNS] for start in range(COLUMNS)]
    widths = [max((_width(title, bars) for title, bars in column), default=0.0) for column in columns]
    heights = [sum(_height(bars) for _, bars in column) for column in columns]
    parts: list[str] = []
    x = MARGIN
    for column, width in zip(columns, widths, strict=True):
        parts += _column(column, x)
        x += width + BETWEEN
    size = sum(widths) + BETWEEN + 2 * MARGIN, max(heights) + 2 * MARGIN
    return document(parts, *size, font=SANS, font_size=SMALL, fill=INK)


def _column(column: Sequence[tuple[str, Bars]], x: float) -> Iterator[str]:
    y = MARGIN
    for title, bars in column:
        yield text(x, y + TITLE, title, font_size=TITLE)
        start, most = x + _names(bars) + BESIDE, max(bars.values(), default=0.0) or 1.0
        for number, (name, value) in enumerate(bars.items()):
            base = y + TITLE + 10 + number * ROW
            length = LONGEST * value / most
            yield text(start - BESIDE, base + 11, name, text_anchor="end")
            yield element("rect", x=start, y=base, width=length, height=ROW - 4, fill=BAR)
            yield text(start + length + 5, base + 11, _number(value))
        y += _height(bars)


def _names(bars: Bars) -> float:
    return max((ems(name) * SMALL for name in bars), default=0.0)


def _width(title: str, bars: Bars) -> float:
    values = max((ems(_number(value)) * SMALL for value in bars.values()), default=0.0)
    return max(_names(bars) + BESIDE + LONGEST + 5 + values, ems(title) * TITLE)


def _height(bars: Bars) -> float:
    return TITLE + 10 + len(bars) * ROW + BETWEEN


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
