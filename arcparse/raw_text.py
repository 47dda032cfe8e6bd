"""Raw text of any length to sentences, piece by piece: what `tokenize` gives for the whole, in bounded memory.

A piece is divided and its last two sentences are held back, since what follows may still change them; they begin the
next piece. Numbers, paragraphs and character offsets go on over the pieces.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator
from typing import Protocol, TextIO

from arcparse.errors import TreebankError
from arcparse.files import Location, name_of, read_errors, reading
from arcparse.sentence import MISC, Sentence
from arcparse.tokenizer import tokenize


class Divide(Protocol):
    """What divides a text into sentences, as `tokenize` does."""

    def __call__(self, text: str, *, offset: int = 0) -> list[Sentence]:
        """Return the sentences, their `TokenRange` counted from `offset`."""


PIECE = 1 << 16  # characters divided at a time, and more where two sentences are longer
UNSETTLED = 2  # sentences at the end of a piece: the tokenizer looks across one gap, no further
RANGE = re.compile(r"TokenRange=(\d+):(\d+)")


def read_text(
    source: Location, *, name: str | None = None, piece: int = PIECE, divide: Divide = tokenize
) -> Iterator[Sentence]:
    """Divide a path (.gz, .xz and .bz2 opened as they are) or a text stream into sentences of tokens.

    Each sentence has `place="file:line"`; `name` stands for the file there. `piece` is in characters; what divides
    pieces is `tokenize`, or the `segment` of a segmenter, for which what is near may matter. Raises
    TreebankError where the file cannot be read or is not UTF-8.
    """
    if not isinstance(source, str | os.PathLike):
        name = name or name_of(source)
        with read_errors(name):
            yield from _sentences(source, name, piece, divide)
        return
    name = name or os.fspath(source)
    with reading(source, name) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")  # type: ignore[type-var]
        yield from _sentences(text, name, piece, divide)


def running_text(sentences: Iterable[Sentence]) -> str:
    """Return the text that a treebank was made of: a blank line before each `# newdoc` and `# newpar`, else a space."""
    parts: list[str] = []
    for sentence in sentences:
        begins = any(comment.startswith(("# newdoc", "# newpar")) for comment in sentence.comments)
        parts += ["\n\n" if begins else " ", sentence.text]
    return "".join(parts).strip() + "\n"


def _sentences(stream: TextIO, name: str, piece: int, divide: Divide) -> Iterator[Sentence]:
    text, offset, line, number, ended = "", 0, 1, 0, False  # `text` begins `offset` characters on, on `line`
    opening: tuple[str, ...] | None = None  # the comments that belong before its first sentence, once they are known
    while not ended:
        chunk = _read(stream, max(piece, len(text)), name)  # as much as is held back: linear for endless sentences
        text, ended = text + chunk, not chunk
        found = divide(text, offset=offset)
        settled = len(found) if ended else max(0, len(found) - UNSETTLED)
        begin = 0
        for index, sentence in enumerate(found):
            opening = sentence.comments[:-2] if index or opening is None else opening
            before, begin = begin, _begin(sentence, offset)
            line += text.count("\n", before, begin)
            if index == settled:
                break
            number += 1
            yield _placed(sentence, (*opening, f"# sent_id = {number}"), f"{name}:{line}")
        text, offset = text[begin:], offset + begin


def _read(stream: TextIO, size: int, name: str) -> str:
    try:
        return stream.read(size)
    except UnicodeDecodeError as error:
        raise TreebankError(f"{name}: {error}; convert the file to UTF-8") from None


def _begin(sentence: Sentence, offset: int) -> int:
    """Return the first character of a sentence in its piece, which begins `offset` characters on."""
    found = RANGE.search(sentence.columns[MISC][0])
    return int(found[1]) - offset if found else 0


def _placed(sentence: Sentence, comments: tuple[str, ...], place: str) -> Sentence:
    """Return a sentence of a piece as one of the whole text."""
    return Sentence((*comments, sentence.comments[-1]), sentence.columns, place)
