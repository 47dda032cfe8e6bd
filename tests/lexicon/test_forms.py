from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcparse.lexicon import forms
from arcparse.lexicon.forms import ROOT_FORM, Lexicon, LexiconConfig, shape
from arcparse.sentence import Sentence
from arcparse.spelling import find, zero_digits
from arcparse.vocabulary import SPECIALS, Vocabulary

CONFIG = LexiconConfig(min_count=2, prefixes=(2,), suffixes=(1, 3), longest=5)
VECTOR = Vocabulary((*SPECIALS, "Paris", "paris", "the", "00"))
LINES = ("the cat saw 17 cats", "the CAT saw 23 cats", "The cat", "Cat cot act")
SENTENCES = [Sentence.from_forms(line.split()) for line in LINES]


@pytest.fixture(scope="module")
def built() -> Lexicon:
    return Lexicon.build(CONFIG, SENTENCES, VECTOR, "digits-zero")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("Wolves", "Xx"),
        ("USA", "X"),
        ("e-mail", "x-x"),
        ("3.14", "d.d"),
        ("COVID-19", "X-d"),
        ("...", "."),
        ("été", "x"),
        ("日本", "x"),
        ("", ""),
        ("a1b2c3d4e5", "xdxdxdxd"),
    ],
)
def test_word_shapes(form: str, expected: str) -> None:
    assert shape(form) == expected


@given(st.text())
def test_a_shape_is_short_and_repeats_nothing(form: str) -> None:
    found = shape(form)
    assert len(found) <= 8
    assert all(a != b for a, b in pairwise(found))


def test_words_count_with_digits_zeroed(built: Lexicon) -> None:
    assert set(built.vocabularies["word"]) == {*SPECIALS, ROOT_FORM, "the", "cat", "saw", "cats", "00"}


def test_ids_of_words(built: Lexicon) -> None:
    words = built.forms(["the", "CAT", "dog", "45", "The"])
    named = [built.vocabularies["word"].symbol(i) for i in words.word.tolist()]
    assert named == ["the", "cat", "<unk>", "00", "the"]  # in lower case where only that is known


def test_ids_of_pretrained_vectors_follow_the_chain_of_forms(built: Lexicon) -> None:
    words = built.forms(["Paris", "PARIS", "pArIs", "The", "31", "dog", "<pad>"])
    named = [VECTOR.symbol(i) for i in words.vector.tolist()]
    assert named == ["Paris", "Paris", "paris", "the", "00", "<unk>", "<pad>"]


def test_affixes_in_lower_case_and_the_whole_of_a_short_form(built: Lexicon) -> None:
    assert forms._affixes("Cats", CONFIG) == ["ca-", "-s", "-ats"]
    assert forms._affixes("I", CONFIG) == ["i-", "-i", "-i"]
    known = built.forms(["cat"]).affix[0].tolist()
    assert [built.vocabularies["affix"].symbol(i) for i in known] == ["ca-", "-t", "-cat"]


def test_characters_end_at_the_longest(built: Lexicon) -> None:
    ids = built.forms(["cat", "", "catcatcat"])
    assert ids.offset.tolist() == [0, 3, 3, 8]
    assert "".join(built.vocabularies["character"].symbol(i) for i in ids.character.tolist()) == "catcatca"


@given(st.lists(st.text(max_size=12) | st.sampled_from(["Paris", "CATS", "the", "1999", ROOT_FORM])))
def test_many_forms_have_the_ids_of_each(some: list[str]) -> None:
    lexicon = Lexicon.build(CONFIG, SENTENCES, VECTOR, "digits-zero")
    own, ids = lexicon.vocabularies, lexicon.forms(some)
    assert len(ids.offset) == len(some) + 1
    for i, form in enumerate(some):
        zeroed = zero_digits(form)
        assert ids.word[i] == own["word"].id(zeroed if zeroed in own["word"] else zeroed.lower())
        assert ids.vector[i] == VECTOR.id(find(form, "digits-zero", VECTOR) or "")
        assert ids.affix[i].tolist() == own["affix"].ids(forms._affixes(form, CONFIG))
        assert ids.shape[i] == own["shape"].id(shape(form))
        characters = ids.character[ids.offset[i] : ids.offset[i + 1]].tolist()
        assert characters == own["character"].ids(form[: CONFIG.longest])


def test_a_lexicon_without_affixes_serves() -> None:
    bare = Lexicon.build(LexiconConfig(prefixes=(), suffixes=()), SENTENCES, VECTOR, "none")
    assert bare.forms(["the"]).affix.shape == (1, 0)
    assert bare.forms([]).affix.shape == (0, 0)
    assert Lexicon.build(CONFIG, [], VECTOR, "none").forms(["the"]).word.tolist() == [Vocabulary.UNKNOWN]
