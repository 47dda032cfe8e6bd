"""Kinds of mistakes and their examples, and the words that one of two systems has right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import perturbed, random_text, read, rows, seeded

from arcparse.evaluation import (
    Agreement,
    Example,
    Kind,
    agreement,
    compare,
    evaluate,
    genre_parts,
    label_parts,
    mistakes,
)

GOLD = "# sent_id = s1\n" + rows("1 saw _ V 0 root", "2 her _ X 3 nmod:poss", "3 duck _ N 1 obj", "4 . _ PUNCT 1 punct")
FIRST = rows("1 saw _ V 0 root", "2 her _ X 1 obj", "3 duck _ N 1 obj", "4 . _ PUNCT 3 punct")
SECOND = rows("1 saw _ V 0 root", "2 her _ X 3 nmod", "3 duck _ N 1 xcomp", "4 . _ PUNCT 1 punct")
TEXTS = st.text("abA", min_size=1, max_size=12)
SEEDS = st.integers(0, 2**32)


def test_a_mistake_shows_the_word_and_both_heads() -> None:
    label, head = mistakes(compare(read(GOLD), read(FIRST)))
    assert (label.kind, label.count, label.share) == (Kind("nmod", "obj", False), 1, 0.5)
    arcs = "nmod:poss(duck-3, her-2)", "obj(saw-1, her-2)"
    assert label.examples == (Example("s1", "saw", "her", "duck .", *arcs),)
    assert head.kind == Kind("punct", "punct", False)
    [alone] = mistakes(compare(read(GOLD), read(FIRST)), punctuation=False)
    assert (alone.kind, alone.share) == (label.kind, 1.0)
    [wrong_label] = mistakes(compare(read(GOLD), read(SECOND)))
    assert wrong_label.kind == Kind("obj", "xcomp", True)


def test_arcs_from_the_root_and_words_that_the_system_lacks() -> None:
    gold = rows("1 a _ X 0 root") + rows("1 bc _ X 2 obj", "2 d _ X 0 root")
    system = rows("1 a _ X 0 root", "2 b _ X 1 obj", "3 c _ X 1 obj", "4 d _ X 1 dep")
    word, root = mistakes(compare(read(gold), read(system)))
    assert word.kind == Kind("obj", "", False)
    assert word.examples == (Example("test:2", "", "bc", "d", "obj(d-2, bc-1)", ""),)
    assert (root.examples[0].gold, root.examples[0].system) == ("root(ROOT-0, d-2)", "dep(a-1, d-4)")


def test_frequent_kinds_come_first_with_examples_from_all_over_the_text() -> None:
    gold, other = rows("1 a _ X 0 root", "2 b _ X 1 obj"), rows("1 a _ X 0 root", "2 b _ X 1 iobj")
    rare = rows("1 a _ X 2 obj", "2 b _ X 0 root")
    long = rows("1 a _ X 0 root", *(f"{i} b _ X 1 obj" for i in range(2, 40)))
    wrong = long.replace("\tobj", "\tiobj")
    compared = compare(read(long + gold * 10), read(wrong + other * 9 + rare))
    found = mistakes(compared, kinds=2, examples=3)
    assert [(own.kind, own.count) for own in found] == [
        (Kind("obj", "iobj", True), 47),
        (Kind("root", "obj", False), 1),
    ]
    assert found[0].share == 47 / 49
    assert [example.sentence for example in found[0].examples] == ["test:2", "test:5", "test:8"]  # not the long one
    [alone] = mistakes(compare(read(long), read(wrong)))
    assert [example.sentence for example in alone.examples] == ["test:1"]
    assert mistakes(compared, kinds=1, examples=0)[0].examples == ()
    assert mistakes(compare(read(gold), read(gold))) == []


def test_one_system_beside_another() -> None:
    first, second = (compare(read(GOLD), read(system)) for system in (FIRST, SECOND))
    assert [own.kind.gold for own in mistakes(first, beside=second)] == ["nmod", "punct"]
    assert [own.kind.gold for own in mistakes(second, beside=first)] == ["obj"]
    assert mistakes(first, beside=first) == []
    found = agreement(first, second, label_parts(first))
    assert found == {
        "root": Agreement(1, 1, 0, 0, 0),
        "nmod": Agreement(1, 0, 0, 1, 0),
        "obj": Agreement(1, 0, 1, 0, 0),
        "punct": Agreement(1, 0, 0, 1, 0),
    }
    assert "punct" not in agreement(first, second, label_parts(first), punctuation=False)


@given(TEXTS, SEEDS, st.booleans())
def test_counts_add_up_to_the_scores(characters: str, seed: int, punctuation: bool) -> None:
    rng = seeded(seed)
    gold = random_text(rng, characters)
    systems = [perturbed(rng, sentence) for sentence in gold], random_text(rng, characters)
    first, second = (compare(gold, system) for system in systems)
    scores = [evaluate(gold, system, punctuation=punctuation)["LAS"] for system in systems]
    for parts in (label_parts(first), genre_parts(first).of_words(first)):
        found = agreement(first, second, parts, punctuation=punctuation).values()
        assert sum(own.words for own in found) == scores[0].gold
        assert sum(own.both + own.first for own in found) == scores[0].correct
        assert sum(own.both + own.second for own in found) == scores[1].correct
        assert all(own.both + own.first + own.second + own.neither == own.words for own in found)
    for compared, score in zip((first, second), scores, strict=True):
        kinds = mistakes(compared, punctuation=punctuation, kinds=1000)
        assert sum(own.count for own in kinds) == score.gold - score.correct
        assert not kinds or sum(own.share for own in kinds) == pytest.approx(1)
    gained = mistakes(first, beside=second, punctuation=punctuation, kinds=1000)
    assert sum(own.count for own in gained) == sum(own.second for own in found)


def test_two_systems_need_the_same_gold() -> None:
    first, second = compare(read(GOLD), read(FIRST)), compare(read(FIRST), read(SECOND))
    for act in (lambda: agreement(first, second, label_parts(first)), lambda: mistakes(first, beside=second)):
        with pytest.raises(ValueError, match="the same sentences of gold"):
            act()
