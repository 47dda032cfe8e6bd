"""The feed-forward scorer with a precomputed first layer (Chen & Manning 2014, section 3.4).

The first hidden layer is a sum over feature positions, and what a token adds to it at a position does not depend on the
configuration. So one matrix product per batch gives every vector's share at every position; scoring a configuration is
then a look-up and a sum, whatever the width of the vectors. Vectors that several tokens share (a word form's, a tag's)
are multiplied once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from arcparse.encoder import Block
from arcparse.parser.configuration import Configuration
from arcparse.parser.features import Features

Activation = Literal["relu", "cube"]
INITIAL_BIAS = 0.2  # SyntaxNet's: rectified units begin alive


def cube(x: Tensor) -> Tensor:
    """Return x^3, which multiplies three features (Chen & Manning 2014, section 3.2)."""
    return x * x * x


@dataclass(frozen=True)
class ScorerConfig:
    """Sizes of the feed-forward network."""

    hidden: tuple[int, ...] = (512, 256)  # units of each hidden layer
    activation: Activation = "relu"
    dropout: float = 0.3  # after each hidden layer
    label_dimension: int = 32  # of the embeddings of arc labels, as in SyntaxNet


class FeedForwardScorer(nn.Module):
    """Scores the actions of a configuration from the vectors that its features name."""

    def __init__(
        self,
        config: ScorerConfig,
        features: Features,
        dimensions: Mapping[str, int],
        num_labels: int,
        num_actions: int,
    ) -> None:
        """Make a network over blocks whose vectors have `dimensions`."""
        super().__init__()
        self.features = features
        self.activation: Callable[[Tensor], Tensor] = cube if config.activation == "cube" else torch.relu
        self.widths, self.dropout = config.hidden, nn.Dropout(config.dropout)
        dimensions = {**dimensions, "label": config.label_dimension}
        self.label = nn.Parameter(torch.randn(num_labels, config.label_dimension) / config.label_dimension**0.5)
        width = config.hidden[0]
        fan_in = sum(features.positions(name) * dimensions[name] for name in features.attributes)
        self.none = nn.ParameterDict(
            {name: nn.Parameter(torch.zeros(dimensions[name])) for name in features.attributes}
        )
        self.first = nn.ParameterDict(
            {
                name: nn.Parameter(
                    torch.randn(dimensions[name], features.positions(name) * width) * (2 / fan_in) ** 0.5
                )
                for name in features.attributes
            }
        )
        self.bias = nn.Parameter(torch.full((width,), INITIAL_BIAS))
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(config.hidden, config.hidden[1:], strict=False))
        self.output = nn.Linear(config.hidden[-1], num_actions)
        nn.init.zeros_(self.output.bias)

    def bind(self, blocks: Mapping[str, Block], *, locked: bool = False) -> BoundScorer:
        """Precompute the first layer for a batch whose tokens have the vectors `blocks`.

        With `locked`, dropout hides the same units of all the batch's configurations (in the manner of Gal & Ghahramani
        2016), so that one scored again, as global training does, has the same score.
        """
        width = len(self.bias)
        table, row = {}, {}
        for name in self.features.attributes:
            vector = self.label if name == "label" else blocks[name].vector
            table[name] = (torch.cat([self.none[name].unsqueeze(0), vector]) @ self.first[name]).view(-1, width)
            if name != "label":
                row[name] = nn.functional.pad(blocks[name].row + 1, (1, 0))
        masks = [self.dropout(self.bias.new_ones(width)) for width in self.widths] if locked and self.training else None
        return BoundScorer(self, table, row, masks)

    def forward(self, first: Tensor, masks: Sequence[Tensor] | None = None) -> Tensor:
        """Return action scores [..., A] from the sums of the first layer [..., D]; `masks` are drawn if not given."""
        hidden = self._dropped(self.activation(first + self.bias), 0, masks)
        for number, layer in enumerate(self.hidden, 1):
            hidden = self._dropped(torch.relu(layer(hidden)), number, masks)
        scores: Tensor = self.output(hidden)
        return scores

    def _dropped(self, hidden: Tensor, layer: int, masks: Sequence[Tensor] | None) -> Tensor:
        dropped: Tensor = self.dropout(hidden) if masks is None else hidden * masks[layer]
        return dropped


class BoundScorer:
    """The scorer over one batch: a configuration's features are rows of tables [(1 + U) * positions, D]."""

    def __init__(
        self,
        network: FeedForwardScorer,
        table: dict[str, Tensor],
        row: dict[str, Tensor],
        masks: Sequence[Tensor] | None = None,
    ) -> None:
        """Keep the tables of each block and the rows of its tokens [B, 1 + N], those of NONE first."""
        self.network, self.table, self.row, self.masks = network, table, row, masks

    def __call__(self, state: Configuration) -> Tensor:
        """Return unnormalised scores [B, K, A]."""
        index = self.index(state)
        return self.score({name: rows.flatten(0, 1) for name, rows in index.items()}).view(*state.depth.shape, -1)

    def index(self, state: Configuration) -> dict[str, Tensor]:
        """Return the table rows [B, K, F] of each block's features."""
        index = {}
        for name, token in self.network.features.extract(state).items():
            if name == "label":
                label = state.label.gather(2, token.clamp(min=0)).masked_fill(token < 0, -1)
                vector = label + 1
            else:
                row = self.row[name].unsqueeze(1).expand(-1, token.shape[1], -1)
                vector = row.gather(2, token + 1)
            positions = token.shape[2]
            index[name] = vector * positions + torch.arange(positions, device=token.device)
        return index

    def score(self, index: Mapping[str, Tensor]) -> Tensor:
        """Return scores [S, A] of S configurations from their table rows [S, F]."""
        first = [functional.embedding_bag(rows, self.table[name], mode="sum") for name, rows in index.items()]
        scores: Tensor = self.network(torch.stack(first).sum(0), self.masks)
        return scores


def stack_index(indices: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Join the table rows of several steps, [B, K, F] each, into [T * B * K, F]."""
    return {name: torch.stack([index[name] for index in indices]).flatten(0, 2) for name in indices[0]}
