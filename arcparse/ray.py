"""Parsing of a large corpus on Ray Data: see `arcparse.partitions`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from arcparse.libraries import library
from arcparse.partitions import RETRIES, Files, Options, Run, Summary
from arcparse.pipeline import load
from arcparse.settings.limits import THREADS

if TYPE_CHECKING:
    from typing_extensions import Unpack


class _Worker:
    """An actor of Ray: it loads the model when it starts, and parses partitions."""

    def __init__(self, run: Run) -> None:
        self._run = run
        load(run.settings.model)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        self._run.parse(row["partition"])
        return {"number": row["partition"].number}


def parse_files(
    files: Files,
    folder: str | os.PathLike[str],
    *,
    workers: int = 2,
    retries: int = RETRIES,
    **options: Unpack[Options],
) -> Summary:
    """Parse files into a folder by Ray Data, partition by partition, with `workers` actors that hold the model.

    Without a connection to a cluster (`ray.init`), Ray starts one on this machine. All workers must reach the files,
    the folder and the model. The partitions that the folder has already are kept. Ray starts an actor again if it ends.
    `options` are the fields of `arcparse.partitions.Settings`. Raises ArcparseError if a file cannot be read or an
    option is wrong, WorkerError if partitions raise an error or end their actor more than `retries` times, when the
    others are done, and Ray's errors.
    """
    data, run = library("ray.data"), Run.begin(files, folder, options)
    THREADS.whole("workers", workers)
    waiting = run.waiting()
    if waiting:
        rows = [{"partition": partition} for partition in waiting]
        dataset = data.from_items(rows, override_num_blocks=len(rows))
        pool = data.ActorPoolStrategy(size=min(workers, len(rows)))
        parts = dataset.map(_Worker, fn_constructor_args=(run,), compute=pool, max_task_retries=retries)
        parts.context.actor_task_retry_on_errors = True
        parts.context.max_errored_blocks = -1  # a partition that fails does not end the others
        parts.materialize()
        run.check_complete()
    return run.summary()
