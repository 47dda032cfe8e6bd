"""The routes together, as an ASGI application."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from arcparse.errors import ArcparseError, ConfigurationError, shown
from arcparse.serve import description, site
from arcparse.serve.answers import answer_error
from arcparse.serve.batching import Batches
from arcparse.serve.gate import Gate, Stop
from arcparse.serve.metrics import Metrics
from arcparse.serve.models import Models
from arcparse.serve.own import Own
from arcparse.serve.settings import Limits
from arcparse.serve.udpipe import UDPipe

ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[^/\s]+")


def application(
    models: Models, limits: Limits | None = None, origins: Sequence[str] = (), stop: Stop | None = None
) -> ASGIApp:
    """Return the application; its thread starts and ends with its lifespan.

    Scripts of pages from `origins` ("https://example.org", or "*" for all) may read answers; by default none from
    elsewhere may. `stop` tells when requests are to be refused, because the server ends. Raises ConfigurationError for
    an origin that no browser sends.
    """
    limits, metrics = limits or Limits(), Metrics()
    batches = Batches(limits.batch, metrics.count_batch)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        batches.start()
        yield
        batches.stop()

    async def health(_: Request) -> Response:
        told = {"status": "ok" if batches.is_alive else "stopped", "version": version("arcparse")}
        return JSONResponse(told | {"models": list(models.pipelines)}, 200 if batches.is_alive else 503)

    routes = [
        *site.routes(),
        *Own(models, batches, limits).routes(),
        *UDPipe(models, batches, limits).routes(),
        *description.routes(limits),
        *metrics.routes(),
        Route("/health", health, methods=["GET"]),
    ]
    errors = {
        HTTPException: answer_error,
        ArcparseError: answer_error,
        MemoryError: answer_error,
        Exception: answer_error,
    }
    inner = Starlette(routes=routes, lifespan=lifespan, exception_handlers=errors)
    gate = Gate(inner, limits, metrics, frozenset(route.path for route in routes), stop or Stop())
    if not origins:
        return gate
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            raise ConfigurationError(
                f"the origin {shown(origin)} is none that a browser sends; write https://example.org, with the scheme "
                "and without a path, or * for all"
            )
    return CORSMiddleware(gate, allow_origins=origins, allow_methods=["GET", "POST"], allow_headers=["Content-Type"])
