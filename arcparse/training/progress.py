"""The progress of a training run: its state, the reports to the caller, and the log for TensorBoard."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arcparse.errors import ConfigurationError, ModelError
from arcparse.files import write_errors
from arcparse.training.log import LOG
from arcparse.training.optimisation import TrainingConfig

DEV_LOSS = "dev_loss"  # the score of a task that the schedule "plateau" follows


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
    seconds: float  # of the whole training, from its begin to its last epoch, at the pace so far
    seconds_left: float
    metrics: dict[str, float]


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

    def add(self, losses: Mapping[str, float], count: int) -> None:
        """Count a batch of `count` items, and add its mean losses to the totals."""
        for name, loss in losses.items():
            self.totals[name] = self.totals.get(name, 0.0) + loss * count
        self.count += count
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


class Reporter:
    """Reports the progress of training to the caller and to TensorBoard."""

    def __init__(
        self,
        config: TrainingConfig,
        directory: Path,
        state: State,
        progress: Callable[[Progress], None] | None,
        *,
        writes: bool = True,
    ) -> None:
        """Open the log, unless another process `writes` and reports. Raises ModelError if it cannot be written."""
        self.config, self.progress = config, progress if writes else None
        self.begun, self.batches = time.monotonic(), 0
        self.since, self.items = self.begun, 0  # time of the last report, items since then
        self.rate, self.speed = config.learning_rate, 0.0
        self.log = directory / LOG
        self.writer: Any = None
        if config.tensorboard and writes:
            from torch.utils.tensorboard import SummaryWriter  # here: the import takes seconds

            try:
                with write_errors(self.log, ModelError):
                    # Entries of the steps that are done again are deleted; earlier ones, scores included, stay.
                    self.writer = SummaryWriter(str(self.log), purge_step=state.updates + 1)
            except UnicodeEncodeError:
                remedy = "name another directory, or set training.tensorboard=false"
                raise ModelError(f"{self.log}: TensorBoard takes no name that is not UTF-8; {remedy}") from None

    def step(self, state: State, steps: int, counts: Sequence[int], rate: float) -> None:
        """Count the items of a step's batches; report every `log_every` batches and after the last one of an epoch."""
        self.items += sum(counts)
        self.batches += len(counts)
        if state.step % self.config.log_every < len(counts) or state.step == steps:
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
        seconds = (time.monotonic() - self.begun) / max(1, self.batches) * steps * self.config.epochs
        done = (state.epoch + state.step / steps) / self.config.epochs
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
                seconds=seconds,
                seconds_left=seconds * (1 - done),
                metrics=metrics,
            )
        )
