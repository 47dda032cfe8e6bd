"""Parsing of a large corpus on a Dask cluster: see `arcparse.partitions`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from arcparse.errors import ConfigurationError
from arcparse.libraries import library
from arcparse.partitions import RETRIES, Files, Options, Run, Summary
from arcparse.settings.limits import THREADS

if TYPE_CHECKING:
    from typing_extensions import Unpack


def parse_files(
    files: Files,
    folder: str | os.PathLike[str],
    *,
    client: Any = None,
    workers: int = 2,
    retries: int = RETRIES,
    **options: Unpack[Options],
) -> Summary:
    """Parse files into a folder on the workers of a `distributed.Client`, partition by partition.

    Without a client, `workers` processes of this machine do the work. All workers must reach the files, the folder and
    the model. The partitions that the folder has already are kept. `options` are the fields of
    `arcparse.partitions.Settings`. Raises ArcparseError if a file cannot be read or written, or if an option is wrong,
    and the last error of a partition that fails more than `retries` times, when the others are done.
    """
    distributed = library("distributed")
    if isinstance(client, str):
        raise ConfigurationError(
            f"client must be a Client of Dask, such as distributed.Client({client!r}), not its address"
        )
    run = Run.begin(files, folder, options)
    if client is None:
        THREADS.whole("workers", workers)
        with (
            distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
            cluster.get_client() as own,
        ):
            _parse(own, run, retries)
    else:
        _parse(client, run, retries)
    return run.summary()


def _parse(client: Any, run: Run, retries: int) -> None:
    futures = client.map(run.parse, run.waiting(), pure=False, retries=retries)
    library("distributed").wait(futures)
    client.gather(futures)
