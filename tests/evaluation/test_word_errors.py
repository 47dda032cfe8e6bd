"""Edits between rows of words."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcparse.evaluation.word_errors import edits, word_error_rate

WORDS = st.lists(st.sampled_from("abc"), max_size=8)


@pytest.mark.parametrize(
    ("found", "gold", "expected"),
    [
        ("", "", 0),
        ("one two", "one two", 0),
        ("", "one two", 2),
        ("one two", "", 2),
        ("one too", "one two", 1),
        ("one", "one two", 1),
        ("one and two", "one two", 1),
        ("two three four", "one two three", 2),
    ],
)
def test_words_are_put_in_left_out_and_replaced(found: str, gold: str, expected: int) -> None:
    assert edits(found.split(), gold.split()) == expected


@given(WORDS, WORDS)
def test_edits_are_as_few_as_in_the_definition(found: list[str], gold: list[str]) -> None:
    @cache
    def least(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        return min(least(i - 1, j) + 1, least(i, j - 1) + 1, least(i - 1, j - 1) + (found[i - 1] != gold[j - 1]))

    assert edits(found, gold) == least(len(found), len(gold))


def test_the_rate_is_of_all_words_together() -> None:
    assert word_error_rate([(["a"], ["b"]), (["a", "b", "c"], ["a", "b", "c"])]) == 25
    assert word_error_rate([(["a", "b", "c"], ["x"])]) == 300
    assert word_error_rate([]) == word_error_rate([([], [])]) == 0
