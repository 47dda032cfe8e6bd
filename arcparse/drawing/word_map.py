"""Words as points of a plane, by principal components, as SVG; labels are placed so that none covers another.

Each label takes the first free place around its point, from near to far; words in crowds choose first. A line leads to
a label that is far away. A place is free if it holds no other label or point, if no other point is nearer to it, and if
the line goes through no other point. If no place is free, a label takes the one with the least overlap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import cos, dist, pi, sin

import numpy as np

from arcparse.drawing.colours import FAINT, INK
from arcparse.drawing.elements import SANS, document, element, text, tooltip
from arcparse.drawing.widths import ems
from arcparse.vectors.similarity import Matrix, WordVectors, principal_components

Point = tuple[float, float]

WIDTH, HEIGHT, LEAST = 760.0, 560.0, 160.0  # pixels of the field of points: its size at most, and at least
MARGIN, FOOT = 24.0, 26.0  # around the field, and below it for the axes' name
SIZE, RADIUS = 13.0, 3.0  # of type and of points
POINT, GRID = "#0068a8", "#dddddd"
DISTANCES = (4.0, 10.0, 18.0, 28.0, 40.0, 56.0, 76.0, 100.0)  # from a point to the edge of its label
ANGLES = tuple(i * pi / 8 for i in (0, 8, 12, 4, 14, 2, 10, 6, 15, 1, 9, 7, 13, 11, 3, 5))  # the right and left first
NEAR = 60.0  # pixels within which points make a crowd
LINE = 12.0  # a label farther away than that has a line to its point
CLEAR = 1.5  # pixels between labels


@dataclass(frozen=True)
class Box:
    """A rectangle by its left, top, right and bottom."""

    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: Box) -> float:
        """Return the area in common, in square pixels."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return wide * high if wide > 0 and high > 0 else 0.0

    def nearest(self, point: Point) -> Point:
        """Return the point of the rectangle that is nearest to another point."""
        return min(max(point[0], self.left), self.right), min(max(point[1], self.top), self.bottom)

    def gap(self, point: Point) -> float:
        """Return the distance of a point, in pixels."""
        return dist(self.nearest(point), point)


def word_map(vectors: WordVectors, words: Sequence[str]) -> str:
    """Draw words by the first two principal components of their vectors, each at length 1. Returns an `<svg>` element.

    Both axes have one scale, so that distances can be compared. Raises VectorsError if a word has no vector.
    """
    distinct = list(dict.fromkeys(words))
    coordinates, shares = principal_components(vectors.directions[vectors.rows(distinct)])
    points, wide, high = _placed(coordinates, distinct)
    middle = [sum(side) / len(points) for side in zip(*points, strict=True)]  # of all words, with the coordinates 0
    parts = [
        element("line", x1=middle[0], x2=middle[0], y1=MARGIN, y2=high - MARGIN, stroke=GRID),
        element("line", x1=MARGIN, x2=wide - MARGIN, y1=middle[1], y2=middle[1], stroke=GRID),
    ]
    parts += _labels(distinct, points, wide, high)
    name = f"principal components: {100 * shares[0]:.0f}% of variance across, {100 * shares[1]:.0f}% up"
    parts.append(text(MARGIN, high + FOOT - 12, name, fill=FAINT, font_size=SIZE - 2))
    return document(parts, wide, high + FOOT, font=SANS, font_size=SIZE)


def _placed(coordinates: Matrix, words: Sequence[str]) -> tuple[list[Point], float, float]:
    """Return the points in pixels, and the width and height of the picture; the sides have room for labels."""
    low, reach = coordinates.min(axis=0), np.ptp(coordinates, axis=0)
    scale = min(np.array([WIDTH, HEIGHT]) / np.maximum(reach, 1e-6))
    across, up = (reach * scale).tolist()
    wide, tall = max(across, LEAST), max(up, LEAST)
    beside = MARGIN + max(ems(word) * SIZE for word in words) + 2 * DISTANCES[0]
    left, bottom = beside + (wide - across) / 2, 2 * MARGIN + (tall + up) / 2
    points = [(left + x, bottom - y) for x, y in ((coordinates - low) * scale).tolist()]
    return points, wide + 2 * beside, tall + 4 * MARGIN


def _labels(words: Sequence[str], points: Sequence[Point], wide: float, high: float) -> Iterator[str]:
    boxes = label_boxes([(ems(word) * SIZE, SIZE) for word in words], points, Box(2, 2, wide - 2, high - 2))
    for box, point in zip(boxes, points, strict=True):
        end = box.nearest(point)
        if dist(end, point) > LINE:
            yield element("line", x1=point[0], y1=point[1], x2=end[0], y2=end[1], stroke=FAINT, stroke_width=0.6)
    for word, box, (x, y) in zip(words, boxes, points, strict=True):
        yield element("circle", tooltip(word), cx=x, cy=y, r=RADIUS, fill=POINT)
        yield text(box.left, box.bottom - 0.2 * SIZE, word, fill=INK)


def label_boxes(sizes: Sequence[tuple[float, float]], points: Sequence[Point], field: Box) -> list[Box]:
    """Return a place for each label, of a width and height, inside `field` and off the other labels and all points."""
    dots = [Box(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS) for x, y in points]
    crowded = [sum(dist(one, other) < NEAR for other in points) for one in points]
    boxes: dict[int, Box] = {}
    for i in sorted(range(len(points)), key=lambda i: -crowded[i]):
        taken = [*boxes.values(), *dots]
        least = float("inf"), 0
        for candidate in _candidates(sizes[i], points[i]):
            overlap = _overlap(candidate, taken, field)
            if overlap <= least[0] and (cost := (overlap, _doubts(candidate, points[i], points))) < least:
                boxes[i], least = candidate, cost
            if least == (0, 0):
                break
    return [boxes[i] for i in range(len(points))]


def _candidates(size: tuple[float, float], point: Point) -> Iterator[Box]:
    """Yield the places around a point, near ones first: the edge of the label in each direction at each distance."""
    (wide, high), (x, y) = size, point
    for distance, angle in product(DISTANCES, ANGLES):
        across, down = cos(angle), sin(angle)
        middle_x = x + across * (distance + RADIUS + wide / 2)
        middle_y = y + down * (distance + RADIUS + high / 2)
        yield Box(middle_x - wide / 2, middle_y - high / 2, middle_x + wide / 2, middle_y + high / 2)


def _overlap(box: Box, taken: Sequence[Box], field: Box) -> float:
    """Return the area of a label that covers others or points, or lies outside, in square pixels."""
    wider = Box(box.left - CLEAR, box.top - CLEAR, box.right + CLEAR, box.bottom + CLEAR)
    outside = (box.right - box.left) * (box.bottom - box.top) - box.overlap(field)
    return sum(map(wider.overlap, taken)) + (outside if outside > 1e-6 else 0.0)


def _doubts(box: Box, own: Point, points: Sequence[Point]) -> int:
    """Count the other points that are as near to a label as its own, or through which the line to it goes."""
    end = box.nearest(own)
    length = dist(end, own)
    others = [point for point in points if point != own and dist(point, own) < NEAR + length]
    nearer = sum(box.gap(point) < length for point in others)
    return nearer + sum(length > LINE and _beside(point, own, end) < RADIUS + CLEAR for point in others)


def _beside(point: Point, start: Point, end: Point) -> float:
    """Return the distance of a point from the line between two others."""
    (x, y), (across, down) = start, (end[0] - start[0], end[1] - start[1])
    share = ((point[0] - x) * across + (point[1] - y) * down) / max(across**2 + down**2, 1e-9)
    share = min(max(share, 0.0), 1.0)
    return dist(point, (x + share * across, y + share * down))
