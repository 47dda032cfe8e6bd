"""The tagger's network bound to a batch: what the words add to the first hidden layer is summed up once.

A state then needs a look-up for its word, one for each tag before it, and the layers above.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from arcparse.tagger.tagging import Tagging, tags_before

if TYPE_CHECKING:
    from arcparse.tagger.model import Tagger


class PreviousTags(nn.Module):
    """What the tags before a word add to the first hidden layer, of `width` units."""

    def __init__(self, num_tags: int, dimension: int, previous: int, width: int) -> None:
        """Make embeddings of the tags, and of there being none, and a layer over those of `previous` words."""
        super().__init__()
        self.previous, self.width = previous, width
        embedding, first = torch.empty(1 + num_tags, dimension), torch.empty(dimension, previous * width)
        self.embedding = nn.Parameter(nn.init.normal_(embedding, std=dimension**-0.5))
        self.first = nn.Parameter(nn.init.normal_(first, std=(previous * dimension) ** -0.5))

    def table(self) -> Tensor:
        """Return each tag's share at each distance [(1 + A) * H, D]."""
        return (self.embedding @ self.first).view(-1, self.width)

    def sums(self, table: Tensor, last: Tensor) -> Tensor:
        """Return the shares [S, D] of the tags [S, H] before S words, from what `table` gave."""
        index = (last + 1) * self.previous + torch.arange(self.previous, device=last.device)
        return functional.embedding_bag(index, table, mode="sum")


class BoundTagger:
    """The scorer of the S words of B sentences."""

    def __init__(self, network: Tagger, first: Tensor, is_word: Tensor, masks: Sequence[Tensor] | None = None) -> None:
        """Take the words' sums in the first layer [S, D], where they stand [B, N], and the batch's dropout, if any."""
        self.network, self.first, self.is_word, self.masks = network, first, is_word, masks
        self.row = (is_word.flatten().cumsum(0) - 1).clamp(min=0).view_as(is_word)
        self.table = None if network.previous is None else network.previous.table()

    def __call__(self, state: Tagging) -> Tensor:
        """Return unnormalised scores [B, K, A] of the tags of the column that is searched."""
        index = self.index(state)
        return self.score({name: rows.flatten(0, 1) for name, rows in index.items()}).view(*state.position.shape, -1)

    def index(self, state: Tagging) -> dict[str, Tensor]:
        """Return the rows of the next word [B, K, 1] and of the tags before it [B, K, H]."""
        position = state.position.clamp(max=self.row.shape[1] - 1)  # beyond the end nothing is used
        return {"word": self.row.gather(1, position).unsqueeze(2), "tag": state.last}

    def score(self, index: Mapping[str, Tensor]) -> Tensor:
        """Return the scores [S, A] of S states from their rows [S, 1] and [S, H]."""
        hidden = self._hidden(self.first[index["word"][:, 0]], index["tag"])
        scores: Tensor = self.network.output.columns[self.network.searched](hidden)
        return scores

    def columns(self, tag: Tensor) -> dict[str, Tensor]:
        """Return the scores [B, N, tags] of each column, 0 where no word stands.

        `tag` [B, N] are the tags, as actions, of which each word sees those before it.
        """
        last = tags_before(tag, self.network.config.previous_tags)[self.is_word]
        scores = self.network.output(self._hidden(self.first, last))
        return {
            name: score.new_zeros(*self.is_word.shape, score.shape[1]).masked_scatter(self.is_word.unsqueeze(2), score)
            for name, score in scores.items()
        }

    def _hidden(self, first: Tensor, last: Tensor) -> Tensor:
        """Return the last hidden layer [S, D] from the words' sums [S, D] and the tags before them [S, H]."""
        if self.network.previous is not None and self.table is not None:
            first = first + self.network.previous.sums(self.table, last)
        return self.network.above(first, self.masks)
