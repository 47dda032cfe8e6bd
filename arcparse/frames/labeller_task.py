"""Training a labeller: pieces of recordings to batches, and the scores of frames and of detections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from arcparse.batches import bucket
from arcparse.errors import RecordingError
from arcparse.frames.detection import TOLERANCE, Detections, compare
from arcparse.frames.labeller import Labeller, LabellerConfig
from arcparse.frames.network import stacked
from arcparse.frames.recordings import Recording, labels_of
from arcparse.settings.limits import Length, Share
from arcparse.training.loop import Loss, TrainingConfig, epoch_generator, run_metadata

NOTHING = -100  # the label of padding, which torch's cross-entropy leaves out
THRESHOLD = 0.5  # of the probability of the positive label, unless another is asked for


@dataclass(frozen=True)
class LabellerSettings:
    """A training run, as a TOML file describes it."""

    train: str = ""  # a folder of recordings with labels: see arcparse.frames.recordings
    dev: str = ""
    longest: Length = 2000  # frames of a piece; longer recordings are divided
    balance: Share = 0.0  # 0: all frames count alike; 1: all labels do, however rare their frames are
    labeller: LabellerConfig = field(default_factory=LabellerConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)


class LabellerTask:
    """The labeller as the training loop sees it."""

    def __init__(self, settings: LabellerSettings, train: Sequence[Recording], dev: Sequence[Recording]) -> None:
        """Make an untrained labeller.

        Raises RecordingError for a recording without labels, for labels of dev that train lacks, and if all frames of
        train have one label.
        """
        self.settings, self.dev = settings, list(dev)
        self.scores: dict[str, float] = {}
        labels, dev_labels = labels_of(train, settings.train), labels_of(dev, settings.dev)
        known, counts = np.unique(np.concatenate(labels), return_counts=True)
        if len(known) < 2:
            raise RecordingError(f"{settings.train}: all frames have the label {str(known[0])!r}; add others")
        torch.manual_seed(settings.training.seed)
        self.model = Labeller.build(settings.labeller, train, known.tolist())
        self.model.reader.checked(dev)
        self.gold = [self.ids(own, known, recording) for own, recording in zip(dev_labels, dev, strict=True)]
        self.counts = dict(zip(known.tolist(), counts.tolist(), strict=True))
        share = counts / counts.sum()
        weight = share**-settings.balance
        self.weight = torch.tensor(weight / (weight * share).sum(), dtype=torch.float32)  # of a frame 1 in the mean
        rows = [self.ids(own, known, recording) for own, recording in zip(labels, train, strict=True)]
        self.pieces = [
            (recording.frames[first : first + settings.longest], row[first : first + settings.longest])
            for recording, row in zip(train, rows, strict=True)
            for first in range(0, len(row), settings.longest)
        ]
        self.metric = "accuracy" if self.model.positive is None else "frame_F1"

    def ids(self, labels: NDArray[np.str_], known: NDArray[np.str_], recording: Recording) -> NDArray[np.int64]:
        """Return the indices of labels. Raises RecordingError for one that is not known."""
        strange = np.setdiff1d(labels, known)
        if len(strange):
            raise RecordingError(
                f"{self.settings.dev}: {recording.name} has the label {str(strange[0])!r}, and train only "
                f"{', '.join(known[:20])}; label both alike"
            )
        return np.searchsorted(known, labels)

    def statistics(self) -> list[str]:
        """Return the sizes of the data, a line for each part."""
        shares = ", ".join(f"{count} {label}" for label, count in self.counts.items())
        dev = Counter(self.model.labels.symbol(int(label)) for row in self.gold for label in row)
        return [
            f"train: {len(self.pieces)} pieces, {self.counts_of()} frames ({shares})",
            f"dev: {len(self.dev)} recordings, {dev.total()} frames "
            f"({', '.join(f'{dev[label]} {label}' for label in self.model.labels)})",
            f"frames: {self.model.config.dimension} numbers, {self.model.config.seconds:g} s each",
        ]

    def counts_of(self) -> int:
        """Return the number of training frames."""
        return sum(self.counts.values())

    def batches(self, epoch: int) -> Sequence[Sequence[int]]:
        """Return the indices of each batch's pieces."""
        lengths = [len(row) for _, row in self.pieces]
        generator = epoch_generator(self.settings.training, epoch)
        return bucket(lengths, self.settings.training.batch_tokens, generator=generator)

    def loss(self, indices: Sequence[int]) -> Loss:
        """Return the cross-entropy per frame, in which rare labels may weigh more."""
        pieces, device = [self.pieces[index] for index in indices], self.model.device
        frames, length = stacked([frames for frames, _ in pieces], device)
        gold = torch.full(frames.shape[:2], NOTHING)
        for row, (_, labels) in zip(gold, pieces, strict=True):
            row[: len(labels)] = torch.from_numpy(labels)
        score, count = self.model(frames, length).flatten(0, 1), int(length.sum())
        total = functional.cross_entropy(
            score, gold.flatten().to(device), self.weight.to(device), ignore_index=NOTHING, reduction="sum"
        )
        return Loss(total / count, count)

    def evaluate(self) -> dict[str, float]:
        """Return scores of dev: right frames in per cent, the loss per frame in nats, and those of the detector."""
        found = self.model.probabilities(self.dev)
        loss = -np.log(np.concatenate([p[range(len(g)), g] for p, g in zip(found, self.gold, strict=True)]) + 1e-12)
        self.scores = frame_scores(self.model, found, self.gold, THRESHOLD) | {"dev_loss": float(loss.mean())}
        if self.model.positive is not None:
            own = detections(self.model, found, self.gold, THRESHOLD)
            self.scores |= {"detected": 100 * own.rate, "alarms_an_hour": own.alarms_an_hour}
        return self.scores

    def save(self, directory: Path) -> None:
        """Write the labeller."""
        self.model.save(directory, metadata=self.metadata())

    def metadata(self) -> dict[str, Any]:
        """Return the model card's facts about the training."""
        return run_metadata(self.settings, ("train", "dev")) | {"dev": self.scores}


def frame_scores(
    model: Labeller, found: Sequence[NDArray[np.float32]], gold: Sequence[NDArray[np.int64]], threshold: float
) -> dict[str, float]:
    """Return the share of right frames, and for a detector the F1 of positive frames, in per cent."""
    given, right = np.concatenate([model.chosen(own, threshold) for own in found]), np.concatenate(gold)
    scores = {"accuracy": 100 * float((given == right).mean())}
    if model.positive is not None:
        own, other = given == model.positive, right == model.positive
        scores["frame_F1"] = 200 * float((own & other).sum() / max(1, own.sum() + other.sum()))
    return scores


def detections(
    model: Labeller,
    found: Sequence[NDArray[np.float32]],
    gold: Sequence[NDArray[np.int64]],
    threshold: float,
    tolerance: float = TOLERANCE,
) -> Detections:
    """Compare the detections of a model, by the probabilities that it has found, with gold labels."""
    parts = (
        compare(own == model.positive, model.chosen(p, threshold) == model.positive, model.config.seconds, tolerance)
        for own, p in zip(gold, found, strict=True)
    )
    return sum(parts, Detections())
