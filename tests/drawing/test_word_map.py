"""Labels stand inside the picture, by their points, and off each other."""

import random
import xml.etree.ElementTree as ET
from itertools import combinations

import numpy as np
import pytest

from arcparse.drawing.word_map import RADIUS, Box, _beside, label_boxes, word_map
from arcparse.vectors import WordVectors

LINE = 'stroke-width="0.6"'
SVG = "{http://www.w3.org/2000/svg}"


def words(size: int, seed: int = 0, spread: float = 1.0) -> WordVectors:
    draw = np.random.default_rng(seed)
    return WordVectors(
        [f"wörd{i}" for i in range(size)], (5 + spread * draw.normal(size=(size, 10))).astype(np.float32)
    )


@pytest.mark.parametrize("seed", range(5))
def test_labels_do_not_cover_each_other_or_points(seed: int) -> None:
    draw = random.Random(seed)
    points = [(draw.gauss(400, 90), draw.gauss(300, 70)) for _ in range(45)]
    sizes = [(draw.uniform(15, 70), 13.0) for _ in points]
    field = Box(0, 0, 800, 600)
    boxes = label_boxes(sizes, points, field)
    assert all(not one.overlap(other) for one, other in combinations(boxes, 2))
    dots = [Box(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS) for x, y in points]
    assert all(not box.overlap(dot) for box in boxes for dot in dots)
    for box, (wide, high) in zip(boxes, sizes, strict=True):
        assert (box.right - box.left, box.bottom - box.top) == pytest.approx((wide, high))
        assert box.overlap(field) == pytest.approx(wide * high)


def test_it_is_clear_whose_a_label_is() -> None:
    points = [(100.0, 100.0), (112.0, 100.0), (124.0, 100.0), (112.0, 88.0), (112.0, 112.0)]
    boxes = label_boxes([(30.0, 13.0)] * 5, points, Box(0, 0, 300, 300))
    nearest = [min(points, key=box.gap) for box in boxes]
    assert sum(own == other for own, other in zip(points, nearest, strict=True)) >= 4


@pytest.mark.parametrize(("point", "away"), [((5, 3), 3), ((-3, 4), 5), ((13, -4), 5), ((7, 0), 0)])
def test_distance_from_a_line(point: tuple[float, float], away: float) -> None:
    assert _beside(point, (0, 0), (10, 0)) == pytest.approx(away)
    assert _beside(point, (0, 0), (0, 0)) == pytest.approx(np.hypot(*point))


@pytest.mark.slow
def test_where_there_is_no_room_labels_overlap_little() -> None:
    boxes = label_boxes([(50.0, 13.0)] * 200, [(30.0, 30.0)] * 200, Box(0, 0, 60, 60))
    assert len(boxes) == 200


def test_a_label_alone_stands_to_the_right() -> None:
    [box] = label_boxes([(40.0, 10.0)], [(100.0, 100.0)], Box(0, 0, 300, 300))
    assert box == Box(107, 95, 147, 105) or box.left > 100


@pytest.mark.parametrize("size", [1, 2, 3, 30])
def test_a_plot_shows_every_word_once(size: int) -> None:
    space = words(size)
    drawn = ET.fromstring(word_map(space, [*space.words, space.words[0]]))  # noqa: S314 (our own)
    circles, texts = drawn.findall(f"{SVG}circle"), drawn.findall(f"{SVG}text")
    assert [text.text for text in texts[:-1]] == list(space.words)
    assert "% of variance across" in (texts[-1].text or "")
    wide, high = float(drawn.get("width", 0)), float(drawn.get("height", 0))
    assert 100 < wide < 1100
    assert 100 < high < 800
    for circle in circles:
        assert 0 < float(circle.get("cx", -1)) < wide
        assert 0 < float(circle.get("cy", -1)) < high
    if size == 30:
        assert len({(circle.get("cx"), circle.get("cy")) for circle in circles}) == 30


def test_distances_have_one_scale() -> None:
    matrix = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    drawn = ET.fromstring(word_map(WordVectors(["a", "b", "c"], matrix), ["a", "b", "c"]))  # noqa: S314 (our own)
    places = [(float(c.get("cx", 0)), float(c.get("cy", 0))) for c in drawn.findall(f"{SVG}circle")]
    sides = [np.hypot(x - u, y - v) for (x, y), (u, v) in combinations(places, 2)]
    assert sides == pytest.approx([sides[0]] * 3, rel=1e-3)


def test_far_labels_have_a_line_to_their_point() -> None:
    near = words(20, spread=0.02)
    crowd = WordVectors([*near.words, "far"], np.concatenate([near.matrix, -near.matrix[:1]]))
    assert LINE in word_map(crowd, crowd.words)
    assert LINE not in word_map(words(2), words(2).words)
