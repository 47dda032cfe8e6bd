"""Tables: rows of cells in columns, as wide as a terminal shows them, or in Markdown."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from arcparse.drawing.widths import cells

Rows = Sequence[Sequence[str]]  # of equal length; the first one may hold headings
MARKS = re.compile(r"([\\`*_{}\[\]<>#|~])")  # characters that mean something in Markdown


class Section(Protocol):
    """A part of a report."""

    def text(self) -> str:
        """Return the section for a terminal."""

    def markdown(self) -> str:
        """Return the section in Markdown."""


@dataclass(frozen=True)
class Table:
    """Rows with headings, and a title if there is one; columns outside `left` are set to the right."""

    rows: Rows
    left: Collection[int] = (0,)
    title: str = ""

    def text(self) -> str:
        """Return the title and a table with a rule below its headings."""
        return "\n".join([*filter(None, [self.title]), ruled(self.rows, self.left)])

    def markdown(self) -> str:
        """Return the title as a heading, and a table."""
        headings, *rows = ([escaped(cell.strip()) for cell in row] for row in self.rows)
        rule = ["---" if column in self.left else "---:" for column in range(len(headings))]
        lines = [f"| {' | '.join(row)} |" for row in (headings, rule, *rows)]
        return "\n".join([*([f"## {escaped(self.title)}", ""] if self.title else []), *lines])


def escaped(text: str) -> str:
    """Return text whose characters mean themselves in Markdown."""
    return MARKS.sub(r"\\\1", text)


def in_columns(rows: Rows, right: Collection[int] = ()) -> list[str]:
    """Return a line for each row, the columns `right` set to the right, without spaces at its end."""
    return _lines(rows, right, "  ")


def ruled(rows: Rows, left: Collection[int] = (0,)) -> str:
    """Return a table with a rule below its first row; the columns outside `left` are set to the right."""
    headings, *lines = _lines(rows, [column for column in range(len(rows[0])) if column not in left], " | ")
    return "\n".join([headings, "-+-".join("-" * width for width in _widths(rows)), *lines])


def _lines(rows: Rows, right: Collection[int], between: str) -> list[str]:
    widths = _widths(rows)
    return [between.join(_padded(row, widths, right)).rstrip() for row in rows]


def _widths(rows: Rows) -> list[int]:
    return [max(map(cells, column)) for column in zip(*rows, strict=True)]


def _padded(row: Sequence[str], widths: Sequence[int], right: Collection[int]) -> list[str]:
    pads = [" " * (width - cells(cell)) for cell, width in zip(row, widths, strict=True)]
    return [pad + cell if i in right else cell + pad for i, (cell, pad) in enumerate(zip(row, pads, strict=True))]
