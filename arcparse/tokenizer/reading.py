"""Divide raw text of any length into sentences, piece by piece: the result of `tokenize`, in bounded memory.

Each piece is divided, and its last two sentences are held back, since the following text may still change them; they
begin the next piece. Sentence numbers, paragraphs and character offsets continue from piece to piece.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Protocol

from arcparse.errors import CharacterError
from arcparse.files import Location, chunks_of, name_of
from arcparse.sentence import MISC, Sentence
from arcparse.tokenizer import tokenize
from arcparse.treebank.encoding import BYTE_ORDER_MARK, Checked, replaced
from arcparse.treebank.reading import OnError


class Divide(Protocol):
    """A function that divides a text into sentences, as `tokenize` does."""

    def __call__(self, text: str, *, offset: int = 0) -> list[Sentence]:
        """Return the sentences; their `TokenRange` is counted from `offset`."""


PIECE = 1 << 16  # characters divided at a time; more if two sentences are longer
UNSETTLED = 2  # sentences at the end of a piece that may change: the tokeniser looks across one gap, no further
RANGE = re.compile(r"TokenRange=(\d+):(\d+)")


def read_text(
    source: Location,
    *,
    name: str | None = None,
    piece: int = PIECE,
    divide: Divide = tokenize,
    on_error: OnError | None = None,
) -> Iterator[Sentence]:
    """Divide the text of a path (.gz, .xz and .bz2 are unpacked) or a text stream into sentences of tokens.

    Each sentence has `place="file:line"`; `name` replaces the file's name there. `piece` is in characters. `divide` is
    `tokenize`, or the `segment` of a segmenter, whose result may depend on the ends of pieces. A byte-order mark at the
    beginning is left out. Raises TreebankError if the file cannot be read, and CharacterError at a byte that is not
    UTF-8, after the sentences before it. If `on_error` is given, it is called instead with the error of the first such
    byte of each line, and U+FFFD replaces each such byte.
    """
    name = name or name_of(source)
    characters = _Characters(_reader(source, name), name, on_error)
    text, offset, line, number, ended = "", 0, 1, 0, False  # `offset` and `line`: the place of the start of `text`
    opening: tuple[str, ...] | None = None  # the comments for the first sentence of `text`; None until they are known
    while not ended:
        chunk = characters.read(max(piece, len(text)))  # doubles a long text: linear time for endless sentences
        text, ended = text + chunk, not chunk
        found = divide(text, offset=offset)
        settled = len(found) if ended else max(0, len(found) - UNSETTLED)
        begins = [_begin(sentence, offset) for sentence in found[: settled + 1]] + [len(text)]
        counted = 0  # characters whose line breaks are already counted in `line`
        for index, sentence in enumerate(found[: settled + 1]):
            opening = sentence.comments[:-2] if index or opening is None else opening
            if index == settled:
                break
            number += 1
            line, counted = line + text.count("\n", counted, begins[index]), begins[index]
            characters.check(offset + begins[index + 1])
            yield _placed(sentence, (*opening, f"# sent_id = {number}"), f"{name}:{line}")
        begin = begins[settled] if settled else 0
        line += text.count("\n", counted, begin)
        text, offset = text[begin:], offset + begin
    characters.check(offset + len(text))


class _Characters:
    """The text of a file, with U+FFFD for bytes that are not UTF-8; the first fault is raised when it is reached."""

    def __init__(self, read: Callable[[int], str], name: str, on_error: OnError | None) -> None:
        self._read, self._on_error = read, on_error
        self._checked = Checked(name)
        self._count = 0  # characters read
        self._fault: tuple[int, CharacterError] | None = None

    def read(self, size: int) -> str:
        """Return the next `size` characters; fewer, or none, at the end."""
        text = self._whole(size)
        if not self._count and text.startswith(BYTE_ORDER_MARK):
            self._checked.faults(BYTE_ORDER_MARK)  # counts its bytes
            text = text[1:] or self._whole(size)
        faults = self._checked.faults(text)
        for at, error in faults:
            if self._on_error:
                self._on_error(error)
            elif not self._fault:
                self._fault = self._count + at, error
        self._count += len(text)
        return replaced(text) if faults else text

    def _whole(self, size: int) -> str:
        """Read pieces until there are `size` characters: a stream may give a long text in small pieces only."""
        parts: list[str] = []
        while size > 0 and (part := self._read(size)):
            parts.append(part)
            size -= len(part)
        return "".join(parts)

    def check(self, end: int) -> None:
        """Raise the error of the first fault if its character stands before position `end`."""
        if self._fault and self._fault[0] < end:
            raise self._fault[1] from None


def _reader(source: Location, name: str) -> Callable[[int], str]:
    """Return a function that reads the next characters of a path or stream, at most as many as its argument."""
    if not isinstance(source, str | os.PathLike):
        return lambda size: next(chunks_of(source, name, size), "")
    chunks, held = filter(None, chunks_of(source, name)), ""

    def read(size: int) -> str:
        nonlocal held
        held = held or next(chunks, "")
        text, held = held[:size], held[size:]
        return text

    return read


def _begin(sentence: Sentence, offset: int) -> int:
    """Return the position of a sentence's first character in its piece, which begins at `offset` of the text."""
    found = RANGE.search(sentence.columns[MISC][0])
    return int(found[1]) - offset if found else 0


def _placed(sentence: Sentence, comments: tuple[str, ...], place: str) -> Sentence:
    """Return a sentence of a piece with the comments and the place that it has in the whole text."""
    return Sentence((*comments, sentence.comments[-1]), sentence.columns, place)
