"""A model directory as one .zip archive, which may come from anywhere: names, links and sizes are checked."""

from __future__ import annotations

import lzma
import os
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from arcparse.checkpoint.directory import replaced, write
from arcparse.errors import ModelError
from arcparse.files import replacing

MAX_ARCHIVE_BYTES = (
    4 << 30
)  # of all files when unpacked: far above any model, and below an archive that is made to fill a disk
MAX_ARCHIVE_FILES = 1000
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # a fixed time: the same model gives the same archive
SYMLINK = 0o120000
FOREIGN = {"__MACOSX"}  # folders that programs put into their archives
# The errors of a broken archive; RuntimeError comes from an encrypted one, or from an unknown compression.
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, RuntimeError, ValueError)
UNREADABLE = (OSError, *BROKEN)


def pack(directory: Path, file: Path) -> None:
    """Write a model directory as a .zip archive, with the same bytes each time. Raises ModelError for a link."""
    paths = sorted(path for path in Path(directory).rglob("*") if path.is_symlink() or not path.is_dir())
    if not paths:
        raise ModelError(f"{directory}: there is nothing to pack; give a model directory")
    with replacing(file, ModelError) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            if path.is_symlink() or not path.is_file():
                raise ModelError(f"{path}: only regular files can be packed; put a regular file in its place")
            entry = zipfile.ZipInfo(path.relative_to(directory).as_posix(), ZIP_EPOCH)
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)


def unpack(file: Path, directory: Path) -> None:
    """Write the files of an archive as a new directory.

    Raises ModelError if the directory exists, or if the archive is broken, too large, or has a file for another place.
    """
    if Path(directory).exists():
        raise ModelError(f"{directory}: exists already; remove it or give another directory")
    try:
        with zipfile.ZipFile(file) as archive, replaced(directory) as fresh:
            for entry in _safe_entries(file, archive):
                target = fresh / entry.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                write(target, archive.read(entry))
    except UNREADABLE as error:
        raise ModelError(
            f"{file}: is no archive that can be read: {str(error) or 'it ends too early'}; copy it again"
        ) from None


def _safe_entries(file: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the entries of an archive that are files. Raises ModelError for an unsafe name, a link or a large size."""
    entries = archive.infolist()
    size = sum(entry.file_size for entry in entries)
    if size > MAX_ARCHIVE_BYTES or len(entries) > MAX_ARCHIVE_FILES:
        raise ModelError(
            f"{file}: has {len(entries)} files of {size} bytes in all; a model has at most {MAX_ARCHIVE_FILES} files "
            f"of {MAX_ARCHIVE_BYTES} bytes; do not use this archive"
        )
    for entry in entries:
        parts = PurePosixPath(entry.filename).parts
        leads_out = entry.filename.startswith("/") or ".." in parts or any(c in entry.filename for c in "\\:\0")
        if leads_out or not parts or (entry.external_attr >> 16) & 0o170000 == SYMLINK:
            raise ModelError(
                f"{file}: the entry {entry.filename!r} is a link or leads outside; do not use this archive"
            )
    return [entry for entry in entries if not entry.is_dir()]


def content_of(path: Path, name: str) -> bytes:
    """Read one file of a model directory or archive, or of a directory in an archive."""
    try:
        archive, entry = in_archive(path / name)
        if archive is None:
            return (path / name).read_bytes()
        with zipfile.ZipFile(archive) as opened:
            entries = {found.filename: found for found in _safe_entries(archive, opened)}
            if entry not in entries:
                raise FileNotFoundError(2, "it is not in the archive")
            return opened.read(entries[entry])
    except UNREADABLE as error:
        reason = getattr(error, "strerror", None) or str(error) or "it ends too early"
        raise ModelError(f"{path / name}: cannot be read: {reason}; give a model directory or .zip archive") from None


def has_file(path: Path, name: str) -> bool:
    """Return whether a directory or archive, or a directory in an archive, has a file; False if it cannot be read."""
    try:
        archive, entry = in_archive(path / name)
        if archive is None:
            return os.path.isfile(path / name)
        with zipfile.ZipFile(archive) as opened:
            return entry in opened.namelist()
    except UNREADABLE:
        return False


def only_folder(file: Path) -> Path | None:
    """Return the folder that holds all files of an archive, as if a program has packed a folder; None if none does."""
    try:
        with zipfile.ZipFile(file) as opened:
            tops = {PurePosixPath(entry.filename).parts[0] for entry in _safe_entries(file, opened)}
    except (ModelError, *UNREADABLE):
        return None
    tops -= FOREIGN
    return file / tops.pop() if len(tops) == 1 else None


def in_archive(path: Path) -> tuple[Path | None, str]:
    """Return the archive above a path and the path's name in it; no archive for a path on the disk.

    A file among the directories of a path can only be an archive.
    """
    for above in path.parents:
        if os.path.isdir(above):
            break
        if os.path.isfile(above):
            return above, path.relative_to(above).as_posix()
    return None, ""
