"""Reads the log of a training run, which the training loop wrote for TensorBoard."""

from __future__ import annotations

import logging
from pathlib import Path

from arcparse.errors import ConfigurationError

LOG = "log"  # the name of the log's folder in the directory of a run

Scalars = dict[str, list[tuple[int, float]]]  # for each name, such as "train/loss", the steps (from 1) and values


def read_log(run: Path) -> Scalars:
    """Return the scalars in a run's directory. Raises ConfigurationError if it holds none."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # here: it takes a second

    folder = run / LOG
    if not any(folder.glob("events.out.tfevents.*")):
        raise ConfigurationError(
            f"{run}: is no run with a log; give the --output of an `arcparse train` that had training.tensorboard on"
        )
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})  # 0: all of them
    logger = logging.getLogger("tensorboard")
    level = logger.level
    logger.setLevel(logging.ERROR)  # it warns at each place where a run was resumed
    try:
        events.Reload()
    finally:
        logger.setLevel(level)
    found = {name: [(event.step, event.value) for event in events.Scalars(name)] for name in events.Tags()["scalars"]}
    if not found:
        raise ConfigurationError(f"{folder}: holds no scalars yet; wait for the first report")
    return found
