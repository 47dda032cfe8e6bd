"""Frames that spell: each letter is high in one number for three frames, so a recogniser learns them in seconds."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from overfitted import fit

from arcparse.frames.recogniser import RecogniserConfig
from arcparse.frames.recogniser_task import RecogniserSettings, RecogniserTask
from arcparse.frames.recordings import Recording
from arcparse.networks.settings import RecurrentConfig
from arcparse.training.loop import TrainingConfig

WORDS = ("ab", "ba", "bb", "a")
LETTERS = "ab "
TRAINING = TrainingConfig(epochs=2, batch_tokens=800, tensorboard=False, learning_rate=2e-2, averaging=0.0)
EPOCHS = 12


def recordings(count: int, seed: int = 0) -> list[Recording]:
    """Return recordings of one to three words."""
    rng, made = np.random.default_rng(seed), []
    for number in range(count):
        text = " ".join(rng.choice(WORDS, rng.integers(1, 4)).tolist())
        rows = []
        for letter in text:
            frames = np.zeros((3 + int(rng.integers(1, 4)), len(LETTERS)))
            frames[:3, LETTERS.index(letter)] = 2
            rows.append(frames)
        frames = np.concatenate(rows)
        noisy = frames + rng.normal(0, 0.3, frames.shape)
        made.append(Recording(f"r{seed}-{number}", noisy.astype(np.float32), text=text))
    return made


def write(folder: Path, made: list[Recording]) -> Path:
    folder.mkdir()
    for recording in made:
        assert recording.text is not None
        np.save(folder / f"{recording.name}.npy", recording.frames)
        (folder / f"{recording.name}.txt").write_text(recording.text, encoding="utf-8")
    return folder


def config(joined: int = 2) -> RecogniserConfig:
    return RecogniserConfig(RecurrentConfig("gru", 24, 1, dropout=0.0), dropout=0.0, joined=joined)


def task(joined: int = 2, **settings: object) -> RecogniserTask:
    own = RecogniserSettings(recogniser=config(joined), training=TRAINING, **settings)  # type: ignore[arg-type]
    return RecogniserTask(own, recordings(150), recordings(30, 1))


@cache
def fitted() -> RecogniserTask:
    """Return a task whose model has learned to spell."""
    made = task()
    fit(made, EPOCHS)
    return made
