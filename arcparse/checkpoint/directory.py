"""A directory that is replaced as a whole: a process that is killed leaves the old one or the new one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from arcparse.errors import ModelError
from arcparse.files import aside, make_folder, write_errors


@contextmanager
def replaced(directory: Path, also: Collection[str] = ()) -> Iterator[Path]:
    """Yield a new directory that replaces `directory` at the end, or is removed after an error.

    The old directory gets another name, the new one gets its name, and the old one is removed. If the process is killed
    between the two renames, `settled` finds the old one. Raises ModelError if it cannot be written, or if the old one
    holds anything but the files of the new one and those of the names `also`.
    """
    with write_errors(directory, ModelError):
        directory = Path(os.path.realpath(settled(Path(directory), repair=True)))
        make_folder(directory.parent, ModelError)
        with aside(directory.parent, is_folder=True) as fresh:
            yield fresh
            if directory.exists():
                _set_aside(directory, {entry.name for entry in fresh.iterdir()}.union(also))
            os.replace(fresh, directory)
            shutil.rmtree(_aside(directory), ignore_errors=True)


def _set_aside(directory: Path, files: set[str]) -> None:
    """Give a directory its name `_aside`. Raises ModelError if it holds other files than `files`."""
    lost = {entry.name for entry in directory.iterdir()} - files
    if lost:
        raise ModelError(f"{directory}: holds {sorted(lost)[0]!r}, no part of the model; give another directory")
    shutil.rmtree(_aside(directory), ignore_errors=True)
    os.replace(directory, _aside(directory))


def _aside(directory: Path) -> Path:
    return directory.with_name(f".{directory.name}.old")


def settled(directory: Path, repair: bool = False) -> Path:
    """Return the directory; if only its `_aside` exists, after a kill, return that one. `repair` renames it back."""
    # `os.path`: for a name that no file can have, `pathlib` raises an error; here it is just a missing model.
    if os.path.exists(directory) or not directory.name or not os.path.isdir(_aside(directory)):
        return directory
    if repair:
        os.replace(_aside(directory), directory)
        return directory
    return _aside(directory)


def write(file: Path, content: bytes) -> None:
    """Write a new file so that a power cut does not lose it."""
    with file.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())  # before the rename: a power cut must not leave an empty file of that name
