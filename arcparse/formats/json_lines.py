"""JSON Lines without any loss: an object for each sentence, with its columns as lists; empty columns are left out.

`{"comments": ["# sent_id = 1"], "form": ["Wolves", "howl"], "head": ["2", "0"], ...}`; cells are strings, as in
CoNLL-U, and `id` is left out if there are only words, numbered from 1. The results of `to_json` of sentences and
documents are read too, on one line or indented.
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
    """Read a sentence from each object. Raises TreebankError, or calls `on_error`, for a malformed one."""
    for number, text in _objects(stream, name):
        try:
            values = _values(text, f"{name}:{number}")
        except TreebankError as error:
            report(error, on_error)
            continue
        for value in values:
            try:
                yield sound(_sentence(value, f"{name}:{number}"), name, number)
            except TreebankError as error:
                report(error, on_error)


def _objects(stream: TextIO, name: str) -> Iterator[tuple[int, str]]:
    """Yield the text of each object and the number of its first line; an indented one has its brackets to itself."""
    begun, lines = 0, list[str]()
    for number, line in lines_of(stream, name):
        if not lines and line.strip() != "{":
            if line.strip():
                yield number, line
            continue
        begun = begun if lines else number
        lines.append(line)
        if line.rstrip() == "}":
            yield begun, "\n".join(lines)
            lines = []
    if lines:
        yield begun, "\n".join(lines)


def _values(text: str, place: str) -> list[Any]:
    """Return the value of a text, or those of the sentences of a document."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TreebankError(f"{place}: not JSON: {error}; write one object on each line") from None
    is_document = isinstance(value, dict) and isinstance(value.get("sentences"), list)
    return list(value["sentences"]) if is_document else [value]


def _sentence(value: Any, place: str) -> Sentence:
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
