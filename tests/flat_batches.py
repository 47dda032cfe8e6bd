"""Batches as the kernels see them: tokens one after the other, without padding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn


def offsets(lengths: Sequence[int]) -> NDArray[np.int64]:
    """Return where each sentence begins, and the end of the last."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def flat(values: Tensor, lengths: Sequence[int]) -> NDArray[np.float32]:
    """Return the values [B, N, ...] of all tokens [T, ...]."""
    return np.concatenate([own[:length].numpy() for own, length in zip(values, lengths, strict=True)])


def named(network: nn.Module) -> dict[str, NDArray[np.float32]]:
    """Return the weights by name."""
    return {name: value.numpy() for name, value in network.state_dict().items()}
