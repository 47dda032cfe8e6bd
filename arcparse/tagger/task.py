"""Training the tagger, and jackknifing: tagging a treebank by taggers that have not seen it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from arcparse.batches import bucket
from arcparse.errors import ConfigurationError
from arcparse.evaluation import evaluate
from arcparse.pretrained import Pretrained
from arcparse.sentence import Sentence
from arcparse.tagger.model import Tagger, TaggerConfig
from arcparse.tags import tag_loss
from arcparse.training import Loss, TrainingConfig, run_metadata

METRICS = ("UPOS", "XPOS", "UFeats", "AllTags")
VECTORS = "vectors"  # the directory of the pretrained vectors, beside the saved tagger


@dataclass(frozen=True)
class TaggerSettings:
    """A training run, as a TOML file describes it."""

    train: str = ""  # CoNLL-U files with gold tags
    dev: str = ""
    vectors: str = ""  # vector store or model of kind vectors; none where empty
    folds: int = 5  # of jackknifing
    tagger: TaggerConfig = field(default_factory=TaggerConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)


class TaggerTask:
    """The tagger as the training loop sees it."""

    metric = "UPOS"

    def __init__(
        self,
        settings: TaggerSettings,
        train: Sequence[Sentence],
        dev: Sequence[Sentence],
        pretrained: Pretrained | None = None,
    ) -> None:
        """Make an untrained tagger."""
        self.settings, self.train, self.dev = settings, train, list(dev)
        self.pretrained = pretrained or Pretrained.none()
        self.scores: dict[str, float] = {}
        torch.manual_seed(settings.training.seed)
        self.model = Tagger.build(settings.tagger, train, self.pretrained)

    def batches(self, epoch: int) -> Sequence[Sequence[int]]:
        """Return the indices of each batch's sentences."""
        generator = random.Random(f"{self.settings.training.seed} {epoch}")  # noqa: S311 (not for secrets)
        lengths = [len(sentence) + 1 for sentence in self.train]
        return bucket(lengths, self.settings.training.batch_tokens, generator=generator)

    def loss(self, indices: Sequence[int]) -> Loss:
        """Return the cross-entropy of the three columns, per token."""
        sentences = [self.train[i] for i in indices]
        words = self.model.lexicon.words([sentence.forms for sentence in sentences]).to(self.model.device)
        gold = self.model.tags.ids(sentences, self.model.device)
        return Loss(tag_loss(self.model(words), gold), int(words.length.sum()))

    def evaluate(self) -> dict[str, float]:
        """Return F1 in per cent on the development file."""
        scores = evaluate(self.dev, self.model.tag(self.dev))
        self.scores = {metric: 100 * scores[metric].f1 for metric in METRICS}
        return self.scores

    def save(self, directory: Path) -> None:
        """Write the tagger, and once the vectors beside it."""
        self.model.save(directory, vectors=self.pretrained.save_beside(directory, VECTORS), metadata=self.metadata())

    def metadata(self) -> dict[str, Any]:
        """Return what the model card tells of the training."""
        return run_metadata(self.settings, ("train", "dev", "vectors")) | {"dev": self.scores}


def jackknife(
    sentences: Sequence[Sentence], folds: int, train: Callable[[int, list[Sentence]], Tagger]
) -> list[Sentence]:
    """Return the sentences with tags of taggers trained on the other folds.

    `train` makes a tagger of fold number and sentences. Folds are runs of neighbouring sentences, so that documents
    stay together and a fold's words are as new to its tagger as a test file's. Raises ConfigurationError unless there
    are at least 2 folds, and as many sentences.
    """
    if not 2 <= folds <= len(sentences):
        raise ConfigurationError(f"folds must be at least 2 and at most the {len(sentences)} sentences, not {folds}")
    tagged: list[Sentence] = []
    for fold in range(folds):
        first, last = (len(sentences) * edge // folds for edge in (fold, fold + 1))
        tagger = train(fold, [*sentences[:first], *sentences[last:]])
        tagged += tagger.tag(sentences[first:last])
    return tagged
