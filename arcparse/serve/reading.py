"""Reads requests: JSON objects with options and a text, sentences or CoNLL-U, and the forms of UDPipe's interface.

Nothing here opens a file: data are always the contents, and formats are names.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.requests import Request

from arcparse.errors import InputError, shown
from arcparse.pipeline.arguments import text_or_sentence
from arcparse.sentence import Sentence
from arcparse.serve.answers import RefusedError
from arcparse.serve.tasks import Input
from arcparse.settings import from_dict
from arcparse.tokenizer.reading import PIECE, Divide, read_text
from arcparse.treebank import parse_conllu

Options = TypeVar("Options")

WHOLE = 2048  # characters of a text that is one input
GIVEN = ("text", "sentences", "conllu")
FORMS = "application/x-www-form-urlencoded"
FILES = "multipart/form-data"
FIELDS = 20  # of a form: more than any client sends


# JSON


async def read_json(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request. Raises RefusedError if there is none."""
    kind = _kind(request)
    if kind != "application/json":
        raise RefusedError(415, f"the body must be JSON, not {shown(kind)}; send Content-Type: application/json")
    try:
        data = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, f"the body is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise RefusedError(400, f'the body must be a JSON object, such as {{"text": "..."}}, not {shown(data)}')
    return data


def options_of(kind: type[Options], data: Mapping[str, Any], *others: str) -> Options:
    """Return the options of a request; the keys `others` are none. Raises ConfigurationError for bad ones."""
    return from_dict(kind, {key: value for key, value in data.items() if key not in others}, "request")


def given_of(data: Mapping[str, Any]) -> str | list[Sentence]:
    """Return the text of a request, or its sentences. Raises InputError or TreebankError if there are none."""
    given = [key for key in GIVEN if key in data]
    if len(given) != 1:
        raise InputError(f"give one of {', '.join(GIVEN)}; the request has {' and '.join(given) or 'none'}")
    [key], value = given, data[given[0]]
    if key == "sentences":
        if not isinstance(value, list):
            raise InputError(f"sentences must be a list of lists of word forms, not {shown(value)}")
        return [_sentence(entry, f"sentences[{i}]") for i, entry in enumerate(value)]
    if not isinstance(value, str):
        raise InputError(f"{key} must be a string, not {shown(value)}")
    text_or_sentence(value, key)
    return parse_conllu(value, name=key) if key == "conllu" else value


def only_sentence(given: str | list[Sentence], divide: Divide, limit: int) -> Sentence:
    """Return the one sentence of a request. Raises RefusedError if there are more or none, or if it is too long."""
    if isinstance(given, str) and len(given) > PIECE:  # its division would take long, and is of no use
        raise RefusedError(400, f"give one sentence, not a text of {len(given)} characters")
    sentences = divide(given) if isinstance(given, str) else given
    if len(sentences) != 1:
        raise RefusedError(400, f"give one sentence, not {len(sentences)}")
    if len(sentences[0]) > limit:
        raise RefusedError(400, f"the sentence has {len(sentences[0])} words, but may have {limit} here; shorten it")
    return sentences[0]


def inputs_of(given: str | list[Sentence], divide: Divide) -> Iterator[Input]:
    """Return the inputs of tasks: sentences or a text; a long text is divided, so that others need not wait for it."""
    if isinstance(given, str) and len(given) <= WHOLE:
        return iter([given])
    return sentences_of(given, divide)


def sentences_of(given: str | list[Sentence], divide: Divide) -> Iterator[Sentence]:
    """Yield sentences, or those of a text, which is divided when they are asked for."""
    if not isinstance(given, str):
        yield from given
    elif len(given) <= PIECE:
        yield from divide(given)
    else:
        yield from read_text(io.StringIO(given, newline=""), name="text", divide=divide)


def _sentence(entry: Any, name: str) -> Sentence:
    if isinstance(entry, Mapping):
        sentence = Sentence.from_dict(entry)
        text_or_sentence(sentence, name)
        str(sentence)  # refuses cells and comments that CoNLL-U cannot hold
        return sentence
    found = text_or_sentence(entry, name)
    if isinstance(found, str):
        raise InputError(f"{name} must be a list of word forms or a sentence with tokens, not a string; see text")
    return found


# Forms


async def read_form(request: Request, limit: int) -> dict[str, str]:
    """Return the fields of a request by name: those of its address, and those of its body, which count more.

    A part of a form may have `limit` bytes. Raises RefusedError for a body of another kind, and for bytes that are not
    UTF-8.
    """
    fields = _pairs(request.scope["query_string"])
    if request.method != "POST":
        return fields
    kind = _kind(request)
    if kind == FILES:
        async with request.form(max_files=FIELDS, max_fields=FIELDS, max_part_size=limit) as form:
            return fields | {name: await _content(value) for name, value in form.multi_items()}
    body = await request.body()
    if kind == FORMS or not body:
        return fields | _pairs(body)
    raise RefusedError(415, f"the body must be {FORMS} or {FILES}, not {shown(kind)}")


async def _content(value: str | UploadFile) -> str:
    return _decoded(await value.read()) if isinstance(value, UploadFile) else value


def _pairs(query: bytes) -> dict[str, str]:
    """Return the fields of an address or of a body that is written like one."""
    try:
        pairs = parse_qsl(_decoded(query), keep_blank_values=True, errors="strict", max_num_fields=FIELDS)
    except UnicodeDecodeError as error:
        raise _no_utf8(error) from None
    except ValueError:
        raise RefusedError(400, f"a form may have {FIELDS} fields; write & in a text as %26") from None
    return dict(pairs)


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise _no_utf8(error) from None


def _no_utf8(error: UnicodeDecodeError) -> RefusedError:
    return RefusedError(
        400, f"byte {error.start + 1} of a field is not UTF-8 (0x{error.object[error.start]:02x}); send UTF-8"
    )


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
