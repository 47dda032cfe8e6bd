"""JSON Lines without any loss: an object for each sentence, with its columns as lists; empty columns are left out.

`{"comments": ["# sent_id = 1"], "form": ["Wolves", "howl"], "head": ["2", "0"], ...}`; cells are strings, as in
CoNLL-U, and `id` is left out if there are only words, numbered from 1. Lines of `Sentence.to_json` are read too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TextIO

from arcparse.errors import InputError, TreebankError
from arcparse.formats.format import EVERYTHING, Format, OnError, report, sound
from arcparse.formats.source import lines_of
from arcparse.sentence import COLUMNS, EMPTY, FORM, ID, Sentence
from arcparse.sentence.numbering import numbers

ESCAPED = re.compile(r'["\\\x00-\x1f]')


def formats(tag: str = "xpos") -> list[Format]:
    """Return the format; it holds both tags, whichever `tag` is."""
    summary = "JSON Lines, an object for each sentence, lossless"
    return [Format("jsonl", summary, (".jsonl",), EVERYTHING, read_json_lines, json_line)]


def json_line(sentence: Sentence) -> str:
    """Return the line of a sentence."""
    ids = sentence.columns[ID]
    columns = list(zip(COLUMNS, sentence.columns, strict=True))
    empty = (EMPTY,) * len(ids)
    kept = [("comments", sentence.comments)] if sentence.comments else []
    kept += columns[:FORM] if ids != numbers(len(ids)) else []
    kept += [(name, cells) for name, cells in columns[FORM:] if name == "form" or cells != empty]
    return "{" + ", ".join([f'"{name}": {_json(cells)}' for name, cells in kept]) + "}\n"


def _json(cells: tuple[str, ...]) -> str:
    text = '", "'.join(cells)
    return json.dumps(cells, ensure_ascii=False) if ESCAPED.search("".join(cells)) else f'["{text}"]'


def read_json_lines(stream: TextIO, name: str, on_error: OnError = None) -> Iterator[Sentence]:
    """Read a sentence from each line. Raises TreebankError, or calls `on_error`, for a malformed one."""
    for number, line in lines_of(stream, name):
        if not line.strip():
            continue
        try:
            yield sound(_sentence(line, f"{name}:{number}"), name, number)
        except TreebankError as error:
            report(error, on_error)


def _sentence(line: str, place: str) -> Sentence:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise TreebankError(f"{place}: not JSON: {error}; write one object on each line") from None
    if isinstance(value, dict) and "tokens" in value:
        return _of_records(value, place)
    known = isinstance(value, dict) and value.keys() <= {"comments", *COLUMNS}
    if not known or not all(map(_is_strings, value.values())):
        raise TreebankError(f"{place}: expected an object of lists of strings, named comments, {', '.join(COLUMNS)}")
    comments = value.pop("comments", ())
    sizes = {len(cells) for cells in value.values()}
    if len(sizes) != 1 or sizes == {0}:
        raise TreebankError(f"{place}: columns of {sorted(sizes)} cells; give all the same number, at least one")
    size = sizes.pop()
    columns = [tuple(value.get(name, (EMPTY,) * size)) for name in COLUMNS]
    if "id" not in value:
        columns[ID] = numbers(size)
    return Sentence(tuple(comments), tuple(columns), place)


def _of_records(value: dict[str, Any], place: str) -> Sentence:
    """Return the sentence of a dict in the form of `Sentence.to_dict`."""
    if value["tokens"] == []:
        raise TreebankError(f"{place}: a sentence without tokens; leave it out")
    try:
        return replace(Sentence.from_dict(value), place=place)
    except InputError as error:
        raise TreebankError(f"{place}: {error}") from None


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and set(map(type, value)) <= {str}
