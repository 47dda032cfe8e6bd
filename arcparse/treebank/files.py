"""Bytes on disk: compression by suffix, UTF-8 piece by piece, and files that change whole or not at all."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import os
import secrets
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal, TextIO, TypeAlias

from arcparse.errors import TreebankError

Location: TypeAlias = "str | os.PathLike[str] | TextIO"

CHUNK = 1 << 20  # characters or bytes read at a time: memory stays constant and the cost of a call vanishes


def name_of(location: Location) -> str:
    """Return what errors call a path or stream."""
    if isinstance(location, str | os.PathLike):
        return os.fspath(location)
    return str(getattr(location, "name", "<stream>"))


def chunks_of(source: Location, name: str, size: int | None = None) -> Iterator[str]:
    """Give the text of a path or stream piece by piece; a byte of a path that is no UTF-8 becomes a lone surrogate.

    Of a stream, no more than `size` characters are read at a time, CHUNK where that is None. Raises TreebankError,
    beginning with `name`, where it cannot be read.
    """
    if isinstance(source, str | os.PathLike):
        return _path_chunks(source, name)
    return _stream_chunks(source, name, size or CHUNK)


def _path_chunks(path: str | os.PathLike[str], name: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    try:
        with open(path, "rb") as raw, _codec(path, raw, "rb") as file:
            while chunk := file.read(CHUNK):
                yield decoder.decode(chunk)
            yield decoder.decode(b"", final=True)
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise TreebankError(f"{name}: cannot be read: {reason}; check the path and that the file is whole") from None


def _stream_chunks(stream: TextIO, name: str, size: int) -> Iterator[str]:
    try:
        yield from iter(partial(stream.read, size), "")
    except UnicodeDecodeError as error:
        raise TreebankError(f"{name}: {error}; give the path, or open the stream as UTF-8") from None


def _codec(path: str | os.PathLike[str], raw: io.BufferedIOBase, mode: Literal["rb", "wb"]) -> io.BufferedIOBase:
    suffix = Path(path).suffix.lower()
    if suffix == ".gz":  # neither name nor time inside, so that equal sentences give equal files
        return gzip.GzipFile("", mode, fileobj=raw, mtime=0)
    if suffix == ".xz":
        return lzma.LZMAFile(raw, mode)  # type: ignore[arg-type]
    return bz2.BZ2File(raw, mode) if suffix == ".bz2" else raw


@contextmanager
def replacing(path: Path) -> Iterator[io.BufferedIOBase]:
    """Open a file that takes the place of `path` when the block ends well, and leaves no trace when it does not."""
    final = path.resolve()
    is_device = final.exists() and not final.is_file()  # a pipe or /dev/null is written to, never replaced
    aside = final if is_device else final.with_name(f".{final.name}.{secrets.token_hex(4)}")
    raw = _opened(aside, path)
    try:
        with raw, _codec(path, raw, "wb") as file:
            yield file
        if not is_device:
            if final.exists():
                shutil.copymode(final, aside)
            os.replace(aside, final)
    except BaseException:
        if not is_device:
            aside.unlink(missing_ok=True)
        raise


def _opened(file: Path, path: Path) -> io.BufferedIOBase:
    try:
        return open(file, "wb")
    except OSError as error:
        raise TreebankError(f"{path}: cannot be written: {error.strerror}; check the folder") from None
