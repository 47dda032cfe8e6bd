"""Words and phrases cut their text exactly, with multiword tokens and any white space."""

from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from arcparse.sentence import Sentence
from arcparse.sentence.surface import Surface
from arcparse.tokenizer import tokenize

PIECES = [
    "don't",
    "I",
    "we'll",
    "gonna",
    "Paris",
    "é",
    "日本",
    "(",
    ".",
    "!",
    ",",
    " ",
    "  ",
    "\n",
    "\n\n",
    "\t",
    "\u00a0",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=15).map("".join)

SPANISH = """\
1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tvamos\t_\tVERB\t_\t_\t0\troot\t_\t_
2\tnos\t_\tPRON\t_\t_\t1\tobj\t_\t_
2.1\tya\t_\tADV\t_\t_\t_\t_\t_\t_
3-4\tal\t_\t_\t_\t_\t_\t_\t_\tSpacesAfter=\\s\\s
3\ta\t_\tADP\t_\t_\t5\tcase\t_\t_
4\tel\t_\tDET\t_\t_\t5\tdet\t_\t_
5\tmar\t_\tNOUN\t_\t_\t1\tobl\t_\tSpaceAfter=No
6\t!\t_\tPUNCT\t_\t_\t1\tpunct\t_\t_
"""


def spanish(text: str) -> Sentence:
    rows = [row.split("\t") for row in SPANISH.splitlines()]
    return Sentence((f"# text = {text}",), tuple(zip(*rows, strict=True)))


@given(TEXTS)
def test_words_cut_the_text_exactly(text: str) -> None:
    rebuilt = ""
    for sentence in tokenize(text):
        for surface, words in groupby(sentence, key=lambda token: sentence.surfaces[token.id - 1]):
            first, *rest = words
            assert text[first.start : first.end] == (surface.form if rest else first.text)
            assert {(word.start, word.end) for word in rest} <= {(first.start, first.end)}
            last = [first, *rest][-1]
            assert all(word.whitespace == "" for word in [first, *rest][:-1])
            assert text[last.end : last.end + len(last.whitespace)] == last.whitespace
            rebuilt += surface.form + last.whitespace
    assert rebuilt == text.lstrip()


@given(TEXTS, st.data())
def test_phrases_of_whole_tokens_cut_the_text_exactly(text: str, data: st.DataObject) -> None:
    for sentence in tokenize(text):
        surfaces = sorted(set(sentence.surfaces), key=lambda surface: surface.start)
        first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(surfaces) - 1)] * 2)))
        phrase = sentence[surfaces[first].words[0] - 1 : surfaces[last].words[-1]]
        assert text[phrase.start : phrase.end] == phrase.text
        assert (sentence.start, sentence.end) == (sentence[0].start, sentence[-1].end)
        assert text[sentence.start : sentence.end].split() == sentence.text.split()


@given(st.lists(st.text("ab日", min_size=1, max_size=3), min_size=1, max_size=6), st.data())
def test_own_words_cut_the_text_of_their_sentence(forms: list[str], data: st.DataObject) -> None:
    glued = data.draw(st.lists(st.booleans(), min_size=len(forms), max_size=len(forms)))
    plain = Sentence.from_forms(forms).replace(miscs=["SpaceAfter=No" if no else "_" for no in glued])
    for sentence in (plain, plain.replace(comments=[f"# text = {plain.text}"])):
        assert [sentence.text[token.start : token.end] for token in sentence] == forms
        assert "".join(token.text + token.whitespace for token in sentence).rstrip() == sentence.text
        assert (sentence.start, sentence.end) == (0, len(sentence.text))


def test_parts_of_multiword_tokens_have_the_place_of_the_whole() -> None:
    sentence = spanish("vámonos al  mar!")
    assert sentence.surfaces[0] == Surface("vámonos", 0, 7, " ", range(1, 3))
    assert [(token.start, token.end) for token in sentence] == [(0, 7), (0, 7), (8, 10), (8, 10), (12, 15), (15, 16)]
    assert [token.whitespace for token in sentence] == ["", " ", "", "  ", "", " "]


def test_a_phrase_has_the_words_that_are_in_it() -> None:
    sentence = spanish("vámonos al  mar!")
    assert sentence[2:5].text == "al  mar"
    assert sentence[3:5].text == "el  mar"
    assert (sentence[3:5].start, sentence[3:5].end) == (8, 15)
    assert sentence[0:1].text == "vamos"
    assert sentence.phrase(sentence[4]).text == "al  mar"


def test_a_range_in_some_tokens_only_is_no_place() -> None:
    sentence = Sentence.from_forms(["a", "b"]).replace(miscs=["TokenRange=7:8", "_"])
    assert [(token.start, token.end) for token in sentence] == [(0, 1), (2, 3)]
    sentence = sentence.replace(miscs=["TokenRange=7:8", "Gloss=x|TokenRange=9:10"])
    assert [(token.start, token.end) for token in sentence] == [(7, 8), (9, 10)]


def test_an_empty_sentence_has_no_extent() -> None:
    assert (Sentence.from_forms([]).start, Sentence.from_forms([]).end) == (0, 0)
