from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from arcparse.networks.padding import flat, pad

rows_of = st.lists(st.lists(st.integers(-(2**62), 2**62), max_size=6), max_size=6)


def test_pad_fills_with_the_value() -> None:
    assert pad([[1, 2], [], [3]], value=-1).equal(torch.tensor([[1, 2], [-1, -1], [3, -1]]))


@given(rows_of)
def test_pad_keeps_every_row(rows: list[list[int]]) -> None:
    padded = pad(rows)
    assert padded.dtype == torch.int64
    assert padded.shape == (len(rows), max(map(len, rows), default=0))
    for row, values in zip(rows, padded.tolist(), strict=True):
        assert values == row + [0] * (len(values) - len(row))
    assert flat(padded, list(map(len, rows))).tolist() == [id for row in rows for id in row]
