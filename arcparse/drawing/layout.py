"""Arcs on levels, feet on words, and places for both, so that nothing covers anything else.

1. Each word has a foot for each end of an arc: on the left for arcs to the left, short ones outermost, then for the
   root, then for arcs to the right. Nested arcs then never meet.
2. An arc takes the lowest level above all arcs inside it, on which no other arc overlaps it.
3. A label stands on its arc, in the widest stretch without a foot of a higher arc.
4. Words go from left to right, each as far left as its neighbour and the labels above allow.

Numbers are in the units of `Metrics`, pixels or cells of a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from arcparse.drawing.diagram import Arc, Word

ROOT = 0
Foot = tuple[int, bool]  # the number of a span, and whether it is its right end
Need = tuple[int, int, float]  # from one foot to another, by their ranks, and the least distance


@dataclass(frozen=True)
class Metrics:
    """Widths of texts, and the least distances."""

    form: Callable[[str], float]
    small: Callable[[str], float]  # of tags and labels
    foot: float  # from one foot of a word to the next
    gap: float  # between words
    pad: float  # between a label and the ends of its stretch


@dataclass(frozen=True)
class Span:
    """The part of an arc that lies on one line, from word to word; -1 and the number of words are the line's edges."""

    arc: Arc
    left: int
    right: int

    @property
    def length(self) -> tuple[int, int]:
        """The length of this part, and of the whole arc."""
        return self.right - self.left, abs(self.arc.head - self.arc.dependent)


@dataclass(frozen=True)
class PlacedWord:
    """A word whose box begins at `left`, and the places of its feet."""

    word: Word
    number: int
    left: float
    width: float
    feet: tuple[float, ...]

    @property
    def middle(self) -> float:
        """The middle of its box."""
        return self.left + self.width / 2


@dataclass(frozen=True)
class PlacedArc:
    """An arc from foot to foot on a level from 0, its label within a stretch of it; a root arc has one foot."""

    span: Span
    level: int
    left: float
    right: float
    stretch: tuple[float, float]
    opens: tuple[bool, bool] = (False, False)  # whether the arc goes on in the line before, and in the next

    @property
    def arc(self) -> Arc:
        """The arc."""
        return self.span.arc

    @property
    def arrow(self) -> float | None:
        """The place of the foot of the dependent, None if it is on another line."""
        on_right = self.arc.dependent > self.arc.head
        return None if self.opens[on_right] else (self.left, self.right)[on_right]


@dataclass(frozen=True)
class Line:
    """The words and arcs of one line; roots have their own level above the others."""

    words: tuple[PlacedWord, ...]
    arcs: tuple[PlacedArc, ...]
    roots: tuple[PlacedArc, ...]
    width: float

    @cached_property
    def levels(self) -> int:
        """The number of levels, without the level of roots."""
        return max((placed.level + 1 for placed in self.arcs), default=0)


def lay_out(words: Sequence[Word], first: int, arcs: Sequence[Arc], metrics: Metrics) -> Line:
    """Place the words of a line, numbered from `first`, and the parts of arcs that lie on it."""
    spans = list(_spans(arcs, first, len(words)))
    roots = [
        Span(arc, arc.dependent - first, arc.dependent - first) for arc in arcs if _is_root_of(arc, first, len(words))
    ]
    feet = _feet([*spans, *roots], len(words))
    rank = {foot: number for number, foot in enumerate(foot for on_word in feet for foot in on_word)}
    ends = [(rank.get((i, False), -1), rank.get((i, True), len(rank))) for i in range(len(spans))]
    levels = _levels(ends, spans)
    root_ranks = [rank[len(spans) + i, False] for i in range(len(roots))]
    word_of = {-1: -1, len(rank): len(words)}
    word_of |= {rank[foot]: word for word, on_word in enumerate(feet) for foot in on_word}
    stretches = [_stretch(i, ends, levels, root_ranks, word_of) for i in range(len(spans))]
    needs = [(a, b, metrics.small(s.arc.label) + 2 * metrics.pad) for (a, b), s in zip(stretches, spans, strict=True)]
    needs += _root_needs(root_ranks, roots, len(rank), metrics)
    widths = [_width(word, len(on_word), metrics) for word, on_word in zip(words, feet, strict=True)]
    lefts, x = _solve(widths, feet, rank, needs, metrics)
    placed = [
        PlacedArc(span, level, x[a], x[b], (x[c], x[d]), (a < 0, b == len(rank)))
        for span, level, (a, b), (c, d) in zip(spans, levels, ends, stretches, strict=True)
    ]
    top = max(levels, default=-1) + 1
    on_top = [PlacedArc(root, top, x[r], x[r], (x[r], x[r])) for root, r in zip(roots, root_ranks, strict=True)]
    standing = [tuple(x[rank[foot]] for foot in on_word) for on_word in feet]
    boxes = map(PlacedWord, words, range(first, first + len(words)), lefts, widths, standing)
    return Line(tuple(boxes), tuple(placed), tuple(on_top), x[len(rank)])


def _spans(arcs: Sequence[Arc], first: int, size: int) -> Iterator[Span]:
    for arc in arcs:
        low, high = (end - first for end in sorted((arc.head, arc.dependent)))
        if arc.head != ROOT and high >= 0 and low < size:
            yield Span(arc, max(low, -1), min(high, size))


def _is_root_of(arc: Arc, first: int, size: int) -> bool:
    return arc.head == ROOT and first <= arc.dependent < first + size


def _feet(spans: Sequence[Span], size: int) -> list[list[Foot]]:
    """Return the feet on each word in their order; an arc from the root has one foot."""
    feet: list[list[Foot]] = [[] for _ in range(size)]
    order = sorted(range(len(spans)), key=lambda i: (spans[i].length, i))
    for number in order:
        if spans[number].left < spans[number].right < size:
            feet[spans[number].right].append((number, True))
    for number, span in enumerate(spans):
        if span.left == span.right:
            feet[span.left].append((number, False))
    for number in reversed(order):
        if 0 <= spans[number].left < spans[number].right:
            feet[spans[number].left].append((number, False))
    return feet


def _levels(ends: Sequence[tuple[int, int]], spans: Sequence[Span]) -> list[int]:
    """Return the level of each arc between two feet, by their ranks; arcs that are longer as a whole are higher."""
    levels = [0] * len(ends)
    placed: list[int] = []
    for i in sorted(range(len(ends)), key=lambda i: (ends[i][1] - ends[i][0], spans[i].length)):
        left, right = ends[i]
        over = [j for j in placed if ends[j][0] < right and left < ends[j][1]]
        taken = {levels[j] for j in over}
        level = max((levels[j] + 1 for j in over if left <= ends[j][0] and ends[j][1] <= right), default=0)
        while level in taken:
            level += 1
        levels[i] = level
        placed.append(i)
    return levels


def _stretch(
    i: int, ends: Sequence[tuple[int, int]], levels: Sequence[int], roots: Sequence[int], word_of: dict[int, int]
) -> tuple[int, int]:
    """Return the two feet around the label of arc `i`, with no foot of a higher arc between them.

    Of all such stretches, the one over most words is chosen, then the one nearest to the middle.
    """
    left, right = ends[i]
    higher = [foot for j, pair in enumerate(ends) if levels[j] > levels[i] for foot in pair]
    feet = sorted({left, right, *(foot for foot in (*higher, *roots) if left < foot < right)})
    return max(pairwise(feet), key=lambda pair: (word_of[pair[1]] - word_of[pair[0]], -abs(sum(pair) - left - right)))


def _root_needs(ranks: Sequence[int], roots: Sequence[Span], last: int, metrics: Metrics) -> list[Need]:
    """Return the distances that keep the labels of roots apart and on the line; each is centred above its foot."""
    halves = {rank: metrics.small(root.arc.label) / 2 for rank, root in zip(ranks, roots, strict=True)}
    order = sorted(halves)
    needs: list[Need] = [(a, b, halves[a] + halves[b] + 2 * metrics.pad) for a, b in pairwise(order)]
    if order:
        needs += [(-1, order[0], halves[order[0]] + metrics.pad), (order[-1], last, halves[order[-1]] + metrics.pad)]
    return needs


def _width(word: Word, feet: int, metrics: Metrics) -> float:
    return max(metrics.form(word.form), metrics.small(word.tag), feet * metrics.foot)


def _solve(
    widths: Sequence[float],
    feet: Sequence[Sequence[Foot]],
    rank: dict[Foot, int],
    needs: Sequence[Need],
    metrics: Metrics,
) -> tuple[list[float], dict[int, float]]:
    """Return the left edge of the box of each word, and the places of feet by rank; -1 and the last are the edges."""
    last = len(rank)
    to: dict[int, list[tuple[int, float]]] = {}
    for start, end, need in needs:
        to.setdefault(end, []).append((start, need))
    x: dict[int, float] = {-1: 0.0}
    lefts: list[float] = []
    free = 0.0  # the first free place for the next word
    for width, on_word in zip(widths, feet, strict=True):
        inner = (width - (len(on_word) - 1) * metrics.foot) // 2
        offsets = {rank[foot]: inner + i * metrics.foot for i, foot in enumerate(on_word)}
        bounds = [x[a] + need - offsets[b] for b in offsets for a, need in to.get(b, ()) if a in x]
        left = max([free, *bounds])
        lefts.append(left)
        x |= {foot: left + offset for foot, offset in offsets.items()}
        free = left + width + metrics.gap
    x[last] = max([free - metrics.gap, 0.0, *(x[a] + need for a, need in to.get(last, ()))])
    return lefts, x
