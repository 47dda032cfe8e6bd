"""Curves over the steps of training, as SVG: a panel for each quantity, a line in it for each run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arcparse.drawing.elements import SANS, document, element, text, tooltip
from arcparse.drawing.widths import ems

Points = Sequence[tuple[float, float]]
Style = dict[str, Any]  # attributes of a line

WIDE, HIGH, COLUMNS = 360.0, 200.0, 2  # pixels of a panel's field, and panels beside each other
SMALL, TITLE = 11.0, 13.0  # sizes of type
LEFT, ABOVE, BELOW, RIGHT = 62.0, 30.0, 34.0, 22.0  # what is left around a field, for its numbers and its title
MARGIN, SAMPLE, LEGEND = 16.0, 22.0, 20.0  # around the picture; of a line beside its run's name, and that line's height
INK, GRID = "#333333", "#dddddd"
COLOURS = ("#0068a8", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")  # near Okabe & Ito 2008
DASHES = ("none", "6 3", "2 2")  # of the first seven runs, the next and those after
FEWEST, TICKS = 2, 5  # on an axis
NICE = (1, 2, 2.5, 5, 10)
SHOWN = 600  # points of a line, more than it has pixels


@dataclass(frozen=True)
class Panel:
    """A quantity: the values of each run by step, in the order of steps."""

    title: str
    lines: Mapping[str, Points]
    logarithmic: bool = False  # values then are above 0


def curves(panels: Sequence[Panel]) -> str:
    """Draw panels two beside each other below the names of their runs; pointing at a line tells its last value."""
    names = list(dict.fromkeys(name for panel in panels for name in panel.lines))
    style = {name: _style(number) for number, name in enumerate(names)}
    whole = LEFT + WIDE + RIGHT, ABOVE + HIGH + BELOW
    rows = -(-len(panels) // COLUMNS)
    last = max((line[-1][0] for panel in panels for line in panel.lines.values() if line), default=1.0)
    top = MARGIN + LEGEND * len(names)
    parts = list(_legend(style))
    for number, panel in enumerate(panels):
        x, y = MARGIN + whole[0] * (number % COLUMNS) + LEFT, top + whole[1] * (number // COLUMNS) + ABOVE
        parts += _panel(panel, x, y, last, style)
    wide = max(whole[0] * min(COLUMNS, len(panels)), SAMPLE + 8 + max((ems(name) * SMALL for name in names), default=0))
    return document(parts, wide + 2 * MARGIN, top + whole[1] * rows + MARGIN, font=SANS, font_size=SMALL, fill=INK)


def _style(number: int) -> Style:
    dashes = DASHES[min(number // len(COLOURS), len(DASHES) - 1)]
    return {"stroke": COLOURS[number % len(COLOURS)], "stroke_dasharray": dashes, "stroke_width": 1.5, "fill": "none"}


def _legend(style: Mapping[str, Style]) -> Iterator[str]:
    for number, (name, look) in enumerate(style.items()):
        y = MARGIN + LEGEND * number + LEGEND / 2
        yield element("path", d=f"M{MARGIN:g} {y:g}h{SAMPLE:g}", **look)
        yield text(MARGIN + SAMPLE + 8, y + 4, name)


def _panel(panel: Panel, x: float, y: float, steps: float, style: Mapping[str, Style]) -> Iterator[str]:
    """Give the grid, the numbers and the lines of a panel whose field begins at (x, y) and is so many steps wide."""
    yield text(x, y - 10, panel.title, font_size=TITLE)
    values = [value for line in panel.lines.values() for _, value in line]
    if not values:
        return
    across = _Axis.around([0.0, steps], x, x + WIDE)
    upwards = _Axis.around(values, y + HIGH, y, logarithmic=panel.logarithmic and min(values) > 0)
    for tick in upwards.ticks:
        at = upwards.place(tick)
        yield element("path", d=f"M{x:.2f} {at:.2f}h{WIDE:g}", stroke=GRID)
        yield text(x - 6, at + 4, _number(tick), text_anchor="end")
    for tick in across.ticks:
        at = across.place(tick)
        yield element("path", d=f"M{at:.2f} {y:.2f}v{HIGH:g}", stroke=GRID)
        yield text(at, y + HIGH + 16, _number(tick), text_anchor="middle")
    for name, line in panel.lines.items():
        if line:
            places = (f"{across.place(step):.1f} {upwards.place(value):.1f}" for step, value in _thinned(line))
            last = tooltip(f"{name}: {line[-1][1]:.6g} at step {line[-1][0]:,.0f}")
            yield element("path", last, d="M" + "L".join(places), **style[name])


@dataclass(frozen=True)
class _Axis:
    """Numbers to places: those of `bounds` are at `ends`."""

    bounds: tuple[float, float]
    ends: tuple[float, float]
    logarithmic: bool
    ticks: Sequence[float]

    @classmethod
    def around(cls, numbers: Sequence[float], first: float, last: float, *, logarithmic: bool = False) -> _Axis:
        """Make an axis that holds all numbers, whose ticks are round."""
        low, high = min(numbers), max(numbers)
        if low == high:
            low, high = (low / 2, high * 2) if logarithmic else (low - 0.5, high + 0.5)
        ticks = _powers(low, high) if logarithmic else []
        if len(ticks) < FEWEST:
            ticks = _multiples(low, high)
        return cls((low, high), (first, last), logarithmic, ticks)

    def place(self, number: float) -> float:
        """Return where a number is."""
        low, high, value = (*self.bounds, number)
        if self.logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return self.ends[0] + (self.ends[1] - self.ends[0]) * (value - low) / (high - low)


def _multiples(low: float, high: float) -> list[float]:
    """Return at most some round numbers in equal steps."""
    least = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(least))
    step = next(nice * power for nice in NICE if nice * power >= least)
    first = math.ceil(low / step)
    return [number * step for number in range(first, math.floor(high / step) + 1)]


def _powers(low: float, high: float) -> list[float]:
    """Return round numbers whose logarithms are about equally far from each other."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 1.5, 2, 3, 4, 5, 7), (1, 2, 3, 5), (1, 3), (1,)):
        found = [digit * 10.0**exponent for exponent in exponents for digit in digits]
        found = [number for number in found if low <= number <= high]
        if len(found) <= TICKS + 1:
            break
    return found


def _thinned(line: Points) -> Points:
    """Return every so-many-th point, and the last."""
    stride = max(1, len(line) // SHOWN)
    return [*line[:-1:stride], line[-1]]


def _number(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:g}"
