"""The log of a training run, read again: what the training loop wrote for TensorBoard."""

from __future__ import annotations

import logging
from pathlib import Path

from arcparse.errors import ConfigurationError

LOG = "log"  # its folder below a run's

Scalars = dict[str, list[tuple[int, float]]]  # by name, as "train/loss": the value at each step from 1


def read_log(run: Path) -> Scalars:
    """Return the scalars of a run's directory. Raises ConfigurationError where it holds none."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # late: it takes a second

    folder = run / LOG
    if not any(folder.glob("events.out.tfevents.*")):
        raise ConfigurationError(
            f"{run}: is no run with a log; give what was --output of `arcparse train`, with training.tensorboard on"
        )
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})  # 0: all of them
    logger = logging.getLogger("tensorboard")
    level = logger.level
    logger.setLevel(logging.ERROR)  # it warns of each place where a run was resumed
    try:
        events.Reload()
    finally:
        logger.setLevel(level)
    found = {name: [(event.step, event.value) for event in events.Scalars(name)] for name in events.Tags()["scalars"]}
    if not found:
        raise ConfigurationError(f"{folder}: holds no scalars yet; wait for the first report")
    return found
