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
from arcparse.training.processes import Processes, processes
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
# Settings of a task that name files: these may be moved between two parts of a run.
PLACES = ("train", "dev", "vectors", "pretrained", "tagger", "silver", "start")


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
    with torch_threads(config.threads), asked(config.threads), processes(config.device) as team:
        return _train(task, config, directory, resume, progress, team)


def _train(
    task: Task,
    config: TrainingConfig,
    directory: Path,
    resume: bool,
    progress: Callable[[Progress], None] | None,
    team: Processes,
) -> Result:
    make_folder(directory, ModelError)
    file = directory / CHECKPOINT
    resumed = team.from_first(lambda: _keeps(file, resume))
    learner, state = Learner(task.model, config), State()
    if resumed:
        state = _load(file, task, learner, config)
    loss, stride = team.together(learner.model, task.loss), config.accumulation * team.size
    with closing(Reporter(config, directory, state, progress, writes=team.is_first)) as reporter:
        saved = time.monotonic()
        while state.epoch < config.epochs and state.epoch - state.best_epoch < config.patience:
            learner.model.train()
            seed_everything(EPOCH_STRIDE * config.seed + state.epoch)  # a resumed epoch gets the same batches
            batches = task.batches(state.epoch)
            if resumed and state.step:
                restore_random_state(file)
            resumed = False
            for index in range(state.step, len(batches), stride):
                done = (state.epoch + state.step / len(batches)) / config.epochs
                rate = learning_rate(config, state.updates, done, state.losses(config))
                counts = _step(loss, learner, team, batches[index : index + stride], rate, state)
                reporter.step(state, len(batches), counts, rate)
                if team.is_first and time.monotonic() - saved >= 60 * config.checkpoint_minutes:
                    _save(file, task, learner, state, config)
                    saved = time.monotonic()
            with learner.averaged():
                metrics = team.from_first(lambda: {name: float(value) for name, value in task.evaluate().items()})
                if state.improves(metrics[task.metric]) and team.is_first:
                    task.save(directory / BEST)
            reporter.epoch(state, len(batches), metrics)
            state.finish_epoch(metrics)
            if team.is_first:
                _save(file, task, learner, state, config)
            saved = time.monotonic()
    learner.assign(learner.average)
    return Result(math.nan if state.best is None else state.best, state.best_epoch, state.history)


def _keeps(file: Path, resume: bool) -> bool:
    """Return whether there is a checkpoint to go on from; without `resume`, it is removed."""
    if not resume:
        file.unlink(missing_ok=True)
    return file.exists()


def _step(
    loss_of: Callable[[Any], Loss], learner: Learner, team: Processes, batches: Sequence[Any], rate: float, state: State
) -> list[int]:
    """Take one step on the mean loss of some batches; return their counts."""
    losses = []
    for batch, divisor in team.share(batches, f"{learner.config.seed} {state.updates}"):
        losses.append(loss_of(batch))
        learner.accumulate(losses[-1].value, divisor)
    values = learner.step(rate, state.updates)
    own = [({**loss.parts, "loss": value}, loss.count) for loss, value in zip(losses, values, strict=True)]
    results = team.gathered(own, len(batches))
    for parts, count in results:
        state.add(parts, count)
    state.updates += 1
    return [count for _, count in results]


def _save(file: Path, task: Task, learner: Learner, state: State, config: TrainingConfig) -> None:
    settings = {"config": as_dict(config), "network": _network(learner), "task": _own(task)}
    values = {"state": asdict(state), **settings, "kind": _kind(learner)}
    save_snapshot(file, learner.tensors(), values)


def _kind(learner: Learner) -> str:
    return type(learner.model).__name__.lower()


def _network(learner: Learner) -> dict[str, Any]:
    """Return the settings of the model, an empty dict if it has none."""
    return as_dict(learner.model.config) if is_dataclass(getattr(learner.model, "config", None)) else {}


def _own(task: Task) -> dict[str, Any]:
    """Return the settings of a task beside those of the training and the places of its files; empty if it has none."""
    own = getattr(task, "settings", None)
    values = as_dict(own) if is_dataclass(own) else {}
    named = {name for name in PLACES if isinstance(values.get(name), str)}
    return {name: value for name, value in values.items() if name != "training" and name not in named}


def _load(file: Path, task: Task, learner: Learner, config: TrainingConfig) -> State:
    tensors, values = load_snapshot(file)
    other = "train from the start (--fresh), or train in another directory"
    kind = values.get("kind", _kind(learner))
    if kind != _kind(learner):
        raise ConfigurationError(f"{file}: is the training of a {kind}, not of a {_kind(learner)}; {other}")
    remedy = f"take the old setting, {other}"
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
    if others := changed(values.get("task", {}), _own(task)):
        raise ConfigurationError(f"{file}: was trained with other settings: {', '.join(others)}; {remedy}")
    try:
        learner.restore(tensors)
        return State(**values["state"])
    except (RuntimeError, KeyError, ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigurationError(f"{file}: training cannot go on from it: {reason}; {remedy}") from None
