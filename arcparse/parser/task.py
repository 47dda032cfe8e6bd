"""Training the parser: gold trees to batches, the model's own derivations to a loss, a development file to scores.

A batch is encoded once. The derivations to learn from are then found by the same search that parses: the policy takes
the oracle's action or, with exploration (Goldberg & Nivre 2013; Ballesteros et al. 2016), one drawn from the model's
own distribution, so that the model learns the way on from its own mistakes. All configurations passed through are
scored again at once, with gradients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from arcparse.checkpoint import find_model
from arcparse.errors import ConfigurationError, TreebankError
from arcparse.evaluation import evaluate
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.encoder import PretrainedEncoder
from arcparse.networks.padding import pad
from arcparse.networks.tags import tag_ids, tag_loss
from arcparse.networks.words import Words, words_of
from arcparse.parser.configuration import Configuration
from arcparse.parser.model import Parser
from arcparse.parser.scorer import BoundScorer, stack_index
from arcparse.parser.settings import ParserConfig
from arcparse.parser.systems import system_called
from arcparse.search import search
from arcparse.sentence import NONE, Sentence
from arcparse.settings.limits import Hypotheses, NotNegative, Part, Share, Whole
from arcparse.silver import Mixture, confident
from arcparse.training.loop import Loss, TrainingConfig, run_metadata
from arcparse.training.losses import Objective, global_loss, local_loss
from arcparse.trees import check_tree
from arcparse.trees.pseudo_projective import projectivise

METRICS = ("UPOS", "XPOS", "UFeats", "UAS", "LAS")
VECTORS, TAGGER, TAGGER_VECTORS = "vectors", "tagger", "tagger-vectors"  # the directories beside the saved parser


class TagsSentences(Protocol):
    """A tagger of any kind."""

    pretrained: Pretrained

    def tag(self, sentences: Sequence[Sentence]) -> list[Sentence]:
        """Return the sentences with UPOS, XPOS and FEATS."""

    def save(self, directory: Path, *, vectors: str, metadata: Mapping[str, Any]) -> None:
        """Write a model directory."""


@dataclass(frozen=True)
class ParserSettings:
    """A training run, as a TOML file describes it."""

    parser: ParserConfig
    train: str = ""  # CoNLL-U file with gold trees; a parser that predicts no tags sees its tags
    dev: str = ""
    vectors: str = ""  # vector store or model of kind vectors; empty for none
    pretrained: str = ""  # folder of a pretrained Transformer, or its name in the cache of transformers; empty for none
    tagger: str = ""  # the tagger whose tags the parser sees, if it predicts none; empty: it sees gold tags
    exploration: Share = 0.8  # share of decisions drawn from the model; 0 is the static oracle
    exploration_from: Whole = 1  # first epoch that explores, from 0: an untrained model has nothing to show
    given_tags: Share = 0.3  # share of sentences that see the file's tags, not predicted ones; 1: those of dev too
    tag_weight: NotNegative = 0.5  # of the tags' loss beside the transitions'
    objective: Literal["local", "crf", "perceptron", "margin"] = (
        "local"  # all but the first are global, through the beam
    )
    local_weight: NotNegative = 0.0  # of the local loss beside a global one, so that small beams stay good
    beam: Hypotheses = 8  # of global training, of its development scores and of the parser that comes of it
    silver: str = ""  # folder of a teacher's trees (`arcparse distil`), or a file of trees; empty for none
    silver_share: Part = 0.5  # share of an epoch's words that are of silver trees, as far as these last
    silver_confidence: Share = 0.0  # least confidence of a silver tree; one without a confidence counts as sure
    start: str = ""  # a parser to go on from, as global training needs; the network is its own
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        """Raise ConfigurationError if training explores, but the system's oracle is not dynamic."""
        system, is_local = self.parser.system, self.objective == "local" or self.local_weight > 0
        if is_local and self.exploration > 0 and not system_called(system).dynamic:
            raise ConfigurationError(
                f"exploration is {self.exploration:g}, but the oracle of the transition system {system!r} is right "
                "only while no mistake is made; set exploration=0"
            )


@dataclass(frozen=True)
class Batch:
    """Sentences with their gold tags and gold trees [B, N] that the transition system can build."""

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
        encoder: PretrainedEncoder | None = None,
        silver: Sequence[Sentence] = (),
    ) -> None:
        """Check the gold trees, projectivise them for a projective system and make an untrained parser.

        A `tagger` goes with it, and its `encoder` may be pretrained. Each epoch sees some `silver` trees too; those
        with labels that no gold tree has are left out, and the vocabularies are of the gold trees alone.

        Raises TreebankError or TreeError, with the place, if a training sentence has no tree.
        """
        self.settings, self.dev, self.epoch = settings, list(dev), 0
        self.train = [_learnable(sentence, settings.parser) for sentence in train]
        self.pretrained, self.tagger = pretrained or Pretrained.none(), tagger
        self.scores: dict[str, float] = {}
        self.dev_input = tagger.tag(self.dev) if tagger else self.dev
        normalisation: Literal["local", "global"] = "local" if settings.objective == "local" else "global"
        config = replace(
            settings.parser,
            normalisation=normalisation,
            beam=1 if settings.objective == "local" else settings.beam,
            temperature=1.0,
            sampling_temperature=1.0,
        )
        torch.manual_seed(settings.training.seed)
        if settings.start:
            self.model = Parser.load(find_model(settings.start)).rebuilt(config)
            _check_labels(self.train, self.model.system.labels)
        else:
            self.model = Parser.build(config, self.train, self.pretrained, encoder)
        self.pretrained = self.model.pretrained  # those of the parser to start from, if there is one
        self.silver = self._learnable_silver(silver)
        self.mixture = Mixture(self.train, self.silver, settings.silver_share, settings.training.seed)

    def batches(self, epoch: int) -> Sequence[Sequence[int]]:
        """Return the indices of each batch's sentences."""
        self.epoch = epoch
        return self.mixture.batches(epoch, self.settings.training)

    def _learnable_silver(self, silver: Sequence[Sentence]) -> list[Sentence]:
        """Return the silver trees of enough confidence, as the system can build them, if it has all their labels."""
        known, found = set(self.model.system.labels), confident(silver, self.settings.silver_confidence)
        learnable = (_learnable(sentence, self.settings.parser) for sentence in found)
        return [sentence for sentence in learnable if known.issuperset(sentence.labels)]

    def batch(self, indices: Sequence[int]) -> Batch:
        """Return the ids of sentences and their trees."""
        sentences = [self.mixture.sentences[i] for i in indices]
        labels = {label: i for i, label in enumerate(self.model.system.labels)}
        device = self.model.device
        return Batch(
            words_of(self.model.lexicon, [sentence.forms for sentence in sentences]).to(device),
            tag_ids(self.model.tags, sentences, device),
            pad([[NONE, *sentence.heads] for sentence in sentences], NONE).to(device),
            pad([[NONE, *(labels[label] for label in sentence.labels)] for sentence in sentences], NONE).to(device),
        )

    def loss(self, indices: Sequence[int]) -> Loss:
        """Return the loss of a batch per token: transitions, and tags if the parser predicts them."""
        batch = self.batch(indices)
        keep = torch.rand(len(batch.words.length), 1, device=self.model.device) < self.settings.given_tags
        encoding = self.model.network.encode(batch.words, batch.tags, keep)
        scorer = self.model.network.bind(encoding)
        if self.settings.objective == "local":
            lost = self._local_loss(scorer, batch)
        else:
            lost = self._global_loss(scorer, batch, self.settings.objective)
            if self.settings.local_weight:
                lost = lost + self.settings.local_weight * self._local_loss(scorer, batch)
        parts = {"transitions": lost.item()}
        if encoding.tag_scores:
            tags = tag_loss(encoding.tag_scores, batch.tags)
            parts["tags"] = tags.item()
            lost = lost + self.settings.tag_weight * tags
        return Loss(lost, int(batch.words.length.sum()), parts)

    def _local_loss(self, scorer: BoundScorer, batch: Batch) -> Tensor:
        path = self._derive(scorer, batch)
        scores = scorer.score(path.index)
        target = _allowed(path.target, path.legal, scores.detach(), self._kind())
        return (local_loss(scores, path.legal, target) * path.active).sum() / path.active.sum()

    def _global_loss(self, scorer: BoundScorer, batch: Batch, objective: Objective) -> Tensor:
        system, oracle = self.model.system, self.model.system.oracle(batch.head, batch.label)
        start = self.model.start(batch.words.length)

        def follow(state: Configuration) -> Tensor:
            return functional.one_hot(oracle.gold_action(state), system.num_actions).float()

        gold = search(system, follow, start).history()[:, 0]
        losses, _ = global_loss(system, scorer, start.state, gold, self.settings.beam, objective)
        return losses.sum() / batch.words.length.sum()

    @torch.no_grad()
    def _derive(self, scorer: BoundScorer, batch: Batch) -> Decisions:
        """Search for one derivation of each sentence, by the policy, and return its decisions."""
        system, oracle = self.model.system, self.model.system.oracle(batch.head, batch.label)
        explores = self.epoch >= self.settings.exploration_from and self.settings.exploration > 0
        kind = self._kind()
        indices: list[dict[str, Tensor]] = []
        steps: list[tuple[Tensor, Tensor, Tensor]] = []

        def policy(state: Configuration) -> Tensor:
            index, gold, legal = scorer.index(state), oracle.gold_action(state), system.legal(state)
            indices.append(index)
            steps.append((gold, legal, ~system.is_final(state)))
            if not explores:
                return functional.one_hot(gold, system.num_actions).float()
            scores = scorer.score({name: rows.flatten(0, 1) for name, rows in index.items()})
            allowed = _allowed(gold.flatten(), legal.flatten(0, 1), scores, kind)
            preferred = functional.one_hot(allowed, system.num_actions)
            drawn = scores - torch.empty_like(scores).exponential_().log()  # argmax draws from the softmax (Gumbel)
            own = torch.rand(len(gold), 1, device=gold.device) < self.settings.exploration
            return torch.where(own, drawn, preferred * 1e6).unsqueeze(1)

        search(system, policy, self.model.start(batch.words.length))
        target, legal, active = (torch.stack(column).flatten(0, 2) for column in zip(*steps, strict=True))
        return Decisions(stack_index(indices), target, legal, active)

    def _kind(self) -> Tensor:
        return self.model.system.kind.to(self.model.device)

    def evaluate(self) -> dict[str, float]:
        """Return F1 in per cent on the development file."""
        given_tags = self.settings.given_tags == 1
        scores = evaluate(self.dev, self.model.parse(self.dev_input, given_tags=given_tags))
        self.scores = {metric: 100 * scores[metric].f1 for metric in METRICS}
        return self.scores

    def save(self, directory: Path) -> None:
        """Write the parser, and beside it once the vectors, and the tagger with its own if they are others."""
        vectors, tagger = self.pretrained.save_beside(directory, VECTORS), ""
        if self.tagger:
            tagger, own = TAGGER, self.tagger.pretrained
            shared = own.same_as(self.pretrained)
            its_vectors = vectors if shared else own.save_beside(directory, TAGGER_VECTORS)
            self.tagger.save(directory.parent / tagger, vectors=its_vectors, metadata={})
        self.model.save(directory, vectors=vectors, tagger=tagger, metadata=self.metadata())

    def metadata(self) -> dict[str, Any]:
        """Return the model card's facts about the training."""
        files = ("train", "dev", "vectors", "pretrained", "tagger", "silver", "start")
        return run_metadata(self.settings, files) | {"dev": self.scores}


@dataclass(frozen=True)
class Decisions:
    """S decisions: table rows [S, F] by block, the oracle's action [S], legal actions [S, A], whether it counts [S]."""

    index: dict[str, Tensor]
    target: Tensor
    legal: Tensor
    active: Tensor


def _learnable(sentence: Sentence, config: ParserConfig) -> Sentence:
    """Return the sentence with a tree that the system can build: projective, its labels decorated, if it must be."""
    if not sentence.is_parsed or not len(sentence):
        raise TreebankError(f"{sentence.place}: the parser learns from trees, and this sentence has words without head")
    check_tree(sentence.tree, sentence.place)
    if not system_called(config.system).projective:
        return sentence
    tree = projectivise(sentence.tree, config.projectivity, sentence.place)
    return sentence if tree == sentence.tree else sentence.with_tree(tree)


def _check_labels(sentences: Sequence[Sentence], known: Sequence[str]) -> None:
    for sentence in sentences:
        unknown = set(sentence.labels).difference(known)
        if unknown:
            raise TreebankError(
                f"{sentence.place}: the parser to start from has no label {min(unknown)!r}; "
                f"it has {len(known)}; start from another, or train from the beginning"
            )


def _allowed(target: Tensor, legal: Tensor, scores: Tensor, kind: Tensor) -> Tensor:
    """Return the targets [S], an illegal one exchanged for the best scored legal action of its `kind` [A].

    Off the gold path a word may have to be attached to the root, or the gold root to a word; then its gold label may
    not be allowed.
    """
    same = kind == kind[target].unsqueeze(1)
    best = scores.masked_fill(~(legal & same), -torch.inf).argmax(1)
    is_legal = legal.gather(1, target.unsqueeze(1)).squeeze(1)
    return torch.where(is_legal, target, best)
