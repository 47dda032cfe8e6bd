"""The check of requests against their schemas: faults are told by their place, in the words of JSON."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("starlette", reason="the server needs starlette: install the extra `serve`")

from arcparse.errors import InputError
from arcparse.serve.reading import given_of, options_of
from arcparse.serve.schema import written
from arcparse.serve.settings import Drawing, Limits, Parsing

LIMITS = Limits(beam=8)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"beam": 9}, "beam must be a whole number from 1 to 8 or null, not 9"),
        ({"beam": "none"}, 'beam must be a whole number from 1 to 8 or null, not "none"'),
        ({"nbest": -1}, "nbest must be a whole number from 1 to 8 or null, not -1"),
        ({"nbest": True}, "nbest must be a whole number from 1 to 8 or null, not true"),
        ({"scores": None}, "scores must be true or false, not null"),
        ({"model": ["en"]}, "model must be a string or null, not an array"),
        ({"without": ["x"]}, 'without[0] must be "lemmas" or "lemmatizer" or "segmenter", not "x"'),
        ({"bem": 8}, "the request has the unknown field 'bem'; did you mean 'beam'?"),
    ],
)
def test_a_bad_option_is_told_with_the_limits_of_the_server(request_: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as told:
        options_of(Parsing, {"text": "x", **request_}, LIMITS)
    assert str(told.value) == message


def test_good_options_are_taken() -> None:
    found = options_of(Parsing, {"text": "x", "beam": 8, "nbest": None, "without": ["lemmas"]}, LIMITS)
    assert found == Parsing(beam=8, without=("lemmas",))
    assert options_of(Drawing, {"conllu": "", "gold": "", "names": ["a", "b"]}, LIMITS).names == ("a", "b")


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        (None, "sentences[0] must be an array of word forms, or an object with tokens, not null"),
        (["a", None], "sentences[0][1] must be a string, not null"),
        ({"tokens": ["a"]}, 'sentences[0].tokens[0] must be an object, not "a"'),
        ({"tokens": [{"lemma": "a"}]}, "sentences[0].tokens[0] has no field 'form'; give it one"),
        (
            {"tokens": [{"form": "a", "head": None}]},
            "sentences[0].tokens[0].head must be a whole number or a string, n",
        ),
        (
            {"tokens": [{"form": "a", "lema": "b"}]},
            "sentences[0].tokens[0] has the unknown field 'lema'; did you mean ",
        ),
        ({"tokens": [{"form": "a", "id": 2}]}, "sentences[0]: tokens[0]: ID '2' where '1' was expected"),
        (["a b"], "sentences[0][0] must be one token, but 'a b' has spaces: give a whole text as \"text\", or "),
        (["a\ud800"], "sentences[0][0] has half a character (the lone surrogate '\\ud800') as its character 2; send "),
    ],
)
def test_a_bad_sentence_is_told_by_its_place(sentence: Any, message: str) -> None:
    with pytest.raises(InputError) as told:
        given_of({"sentences": [sentence]})
    assert str(told.value).startswith(message)


def test_values_in_messages_are_short_and_have_utf8() -> None:
    assert written("é\ud800") == '"é\\ud800"'
    assert len(written("a" * 1000)) < 100
    assert written([[[]] * 1000]) == "an array"
