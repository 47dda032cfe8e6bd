"""Training a recogniser: recordings with texts to batches, the CTC loss, and word errors on a development set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from arcparse.batches import bucket
from arcparse.errors import RecordingError
from arcparse.evaluation.word_errors import word_error_rate
from arcparse.frames.recogniser import Recogniser, RecogniserConfig
from arcparse.frames.recordings import Recording, texts_of
from arcparse.training.loop import Loss, TrainingConfig, epoch_generator, run_metadata

METRIC = "words_right"


@dataclass(frozen=True)
class RecogniserSettings:
    """A training run, as a TOML file describes it."""

    train: str = ""  # a folder of recordings with texts: see arcparse.frames.recordings
    dev: str = ""
    recogniser: RecogniserConfig = field(default_factory=RecogniserConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)


class RecogniserTask:
    """The recogniser as the training loop sees it."""

    metric = METRIC

    def __init__(self, settings: RecogniserSettings, train: Sequence[Recording], dev: Sequence[Recording]) -> None:
        """Make an untrained recogniser.

        Raises RecordingError for a recording without a text, for one that has fewer steps than its text needs, and if
        frames differ in dimension.
        """
        self.settings, self.train, self.dev = settings, list(train), list(dev)
        self.scores: dict[str, float] = {}
        self.texts, self.dev_texts = texts_of(train, settings.train), texts_of(dev, settings.dev)
        torch.manual_seed(settings.training.seed)
        self.model = Recogniser.build(settings.recogniser, train, self.texts)
        self.model.reader.checked(dev)
        for recording, text in zip(train, self.texts, strict=True):
            self._check(recording, self.model.ids(text))

    def _check(self, recording: Recording, symbols: Sequence[int]) -> None:
        """Raise RecordingError if no path of steps writes the symbols; a blank stands between equal ones."""
        needed = len(symbols) + sum(a == b for a, b in pairwise(symbols))
        steps = -(-len(recording.frames) // self.settings.recogniser.joined)
        place = f"{self.settings.train}: {recording.name}"
        if not symbols:
            raise RecordingError(f"{place} has an empty text; leave out recordings without speech")
        if needed > steps:
            raise RecordingError(
                f"{place} has {steps} steps, and its text needs {needed}; check the text, or lower recogniser.joined"
            )

    def statistics(self) -> list[str]:
        """Return the sizes of the data, a line for each part."""
        lines = []
        for role, recordings, texts in (("train", self.train, self.texts), ("dev", self.dev, self.dev_texts)):
            frames, words = sum(len(own.frames) for own in recordings), sum(len(text.split()) for text in texts)
            lines.append(f"{role}: {len(recordings)} recordings, {frames} frames, {words} words")
        return [*lines, f"frames: {self.model.config.dimension} numbers; {len(self.model.symbols)} symbols"]

    def batches(self, epoch: int) -> Sequence[Sequence[int]]:
        """Return the indices of each batch's recordings."""
        lengths = [len(recording.frames) for recording in self.train]
        generator = epoch_generator(self.settings.training, epoch)
        return bucket(lengths, self.settings.training.batch_tokens, generator=generator)

    def loss(self, indices: Sequence[int]) -> Loss:
        """Return the negative log-probability of the texts per symbol."""
        texts = [self.texts[index] for index in indices]
        losses = self.model.losses([self.train[index] for index in indices], texts)
        count = sum(len(self.model.ids(text)) for text in texts)
        return Loss(losses.sum() / count, count)

    def evaluate(self) -> dict[str, float]:
        """Return 100 less the word error rate of a greedy search on dev, and the share of texts that are exact."""
        found = [best[0].text for best in self.model.transcribe(self.dev, beam=1)]
        self.scores = text_scores(found, self.dev_texts)
        return self.scores

    def save(self, directory: Path) -> None:
        """Write the recogniser."""
        self.model.save(directory, metadata=self.metadata())

    def metadata(self) -> dict[str, Any]:
        """Return the model card's facts about the training."""
        return run_metadata(self.settings, ("train", "dev")) | {"dev": self.scores}


def text_scores(found: Sequence[str], gold: Sequence[str]) -> dict[str, float]:
    """Return 100 less the word error rate, which may be below 0, and the share of exact texts, in per cent."""
    pairs = [(own.split(), other.split()) for own, other in zip(found, gold, strict=True)]
    return {
        METRIC: 100 - word_error_rate(pairs),
        "exact": 100 * sum(own == other for own, other in pairs) / max(1, len(pairs)),
    }
