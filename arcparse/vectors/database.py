"""The LevelDB database (through plyvel) of a store: opening it, and explaining its errors.

LevelDB lets only one process open a database, and writes into its folder even for reading. Therefore a reader that may
not write, or must not wait for the lock, opens a view: a temporary folder with links to the tables, which never change,
and with copies of the few other small files. Any number of readers can work at the same time, also beside a writer and
on a read-only disk. (If a writer merges tables while a view is made, the view is made again. If it does so while a view
is read, the error names a missing file; then open the store again.)
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from arcparse.errors import VectorsError
from arcparse.vectors.needed import require_plyvel

_TABLES = (".ldb", ".sst")
_TRIES = 10  # to make a view, if a writer changes the folder each time
_NOT_DAMAGE = ("No space left", "Permission denied", "Read-only file system", "Too many open files", "quota exceeded")


class Database(NamedTuple):
    """An open plyvel database, and, if it is a view, its temporary folder."""

    db: Any
    view: TemporaryDirectory[str] | None

    def close(self) -> None:
        """Close it and remove the view. Closing twice is allowed."""
        self.db.close()
        if self.view:
            self.view.cleanup()


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn errors of LevelDB into VectorsError, with the path, the problem and the remedy."""
    plyvel = require_plyvel()
    try:
        yield
    except plyvel.Error as error:
        found = _said(error)
        if found.startswith("IO error: lock ") and "Permission" not in found:
            raise VectorsError(
                f"{path}: locked: another process has it open, or this one twice ({found}); close it there, "
                f"or open it with read_only=True"
            ) from None
        if any(reason in found for reason in _NOT_DAMAGE):
            raise VectorsError(
                f"{path}: cannot be written: {found}; make room or mend the permissions, or open it with read_only=True"
            ) from None
        raise VectorsError(f"{path}: damaged: {found}; run `arcparse vectors repair {path}`") from None


def _said(error: Exception) -> str:
    return " ".join(error.args[0].decode(errors="replace").split()) if error.args else type(error).__name__


def check_folder(path: Path) -> None:
    """Raise VectorsError if a path is not a folder of LevelDB."""
    if not path.is_dir():
        found = "a file, not a store" if path.exists() else "no such store"
        raise VectorsError(f"{path}: {found}; make one with `arcparse vectors cache`")
    names = _names(path)
    if not any(name == "CURRENT" or name.startswith("MANIFEST-") or name.endswith(_TABLES) for name in names):
        found = ", ".join(sorted(names)[:3]) or "nothing"
        raise VectorsError(f"{path}: not a store: found {found} in it; make one with `arcparse vectors cache`")
    folder = next((name for name in sorted(names) if _is_ours(name) and (path / name).is_dir()), None)
    if folder:
        raise VectorsError(
            f"{path}: damaged: {folder} is a folder, but the store needs a file there; remove it, then run "
            f"`arcparse vectors repair {path}`"
        )


def open_database(path: Path, *, read_only: bool = False) -> Database:
    """Open an existing database: as a view with `read_only`, or if its folder may not be written.

    Raises VectorsError if there is none, if it is locked, or if it is damaged.
    """
    plyvel = require_plyvel()
    check_folder(path)
    if not (path / "CURRENT").is_file():
        raise VectorsError(f"{path}: damaged: it has no file CURRENT; run `arcparse vectors repair {path}`")
    if not read_only and _may_write(path):
        with explained(path):
            return Database(plyvel.DB(os.fsencode(path), paranoid_checks=True), None)
    for _ in range(_TRIES):
        before = _names(path)
        try:
            return _viewed(path)
        except VectorsError:
            if _names(path) == before:  # no writer has changed the folder
                raise
    raise VectorsError(f"{path}: another process changes it all the time; open it when that process has ended")


def create_database(path: Path) -> Any:
    """Create an empty database, without compression, since vectors do not become smaller by it."""
    with explained(path):
        return require_plyvel().DB(os.fsencode(path), create_if_missing=True, error_if_exists=True, compression=None)


def _names(path: Path) -> set[str]:
    try:
        return {file.name for file in path.iterdir()}
    except OSError as error:
        raise VectorsError(f"{path}: cannot be read: {error.strerror}; mend its permissions") from None


def _is_ours(name: str) -> bool:
    return name in ("CURRENT", "LOCK") or name.startswith("MANIFEST-") or name.endswith((*_TABLES, ".log"))


def _may_write(path: Path) -> bool:
    own = (path / name for name in _names(path) if _is_ours(name))
    return os.access(path, os.W_OK) and all(os.access(file, os.W_OK) for file in own if file.exists())


def _viewed(path: Path) -> Database:
    view = TemporaryDirectory(prefix="arcparse-vectors-")
    try:
        _fill(Path(view.name), path)
        with explained(path):
            return Database(require_plyvel().DB(os.fsencode(view.name), paranoid_checks=True), view)
    except OSError as error:
        view.cleanup()
        raise VectorsError(f"{path}: cannot be read: {error}; mend its permissions, or make room for a view") from None
    except VectorsError:
        view.cleanup()
        raise


def _fill(view: Path, path: Path) -> None:
    for file in path.iterdir():
        if file.suffix in _TABLES:
            os.symlink(file.resolve(), view / file.name)
        elif _is_ours(file.name) and file.name != "LOCK":
            shutil.copyfile(file, view / file.name)
