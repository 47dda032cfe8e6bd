"""The tags of a batch as tensors, and the network layer that predicts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from arcparse.lexicon.tags import TagColumns, stored_name
from arcparse.networks.padding import flat, padded
from arcparse.sentence import Sentence
from arcparse.vocabulary import SPECIALS, Vocabulary

IGNORED = -100  # the target that cross-entropy leaves out


def tag_ids(
    tags: TagColumns, sentences: Sequence[Sentence], device: torch.device | str = "cpu", *, only_given: bool = False
) -> dict[str, Tensor]:
    """Return the tags of B sentences as ids [B, N] by column, as `TagColumns.ids` gives them."""
    lengths = [len(sentence) + 1 for sentence in sentences]
    found = tags.ids(sentences, only_given=only_given)
    return {name: padded(ids, lengths).to(device) for name, ids in found.items()}


def flat_ids(ids: Mapping[str, Tensor], lengths: Sequence[int]) -> dict[str, NDArray[np.int64]]:
    """Return ids [B, N] of sentences of `lengths` words in the order of `TagColumns.ids`."""
    return {name: flat(own, [length + 1 for length in lengths]) for name, own in ids.items()}


def completed(columns: TagColumns, scores: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the given ids [B, N] by column, an UNKNOWN one replaced by the best of the scores [B, N, tags].

    If a word has some of its tags, the others make a combination of the treebank with them, if there is one.
    """
    known = {name: ids != Vocabulary.UNKNOWN for name, ids in given.items()}
    tags = {name: torch.where(known[name], given[name], best) for name, best in best_tags(scores).items()}
    has_tag = torch.stack(list(known.values()))
    some = (has_tag.any(0) & ~has_tag.all(0)).nonzero(as_tuple=True)
    if not columns.combinations or not len(some[0]):
        return tags
    total = torch.zeros(len(some[0]), len(columns.combinations), device=has_tag.device)
    combined = {name: torch.from_numpy(ids).long().to(has_tag.device) for name, ids in columns.combined.items()}
    for name, ids in combined.items():
        total += scores[name][some].log_softmax(1)[:, ids - len(SPECIALS)]
        total.masked_fill_(known[name][some].unsqueeze(1) & (given[name][some].unsqueeze(1) != ids), -torch.inf)
    best, index = total.max(1)
    for name, ids in combined.items():
        made = ~known[name][some] & ~best.isneginf()
        tags[name][some] = torch.where(made, ids[index], tags[name][some])
    return tags


class TagLayer(nn.Module):
    """Scores the tags of each column from a token's vector, by one linear layer each."""

    def __init__(self, dimension: int, sizes: Mapping[str, int]) -> None:
        """Make layers for columns of `sizes` symbols; the two specials are never predicted."""
        super().__init__()
        self.names = tuple(sizes)
        layers = {stored_name(name): nn.Linear(dimension, size - len(SPECIALS)) for name, size in sizes.items()}
        self.columns = nn.ModuleDict(layers)

    def forward(self, vector: Tensor) -> dict[str, Tensor]:
        """Return scores [..., tags] of each column from vectors [..., E]."""
        return {name: self.scores(name, vector) for name in self.names}

    def scores(self, name: str, vector: Tensor) -> Tensor:
        """Return scores [..., tags] of one column from vectors [..., E]."""
        scores: Tensor = self.columns[stored_name(name)](vector)
        return scores


def best_tags(scores: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the ids of the best tags of each column [B, N], the root's PAD."""
    best = {}
    for name, score in scores.items():
        best[name] = score.argmax(-1) + len(SPECIALS)
        best[name][:, 0] = Vocabulary.PAD
    return best


def tag_loss(scores: Mapping[str, Tensor], gold: Mapping[str, Tensor]) -> Tensor:
    """Return the mean cross-entropy in nats of scores [B, N, tags] against gold ids [B, N], summed over the columns.

    The root and padding (PAD) and tags outside the vocabulary are left out.
    """
    losses = []
    for name, score in scores.items():
        target = (gold[name] - len(SPECIALS)).masked_fill(gold[name] < len(SPECIALS), IGNORED).flatten()
        total = functional.cross_entropy(score.flatten(0, 1), target, ignore_index=IGNORED, reduction="sum")
        losses.append(total / (target != IGNORED).sum().clamp(min=1))
    return torch.stack(losses).sum()
