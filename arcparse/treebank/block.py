"""Parse a block, the text between two blank lines, into a sentence.

One `zip` turns the block into ten columns, and each check compares whole columns at once. Only a sentence that fails
such a check (it has a fault, a multiword range or an empty node) is checked row by row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import eq
from typing import TypeAlias

from arcparse.errors import TreebankError
from arcparse.sentence import COLUMNS, DEPREL, EMPTY, FEATS, FORM, HEAD, ID, UPOS, XPOS, Sentence, numbering
from arcparse.sentence.numbering import numbers, word_rows
from arcparse.treebank.encoding import BYTE_ORDER_MARK, described, first_fault
from arcparse.treebank.plus import HEADER

Columns: TypeAlias = "Sequence[tuple[str, ...]]"
Fault: TypeAlias = "tuple[int, str]"  # the row, counted from 0, and the description of the fault

REPEATED = (UPOS, XPOS, FEATS, HEAD, DEPREL)  # columns with few distinct values: equal strings share one object
PUT_TOGETHER = "files were put together without an empty line between: put one there"
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)")


def parse_block(block: str, name: str, line: int, known: dict[str, str]) -> Sentence:
    """Parse the lines of one sentence; the first line of the block is line number `line` of the file `name`.

    `known` holds the cell values of earlier sentences, so that equal values share one string. Raises TreebankError for
    a malformed block; the message names the line, the sent_id and the expected value.
    """
    lines = block.split("\n")
    first = 0
    while first < len(lines) and lines[first].startswith("#"):
        first += 1
    rows = [row.split("\t") for row in lines[first:]]
    try:
        columns = list(zip(*rows, strict=True))
    except ValueError:
        columns = []
    text_fault = _text_fault(block)
    fault = text_fault or _shape_fault(rows, columns) or column_fault(columns)
    if fault:
        number = fault[0] if text_fault else first + fault[0]
        raise _error(f"{name}:{line + number}", lines[:first], fault[1])
    if columns[ID] == numbers(len(rows)):
        columns[ID] = numbers(len(rows))
    for column in REPEATED:
        columns[column] = tuple(map(known.setdefault, columns[column], columns[column]))
    return Sentence(tuple(lines[:first]), tuple(columns), f"{name}:{line}")


def column_fault(columns: Columns) -> Fault | None:
    """Return the first fault of the ID and HEAD columns, or None if both columns are correct."""
    return numbering.fault(columns[ID], _id_remedy) or _head_fault(columns[ID], columns[HEAD])


def _error(place: str, comments: Iterable[str], message: str) -> TreebankError:
    sent_id = Sentence(tuple(comments), ()).comment("sent_id")
    if not sent_id:
        return TreebankError(f"{place}: {message}")
    printable = sent_id.encode("utf-8", "backslashreplace").decode("utf-8")
    return TreebankError(f"{place} (sent_id {printable}): {message}")


def _text_fault(block: str) -> Fault | None:
    """Return the first line (from 0) with a carriage return or a character without UTF-8, and the fault, or None."""
    if "\r" in block:
        remedy = "remove it, or end all lines by LF or CRLF"
        return block.count("\n", 0, block.index("\r")), f"carriage return '\\r' inside a line; {remedy}"
    at = first_fault(block)
    return None if at is None else (block.count("\n", 0, at), described(block[at]))


def _shape_fault(rows: list[list[str]], columns: Columns) -> Fault | None:
    if not rows:
        return -1, "comments without words; remove them or the blank line after them"
    if len(columns) == len(COLUMNS) and all(map(all, columns[FORM:])):
        return None
    for number, row in enumerate(rows):
        if row[0].startswith("#"):
            remedy = "move it before the first row, or put an empty line before it if it begins the next sentence"
            return number, f"comment {_short(row[0])} after a row; {remedy}"
        if len(row) != len(COLUMNS):
            return number, _width_fault(row)
        if "" in row:
            column = COLUMNS[row.index("")].upper()
            return number, f"{column} '' is empty; write '{EMPTY}' for a missing value"
    return None


def _width_fault(row: list[str]) -> str:
    text, size = "\t".join(row), len(row)
    if text.startswith(BYTE_ORDER_MARK):
        return f"byte-order mark before {_short(text[1:])}; {PUT_TOGETHER}"
    if not text.strip():
        return f"a line of blanks, {_short(text)}, between rows; leave it empty where a sentence ends, else remove it"
    found = f"{size} column{'s' * (size > 1)} in {_short(text)}, expected {len(COLUMNS)}"
    if size > len(COLUMNS):
        return f"{found}; name the columns of CoNLL-U Plus in the first line, as '{HEADER} = ID FORM ... NAME'"
    return f"{found}; separate them by single tabs"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _id_remedy(name: str, word: int) -> str:
    """Return the remedy for an ID that cannot follow word number `word`."""
    if name.startswith(BYTE_ORDER_MARK):
        return PUT_TOGETHER
    if word and (name in ("1", "0.1") or name.startswith("1-")):
        return "if a new sentence begins here, put an empty line before it; else continue the numbers"
    return numbering.RULES


def _head_fault(ids: tuple[str, ...], heads: tuple[str, ...]) -> Fault | None:
    rows = word_rows(ids)
    if len(rows) != len(heads):
        heads = tuple([heads[row] for row in rows])
    size = len(heads)
    if _targets(size).issuperset(heads) and not any(map(eq, heads, numbers(size))):
        return None
    remedy = f"give 0 for the root, another word's number up to {size}, or '{EMPTY}'"
    number, row = next(
        (n, row) for n, row in enumerate(rows) if heads[n] not in _targets(size) or heads[n] == str(n + 1)
    )
    if heads[number] in _targets(size):
        return row, f"HEAD {heads[number]!r} points to the word itself; {remedy}"
    wrong = f"is outside the sentence of {size} words" if NUMBER.fullmatch(heads[number]) else "is no word's number"
    return row, f"HEAD {_short(heads[number])} {wrong}; {remedy}"


@lru_cache(maxsize=1024)
def _targets(size: int) -> frozenset[str]:
    """Return all values that the HEAD column may have in a sentence of `size` words."""
    return frozenset((EMPTY, "0", *numbers(size)))
