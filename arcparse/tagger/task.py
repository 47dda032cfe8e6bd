"""Training the tagger, and jackknifing: tagging a treebank by taggers that have not seen it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import torch

from arcparse.checkpoint import find_model
from arcparse.errors import ConfigurationError, TreebankError
from arcparse.evaluation import evaluate, evaluate_spans
from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.tags import cells
from arcparse.networks.tags import tag_ids, tag_loss
from arcparse.networks.words import words_of
from arcparse.search import WAIT
from arcparse.sentence import Sentence
from arcparse.settings.limits import Hypotheses, Part, Range, Share
from arcparse.silver import Mixture, confident
from arcparse.tagger.model import Tagger
from arcparse.tagger.preparation import known_to, prepare
from arcparse.tagger.settings import TaggerConfig
from arcparse.tagger.spans import in_scheme, with_spans
from arcparse.training.loop import Loss, TrainingConfig, run_metadata
from arcparse.training.losses import global_loss

METRICS = ("UPOS", "XPOS", "UFeats", "AllTags")
SPAN_F1 = "F1"  # of spans
METRIC = {"upos": "UPOS", "xpos": "XPOS", "feats": "UFeats"}  # of each column
VECTORS = "vectors"  # the directory of the pretrained vectors, beside the saved tagger


@dataclass(frozen=True)
class TaggerSettings:
    """A training run, as a TOML file describes it."""

    train: str = ""  # a file with gold tags, of any format that has them; a format's only tag is XPOS
    dev: str = ""  # if empty, the end of train is held out
    held_out: Share = 0.1  # the share of its sentences
    vectors: str = ""  # vector store or model of kind vectors; empty for none
    unknown: Literal["shared", "random"] = (
        "shared"  # the vector of words that the vectors lack; random: each word of train has its own, of the store
    )
    folds: Annotated[int, Range(2, 1000)] = 5  # of jackknifing
    objective: Literal["local", "crf", "perceptron", "margin"] = (
        "local"  # all but the first are global, through the beam
    )
    beam: Hypotheses = 8  # of global training and of its development scores
    silver: str = ""  # folder of a teacher's tags and trees (`arcparse distil`), or a file with tags; empty for none
    silver_share: Part = 0.5  # share of an epoch's words that are of silver sentences, as far as these last
    silver_confidence: Share = 0.0  # least confidence of a silver sentence; one without a confidence counts as sure
    start: str = ""  # a tagger of the same network to go on from, as global training needs
    tagger: TaggerConfig = field(default_factory=TaggerConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)


class TaggerTask:
    """The tagger as the training loop sees it."""

    def __init__(
        self,
        settings: TaggerSettings,
        train: Sequence[Sentence],
        dev: Sequence[Sentence],
        pretrained: Pretrained | None = None,
        silver: Sequence[Sentence] = (),
    ) -> None:
        """Make an untrained tagger, with the vocabularies of the gold sentences `train`.

        Each epoch sees some `silver` sentences too; those with a searched tag that no gold word has are left out.
        Raises TreebankError if the tagger to start from lacks a tag.
        """
        settings = replace(settings, tagger=with_spans(settings.tagger, train, dev=dev, silver=silver))
        self.settings, self.train, self.dev = settings, train, list(dev)
        self.pretrained = pretrained or Pretrained.none()
        self.scores: dict[str, float] = {}
        torch.manual_seed(settings.training.seed)
        if settings.start:
            self.model = Tagger.load(find_model(settings.start)).rebuilt(settings.tagger)
        gold = units([in_scheme(sentence, settings.tagger) for sentence in train], settings.tagger, self.pretrained)
        if settings.start:
            _check_tags(gold, self.model)
        else:
            self.model = Tagger.build(settings.tagger, gold, self.pretrained)
        self.pretrained = self.model.pretrained  # those of the tagger to start from, if there is one
        silver = [in_scheme(sentence, settings.tagger) for sentence in confident(silver, settings.silver_confidence)]
        self.silver = [sentence for sentence in silver if not _new_tags(sentence, self.model)]
        silver_units = units(self.silver, settings.tagger, self.pretrained)
        self.mixture = Mixture(gold, silver_units, settings.silver_share, settings.training.seed)

    @property
    def metric(self) -> str:
        """The score that chooses the best epoch: of UPOS, or of the first column that the treebank has."""
        return METRIC.get(self.model.searched, SPAN_F1)

    @property
    def beam(self) -> int:
        """The beam of the development scores: for a locally trained tagger, that with which it will tag."""
        return self.settings.tagger.beam if self.settings.objective == "local" else self.settings.beam

    def batches(self, epoch: int) -> Sequence[Sequence[int]]:
        """Return the indices of each batch's sentences."""
        return self.mixture.batches(epoch, self.settings.training)

    def loss(self, indices: Sequence[int]) -> Loss:
        """Return the loss of the three columns, per token: cross-entropy; each word sees the gold tags before it.

        With a global objective the searched column is trained through the beam, the others by cross-entropy too.
        """
        sentences = [self.mixture.sentences[i] for i in indices]
        words = words_of(self.model.lexicon, [sentence.forms for sentence in sentences]).to(self.model.device)
        gold = tag_ids(self.model.tags, sentences, self.model.device)
        scorer, action = self.model.network.bind(words, self.model.seen_ids(sentences)), self.model.actions(gold)
        scores, count = scorer.columns(action), int(words.length.sum())
        if self.settings.objective == "local":
            return Loss(tag_loss(scores, gold), count)
        others = {name: score for name, score in scores.items() if name != self.model.searched}
        start = self.model.start(words.length)
        target = action[:, 1:].masked_fill(~scorer.is_word[:, 1:], WAIT)
        losses, _ = global_loss(self.model.system, scorer, start, target, self.settings.beam, self.settings.objective)
        searched = losses.sum() / count
        return Loss(searched + tag_loss(others, gold) if others else searched, count)

    def evaluate(self) -> dict[str, float]:
        """Return F1 in per cent on the development file, of words as they are given."""
        tagged, column = self.model.tag(self.dev, beam=self.beam), self.settings.tagger.column
        if column:
            total = evaluate_spans(self.dev, tagged, column).total
            self.scores = {"P": 100 * total.precision, "R": 100 * total.recall, SPAN_F1: 100 * total.f1}
        else:
            scores = evaluate(self.dev, tagged, trees=False)
            self.scores = {metric: 100 * scores[metric].f1 for metric in METRICS}
        return self.scores

    def save(self, directory: Path) -> None:
        """Write the tagger, and once the vectors beside it."""
        self.model.save(directory, vectors=self.pretrained.save_beside(directory, VECTORS), metadata=self.metadata())

    def metadata(self) -> dict[str, Any]:
        """Return the model card's facts about the training."""
        return run_metadata(self.settings, ("train", "dev", "vectors", "silver", "start")) | {"dev": self.scores}


def units(sentences: Sequence[Sentence], config: TaggerConfig, pretrained: Pretrained) -> Sequence[Sentence]:
    """Return the units that the network reads of sentences with gold tags."""
    if config.preparation == "none":
        return sentences
    knows = known_to(pretrained)
    return [prepare(sentence, knows, phrases=True).units for sentence in sentences]


def hold_out(sentences: Sequence[Sentence], share: float) -> tuple[list[Sentence], list[Sentence]]:
    """Divide a treebank into sentences to learn from and its end to score on, a share of at least one sentence.

    Raises ConfigurationError if either would be empty.
    """
    kept = min(len(sentences) - 1, round(len(sentences) * (1 - share)))
    if not 0 < share < 1 or kept < 1:
        raise ConfigurationError(
            f"held_out = {share:g} of {len(sentences)} sentences leaves nothing to learn from or to score; "
            f"set it between 0 and 1, or name a dev file"
        )
    return list(sentences[:kept]), list(sentences[kept:])


def _new_tags(sentence: Sentence, tagger: Tagger) -> set[str]:
    """Return the sentence's tags in the searched column that the tagger does not know."""
    known = tagger.tags.vocabularies[tagger.searched]
    return {tag for tag in cells(sentence, tagger.searched) if tag not in known}


def _check_tags(sentences: Sequence[Sentence], tagger: Tagger) -> None:
    for sentence in sentences:
        unknown = _new_tags(sentence, tagger)
        if unknown:
            raise TreebankError(
                f"{sentence.place}: the tagger to start from has no {tagger.searched.upper()} {min(unknown)!r}; "
                f"start from another, or train from the beginning"
            )


def jackknife(
    sentences: Sequence[Sentence], folds: int, train: Callable[[int, list[Sentence]], Tagger]
) -> list[Sentence]:
    """Return the sentences with tags of taggers trained on the other folds.

    `train` makes a tagger of a fold's number and sentences. Folds are runs of neighbouring sentences, so that documents
    stay together and a fold's words are as new to its tagger as a test file's. Raises ConfigurationError for fewer than
    2 folds, or more folds than sentences.
    """
    if not 2 <= folds <= len(sentences):
        raise ConfigurationError(f"folds must be at least 2 and at most the {len(sentences)} sentences, not {folds}")
    tagged: list[Sentence] = []
    for fold in range(folds):
        first, last = (len(sentences) * edge // folds for edge in (fold, fold + 1))
        tagger = train(fold, [*sentences[:first], *sentences[last:]])
        tagged += tagger.tag(sentences[first:last])
    return tagged
