"""Answers: JSON, and errors, which are JSON for our own interface, and plain text for UDPipe's clients."""

from __future__ import annotations

import json
import os
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from arcparse.errors import ArcparseError, ModelError
from arcparse.serve.batching import ClosedError

RETRY = {429: "1", 503: "5"}  # seconds until it is worth while to ask again
PLAIN = ("/process", "/models")  # paths of UDPipe's interface


class RefusedError(ArcparseError):
    """A request that is not answered; `status` is that of HTTP."""

    def __init__(self, status: int, message: str) -> None:
        """Take the status and the message."""
        super().__init__(message)
        self.status = status


def json_bytes(data: Any) -> bytes:
    """Return JSON, as it is sent. Raises ValueError for a number that JSON cannot hold."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def json_answer(content: bytes) -> Response:
    """Return an answer of JSON."""
    return Response(content, media_type="application/json")


def refusal(path: str, status: int, message: str) -> Response:
    """Return the answer to a request that is refused."""
    headers = {"Retry-After": RETRY[status]} if status in RETRY else {}
    if path.endswith(PLAIN):
        return PlainTextResponse(f"{message}\n", status, headers)
    return JSONResponse({"error": message}, status, headers)


async def answer_error(request: Request, error: Exception) -> Response:
    """Return the answer to a request that led to an error; an unexpected one is told to the server's log alone."""
    status, message = _told(error)
    made = refusal(request.url.path, status, message)
    made.headers.update(getattr(error, "headers", None) or {})  # of the framework's errors: the methods that a path has
    return made


def _told(error: Exception) -> tuple[int, str]:
    """Return the status and the message of an error."""
    if isinstance(error, HTTPException):  # no such path, no such method, a broken form
        return error.status_code, error.detail
    if isinstance(error, RefusedError):
        return error.status, str(error)
    if isinstance(error, ClosedError):
        return 503, str(error)
    if isinstance(error, MemoryError):
        return 503, "this server has not enough memory for the request; send less at a time"
    names_file = isinstance(error, ModelError) and os.sep in str(error)  # broken files are no fault of the request
    if names_file or not isinstance(error, ArcparseError):
        return 500, "an error inside the server; its log has more"
    return 400, str(error)
