"""Level 1: UTF-8, lines and blank lines, ten columns without stray white space, and words numbered in order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from arcparse.sentence import COLUMNS, EMPTY, FORM, ID, LEMMA, MISC
from arcparse.treebank.block import column_fault
from arcparse.validation.block import Block, CellFault, Fault

SPACE = re.compile(r"\s")
SPACES = re.compile(r"\s\s")
NO_CHARACTER = re.compile("[\ufffd\ud800-\udfff]")  # U+FFFD, or a surrogate, which may stand for a byte (PEP 383)
FATAL = {"misplaced-comment", "extra-empty-line", "empty-sentence", "invalid-line", "number-of-columns"}


def line_faults(block: Block) -> Iterator[Fault]:
    """Find the faults of the lines of a block; if a fault is in FATAL, the rows cannot be interpreted."""
    yield from _character_faults(block)
    yield from _shape_faults(block)
    for number, line in enumerate(block.lines[block.first_row :], block.first_row):
        columns = line.count("\t") + 1
        if line[:1].isdigit() and columns != len(COLUMNS):
            yield (
                number,
                "number-of-columns",
                f"{columns} columns, expected {len(COLUMNS)}; separate them by single tabs",
            )


def _character_faults(block: Block) -> Iterator[Fault]:
    text = "\n".join(block.lines)
    if text.isascii() or (unicodedata.is_normalized("NFC", text) and not NO_CHARACTER.search(text)):
        return
    for number, line in enumerate(block.lines):
        if NO_CHARACTER.search(line):
            yield number, "invalid-utf", "a byte that is not UTF-8, or U+FFFD in its place; convert the file to UTF-8"
        elif not unicodedata.is_normalized("NFC", line):
            composed = unicodedata.normalize("NFC", line)
            at = next((i for i, pair in enumerate(zip(line, composed, strict=False)) if len(set(pair)) > 1), 0)
            what = f"{line[at : at + 2]!r} is not in Unicode's form NFC; write {composed[at : at + 1]!r}"
            yield number, "unicode-normalization", what


def _shape_faults(block: Block) -> Iterator[Fault]:
    seen_row, last = False, len(block.lines) - 1
    for number, line in enumerate(block.lines):
        if line.startswith("#"):
            if number > block.first_row:
                yield number, "misplaced-comment", "a comment after a row; move it before the sentence's first row"
        elif line[:1].isdigit():
            seen_row = True
        elif line and not line.isspace():
            yield number, "invalid-line", f"{line[:40]!r} is no comment and no row; begin it with '#' or a number"
        else:
            if line:
                yield number, "pseudo-empty-line", "a line of white space alone; make it empty"
            if not seen_row:
                yield (
                    number,
                    "empty-sentence",
                    "a blank line, but no words before it; a sentence ends with one blank line: remove this one",
                )
    if block.lines[last] and not block.lines[last].isspace():
        yield last, "missing-empty-line", "no blank line after the last sentence; end each sentence with one"


def row_faults(block: Block) -> Iterator[Fault]:
    """Find empty cells and stray white space in a block whose rows have ten columns."""
    text = "\n".join(block.lines[block.first_row :])
    if "\t\t" not in text and "\t\n" not in text and not SPACE.search(text.replace("\t", "").replace("\n", "")):
        return
    for number, row in enumerate(block.rows, block.first_row):
        for column, cell in enumerate(row):
            for fault in _cell_faults(row[ID], column, cell):
                yield number, *fault


def _cell_faults(name: str, column: int, cell: str) -> Iterator[CellFault]:
    title = COLUMNS[column].upper()
    if not cell:
        yield "empty-column", f"{title} is empty; write '{EMPTY}' for a missing value"
    elif not SPACE.search(cell):
        return
    elif column in (FORM, LEMMA) and "-" in name:
        yield "invalid-whitespace-mwt", f"white space in {title} '{cell}' of the multiword token {name}; remove it"
    elif column not in (FORM, LEMMA, MISC):
        yield "invalid-whitespace", f"white space in {title} '{cell}'; remove it"
    else:
        for where, found in (("leading", cell[0].isspace()), ("trailing", cell[-1].isspace())):
            if found:
                yield f"{where}-whitespace", f"{where} white space in {title} '{cell}'; remove it"
        if SPACES.search(cell):
            yield "repeated-whitespace", f"two spaces in {title} '{cell}'; keep one"


def number_fault(block: Block) -> Fault | None:
    """Return the first fault of the ID column, or None; after a fault, heads cannot refer to words by their number."""
    ids: Sequence[str] = block.columns[ID]
    heads = (EMPTY,) * len(ids)  # heads are tested in `graph`
    fault = column_fault([tuple(ids), *[()] * 5, heads])
    return (block.first_row + fault[0], "word-id-sequence", fault[1]) if fault else None
