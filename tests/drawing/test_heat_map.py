from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from arcparse.drawing.heat_map import heat_map

SVG = "{http://www.w3.org/2000/svg}"


def test_a_square_is_as_dark_as_its_weight_and_tells_it() -> None:
    picture = ElementTree.fromstring(heat_map(["le", "chat"], ["the", "<cat>"], [[1, 0], [0.25, 0.75]]))  # noqa: S314
    squares = [rect for rect in picture.iter(f"{SVG}rect") if rect.find(f"{SVG}title") is not None]
    titles = [rect.findtext(f"{SVG}title") for rect in squares]
    assert titles == ["le ← the: 1.000", "le ← <cat>: 0.000", "chat ← the: 0.250", "chat ← <cat>: 0.750"]
    assert [rect.get("fill") for rect in squares] == ["#005591", "#ffffff", "#bfd4e4", "#4080ac"]
    places = [(float(rect.get("x", "")), float(rect.get("y", ""))) for rect in squares]
    assert places[0][0] == places[2][0] < places[1][0] == places[3][0]
    assert places[0][1] == places[1][1] < places[2][1] == places[3][1]
    assert [text.text for text in picture.iter(f"{SVG}text")] == ["the", "<cat>", "le", "chat"]


def test_all_lies_inside_the_picture() -> None:
    rows, columns = ["a", "much longer word"], ["x", "another long word", "y"]
    picture = ElementTree.fromstring(heat_map(rows, columns, [[0.2, 0.3, 0.5]] * 2))  # noqa: S314
    wide, high = float(picture.get("width", "")), float(picture.get("height", ""))
    for rect in list(picture.iter(f"{SVG}rect"))[1:]:
        assert float(rect.get("x", "")) + 20 <= wide
        assert float(rect.get("y", "")) + 20 <= high
    assert len(list(ElementTree.fromstring(heat_map([], [], [])).iter(f"{SVG}rect"))) == 1  # noqa: S314
