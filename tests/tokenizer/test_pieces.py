"""Lines that are sentences, and paragraphs that do not wait for the next."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from written import write

from arcparse.errors import CharacterError
from arcparse.formats.source import Trickle
from arcparse.sentence import Sentence
from arcparse.tokenizer import tokenize
from arcparse.tokenizer.pieces import read_lines, read_paragraphs

PARTS = ["Dogs bark.", "don't", "He", "。", " ", "\t", "\n", "\r\n", "\n\n", "\u200b", "é"]
TEXTS = st.lists(st.sampled_from(PARTS), max_size=20).map("".join)


def lines(text: str) -> list[Sentence]:
    return list(read_lines(io.StringIO(text, newline=""), name="t"))


def paragraphs(text: str) -> list[Sentence]:
    return list(read_paragraphs(io.StringIO(text, newline=""), name="t"))


def test_each_line_is_a_sentence() -> None:
    first, second, third = lines("Dogs bark. Cats  don't.\n\n  Why?\nGo!")
    assert first.forms == ("Dogs", "bark", ".", "Cats", "do", "n't", ".")
    assert first.columns[0] == ("1", "2", "3", "4", "5-6", "5", "6", "7")
    assert first.comments == ("# newdoc", "# newpar", "# sent_id = 1", "# text = Dogs bark. Cats don't.")
    assert second.comments == ("# newpar", "# sent_id = 2", "# text = Why?")
    assert third.comments == ("# sent_id = 3", "# text = Go!")
    assert [sentence.place for sentence in (first, second, third)] == ["t:1", "t:3", "t:4"]


def test_paragraphs_are_divided_each_by_itself() -> None:
    text = "Dogs bark. Cats\nsleep.\n \nWhy? No.\n"
    found, whole = paragraphs(text), tokenize(text)
    assert [sentence.forms for sentence in found] == [sentence.forms for sentence in whole]
    assert [sentence.comments for sentence in found] == [sentence.comments for sentence in whole]
    assert [sentence.place for sentence in found] == ["t:1", "t:1", "t:4", "t:4"]


@pytest.mark.parametrize("read", [lines, paragraphs])
def test_text_without_a_token_has_no_sentence(read: object) -> None:
    assert callable(read)
    assert read("") == read(" \n\n\t\n") == []


@pytest.mark.parametrize("read", [lines, paragraphs])
@given(TEXTS)
def test_words_cut_the_text_and_give_it_back(read: object, text: str) -> None:
    assert callable(read)
    found = read(text)
    for sentence in found:
        for surface in sentence.surfaces:
            assert text[surface.start : surface.end] == surface.form
    written = write(found, "text")
    assert text.startswith(written)
    assert not tokenize(text.removeprefix(written))


@given(TEXTS)
def test_there_are_as_many_sentences_as_lines_with_words(text: str) -> None:
    assert len(lines(text)) == len([line for line in text.split("\n") if tokenize(line)])


@given(TEXTS)
def test_a_stream_line_by_line_gives_the_same(text: str) -> None:
    for read in (read_lines, read_paragraphs):
        slow = Trickle(io.StringIO(text, newline=""), "t")
        slow.strict = False
        whole = list(read(io.StringIO(text, newline=""), name="t"))
        assert list(read(slow, name="t")) == whole


@pytest.mark.parametrize(("read", "asked"), [(read_lines, 1), (read_paragraphs, 3)])
def test_a_piece_is_divided_as_soon_as_it_has_ended(read: object, asked: int) -> None:
    given: list[str] = []

    def coming() -> Iterator[str]:
        for line in ["Dogs bark.\n", "Cats sleep.\n", "\n", "Why?\n"]:
            given.append(line)
            yield line

    source = io.StringIO()
    source.readline = coming().__next__  # type: ignore[method-assign, assignment]
    assert callable(read)
    next(read(Trickle(source, "t"), name="t"))
    assert len(given) == asked


def test_a_byte_that_is_no_text_is_told_when_it_is_reached() -> None:
    text = "Dogs bark.\n\nCats\udcff.\n"
    for read in (read_lines, read_paragraphs):
        found = read(io.StringIO(text), name="t")
        assert next(found).forms == ("Dogs", "bark", ".")
        with pytest.raises(CharacterError, match="t:3: "):
            next(found)
        told: list[Exception] = []
        replaced = list(read(io.StringIO(text), name="t", on_error=told.append))
        assert "".join(replaced[1].forms) == "Cats\ufffd."
        assert len(told) == 1
