"""JSON Schemas of requests, and the check of a request against its schema, in the words of JSON.

The OpenAPI document shows the same schemas, so that it tells the limits that count. Of JSON Schema only the keywords
that these schemas have are known: type, anyOf, enum, minimum, maximum, items, properties, required and
additionalProperties.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from arcparse.errors import InputError, nearest, shown
from arcparse.sentence.columns import COLUMNS
from arcparse.serve.settings import Limits
from arcparse.settings import kinds
from arcparse.settings.limits import Range

Schema = dict[str, Any]

TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
TYPES |= {type(None): "null"}
WORDS = {
    "string": "a string",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "an array",
    "object": "an object",
    "null": "null",
}
LONGEST = 80  # characters of a value in a message
BEAMS = ("beam", "nbest")  # options that have the server's own limit of a beam

STRING: Schema = {"type": "string"}
STRINGS: Schema = {"title": "an array of strings", "type": "array", "items": STRING}
NUMBERED: Schema = {"type": ["integer", "string"]}
PLACE: Schema = {"type": ["integer", "null"]}
CELLS = dict.fromkeys(COLUMNS, STRING) | {"id": NUMBERED, "head": NUMBERED, "start": PLACE, "end": PLACE}
TOKEN: Schema = {"type": "object", "properties": CELLS, "required": ["form"], "additionalProperties": False}
TOKENS: Schema = {"title": "an array of objects", "type": "array", "items": TOKEN}
RECORD: Schema = {
    "type": "object",
    "properties": {"tokens": TOKENS, "comments": STRINGS},
    "required": ["tokens"],
}
SENTENCE: Schema = {"title": "an array of word forms, or an object with tokens", "anyOf": [STRINGS, RECORD]}
SENTENCES: Schema = {"title": "an array of sentences", "type": "array", "items": SENTENCE}
GIVEN = {"text": STRING, "sentences": SENTENCES, "conllu": STRING}  # a request has one of these


def request_schema(options: type[Any], limits: Limits) -> Schema:
    """Return the schema of a request with the fields of a dataclass as options."""
    hints = kinds(options)
    properties: dict[str, Schema] = dict(GIVEN)
    for field in dataclasses.fields(options):
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        bound = {"maximum": limits.beam} if field.name in BEAMS else {}
        properties[field.name] = _of_annotation(hints[field.name]) | bound | {"default": default}
    one_of = [{"required": [name]} for name in GIVEN]
    return {"type": "object", "properties": properties, "additionalProperties": False, "oneOf": one_of}


def check(value: Any, schema: Schema, name: str) -> None:
    """Raise InputError, which names the place in the request, for a value that breaks its schema."""
    fitting = next((each for each in schema.get("anyOf", [schema]) if _fits(value, each)), None)
    if fitting is None:
        raise InputError(f"{name} must be {_described(schema)}, not {written(value)}")
    if isinstance(value, list):
        for i, entry in enumerate(value):
            check(entry, fitting["items"], f"{name}[{i}]")
    if isinstance(value, dict):
        check_fields(value, fitting, name, f"{name}.")


def check_fields(value: Mapping[str, Any], schema: Schema, name: str, prefix: str = "") -> None:
    """Raise InputError for an object without a field that it needs, with an unknown one, or with a bad value.

    `prefix` stands before the names of fields in messages.
    """
    known = schema["properties"]
    for key in schema.get("required", ()):
        if key not in value:
            raise InputError(f"{name} has no field {key!r}; give it one")
    for key, entry in value.items():
        if key in known:
            check(entry, known[key], prefix + key)
        elif not schema.get("additionalProperties", True):
            near = nearest(key, known) or f"; there are {', '.join(known)}"
            raise InputError(f"{name} has the unknown field {shown(key)}{near}")


def written(value: Any) -> str:
    """Return a short text of a value, as JSON writes it; of an array or object, its kind."""
    if isinstance(value, list | dict):
        return WORDS[TYPES[type(value)]]
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _fits(value: Any, schema: Schema) -> bool:
    """Return whether a value alone, without its entries or fields, is as its schema says."""
    if TYPES[type(value)] not in _types(schema) or value not in schema.get("enum", [value]):
        return False
    return type(value) is not int or schema.get("minimum", value) <= value <= schema.get("maximum", value)


def _described(schema: Schema) -> str:
    if "title" in schema:
        return str(schema["title"])
    return " or ".join(_words(schema))


def _words(schema: Schema) -> Iterator[str]:
    """Yield the values that a schema allows, in words."""
    if "enum" in schema:
        yield " or ".join(map(written, schema["enum"]))
        return
    for name in _types(schema):
        limits = f" {Range(schema['minimum'], schema['maximum'])}" if name == "integer" and "minimum" in schema else ""
        entries = f" in which each entry is {_described(schema['items'])}" if name == "array" else ""
        yield WORDS[name] + limits + entries


def _types(schema: Schema) -> list[str]:
    named = schema["type"]
    return named if isinstance(named, list) else [named]


def _of_annotation(hint: Any) -> Schema:
    """Return the schema of an annotation."""
    if get_origin(hint) in (Union, types.UnionType):
        inner = next(kind for kind in get_args(hint) if kind is not type(None))
        found = _of_annotation(inner)
        return {**found, "type": [found["type"], "null"]}
    if get_origin(hint) is Annotated:
        kind, limits = get_args(hint)
        return {**_of_annotation(kind), "minimum": limits.least, "maximum": limits.most}
    if get_origin(hint) is Literal:
        return {"type": "string", "enum": list(get_args(hint))}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _of_annotation(get_args(hint)[0])}
    return {"type": TYPES[hint]}
