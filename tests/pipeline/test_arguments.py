from __future__ import annotations

from typing import Any

import pytest

from arcparse.errors import ArcparseError, InputError
from arcparse.pipeline.arguments import as_sentences, each_input, list_of_sentences
from arcparse.sentence import Sentence, Token

HAS_SPACES = "has spaces: for several texts call parse_many or tag_many, for one text give a string"


def test_what_is_to_be_parsed_becomes_sentences() -> None:
    assert [sentence.forms for sentence in as_sentences("Go! Stop.")] == [("Go", "!"), ("Stop", ".")]
    tokens = Sentence.from_forms(["a", "b"])
    for given in (["a", "b"], ("a", "b"), tokens, (form for form in "ab")):
        assert as_sentences(given) == [tokens]  # type: ignore[arg-type]
    assert as_sentences("") == []
    assert as_sentences([]) == [Sentence.from_forms([])]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "text must be a string, a list of word forms or a Sentence, not None"),
        (1, "text must be .*, not an int"),
        ({"a": 1}, "text must be .*, not a dict"),
        ({"a"}, "text must be .*, not a set"),
        (b"Go!", r"text must be .*, not bytes; decode them first, as by data\.decode\(\)"),
        ([1], r"text\[0\] must be a word form, a string, not an int"),
        (["a", None], r"text\[1\] must be a word form, a string, not None"),
        ([b"a"], r"text\[0\] must be a word form, a string, not bytes; decode them"),
        ([["a"]], r"text\[0\] must be .* not a list; for several sentences call parse_many or tag_many"),
        ([Sentence.from_forms(["a"])], r"text\[0\] must be .* not a Sentence; for several sentences call parse_many"),
        (["I saw her.", "She ran."], r"text\[0\] must be one token, but 'I saw her\.' " + HAS_SPACES),
        (["Go", "She ran"], rf"text\[1\] must be one token, but 'She ran' {HAS_SPACES}"),
        (["a", "x" * 99 + " y"], rf"text\[1\] must be one token, but '{'x' * 39}…' {HAS_SPACES}"),
        (["a", "  "], r"text\[1\] is '  ', white space and no token; leave it out"),
        (["\n"], r"text\[0\] is '\\n', white space and no token; leave it out"),
        ([Token(1, "a")], r"text\[0\] must be .* not a Token; give its form, or all words by Sentence\.from_tokens"),
        (["a", ""], r"text\[1\] is empty, but a token has at least one character; leave it out"),
        (["a\tb"], r"text\[0\] is 'a\\tb': CoNLL-U cannot hold its character 2, '\\t'"),
        (["a\nb c"], r"text\[0\] is 'a\\nb c': CoNLL-U cannot hold its character 2, '\\n'"),
        (["ab\x00"], r"text\[0\] is 'ab\\x00': CoNLL-U cannot hold its character 3, '\\x00'"),
        (["a\u2028"], r"text\[0\] is 'a\\u2028': CoNLL-U cannot hold its character 2, '\\u2028'"),
        (Sentence.from_forms(["a", "b\t"]), r"text\[1\] is 'b\\t': CoNLL-U cannot hold"),
        (Sentence.from_forms([""]), r"text\[0\] is empty"),
        ("ab\udcff", r"text has half a character \(the lone surrogate '\\udcff'\) as its character 3"),
        (["a", "\ud800b"], r"text\[1\] has half a character \(the lone surrogate '\\ud800'\) as its character 1"),
    ],
)
def test_anything_else_is_refused_by_name(given: Any, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}") as told:
        as_sentences(given)
    for kind in (ArcparseError, TypeError, ValueError):
        assert isinstance(told.value, kind)


@pytest.mark.parametrize("number", ["1 000", "10 000,50", "1\u202f000\u202f000", "+49 30 1234"])
def test_numbers_may_have_spaces(number: str) -> None:
    assert as_sentences([number, "euros"])[0].forms == (number, "euros")


def test_a_sentence_may_have_tokens_with_spaces() -> None:
    sentence = Sentence.from_forms(["Hà Nội", "đẹp"])
    assert as_sentences(sentence) == [sentence]


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x96"])
def test_a_sentence_of_a_text_with_control_characters_can_be_given_again(character: str) -> None:
    [sentence] = as_sentences(f"a {character} b")
    assert character in sentence.forms
    assert as_sentences(sentence) == [sentence]


def test_many_inputs_are_looked_at_one_by_one() -> None:
    inputs = each_input(iter(["Go!", ["a"], Sentence.from_forms(["b"]), 5]))
    assert [next(inputs) for _ in range(3)] == ["Go!", Sentence.from_forms(["a"]), Sentence.from_forms(["b"])]
    with pytest.raises(InputError, match=r"^texts\[3\] must be a string, .* not an int"):
        next(inputs)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("I saw her.", "texts must be several inputs, not one str; call parse or tag, or put it in a list"),
        (Sentence.from_forms(["a"]), "texts must be several inputs, not one Sentence"),
        (b"Go!", "texts must be a list or another iterable of inputs, not bytes; decode them first"),
        (None, "texts must be a list or another iterable of inputs, not None"),
        ({"a": "b"}, "texts must be a list or another iterable of inputs, not a dict"),
    ],
)
def test_one_input_is_not_many(given: Any, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        each_input(given)


def test_lists_of_sentences() -> None:
    sentences = [Sentence.from_forms(["a"])]
    assert list_of_sentences(iter(sentences)) == sentences
    with pytest.raises(InputError, match=r"^sentences must be a list of Sentence objects, not a Sentence"):
        list_of_sentences(sentences[0])
    with pytest.raises(InputError, match=r"^sentences\[1\] must be a Sentence, not a str; for text .* call parse"):
        list_of_sentences([*sentences, "Go!"])
