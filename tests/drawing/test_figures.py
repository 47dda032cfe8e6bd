"""Figures hold the values that they are given; matplotlib draws them."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from arcparse.drawing import figures
from arcparse.drawing.figures import Panel
from arcparse.errors import ConfigurationError
from arcparse.evaluation import Reliability

pytest.importorskip("matplotlib")


def texts(figure: object) -> list[str]:
    root = ElementTree.fromstring(figures.rendered(figure, "svg"))  # type: ignore[arg-type]  # noqa: S314 (our own)
    return [
        text for text in ("".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")) if text
    ]


@pytest.mark.slow
def test_a_line_for_each_run_in_each_panel() -> None:
    panels = [
        Panel("loss", {"a": [(10, 4.0), (20, 1.0)], "b": [(40, 2.5)]}, logarithmic=True),
        Panel("score", {"b": [(40, 7.0)]}),
        Panel("below zero", {"a": [(1, -1.0), (2, 1.0)], "b": []}, logarithmic=True),
    ]
    figure = figures.curves(panels)
    loss, score, below, empty = figure.axes
    assert [line.get_xydata().tolist() for line in loss.lines] == [[[10, 4], [20, 1]], [[40, 2.5]]]
    assert [line.get_xydata().tolist() for line in score.lines] == [[[40, 7]]]
    assert [axes.get_yscale() for axes in (loss, score, below)] == ["log", "linear", "linear"]
    assert {axes.get_xlim() for axes in (loss, score, below)} == {(0, 40)}
    assert loss.lines[1].get_color() == score.lines[0].get_color()
    assert not empty.axison
    assert {"a", "b", "loss", "score", "below zero"} <= set(texts(figure))


def test_ten_runs_look_different_and_long_lines_are_thinned_but_keep_their_ends() -> None:
    runs = {f"run {number}": [(step, float(step)) for step in range(1, 10_001)] for number in range(10)}
    [lines] = [axes.lines for axes in figures.curves([Panel("loss", runs)]).axes[:1]]
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 10
    places = lines[0].get_xydata().tolist()
    assert len(places) < 1000
    assert [places[0], places[-1]] == [[1, 1], [10_000, 10_000]]


def test_bars_stand_in_order_with_their_values() -> None:
    figure = figures.bars({"UPOS": {"NOUN": 1200, "VERB": 0.5}, "empty": {}})
    assert [bar.get_width() for bar in figure.axes[0].patches] == [1200, 0.5]
    assert {"UPOS", "NOUN", "VERB", "1,200", "0.50", "empty"} <= set(texts(figure))


def test_a_square_for_each_weight() -> None:
    figure = figures.heat_map(["le", "chat"], ["the", "<cat>"], [[1, 0], [0.25, 0.75]])
    [image] = figure.axes[0].images
    assert image.get_array().tolist() == [[1, 0], [0.25, 0.75]]
    assert image.get_clim() == (0, 1)
    assert {"le", "chat", "the", "<cat>"} <= set(texts(figure))


def test_the_reliability_diagram_has_a_bar_for_each_bin() -> None:
    found = {
        "UAS": Reliability.of([0.95, 0.9, 0.35], np.array([True, False, True])),
        "LAS": Reliability.of([], np.zeros(0, np.bool_)),
    }
    figure = figures.reliability(found)
    upper, lower = figure.axes[0], figure.axes[2]
    right = [bar.get_height() for bar in upper.patches[:10]]
    assert (right[3], right[9]) == (1, 0.5)
    assert sum(bar.get_height() for bar in lower.patches) == pytest.approx(1)
    assert {"UAS: expected error 50.00 %", "LAS: expected error 0.00 %", "confidence"} <= set(texts(figure))


def test_lines_over_beams_stand_at_equal_distances() -> None:
    figure = figures.by_beam([1, 4, 32], {"LAS (%)": {"": [84, 85, 86]}, "sentences (%)": {"exact": [1, 2, 3]}})
    assert figure.axes[0].lines[0].get_xydata().tolist() == [[0, 84], [1, 85], [2, 86]]
    assert {"1", "4", "32", "exact", "beam"} <= set(texts(figure))


def test_the_same_values_give_the_same_file() -> None:
    first, second = (figures.rendered(figures.bars({"a": {"b": 1.0}}), "svg") for _ in range(2))
    assert first == second
    assert figures.rendered(figures.bars({"a": {"长": 1.0}}), "png").startswith(b"\x89PNG")


def test_without_matplotlib_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ConfigurationError, match=r"needs matplotlib .*`pip install matplotlib`"):
        figures.bars({"a": {"b": 1.0}})
