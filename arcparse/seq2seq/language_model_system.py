"""Continuing a text as a transition system: an action is the next symbol, and `arcparse.search` draws or finds them.

The legal symbols are those of top-k (Fan et al. 2018) and top-p, or nucleus, sampling (Holtzman et al. 2020).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from arcparse.errors import ConfigurationError
from arcparse.lexicon.symbols import EOS, NEVER
from arcparse.networks.recurrent import LayerState
from arcparse.search import Beam
from arcparse.seq2seq.language_model_network import LanguageModelNetwork
from arcparse.vocabulary import Vocabulary


@dataclass(frozen=True)
class Limits:
    """The number of symbols to write, and the limits of their choice."""

    length: int
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0
    line: bool = False  # whether the end of a line ends the text

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a value outside its limits."""
        limits = (
            ("length", self.length >= 0, "at least 0"),
            ("temperature", 0 < self.temperature < math.inf, "above 0; for the likeliest symbols alone take top_k 1"),
            ("top_k", self.top_k is None or self.top_k >= 1, "at least 1"),
            ("top_p", 0 < self.top_p <= 1, "in (0, 1]"),
        )
        for name, holds, limit in limits:
            if not holds:
                raise ConfigurationError(f"{name} must be {limit}, not {getattr(self, name)!r}")


@dataclass(frozen=True)
class Continuation:
    """The states of K continuations of each of B texts."""

    score: Tensor  # [B, K, V] of the next symbol
    memory: tuple[Tensor, ...]  # [B, K, D] h, for an LSTM h and c, layer by layer
    written: Tensor  # [B, K, T]

    def select(self, parent: Tensor) -> Continuation:
        """Return the continuations `parent` [B, K'] of each text."""
        text = torch.arange(len(parent), device=parent.device).unsqueeze(1)
        return Continuation(
            self.score[text, parent], tuple(part[text, parent] for part in self.memory), self.written[text, parent]
        )


class Continuing:
    """The transition system of a language model."""

    def __init__(self, network: LanguageModelNetwork, vocabulary: Vocabulary, limits: Limits) -> None:
        """Let the network write symbols of a vocabulary within limits."""
        self.num_actions = len(vocabulary)
        self._network, self._vocabulary, self._limits = network, vocabulary, limits
        self._never = torch.tensor([*NEVER, Vocabulary.UNKNOWN], device=network.device)

    def start(self, ids: Tensor) -> Beam[Continuation]:
        """Return the beam of one text, which begins with ids [T]."""
        output, states = self._network(ids.unsqueeze(0).to(self._network.device), self._network.start(1))
        memory = tuple(part.unsqueeze(1) for state in states for part in state)
        nothing = torch.zeros(1, 1, 0, dtype=torch.long, device=self._network.device)
        return Beam.start(
            Continuation(self._network.scores(output[:, -1:]), memory, nothing), 1, device=self._network.device
        )

    def scores(self, state: Continuation) -> Tensor:
        """Return the scores of the next symbol [B, K, V]."""
        return state.score

    def legal(self, state: Continuation) -> Tensor:
        """Return which symbols may follow [B, K, V]: the likeliest; of equally likely ones the first."""
        limits = self._limits
        score = (state.score / limits.temperature).index_fill(2, self._never, -torch.inf)
        probability, order = score.softmax(2).sort(dim=2, descending=True, stable=True)
        kept = (probability.cumsum(2) - probability < limits.top_p) & (probability > 0)
        kept[..., limits.top_k or self.num_actions :] = False
        return torch.zeros_like(kept).scatter(2, order, kept)

    def apply(self, state: Continuation, action: Tensor) -> Continuation:
        """Return the continuations after the model has read the symbols [B, K]."""
        symbol = action.clamp(min=Vocabulary.PAD)
        output, states = self._network(symbol.reshape(-1, 1), self._by_layer(state.memory))
        memory = tuple(part.view(*action.shape, -1) for state in states for part in state)
        score = self._network.scores(output.view(*action.shape, -1))
        return Continuation(score, memory, torch.cat([state.written, symbol.unsqueeze(2)], 2))

    def _by_layer(self, memory: Sequence[Tensor]) -> list[LayerState]:
        """Return each layer's state, all continuations in one row [B K, D]."""
        parts = len(memory) // len(self._network.reader.layers)
        flat = [part.flatten(0, 1) for part in memory]
        return [tuple(flat[i : i + parts]) for i in range(0, len(flat), parts)]

    def is_final(self, state: Continuation) -> Tensor:
        """Return whether each continuation has the wanted length, or its line ends, if this is wanted [B, K]."""
        ends = (state.written == EOS).any(2) & self._limits.line
        return ends | (state.written.shape[2] >= self._limits.length)

    def name(self, action: int) -> str:
        """Return a symbol."""
        return self._vocabulary.symbol(action)

    def action(self, name: str) -> int:
        """Return the id of a symbol. Raises ArcparseError for one that is not known."""
        return self._vocabulary.id(name, strict=True)
