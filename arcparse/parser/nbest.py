"""The trees that a beam holds: the best of them, how likely each tree is, and how sure each arc.

Different derivations lead to the same tree, so the mass of a tree is the sum of theirs. Probabilities are the trees'
shares in the mass of the whole beam, by a softmax of their scores: of log-probabilities for a local model, of
unnormalised scores for a global one, whose distribution this is (Andor et al. 2016, equation 3, with the beam in place
of all derivations). Dropped derivations are missing from the sum, so that shares are too high; dividing the scores by
a temperature fitted to development data (Guo et al. 2017) makes up for it.

An arc's confidence is the share of trees that have it (Mejer & Crammer 2012). The trees of a beam differ in few arcs,
so a beam alone is too sure of all others. Therefore trees drawn from the model's own distribution (Keith et al. 2018)
are counted too, and show far better which arcs are wrong. A global model's scores are no distribution step by step: the
drawn trees follow its distribution only as far as the sampling temperature, fitted like the other, brings them to it.

Axis letters: B sentences, K hypotheses, M trees, V trees that are counted, N tokens with the root.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from arcparse.parser.parse import Parse, tree_of
from arcparse.sentence import NONE, Sentence
from arcparse.trees.pseudo_projective import LIFTED, ON_PATH, Projectivity, deprojectivise

COMPARED = 1 << 24  # arcs that are compared at a time: 64 MiB as floats
BEAM_WEIGHT = 4.0  # the beam counts as this many samples, so that no arc of its trees has confidence 0


@dataclass(frozen=True)
class Trees:
    """Trees of B sentences, and the share of each in some mass; a sentence with fewer than M has some of share 0."""

    head: Tensor  # [B, M, N]
    label: Tensor  # [B, M, N]
    share: Tensor  # [B, M]

    def first(self, size: int) -> Trees:
        """Return the first `size` trees of each sentence."""
        return Trees(self.head[:, :size], self.label[:, :size], self.share[:, :size])

    def joined(self, samples: Trees) -> Trees:
        """Return these trees, which together weigh BEAM_WEIGHT, and the samples, which weigh 1 each."""
        weight = BEAM_WEIGHT / (BEAM_WEIGHT + samples.share.shape[1])
        share = torch.cat([weight * self.share, (1 - weight) * samples.share], 1)
        return Trees(torch.cat([self.head, samples.head], 1), torch.cat([self.label, samples.label], 1), share)


def rank(score: Tensor, head: Tensor, label: Tensor, temperature: float = 1.0) -> tuple[Trees, Tensor]:
    """Return the distinct trees among hypotheses, the likeliest first, and the log of their mass [B, K].

    The hypotheses have `score` [B, K], best first, and `head`, `label` [B, K, N], equal in the padding. Behind a
    sentence's last tree the mass is -inf.
    """

    def same_trees(some: Tensor, labels: Tensor) -> Iterator[Tensor]:
        yield _shared_arcs(some, labels, head, label)[1].all(3)

    [same_tree] = _by_parts(same_trees, head, label, head)
    is_first = same_tree.long().argmax(2) == torch.arange(score.shape[1], device=score.device)
    merged = score.unsqueeze(1).masked_fill(~same_tree, -torch.inf).logsumexp(2).masked_fill(~is_first, -torch.inf)
    mass, order = merged.sort(dim=1, descending=True, stable=True)
    tokens = order.unsqueeze(2).expand_as(head)
    return Trees(head.gather(1, tokens), label.gather(1, tokens), (mass / temperature).softmax(1)), mass


def confidence(trees: Trees, counted: Trees) -> tuple[Tensor, Tensor]:
    """Return the share of the `counted` trees that have the heads, and heads and labels, of `trees` [B, M, N]."""

    def shares(head: Tensor, label: Tensor) -> Iterator[Tensor]:
        for same in _shared_arcs(head, label, counted.head, counted.label):
            yield (counted.share[:, None, :, None] * same).sum(2).clamp(max=1)

    same_head, same_arc = _by_parts(shares, trees.head, trees.label, counted.head)
    return same_head, same_arc


def _by_parts(
    compared: Callable[[Tensor, Tensor], Iterable[Tensor]], head: Tensor, label: Tensor, others: Tensor
) -> list[Tensor]:
    """Return the results of `compared` for trees [B, M, N], in parts of so few trees that memory stays small.

    They are compared with all tokens of the `others` [B, V, N].
    """
    size = max(1, COMPARED // max(1, others.numel()))
    parts = [
        list(compared(*part)) for part in zip(torch.split(head, size, 1), torch.split(label, size, 1), strict=True)
    ]
    return [torch.cat(column, 1) for column in zip(*parts, strict=True)]


def _shared_arcs(head: Tensor, label: Tensor, other_head: Tensor, other_label: Tensor) -> tuple[Tensor, Tensor]:
    """Return whether M trees have the heads, and heads and labels, that V others have [B, M, V, N]."""
    same_head = head.unsqueeze(2) == other_head.unsqueeze(1)
    return same_head, same_head & (label.unsqueeze(2) == other_label.unsqueeze(1))


def restored(
    head: Tensor, label: Tensor, length: Sequence[int], names: Sequence[str], encoding: Projectivity
) -> tuple[Tensor, Tensor, list[str]]:
    """Return heads and labels [B, K, N], lifted words moved as their labels say, and the labels' new names.

    Plain labels that were only seen with marks are added to `names`.
    """
    number = {name: index for index, name in enumerate(names)}
    marked = torch.tensor([LIFTED in name or ON_PATH in name for name in names], device=label.device)
    if encoding == "lift" or not marked.any():
        return head, label, list(names)
    head, label = head.clone(), label.clone()
    places = (marked[label.clamp(min=0)] & (label != NONE)).any(2).nonzero()
    for b, k in places.tolist():
        tree = deprojectivise(tree_of(head[b, k].tolist(), label[b, k].tolist(), length[b], names), encoding)
        ids = [number.setdefault(name, len(number)) for name in tree.labels[1:]]
        head[b, k, 1 : length[b] + 1] = head.new_tensor(tree.heads[1:])
        label[b, k, 1 : length[b] + 1] = label.new_tensor(ids)
    return head, label, list(number)


def parses(
    tagged: Sequence[Sentence], trees: Trees, mass: Tensor, counted: Trees, names: Sequence[str]
) -> list[list[Parse]]:
    """Return the trees of each sentence, best first, with the log of their mass [B, M] and their arcs' confidences."""
    columns = (trees.head, trees.label, mass, trees.share, *confidence(trees, counted))
    return [
        [_parse(sentence, names, *tree) for tree in zip(*rows, strict=True) if tree[2] > -math.inf]
        for sentence, *rows in zip(tagged, *(column.tolist() for column in columns), strict=True)
    ]


def _parse(
    sentence: Sentence,
    names: Sequence[str],
    head: list[int],
    label: list[int],
    score: float,
    probability: float,
    *confidences: list[float],
) -> Parse:
    tree = tree_of(head, label, len(sentence), names)
    of_head, of_label = (tuple(values[1 : len(sentence) + 1]) for values in confidences)
    return Parse(sentence.with_tree(tree), score, probability, of_head, of_label)
