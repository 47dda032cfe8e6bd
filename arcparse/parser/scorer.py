"""The feed-forward scorer with a precomputed first layer (Chen & Manning 2014, section 3.4).

The first hidden layer is a sum over feature positions, and a token's share in it at a position does not depend on the
configuration. So one matrix product per batch gives every vector's share at every position. To score a configuration is
then a look-up and a sum, whatever the width of the vectors. Vectors that several tokens share (a word form's, a tag's)
are multiplied once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from arcparse.networks.encoder import SharedVectors
from arcparse.networks.precision import reduced
from arcparse.parser.configuration import Configuration
from arcparse.parser.features import Features
from arcparse.parser.settings import ScorerConfig
from arcparse.parser.systems import System

INITIAL_BIAS = 0.2  # SyntaxNet's: rectified units begin alive


def cube(x: Tensor) -> Tensor:
    """Return x^3, which multiplies three features (Chen & Manning 2014, section 3.2)."""
    return x * x * x


class FeedForwardScorer(nn.Module):
    """Scores the actions of a configuration from the vectors that its features name."""

    def __init__(
        self,
        config: ScorerConfig,
        features: Features,
        dimensions: Mapping[str, int],
        system: System,
    ) -> None:
        """Make a network for the actions of `system`, over blocks whose vectors have `dimensions`."""
        super().__init__()
        self.is_final = system.is_final
        self.features = features
        self.activation: Callable[[Tensor], Tensor] = cube if config.activation == "cube" else torch.relu_
        self.widths, self.dropout = config.hidden, nn.Dropout(config.dropout)
        self.low_precision = False  # bfloat16 when it parses: faster if the processor has it
        dimensions = {**dimensions, "label": config.label_dimension}
        label = torch.empty(len(system.labels), config.label_dimension)
        self.label = nn.Parameter(nn.init.normal_(label, std=max(1, config.label_dimension) ** -0.5))
        width = config.hidden[0]
        fan_in = sum(features.positions(name) * dimensions[name] for name in features.attributes)
        self.none = nn.ParameterDict(
            {name: nn.Parameter(torch.zeros(dimensions[name])) for name in features.attributes}
        )
        self.first = nn.ParameterDict(
            {
                name: nn.Parameter(
                    nn.init.normal_(
                        torch.empty(dimensions[name], features.positions(name) * width), std=(2 / fan_in) ** 0.5
                    )
                )
                for name in features.attributes
            }
        )
        self.bias = nn.Parameter(torch.full((width,), INITIAL_BIAS))
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(config.hidden, config.hidden[1:], strict=False))
        self.output = nn.Linear(config.hidden[-1], system.num_actions)
        nn.init.zeros_(self.output.bias)

    def bind(self, blocks: Mapping[str, SharedVectors], *, locked: bool = False) -> BoundScorer:
        """Precompute the first layer for a batch whose tokens have the vectors `blocks`.

        With `locked`, dropout hides the same units in all configurations of the batch (in the manner of Gal &
        Ghahramani 2016), so that a configuration that is scored again, as in global training, has the same score.
        """
        width = len(self.bias)
        table, row = {}, {}
        for name in self.features.attributes:
            vector = torch.cat([self.none[name].unsqueeze(0), self.label if name == "label" else blocks[name].vector])
            with self.precision():
                table[name] = (vector @ self.first[name]).view(-1, width)
            if name != "label":
                row[name] = functional.pad((blocks[name].row + 1) * self.features.positions(name), (1, 0))
        masks = [self.dropout(self.bias.new_ones(width)) for width in self.widths] if locked and self.training else None
        return BoundScorer(self, table, row, masks)

    def precision(self) -> torch.autocast:
        """Return the context in which matrix products have `low_precision`; in training they never have."""
        enabled = self.low_precision and not self.training
        return reduced(self.bias.device, enabled=enabled)

    def forward(self, first: Tensor, masks: Sequence[Tensor] | None = None) -> Tensor:
        """Return action scores [..., A] from the sums of the first layer [..., D]; `masks` are drawn if not given."""
        hidden = self._dropped(self.activation(first + self.bias), 0, masks)
        for number, layer in enumerate(self.hidden, 1):
            hidden = self._dropped(torch.relu_(layer(hidden)), number, masks)
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
        """Keep the tables of each block, and the rows [B, 1 + N] of its tokens at position 0, NONE first."""
        self.network, self.table, self.masks = network, table, masks
        self.sizes = network.features.sizes
        known = [self.sizes[name] for name in row]
        self.row = torch.cat(list(row.values()), 1)
        width, device = self.row.shape[1] // len(row), self.row.device
        starts = torch.arange(1, 1 + self.row.shape[1], width, device=device)
        self.start = starts.repeat_interleave(torch.tensor(known, device=device))  # of the block, in `row`, [F]
        self.position = torch.cat([torch.arange(size, device=device) for size in self.sizes.values()])

    def __call__(self, state: Configuration) -> Tensor:
        """Return unnormalised scores [B, K, A]; configurations with the same features are scored once.

        In a beam, finished ones count as equal, because nobody reads their scores.
        """
        rows = self._rows(state)
        if state.depth.shape[1] == 1:
            return self._scores(self._by_block(rows.squeeze(1))).unsqueeze(1)
        rows = rows.masked_fill(self.network.is_final(state).unsqueeze(2), 0)
        return self._scored_once(rows.flatten(0, 1)).view(*state.depth.shape, -1)

    def index(self, state: Configuration) -> dict[str, Tensor]:
        """Return the table rows [B, K, F] of each block's features."""
        return self._by_block(self._rows(state))

    def _rows(self, state: Configuration) -> Tensor:
        token, label = self.network.features.values(state).tensor_split([len(self.start)], 2)
        row = self.row.gather(1, (token + self.start).flatten(1)).view_as(token)
        return torch.cat([row, (label + 1) * label.shape[2]], 2) + self.position

    def _by_block(self, rows: Tensor) -> dict[str, Tensor]:
        return dict(zip(self.sizes, torch.split(rows, list(self.sizes.values()), -1), strict=True))

    def score(self, index: Mapping[str, Tensor]) -> Tensor:
        """Return scores [S, A] of S configurations from their table rows [S, F].

        If dropout is locked, equal configurations have equal scores, and are scored once.
        """
        return self._scores(index) if self.masks is None else self._scored_once(torch.cat(list(index.values()), 1))

    def _scored_once(self, rows: Tensor) -> Tensor:
        place, inverse = distinct(rows)
        return self._scores(self._by_block(rows.index_select(0, place))).index_select(0, inverse)

    def _scores(self, index: Mapping[str, Tensor]) -> Tensor:
        parts = (functional.embedding_bag(rows, self.table[name], mode="sum") for name, rows in index.items())
        with self.network.precision():
            scores: Tensor = self.network(functools.reduce(Tensor.add_, parts), self.masks)
        return scores.float()


def distinct(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return the places of the different rows among S rows [S, F], and for each row the one that it equals [S].

    Rows are told apart by a hash of 64 bits; two rows with the same hash are less likely than a fault of the machine.
    """
    generator = torch.Generator().manual_seed(1)
    salt = torch.randint(-(2**63), 2**63 - 1, rows.shape[1:], generator=generator).to(rows.device)
    _, inverse = torch.unique((rows * (salt | 1)).sum(1), return_inverse=True)
    places = torch.arange(len(rows), device=rows.device)
    place = torch.zeros_like(places).scatter(0, inverse, places)[: int(inverse.max()) + 1]
    return place, inverse


def stack_index(indices: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Join the table rows of several steps, [B, K, F] each, into [T * B * K, F]."""
    return {name: torch.stack([index[name] for index in indices]).flatten(0, 2) for name in indices[0]}
