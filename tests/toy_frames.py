"""Frames in which one number is high and then the other: a labeller learns the place in a second or two."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from overfitted import fit

from arcparse.frames.labeller import LabellerConfig
from arcparse.frames.labeller_task import LabellerSettings, LabellerTask
from arcparse.frames.recordings import Recording
from arcparse.networks.settings import RecurrentConfig
from arcparse.training.loop import TrainingConfig

TRAINING = TrainingConfig(epochs=2, batch_tokens=2000, tensorboard=False, learning_rate=1e-2, averaging=0.0)
POSITIVE = 6  # frames after a word that are labelled 1
EPOCHS = 40


def recordings(count: int, seed: int = 0, length: int = 100) -> list[Recording]:
    """Return recordings with words (the first number high, then the second) and others (the other way round)."""
    rng, made = np.random.default_rng(seed), []
    for number in range(count):
        frames = rng.normal(0, 0.3, (length, 3)).astype(np.float32) + np.float32([0, 50, 0])  # to be normalised
        labels = np.zeros(length, int)
        for place in range(5, length - 20, 20):
            order = rng.permutation(2)
            begin = place + int(rng.integers(6))
            for step, channel in enumerate(order):
                frames[begin + 3 * step : begin + 3 * step + 3, channel] += 3
            if order[0] == 0:
                labels[begin + 6 : begin + 6 + POSITIVE] = 1
        made.append(Recording(f"r{seed}-{number}", frames, labels.astype(str)))
    return made


def write(folder: Path, made: list[Recording]) -> Path:
    folder.mkdir()
    for recording in made:
        assert recording.labels is not None
        np.savez(folder / recording.name, frames=recording.frames, labels=recording.labels.astype(int))
    return folder


def config(*, bidirectional: bool = False) -> LabellerConfig:
    recurrent = RecurrentConfig("gru", 16, 1, bidirectional=bidirectional, dropout=0.0)
    return LabellerConfig(recurrent, dropout=0.0, seconds=0.1)


def task(*, bidirectional: bool = False, **settings: object) -> LabellerTask:
    own = LabellerSettings(labeller=config(bidirectional=bidirectional), training=TRAINING, **settings)  # type: ignore[arg-type]
    return LabellerTask(own, recordings(60), recordings(15, 1))


@cache
def fitted(*, bidirectional: bool = False) -> LabellerTask:
    """Return a task whose model has learned where words end."""
    made = task(bidirectional=bidirectional)
    fit(made, EPOCHS)
    return made
