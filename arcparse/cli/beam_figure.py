"""The figure of a beam as a graph: hypotheses by step and rank, joined by the transitions that made them.

A column is as wide as its widest text, and edges run between columns only, so that nothing is hidden. The transition of
an edge stands above the hypothesis at its end. If the greedy derivation has fallen out of the beam, it goes on in a row
below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

from arcparse.cli.derivation import ELLIPSIS, nats, short, title
from arcparse.drawing.elements import document, element, text, text_width, tooltip
from arcparse.sentence import Sentence

if TYPE_CHECKING:
    from arcparse.parser.beam_trace import BeamTrace, Node

Place = tuple[float, float]

SIZE, LINE = 11, 14  # pixels: height of letters, distance of lines
GAP = 36  # between columns, where the edges run
PAD = 5  # between a box and its text
BOX = 3 * LINE + 2 * PAD
ROW = LINE + BOX + 16  # a hypothesis, its transition above it and a gap
MARGIN = 16
TOP = 5 * LINE  # title, legend and step numbers
FORM_SHOWN = 12  # columns of a form
STACK_SHOWN = 2
LEGEND = "green: the winner's path; orange: greedy; in a box: top of the stack, [front of the buffer], score"
WINNER, GREEDY, OTHER, DEAD = "#1b7837", "#d95f02", "#606060", "#b0b0b0"


def beam_figure(figures: Sequence[tuple[Sentence, BeamTrace]]) -> str:
    """Return an SVG document with the beam of each sentence, one below the other."""
    drawings = [_Drawing(sentence, trace) for sentence, trace in figures]
    parts, y = [], 0.0
    for drawing in drawings:
        parts.append(element("g", "\n".join(drawing.parts()), transform=f"translate(0 {y:.0f})", font_size=SIZE))
        y += drawing.high
    return document(parts, max((drawing.wide for drawing in drawings), default=0), y)


class _Drawing:
    """The beam of one sentence and the places of its columns."""

    def __init__(self, sentence: Sentence, trace: BeamTrace) -> None:
        self.trace, self.title = trace, title(sentence)
        self.texts = [[_texts(node) for node in layer] for layer in trace.layers]
        self.greedy_texts = [_texts(node) for node in trace.greedy]
        self.sizes, self.left = [], [float(MARGIN)]
        for layer, greedy, rank in zip(self.texts, self.greedy_texts, trace.greedy_rank, strict=True):
            shown = [*layer, greedy] if rank is None else layer
            self.sizes.append(ceil(max(text_width(line, SIZE) for lines in shown for line in lines)) + 2 * PAD)
            self.left.append(self.left[-1] + self.sizes[-1] + GAP)
        rows = max(map(len, trace.layers)) + (trace.falls_out is not None)
        self.outside = rows - 1  # the row of the greedy derivation outside the beam
        self.wide = max(self.left[-1] - GAP, *(MARGIN + text_width(line, SIZE) for line in self._heading())) + MARGIN
        self.high = TOP + rows * ROW + MARGIN

    def parts(self) -> Iterator[str]:
        """Yield headings, edges and hypotheses."""
        for number, line in enumerate(self._heading()):
            weight = "bold" if number == 0 else "normal"
            yield text(MARGIN, MARGIN + number * LINE, line, font_weight=weight)
        for step, left in enumerate(self.left[:-1]):
            yield text(left, TOP - LINE / 2, f"step {step}", fill=OTHER)
            yield from self._edges(step)
            yield from self._nodes(step)

    def _heading(self) -> tuple[str, str]:
        return self.title, LEGEND

    def _place(self, step: int, row: int) -> Place:
        """Return the upper left corner of a box."""
        return self.left[step], TOP + row * ROW + LINE

    def _greedy_row(self, step: int) -> int:
        rank = self.trace.greedy_rank[step]
        return self.outside if rank is None else rank

    def _edges(self, step: int) -> Iterator[str]:
        """Yield the edges that lead to a step; the two paths come last and lie on top."""
        if step == 0:
            return
        winner = self.trace.winner[step]
        for row, node in enumerate(self.trace.layers[step]):
            if row != winner:
                yield self._edge(step, node.parent, row, stroke=DEAD, stroke_width=1)
        yield self._edge(step, self.trace.winner[step - 1], winner, stroke=WINNER, stroke_width=4)
        ends = self._greedy_row(step - 1), self._greedy_row(step)
        yield self._edge(step, *ends, stroke=GREEDY, stroke_width=1.5, stroke_dasharray="5 3")

    def _edge(self, step: int, parent: int, row: int, **look: Any) -> str:
        x, y = self._place(step, row)
        _, from_y = self._place(step - 1, parent)
        start, end, middle = x - GAP, x, x - GAP / 2
        curve = f"M{start:.1f} {from_y + BOX / 2:.1f} C{middle:.1f} {from_y + BOX / 2:.1f} "
        return element(
            "path", d=curve + f"{middle:.1f} {y + BOX / 2:.1f} {end:.1f} {y + BOX / 2:.1f}", fill="none", **look
        )

    def _nodes(self, step: int) -> Iterator[str]:
        for row, node in enumerate(self.trace.layers[step]):
            is_winner, is_greedy = row == self.trace.winner[step], row == self.trace.greedy_rank[step]
            colour = WINNER if is_winner else GREEDY if is_greedy else OTHER
            yield self._node(step, row, node, self.texts[step][row], colour)
        if self.trace.greedy_rank[step] is None:
            yield self._node(step, self.outside, self.trace.greedy[step], self.greedy_texts[step], GREEDY)

    def _node(self, step: int, row: int, node: Node, lines: Sequence[str], colour: str) -> str:
        """Draw a hypothesis, with a dashed frame if it is outside the beam."""
        x, y = self._place(step, row)
        frame: dict[str, Any] = {"stroke_width": 2 if colour == WINNER else 1}
        if row >= len(self.trace.layers[step]):
            frame["stroke_dasharray"] = "3 3"
        box = element("rect", x=x, y=y, width=self.sizes[step], height=BOX, rx=4, fill="white", stroke=colour, **frame)
        label, *inside = lines
        shown = [text(x + PAD, y + PAD + LINE * (i + 0.75), line) for i, line in enumerate(inside)]
        full = f"{node.transition} {node.score:.4f}\n{' '.join(node.stack)} | {' '.join(node.buffer)}"
        return element("g", "".join([tooltip(full), text(x + PAD, y - 4, label, fill=colour), box, *shown]))


def _texts(node: Node) -> tuple[str, str, str, str]:
    """Return the texts of a hypothesis: transition, top of the stack, front of the buffer, score."""
    stack = [ELLIPSIS] * (len(node.stack) > STACK_SHOWN) + [
        short(form, FORM_SHOWN) for form in node.stack[-STACK_SHOWN:]
    ]
    buffer = [short(form, FORM_SHOWN) for form in node.buffer[:1]] + [ELLIPSIS] * (len(node.buffer) > 1)
    return node.transition, " ".join(stack), f"[{' '.join(buffer)}]", nats(node.score)
