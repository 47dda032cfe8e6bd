"""JSON Lines without any loss: an object a sentence, its columns as lists, those without any value left out.

`{"comments": ["# sent_id = 1"], "form": ["Wolves", "howl"], "head": ["2", "0"], ...}`; cells are strings, as in
CoNLL-U, and `id` is left out where words are numbered from 1 without ranges and empty nodes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO

from arcparse.errors import TreebankError
from arcparse.formats.format import OnError, sound
from arcparse.formats.source import lines_of
from arcparse.formats.table import numbers
from arcparse.sentence import COLUMNS, EMPTY, FORM, ID, Sentence


def json_line(sentence: Sentence) -> str:
    """Return the line of a sentence."""
    size = len(sentence.columns[ID])
    empty = (EMPTY,) * size
    value: dict[str, Any] = {"comments": sentence.comments} if sentence.comments else {}
    if sentence.columns[ID] != numbers(size):
        value["id"] = sentence.columns[ID]
    columns = list(zip(COLUMNS, sentence.columns, strict=True))[FORM:]
    value.update({name: cells for name, cells in columns if name == "form" or cells != empty})
    return json.dumps(value, ensure_ascii=False) + "\n"


def read_json_lines(stream: TextIO, name: str, on_error: OnError = None) -> Iterator[Sentence]:
    """Read a sentence from each line. Raises TreebankError, or calls `on_error`, for a malformed one."""
    for number, line in lines_of(stream, name):
        if not line.strip():
            continue
        try:
            yield sound(_sentence(line, f"{name}:{number}"), name, number)
        except TreebankError as error:
            if on_error is None:
                raise
            on_error(error)


def _sentence(line: str, place: str) -> Sentence:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise TreebankError(f"{place}: no JSON: {error}; write one object a line") from None
    known = isinstance(value, dict) and value.keys() <= {"comments", *COLUMNS}
    if not known or not all(map(_is_strings, value.values())):
        raise TreebankError(f"{place}: expected an object of lists of strings, named comments, {', '.join(COLUMNS)}")
    comments = value.pop("comments", ())
    sizes = {len(cells) for cells in value.values()}
    if len(sizes) != 1 or sizes == {0}:
        raise TreebankError(f"{place}: columns of {sorted(sizes)} cells; give all as many, at least one")
    size = sizes.pop()
    columns = [tuple(value.get(name, (EMPTY,) * size)) for name in COLUMNS]
    if "id" not in value:
        columns[ID] = numbers(size)
    return Sentence(tuple(comments), tuple(columns), place)


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(cell, str) for cell in value)
