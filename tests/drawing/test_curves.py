from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest

from arcparse.drawing import Panel, curves

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*panels: Panel) -> ElementTree.Element:
    return ElementTree.fromstring(curves(panels))  # noqa: S314


def lines(picture: ElementTree.Element) -> dict[str, list[tuple[float, float]]]:
    """The places of each line's points, by what pointing at it tells."""
    found = {}
    for path in picture.iter(f"{SVG}path"):
        title = path.findtext(f"{SVG}title")
        if title is not None:
            numbers = [float(number) for number in re.findall(r"[\d.]+", path.get("d", ""))]
            found[title] = list(zip(numbers[::2], numbers[1::2], strict=True))
    return found


def texts(picture: ElementTree.Element) -> list[str | None]:
    return [text.text for text in picture.iter(f"{SVG}text")]


def test_lines_rise_with_their_values_and_share_their_axes() -> None:
    panels = Panel("loss", {"a": [(10, 4.0), (20, 1.0)], "b": [(40, 2.5)]}), Panel("score", {"b": [(40, 7.0)]})
    picture = drawn(*panels)
    assert list(lines(picture)) == ["a: 1 at step 20", "b: 2.5 at step 40", "b: 7 at step 40"]
    (first, last), [middle], [alone] = lines(picture).values()
    assert first[1] < middle[1] < last[1]
    assert middle[1] == pytest.approx((first[1] + last[1]) / 2, abs=0.1)
    assert last[0] - first[0] == pytest.approx((middle[0] - first[0]) / 3, abs=0.1)
    assert alone[0] > middle[0]  # the second panel stands beside the first
    assert texts(picture)[:3] == ["a", "b", "loss"]
    assert [text for text in texts(picture) if text in ("0", "10", "20", "30", "40")] == [
        "0",
        "10",
        "20",
        "30",
        "40",
    ] * 2


def test_equal_factors_are_equally_far_where_the_axis_is_logarithmic() -> None:
    picture = drawn(Panel("perplexity", {"a": [(1, 1000.0), (2, 100.0), (3, 10.0)]}, logarithmic=True))
    [[first, second, third]] = lines(picture).values()
    assert third[1] - second[1] == pytest.approx(second[1] - first[1], abs=0.2)
    assert {"10", "100", "1,000"} <= set(texts(picture))
    narrow = drawn(Panel("perplexity", {"a": [(1, 3.53), (2, 3.03)]}, logarithmic=True))
    assert {"3.1", "3.2", "3.3", "3.4", "3.5"} <= set(texts(narrow))  # no power is near
    below_zero = drawn(Panel("perplexity", {"a": [(1, -1.0), (2, 1.0)]}, logarithmic=True))
    assert len(lines(below_zero)) == 1


@pytest.mark.parametrize("logarithmic", [False, True])
def test_what_never_changes_is_a_level_line(logarithmic: bool) -> None:
    [[first, last]] = lines(drawn(Panel("rate", {"a": [(1, 0.002), (9, 0.002)]}, logarithmic))).values()
    assert first[1] == last[1]
    assert first[0] < last[0]


def test_long_lines_are_thinned_but_keep_their_ends() -> None:
    [places] = lines(drawn(Panel("loss", {"a": [(step, float(step)) for step in range(1, 10_001)]}))).values()
    [short] = lines(drawn(Panel("loss", {"a": [(1, 1.0), (10_000, 10_000.0)]}))).values()
    assert len(places) < 1000
    assert [places[0], places[-1]] == short


def test_ten_runs_look_different_and_all_lies_inside() -> None:
    runs = {f"run {number}": [(1, float(number)), (2, 0.0)] for number in range(10)}
    picture = drawn(Panel("loss", runs), Panel("empty", {"run 0": []}), Panel("score", runs))
    looks = {
        (path.get("stroke"), path.get("stroke-dasharray"))
        for path in picture.iter(f"{SVG}path")
        if path.find(f"{SVG}title") is not None
    }
    assert len(looks) == 10
    wide, high = float(picture.get("width", "")), float(picture.get("height", ""))
    assert all(0 < x < wide and 0 < y < high for line in lines(picture).values() for x, y in line)
    assert list(drawn().iter(f"{SVG}path")) == []
