"""Write a sentence as a CoNLL-U block, and say why CoNLL-U cannot hold it."""

from __future__ import annotations

from typing import Protocol

from arcparse.errors import TreebankError
from arcparse.sentence.columns import COLUMNS, EMPTY, ID


class Rows(Protocol):
    """A sentence, as far as its block needs it."""

    @property
    def comments(self) -> tuple[str, ...]:
        """The lines above the rows, each with its `#`."""

    @property
    def columns(self) -> tuple[tuple[str, ...], ...]:
        """Ten columns, one entry per row."""

    @property
    def place(self) -> str:
        """The file and line where it was read."""


def block_text(sentence: Rows) -> str:
    """Return the CoNLL-U block of a sentence as `str` does, but without checks of its cells."""
    rows = map("\t".join, zip(*sentence.columns, strict=True))
    return "\n".join([*sentence.comments, *rows, "", ""])


def checked_text(sentence: Rows) -> str:
    """Return the CoNLL-U block of a sentence. Raises TreebankError if CoNLL-U cannot hold a cell or comment."""
    text = block_text(sentence)
    if not _has_shape(sentence, text):
        raise _shape_error(sentence)
    return text


def _has_shape(sentence: Rows, text: str) -> bool:
    """Return whether the block `text` has exactly the lines and cells of the sentence."""
    if any(not comment.startswith("#") for comment in sentence.comments):
        return False
    comments, size = "".join(sentence.comments), len(sentence.columns[ID]) if sentence.columns else 0
    tabs = comments.count("\t") + (len(COLUMNS) - 1) * size
    lines = len(sentence.comments) + size + 1
    has_empty_cell = size > 0 and not all(map(all, sentence.columns))
    shape = text.count("\n"), text.count("\t")
    return shape == (lines, tabs) and "\r" not in text and not has_empty_cell and _has_utf8(text)


def _has_utf8(text: str) -> bool:
    try:
        return text.isascii() or bool(text.encode("utf-8"))
    except UnicodeEncodeError:
        return False


def _shape_error(sentence: Rows) -> TreebankError:
    place = f"{sentence.place}: " if sentence.place else ""
    for comment in sentence.comments:
        if comment[:1] != "#" or "\n" in comment or "\r" in comment or not _has_utf8(comment):
            must = "must begin with '#' and have no line break and no lone surrogate; mend it"
            return TreebankError(f"{place}comment {comment[:60]!r} {must}")
    for name, cells in zip(COLUMNS, sentence.columns, strict=False):
        for row, cell in enumerate(cells, 1):
            if not cell:
                return TreebankError(f"{place}{name.upper()} of row {row} is empty; write '{EMPTY}' for no value")
            if any(character in cell for character in "\t\n\r"):
                remedy = "CoNLL-U cannot hold it: replace it by a space"
                return TreebankError(
                    f"{place}{name.upper()} {cell[:60]!r} of row {row} has a tab or line break; {remedy}"
                )
            if not _has_utf8(cell):
                return TreebankError(f"{place}{name.upper()} {cell[:60]!r} of row {row} has no UTF-8; replace it")
    return TreebankError(f"{place}{len(sentence.columns)} columns; a sentence has {len(COLUMNS)}: add or remove some")
