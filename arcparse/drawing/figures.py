"""Figures with axes, by matplotlib: curves, bars, reliability, errors by beam, growth, attention, sound over time.

Trees are drawn by `arcparse.drawing.svg` and need no library. A figure here is matplotlib's `Figure`, made without its
global state; `rendered` turns it into the bytes of an SVG or PNG file, equal for equal values.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from arcparse.errors import ConfigurationError
from arcparse.evaluation import Reliability

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

Points = Sequence[tuple[float, float]]
Bars = Mapping[str, float]

WIDE, HIGH, COLUMNS = 4.6, 3.0, 2  # inches of a panel, and panels beside each other
ROW = 0.21  # inches of a bar, and of a row or column of a heat map
COLOURS = ("#0068a8", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")  # near Okabe & Ito 2008
DASHES = ("-", "--", ":")  # of the first seven lines, the next seven, and all others
SHOWN = 600  # points of a line, more than it has pixels
STYLE = {
    "font.size": 8.0,
    "font.family": ["DejaVu Sans", "Noto Sans", "Noto Sans CJK SC", "Noto Sans Arabic", "Droid Sans Fallback"],
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#dddddd",
    "svg.fonttype": "none",  # letters stay text, which can be searched and copied
    "svg.hashsalt": "arcparse",  # the same identifiers each time
}


@dataclass(frozen=True)
class Panel:
    """A quantity: the values of each line by step, in the order of steps."""

    title: str
    lines: Mapping[str, Points]
    logarithmic: bool = False  # if so, values are above 0


def rendered(figure: Figure, format: Literal["svg", "png"]) -> bytes:
    """Return the bytes of a picture file; letters that no installed font has are drawn as boxes."""
    file = io.BytesIO()
    metadata = {"Date": None} if format == "svg" else {"Software": None}
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # it warns of each missing font
    with _style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        figure.savefig(file, format=format, dpi=160, bbox_inches="tight", metadata=metadata)
    return file.getvalue()


def curves(panels: Sequence[Panel]) -> Figure:
    """Draw panels over the steps of training, two beside each other, below the names of their lines."""
    names = list(dict.fromkeys(name for panel in panels for name in panel.lines))
    last = max((line[-1][0] for panel in panels for line in panel.lines.values() if line), default=1.0)
    figure, fields = _fields(len(panels))
    with _style():
        for panel, axes in zip(panels, fields, strict=True):
            axes.set_title(panel.title)
            axes.set_xlim(0, last)
            for name, line in panel.lines.items():
                dot = "." if len(line) == 1 else ""
                axes.plot(*_columns(_thinned(line)), marker=dot, label=name, **_look(names.index(name)))
            values = [value for line in panel.lines.values() for _, value in line]
            if panel.logarithmic and values and min(values) > 0:
                axes.set_yscale("log")
        _legend(figure, fields)
    return figure


def bars(groups: Mapping[str, Bars]) -> Figure:
    """Draw groups of bars under their titles, two groups beside each other, each value behind its bar."""
    rows = [max(len(group) for group in pair) for pair in _pairs(list(groups.values()))]
    figure, fields = _fields(len(groups), heights=[max(ROW * count, ROW) + 0.6 for count in rows])
    with _style():
        for number, ((title, group), axes) in enumerate(zip(groups.items(), fields, strict=True)):
            axes.set_title(title)
            axes.grid(visible=False)
            drawn = axes.barh(range(len(group)), list(group.values()), color=COLOURS[0])
            axes.bar_label(drawn, [_number(value) for value in group.values()], padding=3)
            axes.set_yticks(range(len(group)), list(group))
            axes.set_xticks([])
            axes.set_ylim(rows[number // COLUMNS] - 0.5, -0.5)  # from above, bars of one height
            axes.spines["bottom"].set_visible(False)
    return figure


def heat_map(rows: Sequence[str], columns: Sequence[str], weights: Sequence[Sequence[float]]) -> Figure:
    """Draw weights from 0 to 1, one row for each symbol written and one column for each symbol of the source."""
    with _style():
        figure = _figure(1.5 + ROW * len(columns), 1.2 + ROW * len(rows))
        axes = figure.subplots()
        axes.grid(visible=False)
        axes.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="equal")
        axes.set_yticks(range(len(rows)), list(rows))
        axes.set_xticks(range(len(columns)), list(columns), rotation=90)
        axes.xaxis.tick_top()
        axes.spines[:].set_visible(False)
    return figure


def reliability(found: Mapping[str, Reliability]) -> Figure:
    """Draw for each metric the share of right arcs by bin of confidence, and below it the share of words in each bin.

    A bar that ends below the diagonal belongs to a parser with too high confidences (DeGroot & Fienberg 1983).
    """
    with _style():
        figure = _figure(3.2 * len(found), 4.2)
        grid = figure.subplots(2, len(found), sharex=True, squeeze=False, height_ratios=(4, 1))
        for (metric, own), upper, lower in zip(found.items(), *grid, strict=True):
            middles = [(part.low + part.high) / 2 for part in own.bins]
            width = 0.94 / len(own.bins)
            right, sure = ([getattr(part, name) for part in own.bins] for name in ("accuracy", "confidence"))
            upper.bar(middles, right, width, color=COLOURS[0], label="right")
            gap = [confidence - accuracy for confidence, accuracy in zip(sure, right, strict=True)]
            upper.bar(middles, gap, width / 2, bottom=right, color=COLOURS[1], label="confidence less right")
            upper.plot([0, 1], [0, 1], color="#333333", linestyle="--", linewidth=1)
            upper.set_title(f"{metric}: expected error {100 * own.expected_error:.2f} %")
            upper.set_ylim(0, 1)
            upper.set_ylabel("share right")
            lower.bar(middles, [part.count / max(own.whole.count, 1) for part in own.bins], width, color="#333333")
            lower.set_ylabel("share of words")
            lower.set_xlabel("confidence")
        _legend(figure, [grid[0][0]])
    return figure


def by_beam(beams: Sequence[int], panels: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Draw panels of lines over beam widths, which stand at equal distances; a line of the name "" has no legend."""
    figure, fields = _fields(len(panels), columns=len(panels))
    with _style():
        for (title, lines), axes in zip(panels.items(), fields, strict=True):
            axes.set_title(title)
            axes.set_xlabel("beam")
            axes.set_xticks(range(len(beams)), [str(beam) for beam in beams])
            for number, (name, values) in enumerate(lines.items()):
                axes.plot(values, marker="o", markersize=3, label=name or None, **_look(number))
        _legend(figure, fields)
    return figure


def growth(panels: Mapping[str, Panel]) -> Figure:
    """Draw panels of lines over the quantities that name them, at distances of their logarithms.

    In a logarithmic panel, a line whose values double where the quantity doubles is straight.
    """
    figure, fields = _fields(len(panels), columns=len(panels))
    with _style():
        for (quantity, panel), axes in zip(panels.items(), fields, strict=True):
            axes.set_title(panel.title)
            axes.set_xlabel(quantity)
            for number, (name, line) in enumerate(panel.lines.items()):
                axes.semilogx(*_columns(line), marker="o", markersize=3, label=name, **_look(number))
            steps = sorted({step for line in panel.lines.values() for step, _ in line})
            axes.set_xticks(steps, [f"{step:,}" for step in steps], minor=False)
            axes.set_xticks([], minor=True)
            if panel.logarithmic:
                axes.set_yscale("log")
            else:
                axes.set_ylim(bottom=0)
            axes.yaxis.set_major_formatter("{x:,g}")
            axes.legend(frameon=False)
    return figure


def over_time(
    sound: tuple[NDArray[np.float32], int] | NDArray[np.float32],
    lines: Mapping[str, Sequence[float]],
    *,
    seconds: float,
    gold: Mapping[str, Sequence[bool]],
    threshold: float | None = None,
) -> Figure:
    """Draw sound, and below it lines from 0 to 1 over its frames of so many `seconds`; gold frames are shaded.

    Sound is samples [N] and their number a second, or frames [T, D].
    """
    count = max(map(len, lines.values()))
    with _style():
        figure = _figure(2 * WIDE, HIGH)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.2))
        if isinstance(sound, tuple):
            _draw_wave(upper, *sound)
        else:
            upper.imshow(
                sound.T,
                aspect="auto",
                origin="lower",
                cmap="Greys",
                extent=(0, len(sound) * seconds, 0, sound.shape[1]),
            )
            upper.set_ylabel("band")
            upper.grid(visible=False)
        for number, (name, frames) in enumerate(gold.items()):
            edges = [frame for frame in range(count + 1) if _at(frames, frame) != _at(frames, frame - 1)]
            for begin, end in zip(edges[::2], edges[1::2], strict=True):
                label = name if begin == edges[0] else None
                lower.axvspan(
                    begin * seconds, end * seconds, color=_look(number)["color"], alpha=0.2, lw=0, label=label
                )
        for number, (name, line) in enumerate(lines.items()):
            lower.plot([frame * seconds for frame in range(len(line))], line, label=name, **_look(number))
        if threshold is not None:
            lower.axhline(threshold, color="#333333", linestyle="--", linewidth=1, label="threshold")
        lower.set_ylim(0, 1.02)
        lower.set_xlim(0, count * seconds)
        lower.set_xlabel("seconds")
        _legend(figure, [lower])
    return figure


def _draw_wave(axes: Axes, samples: NDArray[np.float32], rate: int) -> None:
    """Draw the least and the largest sample of each short piece: a picture has fewer points than a wave."""
    size = max(1, len(samples) // (2 * SHOWN))
    pieces = samples[: len(samples) // size * size].reshape(-1, size)
    times = [number * size / rate for number in range(len(pieces))]
    axes.fill_between(times, pieces.min(1), pieces.max(1), color="#333333", linewidth=0.5)
    axes.set_ylabel("wave")


def _at(frames: Sequence[bool], frame: int) -> bool:
    return 0 <= frame < len(frames) and frames[frame]


def _figure(wide: float, high: float) -> Figure:
    """Return an empty figure. Raises ConfigurationError if matplotlib is not installed."""
    try:
        library = import_module("matplotlib.figure")
    except ImportError as error:
        raise ConfigurationError(f"this picture needs matplotlib ({error}); `pip install matplotlib`") from None
    figure: Figure = library.Figure(figsize=(wide, high), layout="constrained")
    return figure


def _style() -> warnings.catch_warnings:  # a context manager
    library = import_module("matplotlib")
    context: warnings.catch_warnings = library.rc_context(STYLE)
    return context


def _fields(count: int, *, columns: int = COLUMNS, heights: Sequence[float] | None = None) -> tuple[Figure, list[Axes]]:
    """Return a figure with so many fields, `columns` beside each other."""
    rows = max(1, -(-count // columns))
    sizes = heights or [HIGH] * rows
    figure = _figure(WIDE * min(columns, max(count, 1)), sum(sizes))
    with _style():
        grid = figure.subplots(rows, min(columns, max(count, 1)), squeeze=False, height_ratios=sizes)
    fields = [axes for row in grid for axes in row]
    for axes in fields[count:]:
        axes.set_axis_off()
    return figure, fields[:count]


def _legend(figure: Figure, fields: Sequence[Axes]) -> None:
    """Name each line once, above all fields."""
    named = {name: line for axes in fields for line, name in zip(*axes.get_legend_handles_labels(), strict=True)}
    if named:
        figure.legend(named.values(), named.keys(), loc="outside upper left", frameon=False, ncols=min(len(named), 3))


def _look(number: int) -> dict[str, Any]:
    """Return the colour and the dashes of a line; the first 21 differ."""
    dashes = DASHES[min(number // len(COLOURS), len(DASHES) - 1)]
    return {"color": COLOURS[number % len(COLOURS)], "linestyle": dashes}


def _pairs(groups: Sequence[Bars]) -> list[Sequence[Bars]]:
    return [groups[start : start + COLUMNS] for start in range(0, len(groups), COLUMNS)]


def _columns(line: Points) -> tuple[list[float], list[float]]:
    return [step for step, _ in line], [value for _, value in line]


def _thinned(line: Points) -> Points:
    """Return evenly spaced points of a long line, and the last."""
    stride = max(1, len(line) // SHOWN)
    return [*line[:-1:stride], *line[-1:]]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
