"""Maintenance of a store: describe its contents, verify them, and repair a damaged store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from arcparse.errors import VectorsError
from arcparse.vectors.database import check_folder, explained, open_database
from arcparse.vectors.needed import require_plyvel
from arcparse.vectors.record import KNOWN, METADATA_KEYS, RANDOM, Metadata, decode
from arcparse.vectors.store import VectorStore, read_metadata, write_metadata

_SHOWN = 20  # the most problems in a report


class Info(NamedTuple):
    """The contents of a store: metadata, number of random vectors, `size` in bytes, and `seconds` to open it."""

    metadata: Metadata
    random: int
    size: int
    seconds: float


class Report(NamedTuple):
    """The result of `verify`: numbers of vectors of the source and of random vectors, and problems with remedies."""

    known: int
    random: int
    problems: tuple[str, ...]


class Repaired(NamedTuple):
    """The result of `repair`: numbers of source vectors kept, of random vectors, and of source vectors lost."""

    known: int
    random: int
    lost: int


def info(path: Path) -> Info:
    """Describe a store without waiting for its lock. Raises VectorsError if it cannot be opened."""
    before = perf_counter()
    with VectorStore.open(path, read_only=True) as store:
        seconds = perf_counter() - before
        random = sum(1 for _ in _records(store._database.db, path, RANDOM))
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        return Info(store.metadata, random, size, seconds)


def verify(path: Path) -> Report:
    """Read every record of a store, check its checksum, length and values, and compare the count with the metadata.

    Raises VectorsError only if there is no store, or if it is locked.
    """
    database = open_database(path, read_only=True)
    problems: list[str] = []
    counts = {KNOWN: 0, RANDOM: 0}
    try:
        metadata = read_metadata(database.db, path)
        for name, record in _records(database.db, path):
            fault = _fault(name, record, metadata)
            if fault:
                problems.append(f"{path}: {name!r}: {fault}; run `arcparse vectors repair {path}`")
            elif name not in METADATA_KEYS:
                counts[name[:2]] += 1
    except VectorsError as error:
        return Report(counts[KNOWN], counts[RANDOM], (*problems[:_SHOWN], str(error)))
    finally:
        database.close()
    if counts[KNOWN] != metadata.count:
        problems.insert(
            0,
            f"{path}: has {counts[KNOWN]} sound vectors, but its metadata says {metadata.count}; "
            f"run `arcparse vectors repair {path}`, or make it again with `arcparse vectors cache`",
        )
    return Report(counts[KNOWN], counts[RANDOM], tuple(problems[:_SHOWN]))


def repair(path: Path) -> Repaired:
    """Repair a damaged store: keep its sound records, delete the others, and correct the count in its metadata.

    To get lost vectors back, make the store again. The folder `lost` holds the files that LevelDB set aside.
    Raises VectorsError if there is no store, if it is locked, or if its metadata is lost.
    """
    check_folder(path)
    with explained(path):
        require_plyvel().repair_db(os.fsencode(path), paranoid_checks=True)
    database = open_database(path)
    try:
        before = read_metadata(database.db, path)
        counts = {KNOWN: 0, RANDOM: 0}
        for name, record in _records(database.db, path):
            if _fault(name, record, before):
                database.db.delete(name)
            elif name not in METADATA_KEYS:
                counts[name[:2]] += 1
        write_metadata(database.db, replace(before, count=counts[KNOWN]))
    finally:
        database.close()
    return Repaired(counts[KNOWN], counts[RANDOM], before.count - counts[KNOWN])


def _records(db: Any, path: Path, prefix: bytes | None = None) -> Iterator[tuple[bytes, bytes]]:
    with explained(path):
        yield from db.iterator(prefix=prefix, verify_checksums=True)


def _fault(name: bytes, record: bytes, metadata: Metadata) -> str | None:
    """Return the fault of a record in words, None if it is sound."""
    if name in METADATA_KEYS:
        return None if record == metadata.to_bytes() else "the two copies of the metadata differ"
    if name[:2] not in (KNOWN, RANDOM):
        return "a key that no store has"
    try:
        name[2:].decode("utf-8", "surrogatepass")
        whole = np.isfinite(decode([record], metadata)).all()
    except ValueError as error:  # UnicodeDecodeError is one
        return str(error)
    return None if whole else "a value that is not finite"
