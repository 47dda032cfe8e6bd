"""Lists have the wanted size, items before an error are kept; sentences are accepted, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from arcparse.errors import InputError
from arcparse.sentence import Sentence
from arcparse.sentence.lists import each_sentence, lists_of

DOG = Sentence.from_forms(["Dog"])


def numbers(last: int) -> Iterator[int]:
    yield from range(last)
    raise ValueError("no more")


def test_the_last_list_is_shorter() -> None:
    assert list(lists_of(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(lists_of([], 2)) == []


@pytest.mark.parametrize(("last", "expected"), [(0, []), (2, [[0, 1]]), (3, [[0, 1], [2]])])
def test_what_came_before_an_error_comes_first(last: int, expected: list[list[int]]) -> None:
    found: list[list[int]] = []
    with pytest.raises(ValueError, match="no more"):
        found.extend(lists_of(numbers(last), 2))
    assert found == expected


def test_no_more_is_read_than_one_list() -> None:
    items = iter(range(9))
    assert next(lists_of(items, 3)) == [0, 1, 2]
    assert next(items) == 3


@pytest.mark.parametrize("single", [None, "x.conllu", b"x", 5, DOG])
def test_a_single_thing_is_no_series_of_sentences(single: object) -> None:
    with pytest.raises(InputError, match=r"gold must be a list .* of Sentence objects, not "):
        each_sentence(single, "gold")


@pytest.mark.parametrize("other", [None, "Dog", ["Dog"], DOG.forms])
def test_what_is_no_sentence_is_told_by_its_place(other: object) -> None:
    sentences = each_sentence(iter([DOG, other]))
    assert next(sentences) is DOG
    with pytest.raises(InputError, match=r"sentences\[1\] must be a Sentence, not "):
        next(sentences)
