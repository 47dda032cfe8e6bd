"""Long sentences divided into lines, between words with few arcs across."""

from __future__ import annotations

from bisect import bisect_right

from arcparse.drawing.diagram import Diagram
from arcparse.drawing.layout import Line, Metrics, lay_out

LEAST = 0.7  # share of the fitting words that stay on a line in any case; the break comes among the others


def lines(diagram: Diagram, metrics: Metrics, limit: float | None) -> list[Line]:
    """Place a diagram on lines that are not wider than `limit`, unless a single word is wider."""
    made: list[Line] = []
    start = 0
    while start < len(diagram.words):
        made.append(_line(diagram, metrics, start, limit))
        start += len(made[-1].words)
    return made


def _line(diagram: Diagram, metrics: Metrics, start: int, limit: float | None) -> Line:
    """Return the line that begins with word `start`, counted from 0."""

    def of(size: int) -> Line:
        return lay_out(diagram.words[start : start + size], start + 1, diagram.arcs, metrics)

    rest = len(diagram.words) - start
    most = _most(diagram, metrics, start, limit)
    if limit is None or (most == rest and of(rest).width <= limit):
        return of(rest)
    fits = max(1, bisect_right(range(1, most + 1), limit, key=lambda size: of(size).width))
    if fits == rest:
        return of(rest)
    candidates = range(max(1, round(LEAST * fits)), fits + 1)
    best = min(candidates, key=lambda size: (_crossing(diagram, start + size), -size))
    line = of(best)
    while line.width > limit and best > 1:
        best -= 1
        line = of(best)
    return line


def _most(diagram: Diagram, metrics: Metrics, start: int, limit: float | None) -> int:
    """Return the number of words that would fit if no arc pushed them apart, at least one."""
    x, size = 0.0, 0
    for word in diagram.words[start:]:
        x += max(metrics.form(word.form), metrics.small(word.tag))
        if limit is not None and x > limit and size:
            break
        x, size = x + metrics.gap, size + 1
    return size


def _crossing(diagram: Diagram, border: int) -> int:
    """Count the arcs from one side of a border between words to the other."""
    return sum(
        min(arc.head, arc.dependent) <= border < max(arc.head, arc.dependent) for arc in diagram.arcs if arc.head
    )
