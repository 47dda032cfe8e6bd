r"""White space is kept: a text converted to CoNLL-U and back is unchanged, and MISC has the form of UDPipe."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from arcparse.formats import read_sentences, write_sentences
from arcparse.sentence import FORM, MISC
from arcparse.sentence.spacing import escaped, space_after, space_before, unescaped
from arcparse.tokenizer import tokenize
from arcparse.tokenizer.reading import read_text
from arcparse.treebank import parse_conllu

SPACES = [chr(code) for code in range(0x110000) if chr(code).isspace()]
TEXTS = st.lists(
    st.sampled_from(
        ["It", "rained", ".", "Don't", "U.S.", "\\", "|", "\\s", "_", "#", "1", "?", *SPACES, " ", " ", "\n\n"]
    )
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff"), max_size=3),
    max_size=30,
).map("".join)


def converted(text: str, source: str, target: str) -> str:
    stream = io.StringIO(newline="")
    write_sentences(read_sentences(io.StringIO(text, newline=""), source), stream, target)
    return stream.getvalue()


@given(TEXTS.filter(str.strip))
@example("\n\n\u2028 One.  Two.\t\r\n\r\n Three|four\\ \u00a0five ")
@example("One. Two. ")
@example("One. Two.")
def test_text_comes_back_from_conllu_byte_for_byte(text: str) -> None:
    there = converted(text, "text", "conllu")
    assert converted(there, "conllu", "text") == text


@given(TEXTS.filter(str.strip), st.integers(1, 50))
def test_it_is_the_same_in_pieces(text: str, piece: int) -> None:
    assert list(read_text(io.StringIO(text, newline=""), piece=piece)) == tokenize(text)


def test_text_of_blanks_alone_has_no_sentence_to_hold_it() -> None:
    assert converted(" \n\t", "text", "text") == ""


def test_misc_says_white_space_as_udpipe_does() -> None:
    text = "\tOne  two,\u00a0three | \\ .\r\nHe's here. \n\nEnd"
    found = [
        (form, re.sub(r"\|?TokenRange=\S+", "", misc) or "_")
        for sentence in tokenize(text)
        for form, misc in sentence.surface_tokens()
    ]
    assert found == [
        ("One", "SpacesBefore=\\t|SpacesAfter=\\s\\s"),
        ("two", "SpaceAfter=No"),
        (",", "SpacesAfter=\u00a0"),
        ("three", "_"),
        ("|", "_"),
        ("\\", "_"),
        (".", "SpacesAfter=\\r\\n"),
        ("He's", "_"),
        ("here", "SpaceAfter=No"),
        (".", "SpacesAfter=\\s\\n\\n"),
        ("End", "SpaceAfter=No"),
    ]


def test_ranges_stay_and_words_of_a_token_say_nothing() -> None:
    [sentence] = tokenize("Don't\n")
    assert sentence.columns[FORM] == ("Don't", "Do", "n't")
    assert sentence.columns[MISC] == ("SpacesAfter=\\n|TokenRange=0:5", "_", "_")


@given(st.text(st.sampled_from([*SPACES, "|", "\\", "s", "n"])))
def test_escapes_are_undone(spaces: str) -> None:
    assert unescaped(escaped(spaces)) == spaces
    assert not set(escaped(spaces)) & set("\t\n\r |")
    assert space_after(f"A=b|SpacesAfter={escaped(spaces)}|C") == spaces
    assert space_before(f"SpacesBefore={escaped(spaces)}") == spaces


@pytest.mark.parametrize(
    ("misc", "space"), [("_", " "), ("SpaceAfter=No", ""), ("NoSpaceAfter=Yes", " "), ("A|B", " ")]
)
def test_without_a_value_there_is_one_blank_or_none(misc: str, space: str) -> None:
    assert space_after(misc) == space
    assert space_before(misc) == ""


def test_sentences_of_a_treebank_are_lines() -> None:
    rows = ["1\tGo\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No", "2\t!\t_\t_\t_\t_\t_\t_\t_\t{}"]
    text = "# newpar\n" + "\n".join([*rows, "", ""])
    assert converted(text.format("SpaceAfter=No") * 2, "conllu", "text") == "Go!\n\nGo!\n"
    assert converted(text.format("SpacesAfter=\\n\\n") * 2, "conllu", "text") == "Go!\n\nGo!\n\n"
    assert [sentence.text for sentence in parse_conllu(text.format("SpacesAfter=\\n\\n"))] == ["Go!"]
