from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcparse.errors import ArcparseError
from arcparse.vocabulary import Vocabulary

words = st.lists(st.text(max_size=4))


def test_build_orders_by_frequency_then_alphabet() -> None:
    vocabulary = Vocabulary.build(["b", "a", "c", "c", "<unk>"])
    assert vocabulary.symbols == ("<pad>", "<unk>", "c", "a", "b")
    assert vocabulary.ids(["c", "?", "<pad>", "a"]) == [2, Vocabulary.UNKNOWN, Vocabulary.PAD, 3]


def test_build_leaves_out_what_is_rare() -> None:
    assert list(Vocabulary.build(Counter(a=3, b=1), min_count=2)) == ["<pad>", "<unk>", "a"]


@given(words)
def test_build_is_a_bijection_whatever_the_order(symbols: list[str]) -> None:
    vocabulary = Vocabulary.build(symbols)
    assert vocabulary == Vocabulary.build(sorted(symbols))
    assert [vocabulary.id(symbol) for symbol in vocabulary] == list(range(len(vocabulary)))
    assert [vocabulary.symbol(i) for i in vocabulary.ids(symbols)] == symbols
    assert all(symbol in vocabulary for symbol in symbols)


def test_plain_has_no_specials_and_is_strict() -> None:
    labels = Vocabulary.plain(["nsubj", "obj"])
    assert labels.ids(["obj", "nsubj"]) == [1, 0]
    assert "<pad>" not in labels
    with pytest.raises(ArcparseError, match=r"'nsub' is not in the vocabulary of 2 symbols; did you mean 'nsubj'"):
        labels.id("nsub")
    with pytest.raises(ArcparseError, match="'nsub' is not"):
        labels.ids(["obj", "nsub"])


def test_strict_makes_an_open_vocabulary_raise() -> None:
    vocabulary = Vocabulary.build(["cat"])
    assert vocabulary.id("cta") == Vocabulary.UNKNOWN
    with pytest.raises(ArcparseError, match="did you mean 'cat'"):
        vocabulary.id("cta", strict=True)
    with pytest.raises(ArcparseError, match="did you mean 'cat'"):
        vocabulary.ids(["cta"], strict=True)


def test_an_empty_vocabulary_has_no_nearest() -> None:
    with pytest.raises(ArcparseError, match=r"^'x' is not in the vocabulary of 0 symbols$"):
        Vocabulary.plain([]).id("x")


@pytest.mark.parametrize("id", [-1, 2])
def test_symbol_refuses_other_ids(id: int) -> None:
    with pytest.raises(ArcparseError, match=f"id {id} is outside the vocabulary of 2"):
        Vocabulary.build([]).symbol(id)


def test_a_symbol_twice_is_refused() -> None:
    with pytest.raises(ArcparseError, match="'a' occurs twice"):
        Vocabulary.plain(["a", "b", "a"])
