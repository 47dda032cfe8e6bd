"""Patterns of words and their relations, found in a tree."""

from __future__ import annotations

import re
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import read, rows

from arcparse.errors import InputError
from arcparse.sentence import Sentence

[SENTENCE] = read(
    rows(
        "1 Dogs dog NOUN 3 nsubj",
        "2 often often ADV 3 advmod",
        "3 chase chase VERB 0 root",
        "4 cats cat NOUN 3 obj",
        "5 and and CCONJ 6 cc",
        "6 mice mouse NOUN 4 conj",
        "7 were be AUX 8 aux:pass",
        "8 seen see VERB 3 parataxis",
    )
)
SENTENCE = SENTENCE.replace(feats=["Number=Plur", "_", "_", "Number=Plur", "_", "Number=Plur", "_", "VerbForm=Part"])


def found(pattern: Any) -> list[dict[str, str]]:
    return [{name: token.form for name, token in match.items()} for match in SENTENCE.match(pattern)]


def forms(conditions: dict[str, Any]) -> list[str]:
    return [match["word"] for match in found({"word": conditions})]


def test_a_verb_with_subject_and_object() -> None:
    pattern = {
        "verb": {"upos": "VERB"},
        "subject": {"head": "verb", "deprel": "nsubj"},
        "object": {"head": "verb", "deprel": "obj", "morph": {"Number": "Plur"}},
    }
    assert found(pattern) == [{"verb": "chase", "subject": "Dogs", "object": "cats"}]
    assert SENTENCE.match(pattern)[0]["verb"] is SENTENCE[2]


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({"upos": "VERB"}, ["chase", "seen"]),
        ({"text": "cats"}, ["cats"]),
        ({"lemma": ["be", "see"]}, ["were", "seen"]),
        ({"lemma": {"dog", "be"}}, ["Dogs", "were"]),
        ({"deprel": "aux"}, []),
        ({"deprel": re.compile("aux(:.*)?|root")}, ["chase", "were"]),
        ({"relation": "aux"}, ["were"]),
        ({"form": str.istitle}, ["Dogs"]),
        ({"form": lambda form: len(form) > 4}, ["often", "chase"]),
        ({"morph": {"Number": "Plur"}}, ["Dogs", "cats", "mice"]),
        ({"morph": {"Number": "", "VerbForm": ""}}, ["often", "chase", "and", "were"]),
        ({"head": 0}, ["chase"]),
        ({"upos": "NOUN", "deprel": "obj"}, ["cats"]),
        ({}, list(SENTENCE.forms)),
    ],
)
def test_conditions_of_a_word(conditions: dict[str, Any], words: list[str]) -> None:
    assert forms(conditions) == words


@pytest.mark.parametrize(
    ("relation", "pairs"),
    [
        ("head", {("mice", "cats"), ("cats", "chase"), ("Dogs", "chase"), ("seen", "chase")}),
        ("ancestor", {("mice", "cats"), ("cats", "chase"), ("mice", "chase"), ("Dogs", "chase"), ("seen", "chase")}),
        ("before", {("cats", "mice"), ("Dogs", "cats"), ("Dogs", "mice"), ("Dogs", "chase"), ("chase", "seen")}
         | {(noun, "seen") for noun in ("Dogs", "cats", "mice")} | {("chase", "cats"), ("chase", "mice")}),
        ("after", {("mice", "cats"), ("cats", "Dogs"), ("mice", "Dogs"), ("chase", "Dogs"), ("seen", "chase")}
         | {("seen", noun) for noun in ("Dogs", "cats", "mice")} | {("cats", "chase"), ("mice", "chase")}),
    ],
)  # fmt: skip
def test_relations(relation: str, pairs: set[tuple[str, str]]) -> None:
    content = {"upos": ["NOUN", "VERB"]}
    for pattern in ({"a": content | {relation: "b"}, "b": content}, {"b": content, "a": content | {relation: "b"}}):
        assert {(match["a"], match["b"]) for match in found(pattern)} == pairs


def test_each_name_has_a_word_of_its_own() -> None:
    pattern = {"a": {"upos": "NOUN"}, "b": {"upos": "NOUN"}}
    assert len(found(pattern)) == 6
    pattern["b"]["after"] = "a"
    assert found(pattern) == [{"a": a, "b": b} for a, b in (("Dogs", "cats"), ("Dogs", "mice"), ("cats", "mice"))]


@given(st.lists(st.integers(0, 4), min_size=4, max_size=4), st.data())
def test_all_matches_are_found(heads: list[int], data: st.DataObject) -> None:
    sentence = Sentence.from_forms(list("wxyz")).replace(heads=heads)
    relations = st.dictionaries(
        st.sampled_from(["head", "ancestor", "before", "after"]), st.sampled_from("ab"), max_size=2
    )
    pattern: dict[str, Any] = {"a": {}, "b": data.draw(relations.filter(lambda r: "b" not in r.values()))}
    pattern["c"] = data.draw(relations)
    holds = {
        "head": lambda token, other: token.head == other.id,
        "ancestor": lambda token, other: other in token.ancestors,
        "before": lambda token, other: token.id < other.id,
        "after": lambda token, other: token.id > other.id,
    }
    expected = [
        match
        for match in (dict(zip("abc", tokens, strict=True)) for tokens in permutations(sentence, 3))
        if all(holds[name](match[one], match[other]) for one in "abc" for name, other in pattern[one].items())
    ]
    assert sentence.match(pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ({}, r"a pattern must be a dict of named words, as \{'verb': .*, not \{\}"),
        ("VERB", "a pattern must be a dict of named words"),
        ({"a": "VERB"}, "the word 'a' of the pattern must be a dict, as in .*, not 'VERB'"),
        ({"a": {"upo": "VERB"}}, "'upo' of the word 'a' in the pattern is not known; did you mean 'upos'"),
        ({"a": {"upos": 3}}, "'upos' of the word 'a' in the pattern must be a string, a list of strings, .* not 3"),
        ({"a": {"head": "b"}}, r"'head' of the word 'a' in the pattern must name another word of it \(it has none\)"),
        ({"a": {"head": "a"}, "b": {}}, r"'head' of the word 'a' .* name another word of it \('b'\), not 'a'"),
        ({"a": {"head": ["b"]}, "b": {}}, r"'head' of the word 'a' .* name another word of it \('b'\), not \['b'\]"),
        ({"a": {"form": re.compile(b"a")}}, "'form' of the word 'a' in the pattern must be a string"),
        ({"a": {"morph": "Plur"}}, r"'morph' of the word 'a' .* must be a dict of features, as \{'Number': 'Plur'\}"),
        ({"a": {"morph": {"Number": None}}}, "'Number' in 'morph' of the word 'a' .* must be a string.* not None"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        SENTENCE.match(pattern)
