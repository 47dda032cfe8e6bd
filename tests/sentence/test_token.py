"""Walking: from a word to its neighbours in the tree, and back into the text."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcparse.errors import InputError, TreeError
from arcparse.sentence import NONE, Phrase, Sentence, Token

#                 1     2       3         4    5     6       7    8      9    10     11
WORDS = ["Yesterday", "Anna", ",", "my", "sister", ",", "bought", "red", "apples", "and", "pears", "."]
TREE = [(7, "obl:tmod"), (7, "nsubj"), (5, "punct"), (5, "nmod:poss"), (2, "appos"), (2, "punct"), (0, "root")]
TREE += [(9, "amod"), (7, "obj"), (11, "cc"), (9, "conj"), (7, "punct")]
SENTENCE = Sentence.from_forms(WORDS).replace(
    heads=[head for head, _ in TREE],
    labels=[label for _, label in TREE],
    upos=["NOUN", "PROPN", "PUNCT", "PRON", "NOUN", "PUNCT", "VERB", "ADJ", "NOUN", "CCONJ", "NOUN", "PUNCT"],
    feats=["_", "Number=Sing", "_", "Number=Sing|Person=1|Poss=Yes", *["_"] * 8],
)
YESTERDAY, ANNA, COMMA, MY, SISTER, _, BOUGHT, RED, APPLES, AND, PEARS, DOT = SENTENCE


def with_heads(*heads: int) -> Sentence:
    return Sentence.from_tokens(Token(i, "w", head=head, deprel="conj") for i, head in enumerate(heads, 1))


def test_words_are_found_by_position() -> None:
    assert (SENTENCE[0], SENTENCE[-1]) == (YESTERDAY, DOT)
    assert len(SENTENCE) == 12
    with pytest.raises(IndexError):
        _ = SENTENCE[12]


def test_what_a_word_says_of_itself() -> None:
    assert str(ANNA) == ANNA.text == "Anna"
    assert YESTERDAY.relation == "obl"
    assert MY.morph == {"Number": "Sing", "Person": "1", "Poss": "Yes"}
    assert MY.morph["Number"] == "Sing"
    assert not DOT.morph
    assert [token.form for token in SENTENCE if token.is_punctuation] == [",", ",", "."]


def test_the_words_around() -> None:
    assert (ANNA.head_token, BOUGHT.head_token) == (BOUGHT, None)
    assert BOUGHT.children == (YESTERDAY, ANNA, APPLES, DOT)
    assert BOUGHT.left_children == (YESTERDAY, ANNA)
    assert BOUGHT.right_children == (APPLES, DOT)
    assert APPLES.subtree == (RED, APPLES, AND, PEARS)
    assert (APPLES.left_edge, APPLES.right_edge) == (RED, PEARS)
    assert MY.ancestors == (SISTER, ANNA, BOUGHT)
    assert DOT.subtree == (DOT,)
    assert SENTENCE.root == BOUGHT


def test_coordinated_words() -> None:
    assert APPLES.conjuncts == (PEARS,)
    assert PEARS.conjuncts == (APPLES,)
    assert RED.conjuncts == ()
    chain = Sentence.from_forms(["a", "b", "c"]).replace(heads=[0, 1, 2], labels=["root", "conj", "conj"])
    assert [[other.id for other in token.conjuncts] for token in chain] == [[2, 3], [1, 3], [1, 2]]


@given(st.lists(st.integers(-1, 6), min_size=6, max_size=6))
def test_walks_end_whatever_the_heads(heads: list[int]) -> None:
    sentence = with_heads(*heads)
    for token in sentence:
        assert token in token.subtree
        assert all(child.head_token == token for child in token.children)
        assert len(set(token.ancestors)) == len(token.ancestors)
        assert token not in token.conjuncts
        assert set(token.children) == {*token.left_children, *token.right_children} | ({token} & set(token.children))
        assert sentence.phrase(token)[0] == token.left_edge


@given(st.lists(st.integers(-1, 5), min_size=5, max_size=5))
def test_words_below_have_the_word_above_them(heads: list[int]) -> None:
    sentence = with_heads(*heads)
    for token in sentence:
        assert {other for other in sentence if token in other.ancestors} | {token} == set(token.subtree)


def test_a_head_outside_the_sentence_is_refused() -> None:
    sentence = dataclasses.replace(with_heads(0, 9), place="a.conllu:3")
    for walk in (lambda: sentence[1].head_token, lambda: sentence[0].children, lambda: sentence[1].ancestors):
        with pytest.raises(TreeError, match=r"a\.conllu:3: HEAD '9' of word 2 is outside the sentence of 2 words"):
            walk()


def test_without_a_tree_there_is_no_root() -> None:
    sentence = Sentence.from_forms(["Dogs", "bark"])
    assert [token.head_token for token in sentence] == [None, None]
    for ask in (lambda: sentence.root, sentence.noun_chunks):
        with pytest.raises(TreeError, match="the sentence has no tree, since no word has head 0; parse it first"):
            ask()


def test_a_token_made_alone_has_its_columns_only() -> None:
    alone = Token(1, "Dogs", feats="Number=Plur")
    assert alone.morph == {"Number": "Plur"}
    with pytest.raises(
        InputError, match=r"the token 'Dogs' belongs to no sentence; take it from Sentence\.from_tokens"
    ):
        _ = alone.children
    assert Sentence.from_tokens([alone])[0].children == ()


def test_the_sentence_takes_no_part_in_comparison_and_travels_with_its_words() -> None:
    assert Token(7, "bought", upos="VERB", head=0, deprel="root") == BOUGHT
    assert "sentence" not in repr(BOUGHT)
    pickled = pickle.loads(pickle.dumps(BOUGHT))  # noqa: S301 (our own)
    for moved in (pickled, copy.copy(BOUGHT), copy.deepcopy(BOUGHT)):
        assert moved == BOUGHT
        assert moved.sentence == SENTENCE
    alone = pickle.loads(pickle.dumps(Token(1, "Dogs")))  # noqa: S301 (our own)
    assert alone == Token(1, "Dogs", head=NONE)
    with pytest.raises(InputError):
        _ = alone.sentence
    with pytest.raises(InputError):
        _ = dataclasses.replace(BOUGHT, form="buys").sentence


def test_phrases_are_slices() -> None:
    phrase = SENTENCE[3:6]
    assert (phrase.text, str(phrase), repr(phrase)) == ("my sister ,", "my sister ,", "<Phrase 'my sister ,'>")
    assert (len(phrase), list(phrase), phrase[1], SISTER in phrase) == (3, [MY, SISTER, SENTENCE[5]], SISTER, True)
    assert phrase.root == SISTER
    assert SENTENCE.text[phrase.start : phrase.end] == phrase.text
    assert SENTENCE.phrase(APPLES).text == "red apples and pears"
    assert SENTENCE[:].text == SENTENCE.text
    assert (phrase[:2], phrase[-2:].text) == (SENTENCE[3:5], "sister ,")
    with pytest.raises(InputError, match="its step must be 1, not 2"):
        _ = phrase[::2]
    with pytest.raises(InputError, match="its step must be 1, not -1; slice its `tokens`"):
        _ = SENTENCE[::-1]


def test_a_phrase_of_a_subtree_with_a_gap_has_no_gap() -> None:
    sentence = with_heads(2, 0, 2, 1)
    assert [token.id for token in sentence[0].subtree] == [1, 4]
    assert [token.id for token in sentence.phrase(sentence[0])] == [1, 2, 3, 4]


def test_an_empty_phrase_has_no_place() -> None:
    empty = SENTENCE[5:2]
    assert (len(empty), empty.text, empty == Phrase(())) == (0, "", True)
    for ask in (lambda: empty.start, lambda: empty.end, lambda: empty.root):
        with pytest.raises(InputError, match="a phrase without words has no root and no place in the text"):
            ask()
