"""The figures of a beam: in the terminal and as a graph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tiny_model import save_tiny_model

from arcparse.cli import main
from arcparse.cli.beam import beam_table
from arcparse.cli.beam_figure import beam_figure
from arcparse.drawing.elements import document, element, text, tooltip
from arcparse.drawing.widths import cells
from arcparse.parser.beam_trace import BeamTrace, Node
from arcparse.parser.trace import Arc
from arcparse.sentence import Sentence

SVG = "{http://www.w3.org/2000/svg}"
SENTENCE = Sentence.from_forms(["saw", "<her>"], ["# sent_id = s"])
FORMS = ("ROOT", "saw", "<her>")
ROOT = Node(0.0, "", 0, (0,), (1, 2), None, FORMS)


def node(score: float, transition: str, parent: int) -> Node:
    return Node(score, transition, parent, (0, 1), (2,), None, FORMS)


# The winner comes from behind: it leaves greedy at step 1, overtakes it at step 3, when that falls out.
TRACE = BeamTrace(
    layers=(
        (ROOT,),
        (node(-0.1, "A", 0), node(-0.5, "B", 0)),
        (node(-0.2, "A", 0), node(-0.6, "B", 1)),
        (node(-0.7, "B", 1), node(-0.8, "C", 1)),
    ),
    winner=(0, 1, 1, 0),
    greedy=(ROOT, node(-0.1, "A", 0), node(-0.2, "A", 0), node(-4.0, "A", 0)),
    greedy_rank=(0, 0, 0, None),
    changed=((Arc(0, "root", 2), Arc(1, "obj", 2)),),
)


def test_the_table_says_who_is_where() -> None:
    title, legend, head, *rows = beam_table(SENTENCE, TRACE).splitlines()
    assert title == "s: saw <her>"
    assert "* the winner's path, g the greedy derivation" in legend
    assert head.split() == ["step", "rank", "from", "path", "score", "transition", "stack", "buffer"]
    assert [row.split() for row in rows[:8]] == [
        ["0", "1", "*g", "0.000", "[ROOT]", "[saw,", "<her>]"],
        ["1", "1", "1", "g", "-0.100", "A", "[ROOT,", "saw]", "[<her>]"],
        ["2", "1", "*", "-0.500", "B", "[ROOT,", "saw]", "[<her>]", "leaves", "greedy"],
        ["2", "1", "1", "g", "-0.200", "A", "[ROOT,", "saw]", "[<her>]"],
        ["2", "2", "*", "-0.600", "B", "[ROOT,", "saw]", "[<her>]"],
        ["3", "1", "2", "*", "-0.700", "B", "[ROOT,", "saw]", "[<her>]", "overtakes", "greedy"],
        ["2", "2", "-0.800", "C", "[ROOT,", "saw]", "[<her>]"],
        ["-", "g", "-4.000", "A", "[ROOT,", "saw]", "[<her>]", "falls", "out", "of", "the", "beam"],
    ]
    assert rows[8:] == [
        "The winner leaves the greedy derivation at step 1 and overtakes it at step 3; "
        "the greedy one falls out of the beam at step 3.",
        "Scores at the end: winner -0.700, greedy -4.000.",
        "word   greedy                 winner",
        "<her>  root(ROOT-0, <her>-2)  obj(saw-1, <her>-2)",
    ]


def test_gold_heads_stand_beside_where_they_are_known() -> None:
    gold = SENTENCE.replace(heads=[0, 1], labels=["root", "iobj"])
    *_, head, row = beam_table(gold, TRACE).splitlines()
    assert head.split() == ["word", "greedy", "winner", "gold"]
    assert row.endswith("  obj(saw-1, <her>-2)  iobj(saw-1, <her>-2)")


def test_a_winner_may_end_below_greedy_or_be_it() -> None:
    worse = BeamTrace(TRACE.layers, TRACE.winner, (*TRACE.greedy[:3], node(-0.3, "A", 0)), TRACE.greedy_rank, ())
    assert "and never overtakes it; the greedy one falls out" in beam_table(SENTENCE, worse)
    kept = BeamTrace(TRACE.layers, TRACE.winner, TRACE.greedy, (0, 0, 0, 1), TRACE.changed)
    assert "the greedy one stays in the beam" in beam_table(SENTENCE, kept)
    same = BeamTrace(((ROOT,),), (0,), (ROOT,), (0,), ())
    assert beam_table(SENTENCE, same).splitlines()[-1] == "The winner is the greedy derivation."


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg.encode())  # noqa: S314 (our own)


Box = tuple[float, float, float, float]


def boxes(svg: str) -> Iterator[tuple[str, Box]]:
    """Yield frames and texts with the place that they take: left, top, right, bottom."""
    size = 11
    for item in parsed(svg).iter():
        if item.tag == SVG + "rect" and item.get("rx"):
            x, y, w, h = (float(item.get(name, "")) for name in ("x", "y", "width", "height"))
            yield "frame", (x, y, x + w, y + h)
        if item.tag == SVG + "text" and item.text:
            x, y = float(item.get("x", "")), float(item.get("y", ""))
            yield item.text, (x, y - 0.8 * size, x + 0.64 * size * cells(item.text), y + 0.2 * size)


def overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def inside(one: Box, other: Box) -> bool:
    return other[0] <= one[0] and one[2] <= other[2] and other[1] <= one[1] and one[3] <= other[3]


def test_nothing_overlaps_in_the_figure() -> None:
    found = list(boxes(beam_figure([(SENTENCE, TRACE)])))
    frames = [box for name, box in found if name == "frame"]
    texts = [(name, box) for name, box in found if name != "frame"]
    assert len(frames) == sum(map(len, TRACE.layers)) + 1
    for i, box in enumerate(frames):
        assert not any(overlap(box, other) for other in frames[:i])
    for i, (_, box) in enumerate(texts):
        assert not any(overlap(box, other) for _, other in texts[:i])
        assert all(inside(box, frame) or not overlap(box, frame) for frame in frames)


def test_edges_run_between_the_columns_and_the_paths_are_marked() -> None:
    svg = beam_figure([(SENTENCE, TRACE)])
    root = parsed(svg)
    edges = [(path.get("stroke"), path.get("d", "")) for path in root.iter(SVG + "path")]
    colours = [colour for colour, _ in edges]
    assert colours.count("#1b7837") == colours.count("#d95f02") == 3
    assert len(edges) == 3 * 2 + 1 + 1 + 1  # two paths, and one other hypothesis a step
    frames = [box for name, box in boxes(svg) if name == "frame"]
    for _, d in edges:
        numbers = [float(number) for number in re.findall(r"[\d.]+", d)]
        left, right = numbers[0], numbers[-2]
        assert left < right
        assert not any(frame[0] < right and left < frame[2] for frame in frames)


def test_sentences_stand_below_each_other_and_no_sentence_gives_an_empty_picture() -> None:
    one, two, none = (parsed(beam_figure([(SENTENCE, TRACE)] * n)) for n in (1, 2, 0))
    assert float(two.get("height", "")) == 2 * float(one.get("height", ""))
    assert none.get("height") == "0"


def test_elements_are_escaped() -> None:
    assert element("a", stroke_width=1.50, d='"') == '<a stroke-width="1.5" d=\'"\'/>'
    assert text(0, 1, "<&\x00") == '<text x="0" y="1">&lt;&amp;\ufffd</text>'
    assert tooltip("a > b") == "<title>a &gt; b</title>"
    picture = parsed(document([text(0, 0, "東\x1b")], 10, 20.5))
    assert (picture.get("width"), picture.get("height"), picture.get("viewBox")) == ("10", "20.5", "0 0 10 20.5")


@pytest.fixture(scope="module")
def model(sample_treebank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(sample_treebank, tmp_path_factory.mktemp("one"))


def test_trace_with_a_beam_prints_it_and_draws_it(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "beam.svg"
    arguments = ["parse", "One two. One two three.", "--trace", "--model", str(model)]
    assert main([*arguments, "--beam", "3", "--svg", str(picture)]) == 0
    first, second = capsys.readouterr().out.strip("\n").split("\n\n")
    assert first.startswith("1: One two.\n* the winner's path")
    assert second.startswith("2: One two three.\n")
    assert len(re.findall(r"^ +8 +1 ", second, re.MULTILINE)) == 1
    found = list(boxes(picture.read_text(encoding="utf-8")))
    assert [name for name, _ in found if name.startswith("step ")] == [
        f"step {step}" for length in (3, 4) for step in range(2 * length + 1)
    ]


def test_a_greedy_trace_can_be_drawn_too(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "beam.svg"
    assert main(["parse", "One two.", "--trace", "--svg", str(picture), "--model", str(model)]) == 0
    assert "log p" in capsys.readouterr().out
    assert "step 6" in picture.read_text(encoding="utf-8")


def test_a_beam_that_fails_is_reported_and_a_picture_needs_a_trace(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr("arcparse.parser.beam_trace.beam_trace", failing)
    assert main(["parse", "One.", "--trace", "--beam", "2", "--model", str(model)]) == 1
    assert "not parsed: no room" in capsys.readouterr().err
    assert main(["parse", "One.", "--svg", str(tmp_path / "x.svg"), "--model", str(model)]) == 2
    assert "add --trace" in capsys.readouterr().err
