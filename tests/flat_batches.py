"""Batches as the kernels see them: tokens one after the other, without padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from arcparse.networks.words import Forms


@dataclass(frozen=True)
class FlatIds:
    """The ids of forms."""

    word: NDArray[np.int32]
    vector: NDArray[np.int32]
    affix: NDArray[np.int32]
    shape: NDArray[np.int32]
    character: NDArray[np.int32]
    offset: NDArray[np.int64]

    @classmethod
    def of(cls, forms: Forms) -> FlatIds:
        """Return the same ids as those of padded arrays."""
        parts = (part.numpy().astype(np.int32) for part in (forms.word, forms.vector, forms.affix, forms.shape))
        known = forms.character.numpy() != 0
        character = forms.character.numpy()[known].astype(np.int32)
        return cls(*parts, character, np.concatenate([[0], known.sum(1).cumsum()]))


def offsets(lengths: Sequence[int]) -> NDArray[np.int64]:
    """Return where each sentence begins, and the end of the last."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def flat(values: Tensor, lengths: Sequence[int]) -> NDArray[np.float32]:
    """Return the values [B, N, ...] of all tokens [T, ...]."""
    return np.concatenate([own[:length].numpy() for own, length in zip(values, lengths, strict=True)])


def named(network: nn.Module) -> dict[str, NDArray[np.float32]]:
    """Return the weights by name."""
    return {name: value.numpy() for name, value in network.state_dict().items()}
