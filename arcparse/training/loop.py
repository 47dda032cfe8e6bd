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
from arcparse.files import make_folder, write_errors
from arcparse.settings import as_dict, changed
from arcparse.threads import asked, torch_threads
from arcparse.training.log import LOG
from arcparse.training.optimisation import Learner, TrainingConfig, learning_rate, select_device
from arcparse.training.snapshot import load_snapshot, restore_random_state, save_snapshot, seed_everything

__all__ = [
    "BEST",
    "Loss",
    "Progress",
    "Result",
    "Task",
    "TrainingConfig",
    "epoch_generator",
    "run_metadata",
    "seed_everything",
    "select_device",
    "train",
]

CHECKPOINT = "checkpoint.safetensors"  # in the directory of a run, beside BEST and the log
DEV_LOSS = "dev_loss"  # the score of a task that the schedule "plateau" follows
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
class Progress:
    """A report: epochs and steps count from 1; `loss` and `parts` are means over the epoch so far.

    `metrics` is empty until the end of the epoch.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    parts: dict[str, float]
    learning_rate: float
    tokens_per_second: float
    seconds_left: float
    metrics: dict[str, float]


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
    with closing(_Reporter(config, directory, state, progress)) as reporter:
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
                reporter.step(state, len(batches), losses, rate)
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
        state.add(loss, value)
    state.updates += 1
    return losses


@dataclass
class State:
    """The state of a run, apart from its tensors and random generators."""

    epoch: int = 0  # epochs finished
    step: int = 0  # batches done in this epoch
    updates: int = 0  # steps of the optimiser in all epochs
    count: int = 0  # items seen in this epoch
    totals: dict[str, float] = field(default_factory=dict)  # losses of this epoch, sums over its items
    best: float | None = None
    best_epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)

    def add(self, loss: Loss, value: float) -> None:
        """Count a batch, and add its losses to the totals."""
        for name, part in {**loss.parts, "loss": value}.items():
            self.totals[name] = self.totals.get(name, 0.0) + part * loss.count
        self.count += loss.count
        self.step += 1

    def means(self) -> dict[str, float]:
        """Return the losses of this epoch so far, per item."""
        return {name: total / max(1, self.count) for name, total in self.totals.items()}

    def losses(self, config: TrainingConfig) -> list[float]:
        """Return the development losses that the schedule "plateau" follows, one for each epoch; for others none.

        Raises ConfigurationError if the schedule needs them and the task does not compute them.
        """
        if config.schedule != "plateau":
            return []
        if not all(DEV_LOSS in scores for scores in self.history):
            raise ConfigurationError(f"the schedule plateau needs the score {DEV_LOSS}, which this model's task lacks")
        return [scores[DEV_LOSS] for scores in self.history]

    def improves(self, score: float) -> bool:
        """Keep the score of the epoch that ends if it is the best so far, and return whether it is."""
        better = self.best is None or score > self.best
        if better:
            self.best, self.best_epoch = score, self.epoch + 1
        return better

    def finish_epoch(self, metrics: dict[str, float]) -> None:
        """Add the losses and scores of the epoch to the history, and begin the next one."""
        self.history.append({**self.means(), **metrics})
        self.epoch, self.step, self.count, self.totals = self.epoch + 1, 0, 0, {}


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


class _Reporter:
    """Reports the progress of training to the caller and to TensorBoard."""

    def __init__(
        self, config: TrainingConfig, directory: Path, state: State, progress: Callable[[Progress], None] | None
    ) -> None:
        self.config, self.progress = config, progress
        self.begun, self.first = time.monotonic(), state.updates
        self.since, self.items = self.begun, 0  # time of the last report, items since then
        self.rate, self.speed = config.learning_rate, 0.0
        self.log = directory / LOG
        self.writer: Any = None
        if config.tensorboard:
            from torch.utils.tensorboard import SummaryWriter  # here: the import takes seconds

            try:
                with write_errors(self.log, ModelError):
                    # Entries of the steps that are done again are deleted; earlier ones, scores included, stay.
                    self.writer = SummaryWriter(str(self.log), purge_step=state.updates + 1)
            except UnicodeEncodeError:
                remedy = "name another directory, or set training.tensorboard=false"
                raise ModelError(f"{self.log}: TensorBoard takes no name that is not UTF-8; {remedy}") from None

    def step(self, state: State, steps: int, losses: Sequence[Loss], rate: float) -> None:
        """Count the items of a step; report every `log_every` batches and after the last one of an epoch."""
        self.items += sum(loss.count for loss in losses)
        if state.step % self.config.log_every < len(losses) or state.step == steps:
            now = time.monotonic()
            self.rate, self.speed = rate, self.items / max(now - self.since, 1e-9)
            self.since, self.items = now, 0
            self._report(state, steps, {})
            self._write("train", {**state.means(), "learning_rate": rate}, state.updates)

    def epoch(self, state: State, steps: int, metrics: dict[str, float]) -> None:
        """Report the scores of an epoch."""
        self._report(state, steps, metrics)
        self._write("evaluation", metrics, state.updates)
        self.since = time.monotonic()  # the time of evaluation does not count for the speed

    def close(self) -> None:
        """Write the entries that TensorBoard still holds in memory."""
        if self.writer is not None:
            with write_errors(self.log, ModelError):
                self.writer.close()

    def _write(self, group: str, scalars: dict[str, float], updates: int) -> None:
        if self.writer is not None:
            with write_errors(self.log, ModelError):
                for name, value in scalars.items():
                    self.writer.add_scalar(f"{group}/{name}", value, updates)

    def _report(self, state: State, steps: int, metrics: dict[str, float]) -> None:
        if self.progress is None:
            return
        losses = state.means()
        pace = (time.monotonic() - self.begun) / max(1, state.updates - self.first)
        self.progress(
            Progress(
                epoch=state.epoch + 1,
                epochs=self.config.epochs,
                step=state.step,
                steps=steps,
                loss=losses.pop("loss", math.nan),
                parts=losses,
                learning_rate=self.rate,
                tokens_per_second=self.speed,
                seconds_left=pace * (steps * (self.config.epochs - state.epoch) - state.step),
                metrics=metrics,
            )
        )
