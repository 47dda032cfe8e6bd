from __future__ import annotations

import pytest
import torch

from arcparse.lexicon.forms import Lexicon, LexiconConfig
from arcparse.networks.words import words_of
from arcparse.sentence import Sentence
from arcparse.vocabulary import SPECIALS, Vocabulary


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    sentences = [Sentence.from_forms(line.split()) for line in ("the cat", "the cats", "that cat acts")]
    return Lexicon.build(LexiconConfig(longest=5), sentences, Vocabulary(SPECIALS), "none")


def test_a_batch_holds_each_form_once_and_tokens_point_at_it(lexicon: Lexicon) -> None:
    sentences = [["the", "cat", "the"], [], ["cat"]]
    words = words_of(lexicon, sentences)
    assert words.length.tolist() == [3, 0, 1]
    assert words.row.tolist() == [[0, 1, 2, 1], [0, 0, 0, 0], [0, 2, 0, 0]]
    assert words.is_token.tolist() == [[True] * 4, [True, False, False, False], [True, True, False, False]]
    assert len(words.forms.word) == 3


def test_characters_are_padded(lexicon: Lexicon) -> None:
    character = words_of(lexicon, [["the", "catcatcat"]]).forms.character
    assert character.shape == (3, 5)
    assert (character[1] == Vocabulary.PAD).tolist() == [False] * 3 + [True] * 2
    assert (character[2] != Vocabulary.PAD).all()


def test_words_move_to_a_device(lexicon: Lexicon) -> None:
    words = words_of(lexicon, [["the", "cat"]])
    moved = words.to(torch.device("meta"))
    assert {moved.row.device.type, moved.length.device.type, moved.forms.character.device.type} == {"meta"}
    assert words.to(torch.device("cpu")).row.equal(words.row)
