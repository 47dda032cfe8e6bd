"""The gate before all routes: limits of size, time and number, headers for browsers, and measurements.

It stands outside of everything else, so that answers to errors pass through it too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from functools import partial

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from arcparse.serve.answers import RefusedError, refusal
from arcparse.serve.batching import STOPS
from arcparse.serve.metrics import Metrics
from arcparse.serve.settings import Limits

# A page may load and call nothing but this server; scripts and styles are files, never text inside of HTML.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
GONE = 499  # in measurements, the status of a request whose client did not wait for the answer
GRACE = 2.0  # seconds that a body may still take when the server is to stop
OTHER = "other"  # the path of all requests that no route has


@dataclass(frozen=True)
class Stop:
    """The way to the end of the server, in two steps."""

    begins: asyncio.Event = field(default_factory=asyncio.Event)  # requests that are not whole are refused
    is_urgent: asyncio.Event = field(default_factory=asyncio.Event)  # all requests are refused


@dataclass
class Gate:
    """An ASGI application around another; `paths` are those that are measured by their names."""

    app: ASGIApp
    limits: Limits
    metrics: Metrics
    paths: Collection[str]
    stop: Stop
    waiting: int = 0  # requests in flight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        passage = _Passage(send)
        begun = time.perf_counter()
        try:
            await self._limited(scope, receive, passage)
        finally:
            path = scope["path"] if scope["path"] in self.paths else OTHER
            self.metrics.count(path, passage.status, time.perf_counter() - begun)

    async def _limited(self, scope: Scope, receive: Receive, passage: _Passage) -> None:
        if not _works(scope["path"]):
            await self.app(scope, receive, passage)
        elif self.waiting >= self.limits.requests:
            message = f"this server works on {self.waiting} requests already; ask again later"
            await refusal(scope["path"], 429, message)(scope, receive, passage)
        else:
            self.waiting += 1
            self.metrics.in_flight.set(self.waiting)
            try:
                await self._in_time(scope, receive, passage)
            finally:
                self.waiting -= 1
                self.metrics.in_flight.set(self.waiting)

    async def _in_time(self, scope: Scope, receive: Receive, passage: _Passage) -> None:
        body = _Body(scope, receive, self.limits.bytes)
        message = f"no answer within {self.limits.seconds:g} seconds; ask again later, or send less at a time"
        with anyio.move_on_after(self.limits.seconds):
            message = await _while_wanted(body, self.stop, partial(self.app, scope, body, passage))
        if message:
            await passage.refuse(scope, receive, RefusedError(503, message))


def _works(path: str) -> bool:
    """Return whether requests of a path are work, and count in the limits."""
    return path == "/process" or path.startswith("/v1/")


async def _while_wanted(body: _Body, stop: Stop, work: Callable[[], Awaitable[None]]) -> str:
    """Await work, or give it up: if the client, which has sent its whole body, has gone, or if the server is to stop.

    Return the message for the client if the server is to stop, else an empty one.
    """
    errors: list[Exception] = []
    message = ""
    async with anyio.create_task_group() as group:

        async def watch_client() -> None:
            await body.is_whole.wait()
            while (await body.receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        async def watch_server() -> None:
            nonlocal message
            await stop.begins.wait()
            with anyio.move_on_after(GRACE):
                await body.is_whole.wait()
            if body.is_whole.is_set():
                await stop.is_urgent.wait()
            message = STOPS
            group.cancel_scope.cancel()

        group.start_soon(watch_client)
        group.start_soon(watch_server)
        try:
            await work()
        except Exception as error:  # raised outside of the group, which would wrap it
            errors.append(error)
        group.cancel_scope.cancel()
    if errors:
        raise errors[0]
    return message


class _Body:
    """Receives the body of a request. Raises RefusedError when it is too long."""

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        self.receive, self._limit, self._size = receive, limit, 0
        self.is_whole = anyio.Event()
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        self._length = int(lengths[0]) if lengths and lengths[0].isdigit() else 0

    async def __call__(self) -> Message:
        if self._length <= self._limit:
            message = await self.receive()
            self._size += len(message.get("body", b""))
        if max(self._length, self._size) > self._limit:
            raise RefusedError(413, f"the body has more than {self._limit} bytes; send less at a time")
        if not message.get("more_body"):
            self.is_whole.set()
        return message


class _Passage:
    """Sends an answer with the headers of all answers, and remembers its status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = GONE
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun, self.status = True, message["status"]
            message = {**message, "headers": [*message["headers"], *HEADERS]}
        await self._send(message)

    async def refuse(self, scope: Scope, receive: Receive, error: RefusedError) -> None:
        """Answer with an error, if no answer has begun."""
        if not self.has_begun:
            await refusal(scope["path"], error.status, str(error))(scope, receive, self)
