"""The interface as an OpenAPI document, and as a page for people; the schemas come from `arcparse.serve.schema`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from importlib.metadata import version
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from arcparse.serve.schema import request_schema
from arcparse.serve.settings import Drawing, Limits, Parsing, Tracing

FIELDS = {
    "text": "raw text, which is divided into sentences",
    "sentences": "lists of word forms, or sentences with `tokens`, as answers have them",
    "conllu": "sentences as CoNLL-U",
    "model": "name of a model; without it, the default one",
    "beam": "width of the beam, 1 is greedy; without it, that of the model",
    "nbest": "number of trees for each sentence",
    "scores": "add scores, probabilities and the confidences of arcs",
    "samples": "trees drawn from the model to estimate confidences",
    "given_tags": "keep the tags that sentences have, and parse with them",
    "without": "parts of the model to leave out",
    "colour": "colour arcs by the kind of their label, or by HeadConfidence in MISC",
    "width": "pixels of a line of the drawing; null for one line",
    "names": "with `gold`: the names of the two analyses, gold's first",
    "gold": "CoNLL-U of the same words: differences are marked",
}
PARSED = (
    "`sentences`, each with `comments`, `text` and `tokens`: the columns of CoNLL-U by name, and the characters in the "
    "text, from `start` to `end`. With `scores` or `nbest` also `score` (nats) and `probability`; with `scores`, "
    "`head_confidence` and `label_confidence` by word; with `nbest`, all trees as `nbest`, best first."
)
TRACED = (
    "`forms` by token, the root first, and `steps`: `hypotheses`, best first, each with `score`, last `transition`, "
    "rank of its `parent` at the step before, `stack` and `buffer` (tokens) and the `arc` that the transition added; "
    "`winner` and `greedy` are ranks. `parts`, `overtakes`, `falls_out`: steps at which the winner leaves and "
    "overtakes the greedy derivation, and this one leaves the beam. `changed`: arcs that differ."
)
FORM = {
    "data": "text, or sentences in the format of `input`; required",
    "model": FIELDS["model"],
    "tokenizer": "divide `data`, a raw text; may be empty, or presegmented, ranges, normalized_spaces, with ; between",
    "tagger": "add tags and lemmas; may be empty",
    "parser": "add trees; may be empty",
    "input": "format of `data` without `tokenizer`: conllu, horizontal, vertical ... (default: conllu)",
    "output": "format of the result: conllu, horizontal, vertical, plaintext ... (default: conllu)",
}
ERRORS = {
    "400": "The request is malformed; the answer says how.",
    "413": "The body is too long.",
    "415": "The body is of another type.",
    "429": "Too many requests are in flight; Retry-After says when to ask again.",
    "500": "An error inside the server.",
    "503": "There was no answer in time, or the server stops; Retry-After says when to ask again.",
}
EXAMPLE = "The cat slept."


def document(limits: Limits) -> dict[str, Any]:
    """Return the OpenAPI document."""
    in_json = {
        "/v1/parse": (Parsing, "Parse text, tokens or CoNLL-U", {"text": EXAMPLE, "nbest": 2}, PARSED),
        "/v1/trace": (Tracing, "Show the search for a sentence", {"text": EXAMPLE, "beam": 2}, TRACED),
        "/v1/draw": (Drawing, "Draw the tree of a sentence", {"text": EXAMPLE}, "An SVG drawing."),
    }
    paths: dict[str, Any] = {path: {"post": _json_call(limits, *described)} for path, described in in_json.items()}
    paths["/v1/models"] = {"get": _call("List the models and their parts", "`models`, the `default`, and the `limits`")}
    paths["/process"] = {"get": _form_call(is_post=False), "post": _form_call(is_post=True)}
    paths["/models"] = {"get": _call("List the models, as UDPipe's service does", "`models`, and `default_model`")}
    paths["/health"] = {"get": _call("Tell whether the server works", "`status`, `version` and `models`")}
    paths["/metrics"] = {"get": _call("Give counters for Prometheus", "Counters.", "text/plain")}
    described = (
        f"A request may have {limits.bytes} bytes and wait {limits.seconds:g} seconds; {limits.requests} may be in "
        f"flight, and a beam may be {limits.beam} wide. A sentence may have {limits.ranked} words for scores and "
        f"n-best trees, {limits.drawn} to be drawn, and {limits.traced}, divided by the beam's width, to be traced."
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "arcparse", "version": version("arcparse"), "description": described},
        "paths": paths,
    }


def routes(limits: Limits) -> list[Route]:
    """Return the routes of the document and its page."""
    made = document(limits)
    shown = "".join(_page(made))

    async def as_json(_: Request) -> Response:
        return JSONResponse(made)

    async def as_page(_: Request) -> Response:
        return HTMLResponse(shown)

    return [Route("/openapi.json", as_json, methods=["GET"]), Route("/api", as_page, methods=["GET"])]


# The document


def _call(summary: str, answer: str, media: str = "application/json") -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": {"description": answer, "content": {media: {}}}}}


def _json_call(limits: Limits, options: type[Any], summary: str, example: Any, answer: str) -> dict[str, Any]:
    body = {"schema": _described(request_schema(options, limits)), "example": example}
    made = _call(summary, answer, "image/svg+xml" if options is Drawing else "application/json")
    made["requestBody"] = {"required": True, "content": {"application/json": body}}
    made["responses"] |= {status: {"description": text} for status, text in ERRORS.items()}
    return made


def _form_call(*, is_post: bool) -> dict[str, Any]:
    made = _call("Process data, as UDPipe's service does", "`model`, `acknowledgements` and `result`")
    made["responses"] |= {status: {"description": text} for status, text in ERRORS.items()}
    fields = {name: {"type": "string", "description": text} for name, text in FORM.items()}
    if is_post:
        schema = {"type": "object", "required": ["data"], "properties": fields}
        kinds = ("application/x-www-form-urlencoded", "multipart/form-data")
        made["requestBody"] = {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}
    else:
        made["parameters"] = [
            {"name": name, "in": "query", "required": name == "data", "schema": {"type": "string"}, "description": text}
            for name, text in FORM.items()
        ]
    return made


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a request, with a text on each of its fields."""
    fields = {name: {**field, "description": FIELDS[name]} for name, field in schema["properties"].items()}
    return {**schema, "properties": fields}


# The page


def _page(made: dict[str, Any]) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>arcparse: the interface</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark"></head><body><main><h1>arcparse: the interface</h1>'
    yield f'<p>{_text(made["info"]["description"])} The same as <a href="/openapi.json">OpenAPI document</a>; '
    yield '<a href="/">the page</a>.</p>'
    for path, calls in made["paths"].items():
        for method, call in calls.items():
            yield f"<section><h2><code>{method.upper()} {path}</code></h2><p>{_text(call['summary'])}.</p>"
            yield from _parameters(call)
            yield f"<p>Answer: {_text(call['responses']['200']['description'])}</p></section>"
    yield "<section><h2>Errors</h2><dl>"
    yield from (f"<dt>{status}</dt><dd>{_text(text)}</dd>" for status, text in ERRORS.items())
    yield "</dl></section></main></body></html>\n"


def _parameters(call: dict[str, Any]) -> Iterator[str]:
    content: dict[str, Any] = next(iter(call.get("requestBody", {}).get("content", {}).values()), {})
    fields = content.get("schema", {}).get("properties", {})
    described = {name: field["description"] for name, field in fields.items()}
    described |= {field["name"]: field["description"] for field in call.get("parameters", [])}
    if described:
        items = (f"<dt><code>{name}</code></dt><dd>{_text(text)}</dd>" for name, text in described.items())
        yield f"<dl>{''.join(items)}</dl>"
    if "example" in content:
        yield f"<pre>{escape(json.dumps(content['example']))}</pre>"


def _text(text: str) -> str:
    """Return text as HTML, with code between grave accents."""
    parts = escape(text, quote=False).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))
