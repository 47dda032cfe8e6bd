"""Training the parser: gold trees to batches, the model's own derivations to a loss, a development file to scores.

A batch is encoded once. The derivations to learn from are then found by the same search that parses: the policy takes
the oracle's action or, with exploration (Goldberg & Nivre 2013; Ballesteros et al. 2016), one drawn from the model's own
distribution, so that the model learns the way on from its own mistakes. All configurations passed through are scored
again at once, with gradients.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from arcparse.batches import bucket, pad
from arcparse.settings import as_dict
from arcparse.errors import TreebankError
from arcparse.evaluation import evaluate
from arcparse.lexicon import Words
from arcparse.losses import local_loss
from arcparse.parser.arc_standard import Oracle
from arcparse.parser.configuration import Configuration
from arcparse.parser.model import Parser, ParserConfig
from arcparse.parser.scorer import BoundScorer, stack_index
from arcparse.pretrained import Pretrained
from arcparse.search import Beam, search
from arcparse.sentence import NONE, Sentence
from arcparse.tags import tag_loss
from arcparse.training import Loss, TrainingConfig
from arcparse.trees import check_tree, projectivise

METRICS = ("UPOS", "XPOS", "UFeats", "UAS", "LAS")
VECTORS, TAGGER = "vectors", "tagger"  # the directories beside the saved parser


class TagsSentences(Protocol):
    """A tagger, whatever it is made of."""

    def tag(self, sentences: Sequence[Sentence]) -> list[Sentence]:
        """Return the sentences with UPOS, XPOS and FEATS."""

    def save(self, directory: Path, *, vectors: str, metadata: Mapping[str, Any]) -> None:
        """Write a model directory."""


@dataclass(frozen=True)
class ParserSettings:
    """A training run, as a TOML file describes it."""

    parser: ParserConfig
    train: str = ""  # CoNLL-U file with gold trees; its tags are what the parser sees if it predicts none
    dev: str = ""
    vectors: str = ""  # vector store or model of kind vectors; none where empty
    tagger: str = ""  # the tagger that the parser is to follow, if it predicts no tags; empty: it is given gold tags
    exploration: float = 0.8  # share of decisions drawn from the model; 0 is the static oracle
    exploration_from: int = 1  # first epoch that explores, from 0: an untrained model has nothing to show
    given_tags: float = 0.3  # share of sentences that see the file's tags instead of predicted ones
    tag_weight: float = 0.5  # of the tags' loss beside the transitions'
    training: TrainingConfig = field(default_factory=TrainingConfig)


@dataclass(frozen=True)
class Batch:
    """Sentences with their gold tags and projective gold trees [B, N]."""

    words: Words
    tags: dict[str, Tensor]
    head: Tensor
    label: Tensor


class ParserTask:
    """The parser as the training loop sees it."""

    metric = "LAS"

    def __init__(
        self,
        settings: ParserSettings,
        train: Sequence[Sentence],
        dev: Sequence[Sentence],
        pretrained: Pretrained | None = None,
        tagger: TagsSentences | None = None,
    ) -> None:
        """Check and projectivise the gold trees and make an untrained parser; a `tagger` goes with it.

        Raises TreebankError or TreeError, with the place, where a training sentence has no tree.
        """
        self.settings, self.train, self.dev = settings, train, list(dev)
        self.pretrained, self.tagger = pretrained or Pretrained.none(), tagger
        self.dev_input = tagger.tag(self.dev) if tagger else self.dev
        self.heads = [_projective(sentence) for sentence in train]
        torch.manual_seed(settings.training.seed)
        self.model = Parser.build(settings.parser, train, self.pretrained)

    def batches(self, epoch: int) -> Sequence[Sequence[int]]:
        """Return the indices of each batch's sentences."""
        generator = random.Random(f"{self.settings.training.seed} {epoch}")  # noqa: S311 (not for secrets)
        self.epoch = epoch
        lengths = [len(sentence) + 1 for sentence in self.train]
        return bucket(lengths, self.settings.training.batch_tokens, generator=generator)

    def batch(self, indices: Sequence[int]) -> Batch:
        """Return the ids of sentences and their trees."""
        sentences = [self.train[i] for i in indices]
        labels = {label: i for i, label in enumerate(self.model.system.labels)}
        return Batch(
            self.model.lexicon.words([sentence.forms for sentence in sentences]),
            self.model.tags.ids(sentences),
            pad([self.heads[i] for i in indices], NONE),
            pad([[NONE, *(labels[label] for label in sentence.labels)] for sentence in sentences], NONE),
        )

    def loss(self, indices: Sequence[int]) -> Loss:
        """Return the loss of a batch: transitions, and tags where the parser predicts them, per token."""
        batch = self.batch(indices)
        keep = torch.rand(len(batch.words.length), 1) < self.settings.given_tags
        encoding = self.model.encode(batch.words, batch.tags, keep)
        scorer = self.model.bind(encoding)
        path = self._derive(scorer, batch)
        scores = scorer.score(path.index)
        target = _allowed(path.target, path.legal, scores.detach())
        lost = (local_loss(scores, path.legal, target) * path.active).sum() / path.active.sum()
        parts = {"transitions": lost.item()}
        if encoding.tag_scores:
            tags = tag_loss(encoding.tag_scores, batch.tags)
            parts["tags"] = tags.item()
            lost = lost + self.settings.tag_weight * tags
        return Loss(lost, int(batch.words.length.sum()), parts)

    @torch.no_grad()
    def _derive(self, scorer: BoundScorer, batch: Batch) -> Decisions:
        """Search for one derivation of each sentence, by the policy, and return the decisions on the way."""
        system, oracle = self.model.system, Oracle(batch.head, batch.label)
        explores = self.epoch >= self.settings.exploration_from and self.settings.exploration > 0
        indices: list[dict[str, Tensor]] = []
        steps: list[tuple[Tensor, Tensor, Tensor]] = []

        def policy(state: Configuration) -> Tensor:
            index, gold, legal = scorer.index(state), oracle.gold_action(state), system.legal(state)
            indices.append(index)
            steps.append((gold, legal, ~system.is_final(state)))
            preferred = functional.one_hot(gold, system.num_actions).float() * 1e6
            if not explores:
                return preferred
            scores = scorer.score({name: rows.flatten(0, 1) for name, rows in index.items()}).unsqueeze(1)
            drawn = scores - torch.empty_like(scores).exponential_().log()  # argmax draws from the softmax (Gumbel)
            own = torch.rand(gold.shape, device=gold.device) < self.settings.exploration
            return torch.where(own.unsqueeze(2), drawn, preferred)

        size = len(batch.words.length)
        search(system, policy, Beam.start(Configuration.start(batch.words.length), size), 1)
        target, legal, active = (torch.stack(column).flatten(0, 2) for column in zip(*steps, strict=True))
        return Decisions(stack_index(indices), target, legal, active)

    def evaluate(self) -> dict[str, float]:
        """Return F1 in per cent on the development file."""
        scores = evaluate(self.dev, self.model.parse(self.dev_input))
        return {metric: 100 * scores[metric].f1 for metric in METRICS}

    def save(self, directory: Path) -> None:
        """Write the parser, and once the vectors and the tagger beside it."""
        vectors, tagger = VECTORS if self.pretrained.dimension else "", TAGGER if self.tagger else ""
        if vectors and not (directory.parent / vectors).exists():
            self.pretrained.save(directory.parent / vectors)
        if self.tagger and not (directory.parent / tagger).exists():
            self.tagger.save(directory.parent / tagger, vectors=vectors, metadata={})
        self.model.save(directory, vectors=vectors, tagger=tagger, metadata=self.metadata())

    def metadata(self) -> dict[str, Any]:
        """Return what the model card tells of the training."""
        return {"settings": as_dict(self.settings), "sentences": len(self.train)}


@dataclass(frozen=True)
class Decisions:
    """S decisions: table rows [S, F] by block, the oracle's action [S], legal actions [S, A], whether it counts [S]."""

    index: dict[str, Tensor]
    target: Tensor
    legal: Tensor
    active: Tensor


def _projective(sentence: Sentence) -> tuple[int, ...]:
    if not sentence.is_parsed or not len(sentence):
        raise TreebankError(f"{sentence.place}: the parser learns from trees, and this sentence has words without head")
    check_tree(sentence.tree, sentence.place)
    return projectivise(sentence.tree.heads)


def _allowed(target: Tensor, legal: Tensor, scores: Tensor) -> Tensor:
    """Return the targets [S], an illegal one exchanged for the best scored legal action in its direction.

    Off the gold path a word may have to be attached to the root, or the gold root to a word, where its gold label is
    none of those allowed.
    """
    action = torch.arange(legal.shape[1], device=legal.device)
    same = (action > 0) & (action % 2 == (target % 2).unsqueeze(1))
    best = scores.masked_fill(~(legal & same), -torch.inf).argmax(1)
    is_legal = legal.gather(1, target.unsqueeze(1)).squeeze(1)
    return torch.where(is_legal, target, best)
