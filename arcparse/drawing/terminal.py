"""A diagram in the box-drawing signs of Unicode, for terminals and for plain text."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from unicodedata import bidirectional

from arcparse.drawing.diagram import Diagram
from arcparse.drawing.layout import Line, Metrics, PlacedArc
from arcparse.drawing.lines import lines
from arcparse.drawing.widths import cells

WIDTH = 100  # cells
UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8  # the directions of strokes
SIGNS = {
    UP | DOWN: "│", LEFT | RIGHT: "─", DOWN | RIGHT: "┌", DOWN | LEFT: "┐", UP | DOWN | LEFT | RIGHT: "┼",
    UP | DOWN | RIGHT: "├", UP | DOWN | LEFT: "┤", DOWN | LEFT | RIGHT: "┬", UP | LEFT | RIGHT: "┴", DOWN: "│",
    LEFT: "─", RIGHT: "─", UP: "│",
}  # fmt: skip
ARROW = "▼"
LEFT_TO_RIGHT = "\u200e"  # takes no cell; keeps words of scripts from right to left at their places
MARKS = {"both": "", "gold": "-", "system": "+"}
METRICS = Metrics(cells, cells, foot=2, gap=2, pad=1)


def text(diagram: Diagram, *, width: int | None = WIDTH) -> str:
    """Draw a diagram in lines of at most `width` cells, if words allow, without trailing blanks.

    With two analyses, `-label` is an arc of gold only, `+label` one of the system only, and `label ≠ label` an arc of
    both with different labels.
    """
    arcs = tuple(replace(arc, label=MARKS[arc.side] + arc.label) for arc in diagram.arcs)
    made = lines(replace(diagram, arcs=arcs), METRICS, width)
    widest = max((int(line.width) for line in made), default=0)
    blocks = [Canvas(widest, diagram.right_to_left).draw(line) for line in made]
    return "\n".join(blocks)


class Canvas:
    """Rows of cells, each with strokes or the beginning of a text; `mirrored` for scripts from right to left."""

    def __init__(self, width: int, mirrored: bool) -> None:
        """Begin with nothing drawn."""
        self.width, self.mirrored = width, mirrored
        self.strokes: dict[tuple[int, int], int] = defaultdict(int)
        self.texts: dict[tuple[int, int], str] = {}

    def draw(self, line: Line) -> str:
        """Return a line of the diagram, from the labels of roots down to the tags."""
        above = bool(line.roots)
        bottom = above + line.levels  # the row of arrows
        for placed in line.arcs:
            self._arc(placed, bottom - 1 - placed.level, bottom)
        for placed in line.roots:
            self._write(0, int(placed.left) - cells(placed.arc.label) // 2, placed.arc.label)
            self._foot(placed, int(placed.left), 0, bottom)
        for word in line.words:
            for row, text in enumerate((word.word.form, word.word.tag), bottom + 1):
                self._write(row, int(word.left) + (int(word.width) - cells(text)) // 2, text)
        return "".join(f"{self._row(row).rstrip()}\n" for row in range(0 if line.arcs or above else 1, bottom + 3))

    def _arc(self, placed: PlacedArc, row: int, bottom: int) -> None:
        left, right = int(placed.left), int(placed.right)
        for x in range(left, right + 1):
            is_end = x in (left, right) and not placed.opens[x == right]
            strokes = LEFT | RIGHT if not is_end else RIGHT if x == left else LEFT
            self._stroke(row, x, strokes)
            if is_end:
                self._foot(placed, x, row, bottom)
        start, stop = map(int, placed.stretch)
        label = placed.arc.label
        self._write(row, start + 1 + (stop - start - 1 - cells(label)) // 2, label)

    def _foot(self, placed: PlacedArc, x: int, row: int, bottom: int) -> None:
        self._stroke(row, x, DOWN)
        for below in range(row + 1, bottom):
            self._stroke(below, x, UP | DOWN)
        if placed.arrow == x:
            self.texts[bottom, self._at(x)] = ARROW
        else:
            self._stroke(bottom, x, UP | DOWN)

    def _stroke(self, row: int, x: int, strokes: int) -> None:
        if self.mirrored and strokes in (LEFT, RIGHT):
            strokes = LEFT + RIGHT - strokes
        self.strokes[row, self._at(x)] |= strokes

    def _write(self, row: int, x: int, text: str) -> None:
        if text:
            self.texts[row, self._at(x + cells(text) - 1) if self.mirrored else x] = text

    def _at(self, x: int) -> int:
        return self.width - 1 - x if self.mirrored else x

    def _row(self, row: int) -> str:
        parts, x = [], 0
        while x < self.width:
            text = self.texts.get((row, x), "")
            if self.mirrored and any(bidirectional(character) in ("R", "AL") for character in text):
                parts.append(LEFT_TO_RIGHT)
            parts.append(text or SIGNS.get(self.strokes.get((row, x), 0), " "))
            x += cells(text) or 1
        return "".join(parts)
