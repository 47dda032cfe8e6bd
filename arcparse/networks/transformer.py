"""The Transformer (Vaswani et al. 2017) under the interface of the recurrent modules; layers normalise their input.

The encoder is torch's. The decoder's layers are torch's too, but are run here part by part, because torch's `forward`
neither returns the weights of attention nor reads one more symbol after earlier ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

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

    The state holds each layer's keys and values of the positions read [B, K, T, 2 D], a bound memory those of its
    tokens for all layers [B, N, L * 2 D]: each is computed once.
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
        """Return the memory with the keys and values that the layers look at."""
        return replace(memory, key=torch.cat([_keys(own.multihead_attn, memory.vector) for own in self._layers()], 2))

    def start(self, memory: Memory) -> DecoderState:
        """Return the state before the first symbol: nothing read [B, 0, 2 D]."""
        nothing = memory.vector.new_zeros(len(memory.vector), 0, 2 * self.dimension)
        return (nothing,) * len(self.layers)

    def whole(self, vector: Tensor, memory: Memory) -> Reading:
        """Read all of [B, T, D] at once; no position sees a later one."""
        vector = self._placed(vector, 0)
        mask = causal_mask(vector.shape[1], vector.device)
        weight = vector.new_zeros(0)
        for layer, source in zip(self._layers(), self._sources(memory), strict=True):
            own = layer.norm1(vector)
            found = layer.self_attn(own, own, own, attn_mask=mask, need_weights=False)[0]
            vector, weight = _read(layer, vector, found, source, memory.is_token)
        return Reading(self.norm(vector), weight, ())

    def step(self, vector: Tensor, state: DecoderState, memory: Memory) -> Reading:
        """Read one more symbol [B, K, D] after those in the state [B, K, T, 2 D]; the memory is a bound one."""
        vector = self._placed(vector.unsqueeze(2), state[0].shape[2]).squeeze(2)
        after: list[Tensor] = []
        weight = vector.new_zeros(0)
        for layer, seen, source in zip(self._layers(), state, self._sources(memory), strict=True):
            own = layer.norm1(vector)
            after.append(torch.cat([seen, _keys(layer.self_attn, own).unsqueeze(2).to(seen.dtype)], 2))
            found, _ = _attend(layer.self_attn, own.flatten(0, 1).unsqueeze(1), after[-1].flatten(0, 1))
            vector, weight = _read(layer, vector, found.view_as(own), source, memory.is_token)
        return Reading(self.norm(vector), weight, tuple(after))

    def _layers(self) -> list[nn.TransformerDecoderLayer]:
        return list(self.layers)  # type: ignore[arg-type]

    def _sources(self, memory: Memory) -> Sequence[Tensor]:
        """Return the keys and values of the memory [B, N, 2 D] for each layer."""
        assert memory.key is not None  # noqa: S101 (for the type checker: the memory is a bound one)
        return memory.key.chunk(len(self.layers), 2)

    def _placed(self, vector: Tensor, start: int) -> Tensor:
        """Return vectors [..., T, D] with their positions from `start`."""
        place = positions(start, vector.shape[-2], self.dimension, vector.device)
        placed: Tensor = self.dropout(vector * self.dimension**0.5 + place)
        return placed


def _read(
    layer: nn.TransformerDecoderLayer, vector: Tensor, found: Tensor, source: Tensor, is_token: Tensor
) -> tuple[Tensor, Tensor]:
    """Run the parts of a layer of torch on [B, T, D] after its self-attention, which `found` [B, T, D].

    `source` are the keys and values of the memory [B, N, 2 D]. Returns the layer's output and the weights of its
    attention to the memory [B, T, N], the mean over heads.
    """
    vector = vector + layer.dropout1(found)
    found, weight = _attend(layer.multihead_attn, layer.norm2(vector), source, is_token)
    vector = vector + layer.dropout2(found)
    hidden = layer.dropout(layer.activation(layer.linear1(layer.norm3(vector))))
    return vector + layer.dropout3(layer.linear2(hidden)), weight


def _keys(attention: nn.MultiheadAttention, vector: Tensor) -> Tensor:
    """Return the keys and values [..., 2 D] that an attention sees of vectors [..., D]."""
    own = attention.embed_dim
    return functional.linear(vector, attention.in_proj_weight[own:], attention.in_proj_bias[own:])


def _attend(
    attention: nn.MultiheadAttention, query: Tensor, source: Tensor, is_token: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Run an attention of torch from [B, T, D] to keys and values [B, N, 2 D] of tokens [B, N] (section 3.2).

    Returns [B, T, D] and the weights [B, T, N], the mean over heads.
    """
    own = attention.embed_dim
    query = functional.linear(query, attention.in_proj_weight[:own], attention.in_proj_bias[:own])
    query, key, value = (
        part.view(*part.shape[:2], attention.num_heads, -1).transpose(1, 2) for part in (query, *source.chunk(2, 2))
    )
    score = query @ key.transpose(2, 3) * query.shape[3] ** -0.5
    if is_token is not None:
        score = score.masked_fill(~is_token[:, None, None], -torch.inf)
    weight = score.softmax(3)
    found = functional.dropout(weight, attention.dropout, attention.training) @ value.to(weight.dtype)
    return attention.out_proj(found.transpose(1, 2).flatten(2)), weight.mean(1)


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
