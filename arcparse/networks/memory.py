"""From encoders to decoders: the vectors of a source, and the readings of an output."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

DecoderState = tuple[Tensor, ...]  # of each hypothesis; parts are [B, ...] at the start, then [B, K, ...]


@dataclass(frozen=True)
class Memory:
    """B encoded sources of up to N tokens."""

    vector: Tensor  # [B, N, D]
    is_token: Tensor  # [B, N]; each source has a token
    summary: Tensor  # [B, D] of the whole source
    key: Tensor | None = None  # [B, N, H] for a decoder's attention, once it is bound to the memory


@dataclass(frozen=True)
class Reading:
    """The decoder's results after symbols that it has read: at T positions of an output, or of K hypotheses."""

    output: Tensor  # [B, T, E], before the layer that scores symbols
    weight: Tensor  # [B, T, N] of its attention; N is 0 if it has none
    state: DecoderState  # after a step [B, K, ...]; empty after a whole output
