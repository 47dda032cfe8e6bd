from __future__ import annotations

import itertools
import random
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcparse import drawing
from arcparse.drawing.diagram import Arc, Diagram, Word
from arcparse.drawing.layout import Metrics, lay_out
from arcparse.drawing.svg import ARROW, FOOT, FORM, SMALL, Place, places
from arcparse.drawing.widths import cells, ems

Box = tuple[float, float, float, float]  # left, top, right, bottom

LETTERS = ("a", "W", "मि", "語", "é", "م", "ש", "😀", "&", "<")
LABELS = ("root", "nsubj", "nmod:poss", "advcl:relcl", "", "a very long label of no treebank")
UNIT = Metrics(len, len, foot=2, gap=2, pad=1)


def a_form(rng: random.Random) -> str:
    return "".join(rng.choice(LETTERS) for _ in range(rng.randint(1, 8)))


def some_arcs(rng: random.Random, size: int, *, is_tree: bool) -> list[Arc]:
    order = rng.sample(range(1, size + 1), size)
    heads = {word: rng.choice(order[:i]) if i else 0 for i, word in enumerate(order)}
    if not is_tree:
        heads = {word: rng.randint(-1, size) for word in heads}
    return [Arc(head, word, rng.choice(LABELS)) for word, head in heads.items() if 0 <= head != word]


@st.composite
def diagrams(draw: st.DrawFn) -> Diagram:
    rng, size = draw(st.randoms(use_true_random=False)), draw(st.integers(1, 14))
    words = tuple(Word(a_form(rng), rng.choice(("", "NOUN", "VERB ≠ NOUN"))) for _ in range(size))
    arcs = some_arcs(rng, size, is_tree=draw(st.booleans()))
    if draw(st.booleans()):  # a second analysis
        known = {(arc.head, arc.dependent) for arc in arcs}
        arcs += [arc for arc in some_arcs(rng, size, is_tree=True) if (arc.head, arc.dependent) not in known]
    return Diagram(words, tuple(arcs), draw(st.booleans()))


def overlap(first: Box, second: Box) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]


def word_boxes(place: Place) -> list[Box]:
    return [
        (place.x(word.middle) - wide / 2, place.base + top, place.x(word.middle) + wide / 2, place.base + top + high)
        for word in place.line.words
        for wide, top, high in ((ems(word.word.form) * FORM, 2, FORM), (ems(word.word.tag) * SMALL, FORM + 6, SMALL))
    ]


def legs(place: Place) -> list[Box]:
    boxes = []
    for arc in (*place.line.arcs, *place.line.roots):
        ends = (
            [(arc.left, arc.opens[0]), (arc.right, arc.opens[1])]
            if arc.span.left < arc.span.right
            else [(arc.left, False)]
        )
        boxes += [
            (place.x(x) - 0.5, place.y(arc.level), place.x(x) + 0.5, place.base) for x, is_open in ends if not is_open
        ]
    return boxes


def bars(place: Place) -> list[Box]:
    ends = [(*sorted((place.x(arc.left), place.x(arc.right))), place.y(arc.level)) for arc in place.line.arcs]
    return [(left, y - 0.5, right, y + 0.5) for left, right, y in ends]


@pytest.mark.slow
@settings(max_examples=300)
@given(diagrams(), st.sampled_from([None, 60.0, 250.0, 900.0]))
def test_no_word_arc_or_label_covers_another(diagram: Diagram, width: float | None) -> None:
    placed = places(diagram, width)
    for place in placed:
        labels = [place.label(arc) for arc in (*place.line.arcs, *place.line.roots)]
        for kind in (word_boxes(place), labels, legs(place), bars(place)):
            assert not any(overlap(*pair) for pair in itertools.combinations(kind, 2))
        assert not any(overlap(*pair) for pair in itertools.product(labels, [*legs(place), *bars(place)]))
        assert not any(overlap(*pair) for pair in itertools.product(word_boxes(place), [*legs(place), *labels]))
    everything = [
        [*word_boxes(place), *legs(place), *(place.label(arc) for arc in place.line.roots)] for place in placed
    ]
    for upper, lower in itertools.pairwise(everything):
        assert max(box[3] for box in upper) < min(box[1] for box in lower)


@given(diagrams(), st.sampled_from([None, 60.0, 300.0]))
def test_every_word_and_arc_is_drawn_once_and_inside(diagram: Diagram, width: float | None) -> None:
    placed = places(diagram, width)
    assert [word.word for place in placed for word in place.line.words] == list(diagram.words)
    roots = [arc.arc for place in placed for arc in place.line.roots]
    assert sorted(roots, key=hash) == sorted((arc for arc in diagram.arcs if arc.head == 0), key=hash)
    arrows = [arc.arc for place in placed for arc in place.line.arcs if arc.arrow is not None]
    assert sorted(arrows, key=hash) == sorted((arc for arc in diagram.arcs if arc.head), key=hash)
    for place in placed:
        boxes = [*word_boxes(place), *legs(place), *(place.label(arc) for arc in (*place.line.arcs, *place.line.roots))]
        assert min(box[0] for box in boxes) >= 0
        assert max(box[2] for box in boxes) <= place.width + 2 * 12.0


@given(diagrams())
def test_arcs_cross_only_where_they_must(diagram: Diagram) -> None:
    [place] = places(diagram, None)
    for (arc, bar), leg in itertools.product(zip(place.line.arcs, bars(place), strict=True), legs(place)):
        if overlap((bar[0] + 1, bar[1], bar[2] - 1, bar[3]), leg):
            assert any(
                crosses(arc.arc, other.arc) for other in (*place.line.arcs, *place.line.roots) if other.arc != arc.arc
            )


def crosses(first: Arc, second: Arc) -> bool:
    (a, b), (c, d) = (sorted((arc.head or -99, arc.dependent)) for arc in (first, second))
    return a < c < b < d or c < a < d < b


def test_short_arcs_run_below_long_ones() -> None:
    arcs = [Arc(3, 1, "a"), Arc(3, 2, "b"), Arc(0, 3, "root"), Arc(3, 4, "c")]
    line = lay_out([Word("x")] * 4, 1, arcs, UNIT)
    assert {placed.arc.label: placed.level for placed in (*line.arcs, *line.roots)} == {
        "a": 1,
        "b": 0,
        "c": 0,
        "root": 2,
    }
    left, right = (placed for placed in line.arcs if placed.arc.label in "ab")
    assert (left.right, right.right) == (right.right + 2, right.right)


def test_a_label_pushes_words_apart() -> None:
    near = lay_out([Word("x")] * 2, 1, [Arc(1, 2, "")], UNIT)
    far = lay_out([Word("x")] * 2, 1, [Arc(1, 2, "label")], UNIT)
    assert [word.left for word in near.words] == [0, 4]
    assert far.arcs[0].right - far.arcs[0].left == len("label") + 2


def test_lines_are_broken_where_few_arcs_cross() -> None:
    words = tuple(Word("x" * 4) for _ in range(8))
    arcs = (
        *(Arc(1, word, "") for word in (2, 3, 4)),
        Arc(0, 1, ""),
        *(Arc(5, word, "") for word in (6, 7, 8)),
        Arc(1, 5, ""),
    )
    text = drawing.text(Diagram(words, arcs), width=36)
    assert [line.count("xxxx") for line in text.split("\n") if "x" in line] == [4, 4]


@pytest.mark.parametrize(("text", "width"), [("", 0), ("ab", 2), ("語", 2), ("e\u0301", 1), ("\u200e", 0), ("😀", 2)])
def test_cells_are_those_of_a_terminal(text: str, width: int) -> None:
    assert cells(text) == width


def test_ems_know_narrow_and_wide_letters() -> None:
    assert ems("i") < ems("a") < ems("W") < ems("WW")
    assert ems("語") == 1.0
    assert ems("é") == ems("e") == ems("e\u0301")


SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.slow
@given(st.lists(st.text(min_size=1), min_size=1, max_size=6), st.text())
def test_any_text_makes_well_formed_xml(forms: list[str], label: str) -> None:
    from arcparse.sentence import Sentence, Token

    sentence = Sentence.from_tokens([Token(i, form, head=i - 1, deprel=label) for i, form in enumerate(forms, 1)])
    for colour in ("none", "label", "confidence"):
        root = ElementTree.fromstring(drawing.svg(drawing.diagram(sentence), colour=colour))  # noqa: S314 (our own)
        assert len(root.findall(f"{SVG}text")) >= len(forms)


def test_the_drawing_has_what_the_tree_has() -> None:
    words = (Word("<b>", "X"), Word("&", "PUNCT"))
    drawn = drawing.svg(Diagram(words, (Arc(0, 1, "root"), Arc(1, 2, "punct", 0.25)), title="<b>&"))
    root = ElementTree.fromstring(drawn)  # noqa: S314 (our own)
    assert {text.text for text in root.iter(f"{SVG}text")} == {"root", "punct", "<b>", "X", "&", "PUNCT"}
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert titles == ["<b>&", "<b> (1) → & (2): punct, confidence 0.25", "ROOT → <b> (1): root"]
    paths = [path.get("d", "") for path in root.iter(f"{SVG}path")]
    assert sum(re.search(rf"l-3 -{ARROW:g}h6z", path) is not None for path in paths) == 2


def test_nothing_is_drawn_of_nothing() -> None:
    assert drawing.text(Diagram((), ())) == ""
    assert ElementTree.fromstring(drawing.svg(Diagram((), ()))).findall(f"{SVG}text") == []  # noqa: S314


def test_feet_beside_a_short_word_are_joined() -> None:
    arcs = tuple(Arc(1, word, "") for word in range(2, 8))
    joined = f'H{12 + 5 + 5 * FOOT:.1f}" fill="none" stroke="#777777"'
    assert joined in drawing.svg(Diagram(tuple(Word("i") for _ in range(7)), arcs))
