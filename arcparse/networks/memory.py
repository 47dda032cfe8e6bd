"""What encoders give and decoders take: the vectors of a source, and the readings of an output."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

DecoderState = tuple[Tensor, ...]  # of each hypothesis; parts are [B, ...] at the start, then [B, K, ...]


@dataclass(frozen=True)
class Memory:
    """B encoded sources of up to N tokens."""

    vector: Tensor  # [B, N, D]
    is_token: Tensor  # [B, N]; each source has a token
    summary: Tensor  # [B, D] the whole source
    key: Tensor | None = None  # [B, N, H] what a decoder's attention compares, once it is bound to the memory


@dataclass(frozen=True)
class Reading:
    """What a decoder says after symbols that it has read: of T positions of an output, or of K hypotheses."""

    output: Tensor  # [B, T, E], before the layer that scores symbols
    weight: Tensor  # [B, T, N] of its attention; N is 0 where it has none
    state: DecoderState  # after a step [B, K, ...]; empty where a whole output was read
