"""A small task whose every step depends on all that a resumed run must restore; run as a script, it trains it.

    python toy_task.py DIRECTORY STOP_AT [key=value ...]

With STOP_AT > 0 the process kills itself when it is to compute that step's loss. With STOP_AT "plain" nothing is random
but the data, and an epoch has an odd number of batches.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from arcparse.checkpoint import save_model
from arcparse.networks.weights import arrays
from arcparse.settings import load_settings
from arcparse.training.loop import Loss, TrainingConfig, seed_everything, train

STEPS = 6


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def labelled(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return rows, (rows.sum(1) > 0).long()


class ToyTask:
    metric = "accuracy"

    def __init__(
        self, stop_at: int = 0, *, stop: Callable[[], None] = kill, size: int = 8, plain: bool = False
    ) -> None:
        seed_everything(0)
        random_layers = [] if plain else [torch.nn.BatchNorm1d(size), torch.nn.Dropout(0.3)]
        layers: list[torch.nn.Module] = [torch.nn.Linear(4, size), torch.nn.Tanh(), *random_layers]
        self.model: torch.nn.Module = torch.nn.Sequential(*layers, torch.nn.Linear(size, 2))
        self.development = labelled(torch.randn(64, 4))
        self.stop_at, self.stop, self.steps, self.plain = stop_at, stop, 0, plain

    def batches(self, epoch: int) -> list[Any]:
        batches = [labelled(torch.randn(16, 4)) for _ in range(STEPS - self.plain)]
        random.shuffle(batches)
        return batches

    def loss(self, batch: Any) -> Loss:
        self.steps += 1
        if self.steps == self.stop_at:
            self.stop()
        inputs, targets = batch
        noise = 0.0 if self.plain else 0.1 * random.random() + 0.1 * np.random.rand()
        value = torch.nn.functional.cross_entropy(self.model(inputs + noise), targets)
        return Loss(value, len(targets), {"noise": noise})

    def evaluate(self) -> dict[str, float]:
        assert not self.model.training
        random.random()
        inputs, targets = self.development
        return {"accuracy": float((self.model(inputs).argmax(1) == targets).float().mean())}

    def save(self, directory: Path) -> None:
        save_model(directory, kind="toy", config={}, vocabularies={}, weights=arrays(self.model))


if __name__ == "__main__":
    preset = {"epochs": 4, "checkpoint_minutes": 0.0, "tensorboard": False, "learning_rate": 0.05}
    settings = load_settings(TrainingConfig, preset=preset, overrides=sys.argv[3:])
    task = ToyTask(plain=True) if sys.argv[2] == "plain" else ToyTask(int(sys.argv[2]))
    train(task, settings, Path(sys.argv[1]))
