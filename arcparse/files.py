"""Files and streams: any compression, UTF-8 piece by piece, and outputs that are replaced whole or not at all.

Output is first written to a hidden file or folder `.arcparse-XXXXXXXX.part` in the same folder, and is renamed when it
is complete. An error, or a signal that raises one, removes the hidden file. A process that is killed cannot remove it;
therefore the writer holds a lock (flock) on it, and the next process that writes into the same folder removes all such
files without a lock.
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
except ImportError:  # Windows: the files of killed processes stay, since they cannot be recognised without locks
    fcntl = None  # type: ignore[assignment]

Location: TypeAlias = "str | os.PathLike[str] | TextIO"
Fault: TypeAlias = "type[ArcparseError]"  # the error to raise: each room of the library has its own

CHUNK = 1 << 20  # characters or bytes read at a time: memory stays constant, and the cost of a call is negligible
COMPRESSED = (".gz", ".xz", ".bz2")
OPENED_BY: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ\x00": lzma.open, b"BZh": bz2.open}  # by first bytes
UNREADABLE = (OSError, EOFError, lzma.LZMAError, zlib.error)  # the errors of opening, reading and unpacking
PART = re.compile(r"\.arcparse-[0-9a-f]{8}\.part")
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


# Names


def name_of(location: Location) -> str:
    """Return the name of a path or text stream for error messages. Raises InputError for anything else."""
    if isinstance(location, str | os.PathLike):
        return os.fspath(location)
    if isinstance(location, io.RawIOBase | io.BufferedIOBase):
        raise InputError(f"{location!r} is a stream of bytes; give the path, or open it as text in UTF-8")
    if not (hasattr(location, "read") or hasattr(location, "write")):
        raise InputError(f"a file must be given as a path or a text stream, not {shown(location)}")
    return str(getattr(location, "name", "<stream>"))


def readable(name: str) -> str:
    """Return a file's name as text that UTF-8 can hold, in any locale; bytes that are not UTF-8 become escapes."""
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError:
        return name.encode("utf-8", "backslashreplace").decode("utf-8")


# Reading


@contextmanager
def read_errors(name: str, fault: Fault = TreebankError) -> Iterator[None]:
    """Raise `fault`, with a message of one line, if the file or stream called `name` cannot be read in the block."""
    try:
        yield
    except UNREADABLE as error:
        reason = getattr(error, "strerror", None) or str(error) or "it ends too early"
        raise fault(f"{name}: cannot be read: {reason}; check the path and that the file is whole") from None


@contextmanager
def reading(
    path: str | os.PathLike[str], name: str | None = None, fault: Fault = TreebankError
) -> Iterator[io.BufferedIOBase]:
    """Open the bytes of a path, unpacked according to its suffix; the block may only read them.

    Raises `fault`, whose message begins with `name`, if the bytes cannot be read.
    """
    with read_errors(name or os.fspath(path), fault), open(path, "rb") as raw, packed(raw, path, "rb") as file:
        yield file


def chunks_of(source: Location, name: str, size: int | None = None) -> Iterator[str]:
    """Return the text of a path or stream piece by piece; a byte of a path that is not UTF-8 becomes a lone surrogate.

    From a stream, at most `size` characters (CHUNK if `size` is None) are read at a time. Raises TreebankError, whose
    message begins with `name`, if the source cannot be read.
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
    """Return the unpacked text of a stream if its bytes begin like a compressed file, else the stream unchanged."""
    raw = getattr(stream, "buffer", None)
    begins = raw.peek(max(map(len, OPENED_BY))) if isinstance(raw, io.BufferedReader) else b""
    for magic, open_bytes in OPENED_BY.items():
        if begins.startswith(magic):
            return io.TextIOWrapper(open_bytes(raw), encoding="utf-8", errors="surrogateescape", newline="")
    return stream


def packed(raw: Any, path: str | os.PathLike[str], mode: Literal["rb", "wb"]) -> io.BufferedIOBase:
    """Return a file that packs or unpacks the bytes of the open file `raw`, according to the suffix of its path."""
    suffix = Path(path).suffix.lower()
    if suffix == ".gz":  # without name and time inside, so that equal sentences give equal files
        return gzip.GzipFile("", mode, fileobj=raw, mtime=0)
    if suffix == ".xz":
        return lzma.LZMAFile(raw, mode)
    opened: io.BufferedIOBase = bz2.BZ2File(raw, mode) if suffix == ".bz2" else raw
    return opened


# Writing


@contextmanager
def write_errors(path: str | os.PathLike[str], fault: Fault = TreebankError) -> Iterator[None]:
    """Raise `fault`, with a message of one line, if a path cannot be written in the block.

    A BrokenPipeError is not changed: it means that the reader of the output has ended.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        remedy = "make room there and run it again" if error.errno in NO_ROOM else "check the folder"
        raise fault(f"{os.fspath(path)}: cannot be written: {error.strerror or error}; {remedy}") from None


@contextmanager
def replacing(path: Path, fault: Fault = TreebankError, *, durable: bool = False) -> Iterator[io.BufferedIOBase]:
    """Open a new file that replaces `path` when the block ends; if the block raises an error, the new file is removed.

    With `durable`, the data are on the disk before `path` is replaced: a power cut leaves the whole old or the whole
    new file. Raises `fault` if the file cannot be written.
    """
    with write_errors(path, fault):
        final = Path(os.path.realpath(path))
        if final.exists() and not final.is_file():  # a pipe or /dev/null must not be replaced by a file
            with open(final, "wb") as raw, packed(raw, path, "wb") as file:
                yield file
            return
        with aside(final.parent) as fresh:
            with open(fresh, "wb") as raw, packed(raw, path, "wb") as file:
                yield file
            if durable:
                with open(fresh, "r+b") as written:  # Windows cannot sync a file that is open only for reading
                    os.fsync(written.fileno())
            if final.exists():
                shutil.copymode(final, fresh)
            os.replace(fresh, final)


@contextmanager
def opened(target: Location) -> Iterator[TextIO]:
    """Open UTF-8 text that replaces the file at a path when the block ends without error; yield a stream unchanged."""
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
    """Make a folder and its parents, if they do not exist. Raises `fault` if they cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise fault(f"{path}: cannot be made: {error.strerror}; give another folder") from None


@contextmanager
def aside(folder: Path, *, is_folder: bool = False) -> Iterator[Path]:
    """Yield a new hidden file, or folder, inside `folder`; unless the block renames it, it is removed at the end.

    Raises OSError if it cannot be made.
    """
    _sweep(folder)
    fresh, lock = _made(folder, is_folder)
    try:
        yield fresh
    finally:
        _remove(fresh)
        if lock is not None:
            os.close(lock)  # last, since other processes remove hidden files without a lock


def _made(folder: Path, is_folder: bool) -> tuple[Path, int | None]:
    """Make a file or folder and take its lock, if there are locks; if another process has removed it, make another."""
    while True:
        fresh = folder / f".arcparse-{os.urandom(4).hex()}.part"
        fresh.mkdir() if is_folder else fresh.touch(exist_ok=False)
        if fcntl is None:
            return fresh, None
        with suppress(FileNotFoundError):
            lock = os.open(fresh, os.O_RDONLY)
            if _holds(lock) and fresh.exists():
                return fresh, lock
            os.close(lock)


def _holds(lock: int) -> bool:
    """Take the lock of an open file; return False if another process has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # the file system has no locks; `_sweep` then removes nothing
        return True
    return True


@lru_cache(maxsize=1024)  # once for each folder, since a folder may get ten thousand pictures of a treebank
def _sweep(folder: Path) -> None:
    """Remove the hidden files that killed processes have left in a folder."""
    if fcntl is None:
        return
    with suppress(OSError):
        for left in [Path(entry) for entry in os.scandir(folder) if PART.fullmatch(entry.name)]:
            with suppress(OSError):
                _remove_if_free(left)


def _remove_if_free(left: Path) -> None:
    """Remove a file or folder. Raises OSError if a process still has its lock."""
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
