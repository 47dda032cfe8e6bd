"""The lines of one sentence as they stand in the file, and a fault of one of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from arcparse.sentence import COLUMNS, ID
from arcparse.sentence.numbering import word_rows

Fault: TypeAlias = "tuple[int, str, str]"  # the line of the block, counted from 0; the test's name; the message
CellFault: TypeAlias = "tuple[str, str]"  # the test's name and the message

SENT_ID = re.compile(r"#\s*sent_id\s*=\s*(\S+)")


@dataclass(frozen=True)
class Problem:
    """A fault: its place `file:line`, the sentence's id (empty if it has none), and the name of the failed test."""

    place: str
    sent_id: str
    name: str
    message: str

    def __str__(self) -> str:
        """Return the line that a report shows."""
        sentence = f" (sent_id {self.sent_id})" if self.sent_id else ""
        return f"{self.place}{sentence}: {self.message} [{self.name}]"


@dataclass(frozen=True)
class Block:
    """The lines of a sentence with its final blank line, without line breaks; `line` is the number of the first."""

    lines: tuple[str, ...]
    line: int = 1

    @cached_property
    def first_row(self) -> int:
        """The number of comments before the first row."""
        return next((i for i, line in enumerate(self.lines) if not line.startswith("#")), len(self.lines))

    @property
    def comments(self) -> Sequence[str]:
        """The comments before the first row."""
        return self.lines[: self.first_row]

    @cached_property
    def rows(self) -> list[list[str]]:
        """The cells of each row."""
        ends = bool(self.lines) and (not self.lines[-1] or self.lines[-1].isspace())
        return [line.split("\t") for line in self.lines[self.first_row : len(self.lines) - ends]]

    @cached_property
    def columns(self) -> list[tuple[str, ...]]:
        """The ten columns; valid only if every row has ten cells."""
        return list(zip(*self.rows, strict=True)) or [()] * len(COLUMNS)

    @cached_property
    def words(self) -> list[int]:
        """The rows that are syntactic words, in order."""
        return list(word_rows(self.columns[ID]))

    @cached_property
    def sent_id(self) -> str:
        """The last `# sent_id`, or the empty string if there is none."""
        found = [match[1] for match in map(SENT_ID.fullmatch, self.lines) if match]
        return found[-1] if found else ""
