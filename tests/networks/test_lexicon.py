from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from arcparse.networks import lexicon
from arcparse.networks.lexicon import ROOT_FORM, Lexicon, LexiconConfig, shape
from arcparse.sentence import Sentence
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
    words = built.words([["the", "CAT", "dog", "45", "The"]]).forms
    named = [built.vocabularies["word"].symbol(i) for i in words.word.tolist()]
    assert named == [ROOT_FORM, "the", "cat", "<unk>", "00", "the"]  # in lower case where only that is known


def test_ids_of_pretrained_vectors_follow_the_chain_of_forms(built: Lexicon) -> None:
    words = built.words([["Paris", "PARIS", "pArIs", "The", "31", "dog", "<pad>"]]).forms
    named = [VECTOR.symbol(i) for i in words.vector.tolist()]
    assert named == ["<unk>", "Paris", "Paris", "paris", "the", "00", "<unk>", "<pad>"]


def test_affixes_in_lower_case_and_the_whole_of_a_short_form(built: Lexicon) -> None:
    assert lexicon._affixes("Cats", CONFIG) == ["ca-", "-s", "-ats"]
    assert lexicon._affixes("I", CONFIG) == ["i-", "-i", "-i"]
    known = built.words([["cat"]]).forms.affix[1].tolist()
    assert [built.vocabularies["affix"].symbol(i) for i in known] == ["ca-", "-t", "-cat"]


def test_characters_end_at_the_longest_and_are_padded(built: Lexicon) -> None:
    character = built.words([["the", "catcatcat"]]).forms.character
    assert character.shape == (3, 5)
    assert (character[1] == Vocabulary.PAD).tolist() == [False] * 3 + [True] * 2
    assert (character[2] != Vocabulary.PAD).all()
    spelt = "".join(built.vocabularies["character"].symbol(i) for i in character[2].tolist())
    assert spelt == "catca"


def test_a_batch_holds_each_form_once_and_tokens_point_at_it(built: Lexicon) -> None:
    sentences = [["the", "cat", "the"], [], ["cat"]]
    words = built.words(sentences)
    assert words.length.tolist() == [3, 0, 1]
    assert words.row.tolist() == [[0, 1, 2, 1], [0, 0, 0, 0], [0, 2, 0, 0]]
    assert words.is_token.tolist() == [[True] * 4, [True, False, False, False], [True, True, False, False]]
    assert len(words.forms.word) == 3


def test_the_memory_of_forms_is_bounded(built: Lexicon, monkeypatch: pytest.MonkeyPatch) -> None:
    first = built.words([["the", "cat"]])
    monkeypatch.setattr(lexicon, "REMEMBERED", 1)
    again = built.words([["the", "cat"]])
    assert len(built._remembered) == 3
    assert first.forms.word.equal(again.forms.word)
    assert first.forms.affix.equal(again.forms.affix)


def test_a_lexicon_without_affixes_serves() -> None:
    bare = Lexicon.build(LexiconConfig(prefixes=(), suffixes=()), SENTENCES, VECTOR, "none")
    assert bare.words([["the"]]).forms.affix.shape == (2, 0)
    assert Lexicon.build(CONFIG, [], VECTOR, "none").words([["the"]]).length.tolist() == [1]


def test_words_move_to_a_device(built: Lexicon) -> None:
    words = built.words([["the", "cat"]])
    moved = words.to(torch.device("meta"))
    assert {moved.row.device.type, moved.length.device.type, moved.forms.character.device.type} == {"meta"}
    assert words.to(torch.device("cpu")).row.equal(words.row)
