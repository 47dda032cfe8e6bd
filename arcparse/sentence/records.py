"""Rows of a sentence as plain dicts, for JSON and data frames: the columns by name, with numbers as integers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from arcparse.errors import InputError, nearest, shown
from arcparse.sentence import numbering
from arcparse.sentence.columns import COLUMNS, EMPTY, ID, NONE
from arcparse.sentence.numbering import is_word
from arcparse.sentence.surface import Surface

HEAD = re.compile("[0-9]+|_")  # of a head that is a string
DERIVED = ("start", "end")


def to_records(columns: Sequence[Sequence[str]], surfaces: Sequence[Surface]) -> list[dict[str, Any]]:
    """Return a dict for each row, with the columns' names and the place in the text as keys.

    The id of a word is an integer, that of a multiword token (`3-4`) or an empty node (`8.1`) a string. A missing head
    is -1, and the place of an empty node None.
    """
    records = []
    for cells in zip(*columns, strict=True):
        record: dict[str, Any] = dict(zip(COLUMNS, cells, strict=True))
        name, head = record["id"], record["head"]
        surface = None if "." in name else surfaces[int(name.partition("-")[0]) - 1]
        record["id"] = int(name) if is_word(name) else name
        record["head"] = NONE if head == EMPTY else int(head) if is_word(head) else head
        record["start"], record["end"] = (surface.start, surface.end) if surface else (None, None)
        records.append(record)
    return records


def from_records(records: Iterable[Any]) -> tuple[tuple[str, ...], ...]:
    """Return the columns of dicts in the form of `to_records`; a missing id is the next number, a missing cell `_`.

    Raises InputError for a record without a form, with an unknown key or a value of another kind, and for an id that is
    not at its place.
    """
    rows, number = [], 1
    for position, record in enumerate(records):
        cells = {"id": number, **_checked(record, f"tokens[{position}]")}
        number += is_word(str(cells["id"]))
        cells["head"] = EMPTY if cells.get("head", NONE) == NONE else cells["head"]
        rows.append([str(cells.get(name, EMPTY)) for name in COLUMNS])
    columns = tuple(zip(*rows, strict=True)) if rows else ((),) * len(COLUMNS)
    if fault := numbering.fault(columns[ID]):
        row, problem = fault
        raise InputError(f"tokens[{row}]: {problem}")
    return columns


def _checked(record: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(record, Mapping) or "form" not in record:
        raise InputError(f"{place} must be a dict with a 'form' and other columns of CoNLL-U, not {shown(record)}")
    cells = {key: value for key, value in record.items() if key not in DERIVED}
    for key, value in cells.items():
        if key not in COLUMNS:
            raise InputError(f"{place} has the unknown key {key!r}{nearest(key, COLUMNS)}; leave it out")
        if key == "head":
            if not (value >= NONE if type(value) is int else isinstance(value, str) and HEAD.fullmatch(value)):
                raise InputError(
                    f"{place}['head'] must be an integer, not {shown(value)}; give the head's id, 0 for the root, or -1"
                )
        elif not isinstance(value, str | int if key == "id" else str):
            kind = "an integer or a string" if key == "id" else "a string"
            raise InputError(f"{place}[{key!r}] must be {kind}, not {shown(value)}")
    return cells
