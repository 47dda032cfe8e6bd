"""Lists of items have the wanted size, and the items before an error are kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from arcparse.sentence.lists import lists_of


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
