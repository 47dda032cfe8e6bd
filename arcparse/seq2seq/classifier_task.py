"""Training a classifier: labelled texts to batches, the share of right labels on a development set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch.nn import functional

from arcparse.batches import bucket
from arcparse.errors import TreebankError
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.precision import reduced
from arcparse.seq2seq.classifier import Classifier, ClassifierConfig
from arcparse.seq2seq.labelled import LabelledText, cut, words_of
from arcparse.settings.limits import Part, Share, VocabularySize
from arcparse.training.loop import Loss, TrainingConfig, epoch_generator, run_metadata

METRIC = "accuracy"
STEPS_OF_LENGTH = 16  # in training a text loses less than 1/16 of its words, so that many have one length


@dataclass(frozen=True)
class ClassifierSettings:
    """A training run, as a TOML file describes it."""

    train: str = ""  # lines of label, tab, text: see arcparse.seq2seq.labelled
    dev: str = ""  # if empty, some of train are held out
    held_out: Share = 0.1  # the share of its texts
    vectors: str = ""  # vector store or model of kind vectors from which the embeddings start
    frozen: bool = False  # whether the embeddings stay as they are
    words: VocabularySize = (
        30_000  # which have embeddings: the most frequent ones, and if train has fewer, others of the vectors
    )
    smoothing: Part = 0.0  # share of the probability that is divided among all labels
    precision: Literal["float32", "bfloat16"] = "float32"  # of matrix products: bfloat16 if the processor has it
    classifier: ClassifierConfig = field(default_factory=ClassifierConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)


class ClassifierTask:
    """The classifier as the training loop sees it."""

    metric = METRIC

    def __init__(
        self,
        settings: ClassifierSettings,
        train: Sequence[LabelledText],
        dev: Sequence[LabelledText],
        vectors: Pretrained | None = None,
    ) -> None:
        """Make an untrained classifier.

        Raises TreebankError if training texts have only one label, or a text of dev has a label that they lack;
        ConfigurationError if embeddings and vectors differ in dimension.
        """
        self.settings, self.dev = settings, list(dev)
        self.scores: dict[str, float] = {}
        self._check(train)
        config = settings.classifier
        words = [cut(words_of(text.text, config.lower), config.longest, config.kept) for text in train]
        counts: Counter[str] = Counter()
        for row in words:
            counts.update(row)
        torch.manual_seed(settings.training.seed)
        labels = (text.label for text in train)
        self.model = Classifier.build(config, counts, labels, settings.words, vectors or Pretrained.none())
        self.model.encoder.embedding.weight.requires_grad_(not settings.frozen)
        self.rows = [self.model.words.ids(row) or [self.model.words.UNKNOWN] for row in words]
        self.gold = self.model.labels.ids(text.label for text in train)
        self.dev_rows = [self.model.ids(text.text) for text in self.dev]
        self.dev_gold = self.model.labels.ids(text.label for text in self.dev)

    def _check(self, train: Sequence[LabelledText]) -> None:
        labels = {text.label for text in train}
        if len(labels) < 2:
            found = ", ".join(map(repr, labels)) or "none"
            raise TreebankError(f"{self.settings.train}: needs texts of two labels at least, has {found}; add others")
        strange = sorted({text.label for text in self.dev} - labels)
        if strange:
            raise TreebankError(
                f"{self.settings.dev}: its label {strange[0]!r} is none of train's, as {min(labels)!r}; "
                f"check that the first column holds labels in both"
            )

    def statistics(self) -> list[str]:
        """Return the sizes of the data, a line for each part."""
        lines = []
        names = self.model.labels.symbols
        for role, rows, gold in (("train", self.rows, self.gold), ("dev", self.dev_rows, self.dev_gold)):
            shares = ", ".join(f"{count} {names[label]}" for label, count in sorted(Counter(gold).items()))
            lines.append(f"{role}: {len(rows)} texts ({shares}), {sum(map(len, rows))} words")
        return [*lines, f"vocabulary: {len(self.model.words)} words, {len(names)} labels"]

    def batches(self, epoch: int) -> Sequence[Sequence[int]]:
        """Return the indices of each batch's texts; `shortened` gives them one length."""
        generator = epoch_generator(self.settings.training, epoch)
        by_length: dict[int, list[int]] = {}
        for index, row in enumerate(self.rows):
            by_length.setdefault(shortened(len(row)), []).append(index)
        batches = list[list[int]]()
        for length, group in by_length.items():
            lengths = [length] * len(group)
            found = bucket(lengths, self.settings.training.batch_tokens, generator=generator)
            batches += [[group[i] for i in batch] for batch in found]
        generator.shuffle(batches)
        return batches

    def loss(self, indices: Sequence[int]) -> Loss:
        """Return the cross-entropy per text of its label."""
        settings, kept = self.settings, self.settings.classifier.kept
        rows = [cut(self.rows[i], shortened(len(self.rows[i])), kept) for i in indices]
        gold = torch.tensor([self.gold[i] for i in indices], device=self.model.device)
        with reduced(self.model.device, enabled=settings.precision == "bfloat16"):
            score = self.model(rows)
        return Loss(functional.cross_entropy(score, gold, label_smoothing=settings.smoothing), len(rows))

    def evaluate(self) -> dict[str, float]:
        """Return the share of dev's texts with the right label, in per cent, and the loss per text in nats."""
        found, gold = self.model.log_probabilities(self.dev_rows), torch.tensor(self.dev_gold)
        loss = functional.nll_loss(found, gold).item()
        self.scores = {METRIC: 100 * int((found.argmax(1) == gold).sum()) / len(gold), "dev_loss": loss}
        return self.scores

    def save(self, directory: Path) -> None:
        """Write the classifier."""
        self.model.save(directory, metadata=self.metadata())

    def metadata(self) -> dict[str, Any]:
        """Return the model card's facts about the training."""
        return run_metadata(self.settings, ("train", "dev", "vectors")) | {"dev": self.scores}


def shortened(length: int) -> int:
    """Return the length to which a text is cut in training; texts of about that length share it.

    Texts of one length need no packing, which makes torch's layers several times slower in training.
    """
    return length - length % max(1, length // STEPS_OF_LENGTH)
