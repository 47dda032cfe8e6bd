"""Reads requests: JSON objects with options and a text, sentences or CoNLL-U, and the forms of UDPipe's interface.

Nothing here opens a file: data are always the contents, and formats are names.
"""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from arcparse.errors import ArcparseError, InputError, shown
from arcparse.pipeline.arguments import Remedies, text_or_sentence
from arcparse.sentence import Sentence
from arcparse.serve.answers import RefusedError
from arcparse.serve.schema import GIVEN, SENTENCE, SENTENCES, check, check_fields, request_schema, written
from arcparse.serve.settings import Limits
from arcparse.serve.tasks import Input
from arcparse.tokenizer.reading import PIECE, Divide, read_text
from arcparse.treebank import parse_conllu
from arcparse.treebank.encoding import BYTE_ORDER_MARK

Options = TypeVar("Options")

WHOLE = 2048  # characters of a text that is one input
FORMS = "application/x-www-form-urlencoded"
FILES = "multipart/form-data"
FIELDS = 20  # of a form: more than any client sends
REMEDIES = Remedies(
    spaces='give a whole text as "text", or a token with spaces as an object: {"tokens": [{"form": "New York"}]}',
    half="send the whole character as UTF-8, or as two escapes of JSON",
)


# JSON


async def read_json(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request. Raises RefusedError if there is none."""
    kind = _kind(request)
    if kind != "application/json":
        raise RefusedError(415, f"the body must be JSON, not {shown(kind)}; send Content-Type: application/json")
    data = _json(_decoded(await request.body(), "the body").removeprefix(BYTE_ORDER_MARK))
    if not isinstance(data, dict):
        raise RefusedError(400, f'the body must be a JSON object, such as {{"text": "..."}}, not {written(data)}')
    return data


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise RefusedError(400, f"the body is not JSON: {error}") from None
    except RecursionError:
        raise RefusedError(400, "the body has arrays or objects too deep inside of each other") from None
    except ValueError:  # Python reads no number of more than 4300 digits
        raise RefusedError(400, "the body has a number of thousands of digits") from None


def options_of(kind: type[Options], data: Mapping[str, Any], limits: Limits) -> Options:
    """Return the options of a request. Raises InputError for bad ones."""
    given = {key: value for key, value in data.items() if key not in GIVEN}
    check_fields(given, request_schema(kind, limits), "the request")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in given.items()})


def given_of(data: Mapping[str, Any]) -> str | list[Sentence]:
    """Return the text of a request, or its sentences. Raises InputError or TreebankError if there are none."""
    given = [key for key in GIVEN if key in data]
    if len(given) != 1:
        raise InputError(f"give one of {', '.join(GIVEN)}; the request has {' and '.join(given) or 'none'}")
    [key], value = given, data[given[0]]
    if key == "sentences":
        if not isinstance(value, list):
            check(value, SENTENCES, key)
        return [_sentence(entry, f"sentences[{i}]") for i, entry in enumerate(value)]
    check(value, GIVEN[key], key)
    return conllu_of(value, key) if key == "conllu" else _text(value, key)


def conllu_of(text: str, name: str) -> list[Sentence]:
    """Return the sentences of CoNLL-U. Raises InputError or TreebankError, which name its place, for other text."""
    return parse_conllu(_text(text, name), name=name)


def only_sentence(
    given: str | list[Sentence], divide: Divide, limit: int, *, role: str = "", why: str = ""
) -> Sentence:
    """Return the one sentence of a request. Raises RefusedError if there are more or none, or if it is too long.

    `role` and `why` tell in the messages what it is for, and why it is too long.
    """
    if isinstance(given, str) and len(given) > PIECE:  # its division would take long, and is of no use
        raise RefusedError(400, f"give one sentence{role}, not a text of {len(given)} characters")
    sentences = divide(given) if isinstance(given, str) else given
    if len(sentences) != 1:
        raise RefusedError(400, f"give one sentence{role}, not {len(sentences)}")
    if len(sentences[0]) > limit:
        raise RefusedError(400, f"the sentence has {len(sentences[0])} words, but may have {limit}{why}; shorten it")
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


def _text(value: str, name: str) -> str:
    """Return a text without a byte-order mark. Raises InputError for half a character."""
    return str(text_or_sentence(value, name, REMEDIES))


def _sentence(entry: Any, name: str) -> Sentence:
    """Return the sentence of a list of word forms, or of an object with tokens. Raises InputError for another value."""
    try:
        found = _of_record(entry) if isinstance(entry, dict) else text_or_sentence(entry, name, REMEDIES)
        if isinstance(found, Sentence):
            return found
        raise InputError(name)
    except ArcparseError as error:
        check(entry, SENTENCE, name)  # tells of a wrong type in the words of JSON; only now, because it takes time
        raise InputError(f"{name}: {error}" if isinstance(entry, dict) else str(error)) from None


def _of_record(entry: Mapping[str, Any]) -> Sentence:
    sentence = Sentence.from_dict(entry)
    text_or_sentence(sentence, "tokens", REMEDIES)
    str(sentence)  # refuses cells and comments that CoNLL-U cannot hold
    return sentence


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
        async with _form(request, limit) as form:
            return fields | {name: await _content(value) for name, value in form.multi_items()}
    body = await request.body()
    if kind == FORMS or not body:
        return fields | _pairs(body)
    raise RefusedError(415, f"the body must be {FORMS} or {FILES}, not {shown(kind)}")


@asynccontextmanager
async def _form(request: Request, limit: int) -> AsyncIterator[FormData]:
    """Yield a multipart form, whose texts are bytes read as Latin-1, since Starlette takes other bytes so silently."""
    headers = Headers({"content-type": f"{request.headers['content-type']}; charset=latin-1"})
    parser = MultiPartParser(headers, request.stream(), max_files=FIELDS, max_fields=FIELDS, max_part_size=limit)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise RefusedError(400, f"the form is no {FILES}: {error.message}") from None
    try:
        yield form
    finally:
        await form.close()


async def _content(value: str | UploadFile) -> str:
    return _decoded(await value.read() if isinstance(value, UploadFile) else value.encode("latin-1"))


def _pairs(query: bytes) -> dict[str, str]:
    """Return the fields of an address or of a body that is written like one."""
    try:
        pairs = parse_qsl(_decoded(query), keep_blank_values=True, errors="strict", max_num_fields=FIELDS)
    except UnicodeDecodeError as error:
        raise _no_utf8(error) from None
    except ValueError:
        raise RefusedError(400, f"a form may have {FIELDS} fields; write & in a text as %26") from None
    return dict(pairs)


def _decoded(content: bytes, name: str = "a field") -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise _no_utf8(error, name) from None


def _no_utf8(error: UnicodeDecodeError, name: str = "a field") -> RefusedError:
    return RefusedError(
        400, f"byte {error.start + 1} of {name} is not UTF-8 (0x{error.object[error.start]:02x}); send UTF-8"
    )


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
