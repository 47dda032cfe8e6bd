"""The time that a course still needs: about, and at most, since early stopping is not foreseen.

A step that is being done tells its own time. One that has not begun was tried before: some of its steps were timed, and
its data and epochs are known. The trials know nothing of evaluation, nor of other work on the machine: as the course
goes on, the times of the steps before correct them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from arcparse.threads import torch_threads
from arcparse.training.optimisation import Learner
from arcparse.training.progress import Progress

STEPS, WARM = 10, 2  # of the optimiser in a trial; the first ones are not timed, since they allocate memory


@dataclass
class TimeLeft:
    """The seconds of a course's steps: those of the trials, by the names of the steps that are to be done, in order."""

    trials: Mapping[str, float]
    measured: dict[str, float] = field(default_factory=dict)  # of the steps that have begun, from begin to end

    def seconds(self, step: str, progress: Progress | None = None) -> float:
        """Return the seconds from now, in this step, to the end of the course."""
        if progress is not None:
            self.measured[step] = progress.seconds
        tried = sum(self.trials[name] for name in self.measured)
        ratio = sum(self.measured.values()) / tried if tried else 1.0
        steps = list(self.trials)
        waiting = steps[steps.index(step) + (progress is not None) :]
        return (progress.seconds_left if progress else 0.0) + ratio * sum(self.trials[name] for name in waiting)


def trial(task: Any) -> float:
    """Return the seconds that the epochs of a task take, by some steps of it; the model changes."""
    training = task.settings.training
    batches = task.batches(min(1, training.epochs - 1))  # in the second epoch, parsers begin to explore
    chosen = [batches[index * len(batches) // STEPS] for index in range(STEPS)]
    with torch_threads(training.threads):
        learner, begun = Learner(task.model, training), 0.0
        learner.model.train()
        for number, batch in enumerate(chosen):
            if number == WARM:
                begun = time.monotonic()
            learner.update(task.loss(batch).value, 0.0, number)
    seconds = (time.monotonic() - begun) / (STEPS - WARM)  # of a step
    return seconds * len(batches) * int(training.epochs)
