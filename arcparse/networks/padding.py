"""Rows of different lengths as one tensor, with padding after the end of each row, and back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def pad(rows: Sequence[Sequence[int]], value: int = 0) -> Tensor:
    """Stack B rows of up to N ids into an int64 tensor [B, N], with `value` after the end of each row."""
    lengths = list(map(len, rows))
    return padded(np.fromiter(chain.from_iterable(rows), np.int64, sum(lengths)), lengths, value)


def padded(flat: NDArray[Any], lengths: Sequence[int], value: int = 0) -> Tensor:
    """Stack B rows of `lengths` ids, which follow each other in `flat`, into an int64 tensor as `pad` does."""
    made = np.full((len(lengths), max(lengths, default=0)), value, np.int64)
    made[_is_inside(lengths)] = flat
    return torch.from_numpy(made)


def flat(padded: Tensor, lengths: Sequence[int]) -> NDArray[np.int64]:
    """Return the ids of B rows of `lengths` one after the other, without the padding of the tensor [B, N]."""
    found: NDArray[np.int64] = padded.cpu().numpy()[_is_inside(lengths, padded.shape[1])]
    return found


def _is_inside(lengths: Sequence[int], width: int | None = None) -> NDArray[np.bool_]:
    """Return whether a place of rows of `lengths` is before their end [B, N]."""
    size = max(lengths, default=0) if width is None else width
    return np.arange(size) < np.array(lengths, np.int64)[:, None]
