from __future__ import annotations

from xml.etree import ElementTree

import pytest

from arcparse import drawing
from arcparse.drawing.colours import GOLD, INK, SYSTEM, colour_of, shade
from arcparse.drawing.diagram import Arc, Word
from arcparse.errors import TreebankError
from arcparse.sentence import Sentence, Token


def sentence(*rows: str, miscs: tuple[str, ...] = ()) -> Sentence:
    """A sentence from rows such as "dogs NOUN 2 nsubj"."""
    tokens = []
    for number, row in enumerate(rows, 1):
        form, tag, head, label = row.split(" ")
        misc = miscs[number - 1] if miscs else "_"
        tokens.append(Token(number, form, upos=tag, head=int(head), deprel=label, misc=misc))
    return Sentence.from_tokens(tokens)


DOGS = sentence("The DET 2 det", "dogs NOUN 3 nsubj", "bark VERB 0 root", ". PUNCT 3 punct")


def test_words_and_arcs_are_those_of_the_sentence() -> None:
    found = drawing.diagram(DOGS)
    assert found.words[:2] == (Word("The", "DET"), Word("dogs", "NOUN"))
    assert found.arcs[1:3] == (Arc(3, 2, "nsubj"), Arc(0, 3, "root"))
    assert not found.right_to_left
    assert found.title == "The dogs bark ."


def test_what_is_not_there_is_not_drawn() -> None:
    found = drawing.diagram(sentence("a _ -1 _", "b _ 1 _", "c _ 9 dep"))
    assert found.words == (Word("a"), Word("b"), Word("c"))
    assert found.arcs == (Arc(1, 2, ""),)


def test_xpos_stands_in_for_upos() -> None:
    assert drawing.diagram(Sentence.from_tokens([Token(1, "a", xpos="NN")])).words == (Word("a", "NN"),)


def test_confidence_is_read_from_misc() -> None:
    miscs = ("SpaceAfter=No|HeadConfidence=0.75", "HeadConfidence=2", "HeadConfidence=x", "_")
    found = drawing.diagram(sentence("a X 0 root", "b X 1 dep", "c X 1 dep", "d X 1 dep", miscs=miscs))
    assert [arc.confidence for arc in found.arcs] == [0.75, 1.0, None, None]


def test_controls_are_made_visible() -> None:
    assert drawing.diagram(Sentence.from_forms(["a\x00\u202eb"])).words == (Word("a\ufffd\ufffdb"),)


@pytest.mark.parametrize(
    ("forms", "expected"), [(["שלום", "a"], True), (["مرحبا"], True), (["hello", "."], False), (["."], False)]
)
def test_the_direction_is_that_of_most_letters(forms: list[str], expected: bool) -> None:
    assert drawing.diagram(Sentence.from_forms(forms)).right_to_left is expected


def test_differences_of_two_analyses_are_marked() -> None:
    other = sentence("The PRON 3 det", "dogs NOUN 3 obj", "bark VERB 0 root", ". PUNCT 3 punct")
    found = drawing.overlay(DOGS, other)
    assert found.compares
    assert found.words[0] == Word("The", "DET ≠ PRON", differs=True)
    assert found.arcs == (
        Arc(2, 1, "det", side="gold"),
        Arc(3, 1, "det", side="system"),
        Arc(3, 2, "nsubj ≠ obj", differs=True),
        Arc(0, 3, "root"),
        Arc(3, 4, "punct"),
    )
    assert [colour_of(arc, "label") for arc in found.arcs[:3]] == [GOLD, SYSTEM, SYSTEM]
    drawn = drawing.svg(found)
    assert "gold alone" in drawn
    assert "gold ≠ system" in drawn
    assert "stroke-dasharray" in drawn


def test_two_analyses_have_the_names_that_they_are_given() -> None:
    other = sentence("The DET 3 det", "dogs NOUN 3 obj", "bark VERB 0 root", ". PUNCT 3 punct")
    drawn = drawing.svg(drawing.overlay(DOGS, other, names=("greedy", "beam of 8")))
    for expected in (
        "greedy alone",
        "beam of 8 alone",
        "greedy ≠ beam of 8",
        "bark (3) → The (1): det, beam of 8 alone",
    ):
        assert f">{expected}<" in drawn
    assert "gold" not in drawn


def test_words_and_arcs_carry_their_numbers() -> None:
    drawn = ElementTree.fromstring(drawing.svg(drawing.diagram(DOGS)))  # noqa: S314 (our own)
    words = [(text.get("data-word"), text.text) for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert [(number, form) for number, form in words if number == "2"] == [("2", "dogs"), ("2", "NOUN")]
    arcs = [group.get("data-dependent") for group in drawn.iter("{http://www.w3.org/2000/svg}g")]
    assert sorted(filter(None, arcs)) == ["1", "2", "3", "4"]


def test_trees_over_other_words_are_not_laid_over_each_other() -> None:
    with pytest.raises(TreebankError, match="system: word 2 is 'cats', in gold 'dogs'"):
        drawing.overlay(DOGS, sentence("The DET 2 det", "cats NOUN 0 root"))
    with pytest.raises(TreebankError, match="word 2 is the end"):
        drawing.overlay(DOGS, sentence("The DET 0 root"))


def test_colours_tell_kinds_and_confidence() -> None:
    assert colour_of(Arc(1, 2, "nsubj:pass"), "label") == colour_of(Arc(1, 2, "obj"), "label") != INK
    assert colour_of(Arc(1, 2, "unheard-of"), "label") == INK
    shades = [colour_of(Arc(1, 2, "obj", sure), "confidence") for sure in (0.0, 0.5, 1.0, None)]
    assert len(set(shades)) == 4
    assert colour_of(Arc(1, 2, "nsubj"), "none") == INK


def test_a_legend_says_what_colours_of_confidence_mean() -> None:
    plain, coloured = (drawing.svg(drawing.diagram(DOGS), colour=colour) for colour in ("label", "confidence"))
    assert "confidence 1" not in plain
    assert f'<text x="40" y="21" fill="{shade(1)}" text-anchor="start">confidence 1</text>' in coloured
    assert f'fill="{shade(0)}" text-anchor="start">0</text>' in coloured


def test_a_legend_is_no_wider_than_the_drawing() -> None:
    rows = {}
    for width in (180, 1100):
        found = ElementTree.fromstring(drawing.svg(drawing.diagram(DOGS), colour="confidence", width=width))  # noqa: S314 (our own)
        names = [text for text in found.iter("{http://www.w3.org/2000/svg}text") if text.get("text-anchor") == "start"]
        assert all(float(name.get("x", "")) + 10 * len(name.text or "") < width for name in names)
        rows[width] = len({name.get("y") for name in names})
    assert rows[180] > rows[1100] == 1


def drawn_by_hand(picture: str) -> str:
    """A picture whose lines stand behind a bar, so that blanks before them are seen."""
    return "\n".join(line.removeprefix("|") for line in picture.strip("\n").split("\n")) + "\n"


def test_text_is_drawn_as_by_hand() -> None:
    assert drawing.text(drawing.diagram(DOGS)) == drawn_by_hand("""
|               root
| ┌det─┐ ┌nsubj─┐ │ ┌punct─┐
| ▼    │ ▼      │ ▼ │      ▼
|The  dogs      bark       .
|DET  NOUN      VERB     PUNCT
""")


def test_crossing_arcs_are_drawn_as_by_hand() -> None:
    crossing = sentence("a X 3 x", "b X 4 y", "c X 4 z", "d X 0 root")
    assert drawing.text(drawing.diagram(crossing)) == drawn_by_hand("""
|                 root
|     ┌─────y─────┐ │
| ┌─x─┼───┐ ┌─z─┐ │ │
| ▼   ▼   │ ▼   │ │ ▼
|a   b    c      d
|X   X    X      X
""")


def test_wide_letters_take_two_cells() -> None:
    assert drawing.text(drawing.diagram(sentence("我 PRON 2 nsubj", "睡觉 VERB 0 root"))) == drawn_by_hand("""
|         root
|  ┌nsubj─┐ │
|  ▼      │ ▼
| 我     睡觉
|PRON    VERB
""")


def test_scripts_from_right_to_left_are_mirrored() -> None:
    hebrew = drawing.text(drawing.diagram(sentence("ילד NOUN 2 nsubj", "אכל VERB 0 root")))
    assert hebrew == drawn_by_hand("""
| root
|  │ ┌─nsubj┐
|  ▼ │      ▼
|   \u200eאכל     \u200eילד
|  VERB    NOUN
""")


def test_differences_are_marked_in_text() -> None:
    other = sentence("The PRON 3 det", "dogs NOUN 3 obj", "bark VERB 0 root", ". PUNCT 3 punct")
    assert drawing.text(drawing.overlay(DOGS, other)) == drawn_by_hand("""
|                              root
|    ┌──────────+det───────────┐ │
|    │ ┌─-det─┐ ┌nsubj ≠ obj─┐ │ │ ┌punct─┐
|    ▼ ▼      │ ▼            │ │ ▼ │      ▼
|   The      dogs             bark        .
|DET ≠ PRON  NOUN             VERB      PUNCT
""")


def test_long_sentences_go_on_in_the_next_line() -> None:
    assert drawing.text(drawing.diagram(DOGS), width=18) == drawn_by_hand("""
| ┌det─┐ ┌nsubj──
| ▼    │ ▼
|The  dogs
|DET  NOUN
|
|       root
|─nsubj─┐ │ ┌punct─
|       │ ▼ │
|       bark
|       VERB
|
|─punct─┐
|       ▼
|       .
|     PUNCT
""")


def test_bare_words_are_drawn_without_arcs() -> None:
    assert drawing.text(drawing.diagram(Sentence.from_forms(["a", "b"]))) == "a  b\n\n"


def test_words_of_scripts_from_right_to_left_say_so() -> None:
    assert drawing.svg(drawing.diagram(sentence("ילד NOUN 2 nsubj", "( VERB 0 root"))).count('direction="rtl"') == 2
    assert 'direction="rtl"' not in drawing.svg(drawing.diagram(DOGS))


def test_a_page_holds_many_sentences() -> None:
    pieces = list(drawing.page([("one <&>", drawing.diagram(DOGS)), ("two", drawing.diagram(DOGS))], title="A & B"))
    whole = "".join(pieces)
    assert len(pieces) == 4
    assert whole.count("<svg ") == 2
    assert "<title>A &amp; B</title>" in whole
    assert "one &lt;&amp;&gt;" in whole
    assert "<script" not in whole


def test_a_notebook_shows_the_tree() -> None:
    assert DOGS._repr_svg_() == DOGS.svg() == drawing.svg(drawing.diagram(DOGS))
