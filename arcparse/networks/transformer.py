"""The Transformer (Vaswani et al. 2017) under the interface of the recurrent modules; layers normalise their input.

The encoder is torch's. The decoder's layers are torch's too, but are run here part by part, because torch's `forward`
neither returns the weights of attention nor reads one more symbol after earlier ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from arcparse.errors import ConfigurationError
from arcparse.networks.memory import DecoderState, Memory, Reading
from arcparse.networks.settings import TransformerConfig


def positions(start: int, size: int, dimension: int, device: torch.device) -> Tensor:
    """Return the sinusoids of positions `start` to `start + size` [size, dimension] (section 3.5)."""
    position = torch.arange(start, start + size, device=device).unsqueeze(1)
    rate = torch.exp(torch.arange(0, dimension, 2, device=device) * (-math.log(10000.0) / dimension))
    angle = position * rate
    return torch.stack([angle.sin(), angle.cos()], 2).flatten(1)[:, :dimension]


def causal_mask(size: int, device: torch.device) -> Tensor:
    """Return for each of `size` positions the ones that it may not see [size, size]: those after it."""
    return torch.ones(size, size, dtype=torch.bool, device=device).triu(1)


class TransformerEncoder(nn.Module):
    """Self-attention over a sequence in both directions."""

    def __init__(self, config: TransformerConfig, dimension: int) -> None:
        """Raise ConfigurationError if the heads do not divide the dimension."""
        super().__init__()
        self.dimension = dimension
        layer = nn.TransformerEncoderLayer(**_arguments(config, dimension))
        norm = nn.LayerNorm(dimension)
        self.layers = nn.TransformerEncoder(layer, config.layers, norm, enable_nested_tensor=False)
        _initialise(self)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, vector: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Return [B, N, D] and a summary [B, D], the mean over tokens, from embeddings [B, N, D]."""
        place = positions(0, vector.shape[1], self.dimension, vector.device)
        is_token = torch.arange(vector.shape[1], device=vector.device) < length.unsqueeze(1)
        vector = self.dropout(vector * self.dimension**0.5 + place)
        output: Tensor = self.layers(vector, src_key_padding_mask=~is_token)
        return output, (output * is_token.unsqueeze(2)).sum(1) / length.unsqueeze(1)


class TransformerDecoder(nn.Module):
    """Self-attention over the symbols written so far, and attention to the memory.

    The state holds each layer's input at the positions read [B, K, T, D].
    """

    def __init__(self, config: TransformerConfig, dimension: int, memory_dimension: int) -> None:
        """Raise ConfigurationError if the heads do not divide the dimension, or the memory has another dimension."""
        super().__init__()
        if memory_dimension != dimension:
            raise ConfigurationError(
                f"the Transformer decoder has dimension {dimension}, its memory {memory_dimension}; make them equal"
            )
        self.dimension = dimension
        self.layers = nn.ModuleList(
            nn.TransformerDecoderLayer(**_arguments(config, dimension)) for _ in range(config.layers)
        )
        self.norm, self.dropout = nn.LayerNorm(dimension), nn.Dropout(config.dropout)
        _initialise(self)

    def bind(self, memory: Memory) -> Memory:
        """Return the memory as it is: torch's layers project it."""
        return memory

    def start(self, memory: Memory) -> DecoderState:
        """Return the state before the first symbol: nothing read [B, 0, D]."""
        nothing = memory.vector.new_zeros(len(memory.vector), 0, self.dimension)
        return (nothing,) * len(self.layers)

    def whole(self, vector: Tensor, memory: Memory) -> Reading:
        """Read all of [B, T, D] at once; no position sees a later one."""
        vector = self._placed(vector, 0)
        mask = causal_mask(vector.shape[1], vector.device)
        weight = vector.new_zeros(0)
        for layer in self.layers:

            def look(own: Tensor, layer: nn.Module = layer) -> Tensor:
                found: Tensor = layer.self_attn(own, own, own, attn_mask=mask, need_weights=False)[0]  # type: ignore[operator]
                return found

            vector, weight = _read(layer, vector, look, memory)
        return Reading(self.norm(vector), weight, ())

    def step(self, vector: Tensor, state: DecoderState, memory: Memory) -> Reading:
        """Read one more symbol [B, K, D] after those in the state [B, K, T, D]."""
        vector = self._placed(vector.unsqueeze(2), state[0].shape[2]).squeeze(2)
        after: list[Tensor] = []
        weight = vector.new_zeros(0)
        for layer, seen in zip(self.layers, state, strict=True):

            def look(own: Tensor, layer: nn.Module = layer, seen: Tensor = seen) -> Tensor:
                now = torch.cat([seen, own.unsqueeze(2)], 2)
                after.append(now)
                flat = now.flatten(0, 1)
                found: Tensor = layer.self_attn(flat[:, -1:], flat, flat, need_weights=False)[0]  # type: ignore[operator]
                return found.view_as(own)

            vector, weight = _read(layer, vector, look, memory)
        return Reading(self.norm(vector), weight, tuple(after))

    def _placed(self, vector: Tensor, start: int) -> Tensor:
        """Return vectors [..., T, D] with their positions from `start`."""
        place = positions(start, vector.shape[-2], self.dimension, vector.device)
        placed: Tensor = self.dropout(vector * self.dimension**0.5 + place)
        return placed


def _read(layer: nn.Module, vector: Tensor, look: Callable[[Tensor], Tensor], memory: Memory) -> tuple[Tensor, Tensor]:
    """Run the parts of a layer of torch on [B, T, D]; `look` is its attention to the symbols read.

    Returns its output and its attention's weights [B, T, N], the mean over heads.
    """
    assert isinstance(layer, nn.TransformerDecoderLayer)  # noqa: S101 (for the type checker)
    vector = vector + layer.dropout1(look(layer.norm1(vector)))
    query = layer.norm2(vector)
    found, weight = layer.multihead_attn(query, memory.vector, memory.vector, key_padding_mask=~memory.is_token)
    vector = vector + layer.dropout2(found)
    hidden = layer.dropout(layer.activation(layer.linear1(layer.norm3(vector))))
    return vector + layer.dropout3(layer.linear2(hidden)), weight


def _arguments(config: TransformerConfig, dimension: int) -> dict[str, Any]:
    if dimension % config.heads:
        raise ConfigurationError(f"{config.heads} heads do not divide the embeddings' {dimension}; change one of them")
    return {
        "d_model": dimension,
        "nhead": config.heads,
        "dim_feedforward": config.hidden,
        "dropout": config.dropout,
        "batch_first": True,
        "norm_first": True,
    }


def _initialise(module: nn.Module) -> None:
    """Draw every matrix on its own (Glorot & Bengio 2010): torch's encoder begins with equal layers."""
    for parameter in module.parameters():
        if parameter.dim() > 1:
            nn.init.xavier_uniform_(parameter)
