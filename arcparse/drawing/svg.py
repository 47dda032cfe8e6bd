"""A diagram as SVG, without scripts; each arc has a tooltip with its head, dependent and label.

Words, tags and the lines below feet carry the number of their word as `data-word`, and arcs that of their dependent as
`data-dependent`, so that a page can mark or hide them. The boxes of a drawing come from `places`, so that tests can
look at them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, inf

from arcparse.drawing.colours import FAINT, GOLD, INK, SYSTEM, Colouring, colour_of, shade
from arcparse.drawing.diagram import DIFFERENT, Diagram
from arcparse.drawing.elements import SANS, document, element, text, tooltip
from arcparse.drawing.layout import Line, Metrics, PlacedArc
from arcparse.drawing.lines import lines
from arcparse.drawing.widths import ems

Meaning = tuple[str, str, str]  # of a line: its name, colour and dashes

WIDTH = 1100.0  # pixels of a page
FORM, SMALL = 15.0, 11.0  # sizes of type
LEVEL = 20.0  # from one level of arcs to the next: a label and its arc
DESCENT = 2.5  # of letters below their line
FOOT, GAP, PAD = 10.0, 14.0, 5.0
MARGIN, BETWEEN = 12.0, 26.0  # around the picture, and between its lines
RADIUS, ARROW = 5.0, 5.0
LEGEND, SWATCH = 24.0, 22.0  # height of the legend, length of its lines
DASHED = "5 3"
SHADES = (1, 0.75, 0.5, 0.25, 0)  # confidences in the legend

METRICS = Metrics(lambda text: ems(text) * FORM, lambda text: ems(text) * SMALL, FOOT, GAP, PAD)


@dataclass(frozen=True)
class Place:
    """The place of a line: the height of the feet of its arcs, and the way from its numbers to those of the picture."""

    line: Line
    base: float
    width: float  # of the picture; a line from right to left is mirrored in it
    mirrored: bool

    def x(self, x: float) -> float:
        """Return a place of the line as one of the picture."""
        return MARGIN + (self.width - x if self.mirrored else x)

    def y(self, level: int) -> float:
        """Return the height of a level."""
        return self.base - (level + 1) * LEVEL

    def label(self, placed: PlacedArc) -> tuple[float, float, float, float]:
        """Return the box of a label: left, top, right, bottom."""
        middle, half = self.x(sum(placed.stretch) / 2), METRICS.small(placed.arc.label) / 2
        y = self.y(placed.level)
        return middle - half, y - SMALL - 2, middle + half, y - 1


def places(diagram: Diagram, width: float | None = WIDTH, *, top: float = MARGIN) -> list[Place]:
    """Return the places of the lines of a diagram below `top`, each at most `width` pixels wide if words allow."""
    made = lines(diagram, METRICS, None if width is None else width - 2 * MARGIN)
    widest = max((line.width for line in made), default=0.0)
    heights = [(line.levels + bool(line.roots)) * LEVEL + SMALL for line in made]
    below = FORM + SMALL + 12 + BETWEEN
    bases = accumulate([top, *(height + below for height in heights[:-1])])
    rows = zip(made, bases, heights, strict=True) if made else ()
    return [Place(line, base + height, widest, diagram.right_to_left) for line, base, height in rows]


def svg(diagram: Diagram, *, colour: Colouring = "none", width: float | None = WIDTH) -> str:
    """Draw a diagram; on one line without `width`, else on lines of that many pixels. Returns an `<svg>` element."""
    legend = _legend_rows(_legend_names(diagram, colour), width)
    placed = places(diagram, width, top=MARGIN + LEGEND * len(legend))
    wide = max([*(place.width for place in placed), *map(_row_width, legend)], default=0.0)
    high = (placed[-1].base + FORM + SMALL + 12 if placed else MARGIN) + MARGIN
    parts = [tooltip(diagram.title), *_legend(legend)]
    for place in placed:
        parts += [_arc(arc, place, diagram, colour) for arc in (*place.line.arcs, *place.line.roots)]
        parts += _words(place)
    return document(
        parts, ceil(wide + 2 * MARGIN), ceil(high), font=SANS, font_size=SMALL, text_anchor="middle", role="img"
    )


def _legend_names(diagram: Diagram, colour: Colouring) -> list[Meaning]:
    """Return the meanings of the lines of the legend, their colours and their dashes."""
    names: list[Meaning] = []
    if diagram.compares:
        one, other = diagram.names
        names += [("both", INK, ""), (f"{one} alone", GOLD, DASHED), (f"{other} alone", SYSTEM, "")]
        names += [(f"{one}{DIFFERENT}{other}", SYSTEM, "")]
    if colour == "confidence":
        names += [(f"confidence {sure:g}" if sure == SHADES[0] else f"{sure:g}", shade(sure), "") for sure in SHADES]
    return names


def _legend_width(name: str) -> float:
    return SWATCH + 6 + METRICS.small(name) + 18


def _legend_rows(names: Iterable[Meaning], width: float | None) -> list[list[Meaning]]:
    """Divide a legend into rows of at most `width` pixels, if names allow."""
    rows: list[list[Meaning]] = []
    free = 0.0
    for meaning in names:
        needed = _legend_width(meaning[0])
        if not rows or (width is not None and needed > free):
            rows.append([])
            free = inf if width is None else width - 2 * MARGIN
        rows[-1].append(meaning)
        free -= needed
    return rows


def _row_width(row: Iterable[Meaning]) -> float:
    return sum(_legend_width(name) for name, *_ in row)


def _legend(rows: Iterable[Iterable[Meaning]]) -> Iterator[str]:
    for number, row in enumerate(rows):
        x, y = MARGIN, MARGIN + number * LEGEND
        for name, colour, dashes in row:
            yield _line(f"M{x:.1f} {y + 5:.1f}h{SWATCH:g}", colour, 1.6, dashes)
            yield text(x + SWATCH + 6, y + 9, name, fill=colour, text_anchor="start")
            x += _legend_width(name)


def _line(path: str, colour: str, weight: float, dashes: str = "", **more: str | float) -> str:
    if dashes:
        more["stroke_dasharray"] = dashes
    return element("path", "", d=path, fill="none", stroke=colour, stroke_width=weight, **more)


def _words(place: Place) -> Iterator[str]:
    for placed in place.line.words:
        direction: dict[str, str | float] = {"direction": "rtl"} if place.mirrored else {}
        number: dict[str, str | float] = {"data_word": placed.number}
        x, y = place.x(placed.middle), place.base + FORM + 2
        yield text(x, y, placed.word.form, fill=INK, font_size=FORM, **number, **direction)
        feet = [place.x(foot) for foot in placed.feet]
        if feet and max(feet) - min(feet) > METRICS.form(placed.word.form):  # show to which word they belong
            yield _line(f"M{min(feet):.1f} {place.base + 1.5:.1f}H{max(feet):.1f}", FAINT, 1, data_word=placed.number)
        if placed.word.tag:
            yield text(x, y + SMALL + 5, placed.word.tag, fill=SYSTEM if placed.word.differs else FAINT, **number)


def _arc(placed: PlacedArc, place: Place, diagram: Diagram, by: Colouring) -> str:
    """Return a group of the line, the arrow's head, the label and a tooltip."""
    arc, colour = placed.arc, colour_of(placed.arc, by)
    left, _, right, bottom = place.label(placed)
    weight = 1.6 if arc.side != "both" or arc.differs else 1.1
    dashes = DASHED if arc.side == "gold" else ""
    parts = [tooltip(_tooltip(placed, diagram)), _line(_path(placed, place), colour, weight, dashes)]
    if placed.arrow is not None:
        x, y = place.x(placed.arrow), place.base
        parts.append(element("path", d=f"M{x:.1f} {y:.1f}l-3 -{ARROW:g}h6z", fill=colour))
    if arc.label:
        parts.append(text((left + right) / 2, bottom - DESCENT, arc.label, fill=colour))
    return element("g", "".join(parts), data_dependent=arc.dependent)


def _path(placed: PlacedArc, place: Place) -> str:
    """Return the way up, along and down; an arc that goes on in another line has no foot there."""
    top, base = place.y(placed.level), place.base
    if placed.span.left == placed.span.right:
        return f"M{place.x(placed.left):.1f} {top:.1f}V{base - ARROW:.1f}"
    ends = [(place.x(placed.left), placed.opens[0]), (place.x(placed.right), placed.opens[1])]
    (left, opens_left), (right, opens_right) = sorted(ends)
    feet = sorted((place.x(placed.left), place.x(placed.right))), placed.arrow
    arrow = None if feet[1] is None else place.x(feet[1])
    radius = min(RADIUS, (right - left) / 2)
    left_end, right_end = (base - ARROW if x == arrow else base for x in (left, right))
    start = (
        f"M{left:.1f} {top:.1f}"
        if opens_left
        else (f"M{left:.1f} {left_end:.1f}V{top + radius:.1f}q0 -{radius:g} {radius:g} -{radius:g}")
    )
    end = (
        f"H{right:.1f}"
        if opens_right
        else (f"H{right - radius:.1f}q{radius:g} 0 {radius:g} {radius:g}V{right_end:.1f}")
    )
    return start + end


def _tooltip(placed: PlacedArc, diagram: Diagram) -> str:
    arc = placed.arc
    head = "ROOT" if arc.head == 0 else f"{diagram.words[arc.head - 1].form} ({arc.head})"
    side = "" if arc.side == "both" else f", {diagram.names[arc.side == 'system']} alone"
    sure = "" if arc.confidence is None else f", confidence {arc.confidence:.2f}"
    return f"{head} → {diagram.words[arc.dependent - 1].form} ({arc.dependent}): {arc.label}{side}{sure}"
