"""LevelDB (through plyvel) under a store: opening, and saying in words what went wrong.

LevelDB lets one process at a time open a database, and writes into its folder even to read it. A reader that may not
write, or must not wait for the lock, therefore opens a view: a temporary folder with links to the tables, which never
change once written, and copies of the few small files beside them. (Should a writer merge tables in that very moment, a
link may lead nowhere; the error then names a missing file, and opening again helps.)
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

_TABLES = (".ldb", ".sst")


class Database(NamedTuple):
    """An open plyvel database, and the temporary folder that it lives in where it is a view."""

    db: Any
    view: TemporaryDirectory[str] | None

    def close(self) -> None:
        """Close it and remove the view. Closing twice is allowed."""
        self.db.close()
        if self.view:
            self.view.cleanup()


def require_plyvel() -> Any:
    """Import plyvel. Raises VectorsError where it is not installed."""
    try:
        import plyvel
    except ImportError as error:
        raise VectorsError(
            f"a vector store needs plyvel, which cannot be imported ({error}); install it (it exists for "
            f"Python 3.10 to 3.12), or load the vectors themselves with arcparse.vectors.load_vectors"
        ) from error
    return plyvel


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn errors of LevelDB into VectorsError with the path, the finding and the remedy."""
    plyvel = require_plyvel()
    try:
        yield
    except plyvel.Error as error:
        found = error.args[0].decode(errors="replace") if error.args else type(error).__name__
        if found.startswith("IO error: lock "):
            raise VectorsError(
                f"{path}: locked: another process has it open, or this one twice ({found}); close it there, "
                f"or open it with read_only=True"
            ) from None
        raise VectorsError(f"{path}: damaged: {found}; run `arcparse vectors repair {path}`") from None


def check_folder(path: Path) -> None:
    """Raise VectorsError where a path is not a folder with files of LevelDB."""
    if not path.is_dir():
        what = "not a store but a file" if path.exists() else "no such store"
        raise VectorsError(f"{path}: {what}; make one with `arcparse vectors cache`")
    names = [name.name for name in path.iterdir()]
    if not any(name == "CURRENT" or name.startswith("MANIFEST-") or name.endswith(_TABLES) for name in names):
        found = ", ".join(sorted(names)[:3]) or "nothing"
        raise VectorsError(f"{path}: not a store: found {found} in it; make one with `arcparse vectors cache`")


def open_database(path: Path, *, read_only: bool = False) -> Database:
    """Open a database that exists, as a view where it may not or should not be written.

    Raises VectorsError where there is none, where it is locked, and where it is damaged.
    """
    plyvel = require_plyvel()
    check_folder(path)
    if not (path / "CURRENT").is_file():
        raise VectorsError(f"{path}: damaged: it has no file CURRENT; run `arcparse vectors repair {path}`")
    view = _view(path) if read_only or not os.access(path, os.W_OK) else None
    try:
        with explained(path):
            return Database(plyvel.DB(os.fsencode(view.name if view else path), paranoid_checks=True), view)
    except VectorsError:
        if view:
            view.cleanup()
        raise


def _view(path: Path) -> TemporaryDirectory[str]:
    view = TemporaryDirectory(prefix="arcparse-vectors-")
    for file in path.iterdir():
        if file.suffix in _TABLES:
            os.symlink(file.resolve(), Path(view.name, file.name))
        elif file.suffix == ".log" or file.name == "CURRENT" or file.name.startswith("MANIFEST-"):
            shutil.copyfile(file, Path(view.name, file.name))
    return view


def create_database(path: Path) -> Any:
    """Create an empty database for vectors, which do not compress."""
    with explained(path):
        return require_plyvel().DB(os.fsencode(path), create_if_missing=True, error_if_exists=True, compression=None)
