"""Training a lemmatiser: the distinct words of a treebank to batches, the share of right lemmas on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from arcparse.evaluation import evaluate
from arcparse.sentence import Sentence
from arcparse.seq2seq.lemmas import tagged_words
from arcparse.seq2seq.lemmatizer import Lemmatizer, training_pairs
from arcparse.seq2seq.pairs import pair_batches
from arcparse.seq2seq.settings import LemmatizerConfig
from arcparse.settings.limits import Part
from arcparse.training.loop import Loss, TrainingConfig, epoch_generator, run_metadata

METRIC = "Lemmas"


@dataclass(frozen=True)
class LemmatizerSettings:
    """A training run, as a TOML file describes it."""

    train: str = ""  # a treebank with gold tags and lemmas
    dev: str = ""
    smoothing: Part = 0.0  # share of the probability that is divided among all characters
    lemmatizer: LemmatizerConfig = field(default_factory=LemmatizerConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)


class LemmatizerTask:
    """The lemmatiser as the training loop sees it."""

    metric = METRIC

    def __init__(self, settings: LemmatizerSettings, train: Sequence[Sentence], dev: Sequence[Sentence]) -> None:
        """Make an untrained lemmatiser. Raises TreebankError if the treebank has no lemmas."""
        self.settings, self.dev = settings, list(dev)
        self.scores: dict[str, float] = {}
        torch.manual_seed(settings.training.seed)
        self.model = Lemmatizer.build(settings.lemmatizer, train)
        self.pairs = training_pairs(train, settings.lemmatizer)

    def statistics(self) -> list[str]:
        """Return the sizes of the data, a line for each part."""
        words = [word for sentence in self.dev for word in tagged_words(sentence)]
        asked = [word for word in words if self.model.lemmas.known(word) is None]
        network = self.model.network
        return [
            f"train: {len(self.pairs)} distinct words to learn, {len(self.model.dictionary)} entries of the dictionary",
            f"dev: {len(self.dev)} sentences, {len(words)} words, {len(asked)} of them for the network",
            f"vocabulary: {len(network.sources)} sources, {len(network.outputs)} outputs",
        ]

    def batches(self, epoch: int) -> Sequence[Sequence[int]]:
        """Return the indices of each batch's pairs."""
        generator = epoch_generator(self.settings.training, epoch)
        return pair_batches(self.pairs, self.settings.training.batch_tokens, generator)

    def loss(self, indices: Sequence[int]) -> Loss:
        """Return the cross-entropy per character of the lemmas."""
        pairs = [self.pairs[i] for i in indices]
        sources, outputs = [pair.source for pair in pairs], [pair.output for pair in pairs]
        return Loss(*self.model.network.loss(sources, outputs, smoothing=self.settings.smoothing))

    def evaluate(self) -> dict[str, float]:
        """Return the share of right lemmas of dev in per cent, of all words and of those left to the network."""
        found = self.model.lemmatize(self.dev)
        right = [
            own == gold
            for sentence, lemmatized in zip(self.dev, found, strict=True)
            for word, own, gold in zip(tagged_words(sentence), lemmatized.lemmas, sentence.lemmas, strict=True)
            if self.model.lemmas.known(word) is None
        ]
        lemmas = evaluate(self.dev, found, trees=False)[METRIC].f1
        self.scores = {METRIC: 100 * lemmas, "unseen": 100 * sum(right) / max(1, len(right))}
        return self.scores

    def save(self, directory: Path) -> None:
        """Write the lemmatiser."""
        self.model.save(directory, metadata=self.metadata())

    def metadata(self) -> dict[str, Any]:
        """Return the model card's facts about the training."""
        return run_metadata(self.settings, ("train", "dev")) | {"dev": self.scores}
