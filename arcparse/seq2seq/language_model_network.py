"""The language model's network: at each symbol of a text, the scores of the next one.

An LSTM with locked dropout, DropConnect and one matrix that both embeds and scores symbols (AWD-LSTM, Merity et al.
2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

from arcparse.errors import ConfigurationError
from arcparse.lexicon.symbols import SymbolKind
from arcparse.networks.recurrent import LayerState, Recurrent
from arcparse.networks.regularisation import LockedDropout, embed
from arcparse.networks.settings import RecurrentConfig
from arcparse.networks.source_encoder import embedding
from arcparse.settings.limits import Part, Units

CHUNK = 128  # symbols that are scored at a time, to save memory


def _one_direction() -> RecurrentConfig:
    return RecurrentConfig(hidden=512, bidirectional=False, weight_drop=0.2)


@dataclass(frozen=True)
class LanguageModelConfig:
    """The parts of the network and their sizes."""

    symbols: SymbolKind = "tokens"  # of which a line of text is made
    embedding: Units = 256
    embedding_dropout: Part = 0.1  # share of the vocabulary that is dropped in a batch
    recurrent: RecurrentConfig = field(default_factory=_one_direction)
    output_dropout: Part = 0.3  # locked, of the output layer's input

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a model that would read the symbols that it predicts."""
        if self.recurrent.bidirectional:
            raise ConfigurationError("a language model reads in one direction: set recurrent.bidirectional=false")


class LanguageModelNetwork(nn.Module):
    """Embeddings, recurrent layers and a readout; a symbol's scores are products with its embedding."""

    def __init__(self, config: LanguageModelConfig, symbols: int) -> None:
        """Make an untrained network for a vocabulary of so many symbols."""
        super().__init__()
        self.config = config
        self.embedding = embedding(symbols, config.embedding)
        self.reader = Recurrent(config.recurrent, config.embedding)
        self.readout = nn.Linear(self.reader.dimension, config.embedding)
        self.dropout = LockedDropout(config.output_dropout)
        self.bias = nn.Parameter(torch.zeros(symbols))

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.bias.device

    def start(self, rows: int) -> list[LayerState]:
        """Return each layer's state before the first symbol of B texts."""
        parts = 2 if self.config.recurrent.cell == "lstm" else 1
        nothing = torch.zeros(rows, self.reader.dimension, device=self.device)
        return [(nothing,) * parts for _ in self.reader.layers]

    def forward(self, symbol: Tensor, states: Sequence[LayerState]) -> tuple[Tensor, list[LayerState]]:
        """Return outputs [B, T, E], from which the symbol after each of [B, T] is scored, and the states at the end."""
        vector = embed(self.embedding, symbol, self.config.embedding_dropout, self.training)
        hidden, ends = self.reader(vector, None, states)
        return self.readout(self.dropout(hidden)), ends

    def scores(self, output: Tensor) -> Tensor:
        """Return the scores of each next symbol [..., V] from outputs [..., E]."""
        return functional.linear(output, self.embedding.weight, self.bias)

    def log_probabilities(self, ids: Tensor, states: list[LayerState]) -> tuple[Tensor, list[LayerState]]:
        """Return the log-probability of each symbol of [B, T] but the first, as [B, T - 1] in nats, and the states.

        A text may come in parts: give the last symbol of one, and its states, with the next.
        """
        found = []
        for start in range(0, ids.shape[1] - 1, CHUNK):
            part = ids[:, start : start + CHUNK + 1].to(self.device)
            output, states = self(part[:, :-1], states)
            scores, gold = self.scores(output).flatten(0, 1).float(), part[:, 1:]
            found.append(-functional.cross_entropy(scores, gold.flatten(), reduction="none").view_as(gold))
        return torch.cat(found, 1), states
