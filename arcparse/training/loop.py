"""The one training loop: taggers, parsers and sequence-to-sequence models give it a `Task`.

After each epoch the averaged weights are evaluated, and the best model is saved. Training stops early if the score no
longer rises. Snapshots hold everything that the next step depends on: a run that was killed can be resumed and ends
with the same weights (on the CPU: bit for bit).
"""

from __future__ import annotations

import math
import platform
import random
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from arcparse.checkpoint.saved import BEST, difference
from arcparse.errors import ConfigurationError, ModelError
from arcparse.files import make_folder
from arcparse.settings import as_dict, changed
from arcparse.threads import asked, torch_threads
from arcparse.training.optimisation import Learner, TrainingConfig, learning_rate
from arcparse.training.progress import Progress, Reporter, State
from arcparse.training.snapshot import load_snapshot, restore_random_state, save_snapshot, seed_everything

__all__ = [
    "BEST",
    "Loss",
    "Result",
    "Task",
    "TrainingConfig",
    "epoch_generator",
    "run_metadata",
    "seed_everything",
    "train",
]

CHECKPOINT = "checkpoint.safetensors"  # in the directory of a run, beside BEST and the log
EPOCH_STRIDE = 1_000_003  # distance of the random seeds of two runs: more than any number of epochs
# Settings of the run's length and of its reports. A step does not depend on them: they may change when it is resumed.
FREE = ("epochs", "patience", "threads", "log_every", "checkpoint_minutes", "tensorboard")


@dataclass(frozen=True)
class Loss:
    """The loss of a batch: the scalar `value` is the mean over `count` items (tokens), in nats; `parts` are logged."""

    value: torch.Tensor
    count: int
    parts: dict[str, float] = field(default_factory=dict)


class Task(Protocol):
    """A model to train, with its batches, its loss and its score."""

    model: torch.nn.Module
    metric: str  # the key of `evaluate()` to maximise, such as "LAS"

    def batches(self, epoch: int) -> Sequence[Any]:
        """Return the batches of an epoch. They depend on the epoch and on the seeded random generators alone."""

    def loss(self, batch: Any) -> Loss:
        """Return the loss of a batch, ready for `backward`."""

    def evaluate(self) -> dict[str, float]:
        """Return scores on development data; the model is in evaluation mode and has its averaged weights."""

    def save(self, directory: Path) -> None:
        """Write the model to a directory; the model has its averaged weights."""


@dataclass(frozen=True)
class Result:
    """The best score (NaN before the first epoch), its epoch (from 1), and the losses and scores of every epoch."""

    metric: float
    epoch: int
    history: list[dict[str, float]]


def epoch_generator(config: TrainingConfig, epoch: int) -> random.Random:
    """Return the generator that draws the batches of an epoch: the same ones for the same seed."""
    return random.Random(f"{config.seed} {epoch}")  # noqa: S311 (not for secrets)


def run_metadata(settings: Any, files: Sequence[str]) -> dict[str, Any]:
    """Return the metadata of a training run, for the saved model: its settings, and the versions of torch and Python.

    The settings named in `files` are paths; of these only the file's name is kept.
    """
    values = as_dict(settings)
    values |= {name: Path(values[name]).name for name in files}
    return {"settings": values, "torch": torch.__version__, "python": platform.python_version()}


def train(
    task: Task,
    config: TrainingConfig,
    directory: Path,
    *,
    resume: bool = True,
    progress: Callable[[Progress], None] | None = None,
) -> Result:
    """Train a task's model and save the best one as `directory/best`; on return it has its last averaged weights.

    With `resume`, a run that was stopped goes on from the checkpoint in its directory. Raises ArcparseError if the
    loss is not finite, ConfigurationError if the checkpoint belongs to another model or to other settings, and
    ModelError if the checkpoint cannot be read or the directory cannot be written. The last checkpoint is kept.
    """
    with torch_threads(config.threads), asked(config.threads):
        return _train(task, config, directory, resume, progress)


def _train(
    task: Task, config: TrainingConfig, directory: Path, resume: bool, progress: Callable[[Progress], None] | None
) -> Result:
    make_folder(directory, ModelError)
    file = directory / CHECKPOINT
    if not resume:
        file.unlink(missing_ok=True)
    resumed = file.exists()
    learner, state = Learner(task.model, config), State()
    if resumed:
        state = _load(file, learner, config)
    with closing(Reporter(config, directory, state, progress)) as reporter:
        saved = time.monotonic()
        while state.epoch < config.epochs and state.epoch - state.best_epoch < config.patience:
            learner.model.train()
            seed_everything(EPOCH_STRIDE * config.seed + state.epoch)  # a resumed epoch gets the same batches
            batches = task.batches(state.epoch)
            if resumed and state.step:
                restore_random_state(file)
            resumed = False
            for index in range(state.step, len(batches), config.accumulation):
                done = (state.epoch + state.step / len(batches)) / config.epochs
                rate = learning_rate(config, state.updates, done, state.losses(config))
                losses = _step(task, learner, batches[index : index + config.accumulation], rate, state)
                reporter.step(state, len(batches), [loss.count for loss in losses], rate)
                if time.monotonic() - saved >= 60 * config.checkpoint_minutes:
                    _save(file, learner, state, config)
                    saved = time.monotonic()
            with learner.averaged():
                metrics = {name: float(value) for name, value in task.evaluate().items()}
                if state.improves(metrics[task.metric]):
                    task.save(directory / BEST)
            reporter.epoch(state, len(batches), metrics)
            state.finish_epoch(metrics)
            _save(file, learner, state, config)
            saved = time.monotonic()
    learner.assign(learner.average)
    return Result(math.nan if state.best is None else state.best, state.best_epoch, state.history)


def _step(task: Task, learner: Learner, batches: Sequence[Any], rate: float, state: State) -> list[Loss]:
    """Take one step on the mean loss of some batches; return their losses."""
    losses = []
    for batch in batches:
        losses.append(task.loss(batch))
        learner.accumulate(losses[-1].value, len(batches))
    for loss, value in zip(losses, learner.step(rate, state.updates), strict=True):
        state.add({**loss.parts, "loss": value}, loss.count)
    state.updates += 1
    return losses


def _save(file: Path, learner: Learner, state: State, config: TrainingConfig) -> None:
    values = {"state": asdict(state), "config": as_dict(config), "network": _network(learner)}
    save_snapshot(file, learner.tensors(), values)


def _network(learner: Learner) -> dict[str, Any]:
    """Return the settings of the model, an empty dict if it has none."""
    return as_dict(learner.model.config) if is_dataclass(getattr(learner.model, "config", None)) else {}


def _load(file: Path, learner: Learner, config: TrainingConfig) -> State:
    tensors, values = load_snapshot(file)
    remedy = "take the old setting, train from the start (--fresh), or train in another directory"
    before, now = values["config"], as_dict(config)
    for name in now:
        if name not in FREE and now[name] != before.get(name):
            raise ConfigurationError(
                f"{file}: was trained with {name} {before.get(name)!r}, not {now[name]!r}; {remedy}"
            )
    problem = difference(learner.tensors_of_model(), {k: v for k, v in tensors.items() if k.startswith("model.")})
    if problem:
        reasons = changed(values.get("network", {}), _network(learner)) or [f"its data or settings differ: {problem}"]
        raise ConfigurationError(f"{file}: is of another model: {', '.join(reasons)}; {remedy}")
    try:
        learner.restore(tensors)
        return State(**values["state"])
    except (RuntimeError, KeyError, ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigurationError(f"{file}: training cannot go on from it: {reason}; {remedy}") from None
