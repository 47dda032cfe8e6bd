"""Rows of forms that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Thread
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from arcparse.kernels.cache import LONGEST, FormCache


class Codes:
    """Makes rows that tell the form: its length, and its characters' codes added up."""

    width, dtype = 2, np.float32

    def __init__(self) -> None:
        self.made: list[str] = []

    def fill(self, forms: Sequence[str], place: NDArray[np.int32], table: NDArray[Any]) -> None:
        table[place] = [(len(form), sum(map(ord, form))) for form in forms]
        self.made += forms


def is_right(cache: FormCache, forms: Sequence[str]) -> bool:
    found = cache.find(forms)
    return bool((found.tables[0][found.row] == [(len(form), sum(map(ord, form))) for form in forms]).all())


def test_a_form_is_computed_once() -> None:
    codes = Codes()
    cache = FormCache([codes])
    assert is_right(cache, ["a", "bc", "a"])
    assert is_right(cache, ["bc", "d"])
    assert codes.made == ["a", "bc", "d"]


def test_no_form_has_no_row() -> None:
    found = FormCache([Codes()]).find([])
    assert found.row.tolist() == []


def test_it_can_be_told_to_forget() -> None:
    codes = Codes()
    cache = FormCache([codes])
    cache.find(["a"])
    cache.forget()
    cache.find(["a"])
    assert codes.made == ["a", "a"]


def test_each_maker_has_a_table() -> None:
    found = FormCache([Codes(), Codes()]).find(["ab", "c"])
    first, second = (table[found.row].tolist() for table in found.tables)
    assert first == second == [[2, 195], [1, 99]]


@pytest.mark.parametrize("forms", [4, 1, 0])
def test_a_full_cache_is_replaced_and_results_stay(forms: int) -> None:
    codes = Codes()
    cache = FormCache([codes], limit=forms * 8)
    before = cache.find(["a", "b", "c"])
    for number in range(20):
        assert is_right(cache, [f"x{number}", "b", f"y{number}"])
    assert before.tables[0][before.row].tolist() == [[1, 97], [1, 98], [1, 99]]


@pytest.mark.parametrize("limit", [0, 7, 8, 100])
def test_a_cache_takes_no_more_memory_than_its_limit(limit: int) -> None:
    cache = FormCache([Codes()], limit)
    for number in range(100):
        is_right(cache, [f"form {number}"])
        assert sum(table.nbytes for table in cache.find([]).tables) <= limit


def test_a_batch_with_more_forms_than_room_is_right() -> None:
    cache = FormCache([Codes()], limit=40)
    assert is_right(cache, [f"form {number}" for number in range(100)] * 2)
    assert is_right(cache, ["a"])


def test_very_long_forms_are_not_kept() -> None:
    codes, long = Codes(), "x" * (LONGEST + 1)
    cache = FormCache([codes])
    assert is_right(cache, [long, "a", long])
    assert is_right(cache, ["a", long])
    assert codes.made == [long, "a", long]


def test_threads_find_the_right_rows() -> None:
    cache, wrong = FormCache([Codes()], limit=8 * 50), []

    def work(seed: int) -> None:
        random = np.random.default_rng(seed)
        for _ in range(200):
            forms = [f"form{number}" for number in random.integers(100, size=20)]
            if not is_right(cache, forms):
                wrong.append(forms)

    threads = [Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
