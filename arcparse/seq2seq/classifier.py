"""The text classifier: from a sequence to one label, N to 1.

The words of a text are embedded and read by an encoder. Pooling makes one vector of its memory: the last state, the
mean, the largest values (Conneau et al. 2017, section 3.2), or the sum that attention with a learned query finds (Yang
et al. 2016, section 2.2). A linear layer scores the labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from arcparse.batches import bucket
from arcparse.checkpoint import load_model, save_model
from arcparse.checkpoint.saved import VOCABULARIES
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.embeddings import start_from
from arcparse.networks.memory import Memory
from arcparse.networks.padding import pad
from arcparse.networks.settings import EncoderConfig
from arcparse.networks.source_encoder import SourceEncoder
from arcparse.networks.weights import arrays, load_network
from arcparse.sentence.lists import each_text
from arcparse.seq2seq.labelled import Kept, cut, words_of
from arcparse.settings import as_dict, check_ranges
from arcparse.settings.limits import Length, Part
from arcparse.threads import spread, turn
from arcparse.vocabulary import SPECIALS, Vocabulary

KIND = "classifier"
BATCH_TOKENS = 20_000  # padded words of the texts that are classified together

Pooling = Literal["last", "mean", "max", "max+mean", "attention"]


@dataclass(frozen=True)
class ClassifierConfig:
    """The parts of the network, and the words that it reads of a text."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    pooling: Pooling = "max+mean"
    dropout: Part = 0.5  # of the pooled vector
    lower: bool = True  # words in lower case: labels hardly depend on capitals
    longest: Length = 500  # words that are read of a text
    kept: Kept = "both"  # of a long text: reviews tell their subject at the beginning, their verdict at the end

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a value outside its limits."""
        check_ranges(self)


@dataclass(frozen=True)
class Classification:
    """The most probable label of a text, and the probability of each label, most probable first."""

    label: str
    probability: float
    probabilities: dict[str, float]


class Pool(nn.Module):
    """Makes one vector of a memory."""

    def __init__(self, pooling: Pooling, dimension: int) -> None:
        """Make the layer for memories of a dimension; only attention has weights."""
        super().__init__()
        self.pooling = pooling
        self.dimension = dimension * (2 if pooling == "max+mean" else 1)
        if pooling == "attention":
            self.key = nn.Linear(dimension, dimension)
            self.query = nn.Linear(dimension, 1, bias=False)

    def forward(self, memory: Memory) -> Tensor:
        """Return [B, D] float32, or [B, 2D] of max and mean."""
        if self.pooling == "last":
            return memory.summary.float()
        vector, is_token = memory.vector.float(), memory.is_token.unsqueeze(2)
        if self.pooling == "attention":
            score = self.query(torch.tanh(self.key(vector))).float().masked_fill(~is_token, -torch.inf)
            found: Tensor = (score.softmax(1) * vector).sum(1)
            return found
        parts = []
        if "max" in self.pooling:
            parts.append(vector.masked_fill(~is_token, -torch.inf).amax(1))
        if "mean" in self.pooling:
            parts.append((vector * is_token).sum(1) / is_token.sum(1))
        return torch.cat(parts, 1)


class Classifier(nn.Module):
    """An encoder with its words, and a layer with its labels: `classifier.classify(texts)`."""

    def __init__(self, config: ClassifierConfig, words: Vocabulary, labels: Vocabulary) -> None:
        """Make an untrained classifier."""
        super().__init__()
        self.config, self.words, self.labels = config, words, labels
        self.encoder = SourceEncoder(config.encoder, len(words))
        self.pool = Pool(config.pooling, self.encoder.dimension)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(self.pool.dimension, len(labels))

    @classmethod
    def build(
        cls, config: ClassifierConfig, counts: Counter[str], labels: Iterable[str], size: int, vectors: Pretrained
    ) -> Classifier:
        """Make an untrained classifier with the `size` most frequent words, their embeddings as the vectors have them.

        If there are fewer words, others that have a vector are added: texts to come will have words that these lack.
        Raises ConfigurationError if embeddings and vectors differ in dimension.
        """
        others = (word.lower() if config.lower else word for word in vectors.words.symbols[len(SPECIALS) :])
        known = dict.fromkeys((*Vocabulary.build(counts).symbols, *others))
        words = Vocabulary(tuple(known)[: size + len(SPECIALS)])
        made = cls(config, words, Vocabulary.plain(sorted(set(labels))))
        if vectors.dimension:
            start_from(vectors, made.encoder.embedding, words)
        return made

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.output.bias.device

    def ids(self, text: str) -> list[int]:
        """Return the ids of the words that are read of a text; one without words has an unknown one."""
        words = cut(words_of(text, self.config.lower), self.config.longest, self.config.kept)
        return self.words.ids(words) or [Vocabulary.UNKNOWN]

    def forward(self, rows: Sequence[Sequence[int]]) -> Tensor:
        """Return the scores [B, L] of labels, before the softmax, of B texts of word ids."""
        length = torch.tensor([len(row) for row in rows], device=self.device)
        memory: Memory = self.encoder(pad(rows).to(self.device), length)
        score: Tensor = self.output(self.dropout(self.pool(memory)))
        return score.float()

    @turn()
    @torch.inference_mode()
    def log_probabilities(self, rows: Sequence[Sequence[int]]) -> Tensor:
        """Return the log-probability [B, L] of each label in nats; the model must be in evaluation mode."""
        batches = bucket([len(row) for row in rows], BATCH_TOKENS)
        parts = spread(lambda batch: self([rows[i] for i in batch]).log_softmax(1).cpu(), batches)
        found = torch.zeros(len(rows), len(self.labels))
        for batch, part in zip(batches, parts, strict=True):
            found[batch] = part
        return found

    def classify(self, texts: Iterable[str]) -> list[Classification]:
        """Return the label of each text; the model must be in evaluation mode, as it is when loaded.

        Raises InputError for anything but texts, such as a single one.
        """
        found = []
        for row in self.log_probabilities([self.ids(text) for text in each_text(texts)]).exp().tolist():
            ranked = sorted(zip(self.labels, row, strict=True), key=lambda pair: -pair[1])
            found.append(Classification(*ranked[0], dict(ranked)))
        return found

    def save(self, directory: Path, *, metadata: Mapping[str, Any] | None = None, half: bool = False) -> None:
        """Write a model directory, `half` as `arcparse.checkpoint.save_model` does."""
        save_model(
            directory,
            kind=KIND,
            config={KIND: as_dict(self.config)},
            vocabularies={"words": self.words.symbols, "labels": self.labels.symbols},
            weights=arrays(self),
            metadata=metadata,
            half=half,
        )

    @classmethod
    @turn()
    def load(cls, directory: Path) -> Classifier:
        """Read a model directory. Raises ModelError if it holds something else."""
        saved = load_model(directory, KIND)
        config, words = saved.settings(ClassifierConfig), saved.vocabulary("words")
        labels = saved.vocabulary("labels", (), cells=True)
        if not len(labels):
            saved.refuse(VOCABULARIES, "labels has no label")
        return load_network(saved, lambda: cls(config, words, labels))
