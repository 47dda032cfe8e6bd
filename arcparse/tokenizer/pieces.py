"""Divide raw text in pieces, each by itself: lines that are sentences, or paragraphs that are not to wait for the next.

A piece is divided as soon as it has ended, and no text behind it changes that. `arcparse.tokenizer.reading` divides a
file as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from arcparse.files import Location, name_of
from arcparse.sentence import Sentence
from arcparse.tokenizer import tokenize
from arcparse.tokenizer.reading import PIECE, Characters, Divide, begin_of, reader
from arcparse.tokenizer.sentences import joined
from arcparse.treebank.reading import OnError


def read_lines(
    source: Location, *, name: str | None = None, divide: Divide = tokenize, on_error: OnError | None = None
) -> Iterator[Sentence]:
    """Read a sentence from each line that is not blank; a paragraph begins after a blank line.

    The arguments and errors are those of `arcparse.tokenizer.reading.read_text`.
    """
    return _read(source, name, divide, on_error, lines=True)


def read_paragraphs(
    source: Location, *, name: str | None = None, divide: Divide = tokenize, on_error: OnError | None = None
) -> Iterator[Sentence]:
    """Divide the text of each paragraph, up to a blank line, as soon as it is read; else as `read_lines`."""
    return _read(source, name, divide, on_error, lines=False)


def _read(
    source: Location, name: str | None, divide: Divide, on_error: OnError | None, *, lines: bool
) -> Iterator[Sentence]:
    name = name or name_of(source)
    characters = Characters(reader(source, name), name, on_error)
    offset, line, number = 0, 1, 0  # the place of the start of a piece, and the number of the last sentence
    for piece in _pieces(_lines(characters), each_line=lines):
        characters.check(offset + len(piece))
        found = divide(piece, offset=offset)
        for sentence in [joined(found, piece)] if lines and found else found:
            begin = begin_of(sentence, offset)
            first = sentence is found[0] or lines
            opening = _opening(number, lines, piece[:begin]) if first else ()
            number += 1
            comments = (*opening, f"# sent_id = {number}", sentence.comments[-1])
            yield Sentence(comments, sentence.columns, f"{name}:{line + piece.count(chr(10), 0, begin)}")
        offset, line = offset + len(piece), line + piece.count("\n")
    characters.check(offset)


def _opening(number: int, lines: bool, before: str) -> tuple[str, ...]:
    """Return the comments for the first sentence of a piece, from the number and the text before it."""
    if not number:
        return "# newdoc", "# newpar"
    return ("# newpar",) if not lines or "\n" in before else ()


def _pieces(lines: Iterator[str], *, each_line: bool) -> Iterator[str]:
    """Yield lines together until one has text, if `each_line`, or until a blank line behind some with text."""
    piece: list[str] = []
    filled = False
    for line in lines:
        piece.append(line)
        blank = not line.strip()
        filled = filled or not blank
        if filled and (blank or each_line):
            yield "".join(piece)
            piece, filled = [], False
    if filled:
        yield "".join(piece)


def _lines(characters: Characters) -> Iterator[str]:
    """Yield lines with their line feeds, each as soon as it is read."""
    held: list[str] = []
    while text := characters.some(PIECE):
        *whole, rest = text.split("\n")
        for line in whole:
            yield "".join([*held, line, "\n"])
            held = []
        held += [rest] if rest else []
    if held:
        yield "".join(held)
