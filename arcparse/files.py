"""Files and streams: any compression, UTF-8 piece by piece, and outputs that change whole or not at all.

What is written lies aside until it is whole: in a hidden file or folder `.arcparse-XXXXXXXX.part` beside its place. An
error removes it, and so does a signal that raises one. A process that is killed outright cannot; so the writer holds a
lock (flock) on it, and the next process that writes into the same folder removes those that nobody holds any more.
"""

from __future__ import annotations

import bz2
import codecs
import errno
import gzip
import io
import lzma
import os
import re
import secrets
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal, TextIO, TypeAlias

from arcparse.errors import ArcparseError, InputError, TreebankError, shown

try:
    import fcntl
except ImportError:  # Windows: what a killed process leaves there stays, since nobody can tell that it is nobody's
    fcntl = None  # type: ignore[assignment]

Location: TypeAlias = "str | os.PathLike[str] | TextIO"
Fault: TypeAlias = "type[ArcparseError]"  # what is raised: each room of the library has its own

CHUNK = 1 << 20  # characters or bytes read at a time: memory stays constant and the cost of a call vanishes
COMPRESSED = (".gz", ".xz", ".bz2")
OPENED_BY: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ\x00": lzma.open, b"BZh": bz2.open}  # by first bytes
UNREADABLE = (OSError, EOFError, lzma.LZMAError, zlib.error)  # what opening, reading and unpacking raise
PART = re.compile(r"\.arcparse-[0-9a-f]{8}\.part")
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


# Names


def name_of(location: Location) -> str:
    """Return what errors call a path or text stream. Raises InputError for anything else."""
    if isinstance(location, str | os.PathLike):
        return os.fspath(location)
    if isinstance(location, io.RawIOBase | io.BufferedIOBase):
        raise InputError(f"{location!r} is a stream of bytes; give the path, or open it as text in UTF-8")
    if not (hasattr(location, "read") or hasattr(location, "write")):
        raise InputError(f"a file must be given as a path or a text stream, not {shown(location)}")
    return str(getattr(location, "name", "<stream>"))


def readable(name: str) -> str:
    """Return a file's name as text that has UTF-8: whatever the locale, and with escapes for bytes that are none."""
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError:
        return name.encode("utf-8", "backslashreplace").decode("utf-8")


# Reading


@contextmanager
def read_errors(name: str, fault: Fault = TreebankError) -> Iterator[None]:
    """Tell in one line, by `fault`, that the file or stream of a name cannot be read."""
    try:
        yield
    except UNREADABLE as error:
        reason = getattr(error, "strerror", None) or error
        raise fault(f"{name}: cannot be read: {reason}; check the path and that the file is whole") from None


@contextmanager
def reading(
    path: str | os.PathLike[str], name: str | None = None, fault: Fault = TreebankError
) -> Iterator[io.BufferedIOBase]:
    """Open the bytes of a path, unpacked as its suffix says; the block does nothing but read them.

    Raises `fault`, beginning with `name`, where they cannot be read.
    """
    with read_errors(name or os.fspath(path), fault), open(path, "rb") as raw, packed(raw, path, "rb") as file:
        yield file


def chunks_of(source: Location, name: str, size: int | None = None) -> Iterator[str]:
    """Give the text of a path or stream piece by piece; a byte of a path that is no UTF-8 becomes a lone surrogate.

    Of a stream, no more than `size` characters (CHUNK, if that is None) are read at a time. Raises TreebankError,
    beginning with `name`, if it cannot be read.
    """
    if isinstance(source, str | os.PathLike):
        return _path_chunks(source, name)
    return _stream_chunks(source, name, size or CHUNK)


def _path_chunks(path: str | os.PathLike[str], name: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    with reading(path, name) as file:
        while chunk := file.read(CHUNK):
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)


def _stream_chunks(stream: TextIO, name: str, size: int) -> Iterator[str]:
    try:
        with read_errors(name):
            yield from iter(partial(stream.read, size), "")
    except UnicodeDecodeError as error:
        raise TreebankError(f"{name}: {error}; give the path, or open the stream as UTF-8") from None


def unpacked(stream: TextIO) -> TextIO:
    """Return the text of a stream whose bytes begin as compressed ones do, such as standard input; another as it is."""
    raw = getattr(stream, "buffer", None)
    begins = raw.peek(max(map(len, OPENED_BY))) if isinstance(raw, io.BufferedReader) else b""
    for magic, open_bytes in OPENED_BY.items():
        if begins.startswith(magic):
            return io.TextIOWrapper(open_bytes(raw), encoding="utf-8", errors="surrogateescape", newline="")
    return stream


def packed(raw: Any, path: str | os.PathLike[str], mode: Literal["rb", "wb"]) -> io.BufferedIOBase:
    """Return the unpacked bytes of an open file whose path says by its suffix how they are packed."""
    suffix = Path(path).suffix.lower()
    if suffix == ".gz":  # neither name nor time inside, so that equal sentences give equal files
        return gzip.GzipFile("", mode, fileobj=raw, mtime=0)
    if suffix == ".xz":
        return lzma.LZMAFile(raw, mode)
    opened: io.BufferedIOBase = bz2.BZ2File(raw, mode) if suffix == ".bz2" else raw
    return opened


# Writing


@contextmanager
def write_errors(path: str | os.PathLike[str], fault: Fault = TreebankError) -> Iterator[None]:
    """Tell in one line, by `fault`, that a path cannot be written; a BrokenPipeError goes on: its reader has gone."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        remedy = "make room there and run it again" if error.errno in NO_ROOM else "check the folder"
        raise fault(f"{os.fspath(path)}: cannot be written: {error.strerror or error}; {remedy}") from None


@contextmanager
def replacing(path: Path, fault: Fault = TreebankError, *, durable: bool = False) -> Iterator[io.BufferedIOBase]:
    """Open a file that takes the place of `path` when the block ends well, and leaves no trace when it does not.

    With `durable` it is on the disk by then, so that a power cut leaves the old file or the new one. Raises `fault`
    where it cannot be written.
    """
    with write_errors(path, fault):
        final = Path(os.path.realpath(path))
        if final.exists() and not final.is_file():  # a pipe or /dev/null is written to, never replaced
            with open(final, "wb") as raw, packed(raw, path, "wb") as file:
                yield file
            return
        with aside(final.parent) as fresh:
            with open(fresh, "wb") as raw, packed(raw, path, "wb") as file:
                yield file
            if durable:
                with open(fresh, "r+b") as written:  # Windows takes no file that is open to be read alone
                    os.fsync(written.fileno())
            if final.exists():
                shutil.copymode(final, fresh)
            os.replace(fresh, final)


@contextmanager
def opened(target: Location) -> Iterator[TextIO]:
    """Open a path as UTF-8 text that takes its place when all went well; a stream is left as it is."""
    if not isinstance(target, str | os.PathLike):
        yield target
        return
    with replacing(Path(target)) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="\n")  # type: ignore[type-var]
        try:
            yield text
            text.flush()
        except UnicodeEncodeError as error:
            found = ascii(error.object[error.start])
            raise TreebankError(f"{os.fspath(target)}: {found} has no UTF-8; replace it in the input") from None
        finally:
            text.detach()


def make_folder(path: Path, fault: Fault = TreebankError) -> None:
    """Make a folder, and those above it, where they are not there. Raises `fault` where that cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise fault(f"{path}: cannot be made: {error.strerror}; give another folder") from None


@contextmanager
def aside(folder: Path, *, is_folder: bool = False) -> Iterator[Path]:
    """Yield a new hidden file, or folder, in a folder; what still has its name at the end is removed.

    Raises OSError where it cannot be made.
    """
    _sweep(folder)
    fresh, lock = _made(folder, is_folder)
    try:
        yield fresh
    finally:
        _remove(fresh)
        if lock is not None:
            os.close(lock)  # not before: what nobody holds, others sweep


def _made(folder: Path, is_folder: bool) -> tuple[Path, int | None]:
    """Make a file or folder and hold its lock, if there are locks; another one where a sweeper was quicker."""
    while True:
        fresh = folder / f".arcparse-{secrets.token_hex(4)}.part"
        fresh.mkdir() if is_folder else fresh.touch(exist_ok=False)
        if fcntl is None:
            return fresh, None
        with suppress(FileNotFoundError):
            lock = os.open(fresh, os.O_RDONLY)
            if _holds(lock) and fresh.exists():
                return fresh, lock
            os.close(lock)


def _holds(lock: int) -> bool:
    """Take the lock of an open file; return whether nobody else has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks, where `_sweep` removes nothing
        return True
    return True


@lru_cache(maxsize=1024)  # once a folder: pictures of a treebank are ten thousand files in one
def _sweep(folder: Path) -> None:
    """Remove what killed processes have left in a folder."""
    if fcntl is None:
        return
    with suppress(OSError):
        for left in [Path(entry) for entry in os.scandir(folder) if PART.fullmatch(entry.name)]:
            with suppress(OSError):
                _remove_if_free(left)


def _remove_if_free(left: Path) -> None:
    """Remove a file or folder. Raises OSError where a process still holds it."""
    held = os.open(left, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove(left)
    finally:
        os.close(held)


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
