"""The plot of a search-error analysis: LAS, what became of the sentences, and speed, each by beam width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from arcparse.drawing.elements import document, element, text

if TYPE_CHECKING:
    from arcparse.parser.search_errors import BeamReport

WIDE, HIGH = 300, 240  # pixels of a panel, its title and labels included
LEFT, RIGHT, TOP, BOTTOM = 58, 16, 34, 40  # around its axes
LEGEND = 16  # pixels of a line of the legend, below the axes
SIZE = 11
BLUE, COLOURS = "#1f77b4", ("#1b7837", "#d95f02", "#7570b3", "#808080")
GRID, INK = "#dddddd", "#333333"


@dataclass(frozen=True)
class Panel:
    """Lines over the same beams: (name, colour, values)."""

    title: str
    lines: tuple[tuple[str, str, tuple[float, ...]], ...]


def error_plot(reports: Sequence[BeamReport]) -> str:
    """Return an SVG document with three panels; beams stand at equal distances, as they come."""
    from arcparse.outcome import Outcome

    outcomes = [
        (name.value, colour, tuple(100 * report.share(name) for report in reports))
        for name, colour in zip(Outcome, COLOURS, strict=True)
    ]
    panels = [
        Panel("LAS (%)", (("", BLUE, tuple(100 * report.las for report in reports)),)),
        Panel("sentences (%)", tuple(outcomes)),
        Panel("tokens/s", (("", BLUE, tuple(report.tokens_per_second for report in reports)),)),
    ]
    beams = [str(report.beam) for report in reports]
    parts = [
        element("g", "\n".join(_panel(panel, beams)), transform=f"translate({i * WIDE} 0)", font_size=SIZE)
        for i, panel in enumerate(panels)
    ]
    return document(parts, len(panels) * WIDE, HIGH + LEGEND * len(outcomes))


def _panel(panel: Panel, beams: Sequence[str]) -> Iterator[str]:
    ticks = _ticks(list(chain.from_iterable(values for *_, values in panel.lines)))
    low, high = ticks[0], ticks[-1]
    step = (WIDE - LEFT - RIGHT) / len(beams)
    place = [LEFT + step * (i + 0.5) for i in range(len(beams))]

    def height(value: float) -> float:
        return HIGH - BOTTOM - (value - low) / (high - low) * (HIGH - BOTTOM - TOP)

    yield text(LEFT, TOP - 14, panel.title, font_weight="bold", fill=INK)
    for tick in ticks:
        y = height(tick)
        yield element("line", x1=LEFT, x2=WIDE - RIGHT, y1=y, y2=y, stroke=GRID)
        yield text(LEFT - 6, y + 4, f"{tick:,g}", text_anchor="end", fill=INK)
    for x, beam in zip(place, beams, strict=True):
        yield text(x, HIGH - BOTTOM + 16, beam, text_anchor="middle", fill=INK)
    yield text((LEFT + WIDE - RIGHT) / 2, HIGH - BOTTOM + 32, "beam", text_anchor="middle", fill=INK)
    for number, (name, colour, values) in enumerate(panel.lines):
        points = [(x, height(value)) for x, value in zip(place, values, strict=True)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        yield element("polyline", points=path, fill="none", stroke=colour, stroke_width=2)
        yield from (element("circle", cx=x, cy=y, r=3, fill=colour) for x, y in points)
        if name:
            yield text(LEFT + 18, HIGH + LEGEND * (number + 0.5), name, fill=INK)
            yield element("circle", cx=LEFT + 8, cy=HIGH + LEGEND * (number + 0.5) - 4, r=4, fill=colour)


def _ticks(values: Sequence[float]) -> list[float]:
    """Return three to eight round numbers that reach from below the least value to above the greatest."""
    low, high = min(values), max(values)
    wide = (high - low) or abs(high) or 1.0
    step = 10 ** floor(log10(wide / 3))
    step *= next(factor for factor in (1, 2, 5, 10) if wide / (step * factor) <= 5)
    first = floor(low / step + 1e-9)
    last = max(ceil(high / step - 1e-9), first + 1)
    return [round(i * step, 10) for i in range(first, last + 1)]
