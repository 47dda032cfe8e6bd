"""The sources of sentences: files, folders, patterns, and streams of text with a look at their beginning."""

from __future__ import annotations

import glob
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from arcparse.errors import CharacterError, TreebankError
from arcparse.files import COMPRESSED, Location, chunks_of, name_of, read_errors, unpacked
from arcparse.treebank.encoding import BYTE_ORDER_MARK, Checked, replaced
from arcparse.treebank.reading import LONGEST, OnError, with_line_feeds

PIECE = 1 << 16  # characters read at a time from a stream, whose writer may be slow
SAMPLE = 1 << 14  # characters that show the format


class Source(io.TextIOBase):
    """The text of a path or stream, piece by piece; .gz, .xz and .bz2 are unpacked.

    With `strict`, a byte that is no UTF-8 raises CharacterError with its line, after the lines before have been read;
    with `on_error` too, it is reported and replaced by U+FFFD. Without `strict`, it becomes a lone surrogate.
    """

    def __init__(self, location: Location, name: str | None = None) -> None:
        """Open nothing yet; the first look or read opens the source."""
        self.name = name or name_of(location)
        self.strict = True
        self.on_error: OnError | None = None
        self._chunks = _chunks(location, self.name)
        self._held = ""
        self._checked = Checked(self.name)
        self._fault: CharacterError | None = None

    def sample(self, size: int = SAMPLE) -> str:
        """Return the first `size` characters, or all if there are fewer; they will still be read."""
        while len(self._held) < size and (chunk := next(self._chunks, "")):
            self._held += chunk
        return self._held[:size].removeprefix(BYTE_ORDER_MARK)

    def read(self, size: int | None = -1, /) -> str:
        """Return the next piece, of any size but zero; the end is an empty string."""
        if self._fault:
            raise self._fault
        text = self._held or next(self._chunks, "")
        self._held = ""
        if size is not None and 0 <= size < len(text):
            text, self._held = text[:size], text[size:]
        return self._sound(text) if self.strict else text

    def _sound(self, text: str) -> str:
        faults = self._checked.faults(text)
        if not faults:
            return text
        if self.on_error is None:
            at, self._fault = faults[0]
            return text[: text.rfind("\n", 0, at) + 1] or self.read()
        for _, error in faults:
            self.on_error(error)
        return replaced(text)


class Trickle(Source):
    """A stream whose lines are read one by one, each as soon as it has come in."""

    def __init__(self, stream: TextIO, name: str) -> None:
        """Read nothing yet."""
        super().__init__(stream, name)
        self._chunks = iter(stream.readline, "")


def _chunks(location: Location, name: str) -> Iterator[str]:
    if isinstance(location, str | os.PathLike):
        yield from chunks_of(location, name)
        return
    with read_errors(name):
        location = unpacked(location)
    yield from chunks_of(location, name, PIECE)


def lines_of(stream: TextIO, name: str) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines of a stream without their ends, and without a byte-order mark.

    Raises TreebankError if one has more than `LONGEST` characters.
    """
    rest, number, mark = "", 0, BYTE_ORDER_MARK
    for chunk in with_line_feeds(chunks_of(stream, name)):
        text = (rest + chunk).removeprefix(mark)
        mark = "" if chunk else mark
        *whole, rest = text.split("\n")
        yield from enumerate(whole, number + 1)
        number += len(whole)
        if len(rest) > LONGEST:
            raise TreebankError(
                f"{name}:{number + 1}: a line of over {LONGEST} characters; put each sentence on its own line"
            )
    if rest:
        yield number + 1, rest.removesuffix("\r")


def expanded(names: Iterable[str], suffixes: Iterable[str]) -> list[str]:
    """Return the files of names: those of a folder with these suffixes, at any depth, or those of a pattern.

    They are sorted within each name. Raises TreebankError if a folder or pattern has no file.
    """
    files: list[str] = []
    for name in names:
        found = _files(name, frozenset(suffixes))
        if not found:
            raise TreebankError(f"{name}: no file with a known suffix; name files, or a folder with files")
        files += found
    return files


def _files(name: str, suffixes: frozenset[str]) -> list[str]:
    if os.path.isdir(name):
        paths = sorted(path for path in Path(name).rglob("*") if path.is_file() and not path.name.startswith("."))
        return [str(path) for path in paths if suffix_of(path) in suffixes]
    if glob.has_magic(name) and not os.path.exists(name):
        return sorted(path for path in glob.glob(name, recursive=True) if os.path.isfile(path))
    return [name]


def suffix_of(path: str | os.PathLike[str]) -> str:
    """Return the suffix that names the format: `.conllu` for `x.conllu.xz`."""
    plain = Path(os.fspath(path).lower())
    return Path(plain.stem).suffix if plain.suffix in COMPRESSED else plain.suffix
