"""Bars of counts, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

from arcparse.drawing.widths import ems

Bars = Mapping[str, float]

SMALL, TITLE = 11.0, 14.0  # sizes of type
ROW, LONGEST, BESIDE = 17.0, 300.0, 8.0  # height of a bar, length of the longest, and what is left beside it
MARGIN, BETWEEN, COLUMNS = 16.0, 30.0, 2
FAMILY = "DejaVu Sans, Verdana, Arial, sans-serif"
INK, BAR = "#333", "#0068a8"


def charts(groups: Mapping[str, Bars]) -> str:
    """Draw groups of bars under their titles, two beside each other."""
    columns = [list(groups.items())[start::COLUMNS] for start in range(COLUMNS)]
    widths = [max((_width(title, bars) for title, bars in column), default=0.0) for column in columns]
    heights = [sum(_height(bars) for _, bars in column) for column in columns]
    wide, high = sum(widths) + BETWEEN + 2 * MARGIN, max(heights) + 2 * MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{high:.0f}" '
        f'viewBox="0 0 {wide:.0f} {high:.0f}" font-family="{FAMILY}" font-size="{SMALL:g}">'
    )
    parts = [head, f'<rect width="{wide:.0f}" height="{high:.0f}" fill="#fff"/>']
    x = MARGIN
    for column, width in zip(columns, widths, strict=True):
        parts += _column(column, x)
        x += width + BETWEEN
    return "\n".join([*parts, "</svg>"]) + "\n"


def _column(column: Sequence[tuple[str, Bars]], x: float) -> Iterator[str]:
    y = MARGIN
    for title, bars in column:
        yield f'<text x="{x:.1f}" y="{y + TITLE:.1f}" font-size="{TITLE:g}" fill="{INK}">{escape(title)}</text>'
        start, most = x + _names(bars) + BESIDE, max(bars.values(), default=0.0) or 1.0
        for number, (name, value) in enumerate(bars.items()):
            base = y + TITLE + 10 + number * ROW
            length = LONGEST * value / most
            left = f'x="{start - BESIDE:.1f}" text-anchor="end"'
            yield f'<text {left} y="{base + 11:.1f}" fill="{INK}">{escape(name)}</text>'
            yield f'<rect x="{start:.1f}" y="{base:.1f}" width="{length:.1f}" height="{ROW - 4:g}" fill="{BAR}"/>'
            yield f'<text x="{start + length + 5:.1f}" y="{base + 11:.1f}" fill="{INK}">{_number(value)}</text>'
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
