"""The server: its socket, its start, and its stop after the requests in flight."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from math import ceil
from types import FrameType
from typing import cast

import uvicorn
from starlette.types import ASGIApp

from arcparse.errors import ConfigurationError
from arcparse.serve.connections import Connection, Stuck
from arcparse.serve.gate import GRACE, Stop

BACKLOG = 1024  # connections that wait to be taken
STUCK = 30.0  # seconds after which a connection is closed on which nothing moves
WATCH = 0.5  # seconds between looks at the connections, and at signals


def bound(host: str, port: int) -> socket.socket:
    """Return a socket at an address; port 0 means a free one. Raises ConfigurationError if it cannot be had."""
    try:
        [(family, _, _, _, address), *_] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]  # without the address once more
        raise ConfigurationError(
            f"cannot serve at {host}, port {port}: {reason}; choose another --port or --host"
        ) from None


def address_of(listening: socket.socket) -> str:
    """Return the address of a socket for a browser."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def run(
    app: ASGIApp, listening: socket.socket, stop: Stop, *, patience: float, verbose: bool, ready: Callable[[], None]
) -> None:
    """Serve until a signal (SIGINT, SIGTERM) asks to stop; then end the requests in flight, in `patience` seconds.

    A second signal refuses them. The application takes part by `stop`. `verbose` writes a line for each request to
    standard error. `ready` is called when requests are taken.
    """
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="on",
        log_config=_logging(verbose),
        access_log=verbose,
        server_header=False,
        timeout_graceful_shutdown=ceil(patience),
    )
    server = _Server(config)
    server.stop, server.ready = stop, ready
    server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """Tells when it takes requests, tells the application of its stop, and closes connections that are stuck."""

    stop: Stop
    ready: Callable[[], None]
    is_urgent = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._watching = asyncio.create_task(self._watch())
        self.ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:  # uvicorn would break off the requests, and leave their clients without an answer
            self.is_urgent = True
        else:
            super().handle_exit(sig, frame)

    async def _watch(self) -> None:
        stuck = Stuck()
        while True:
            await asyncio.sleep(WATCH)
            if self.should_exit:
                self.stop.begins.set()
            if self.is_urgent:
                self.stop.is_urgent.set()
            connections = cast("set[Connection]", self.server_state.connections)
            stuck.close(connections, time.monotonic(), GRACE if self.should_exit else STUCK)


def _logging(verbose: bool) -> dict[str, object]:
    """Return the settings of logging: errors, and with `verbose` requests too, as lines of standard error."""
    loggers = {
        "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "python_multipart": {"level": "CRITICAL"},  # a broken form is the client's fault, who is told
        "uvicorn.access": {"handlers": ["stderr"], "level": "INFO" if verbose else "WARNING", "propagate": False},
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},  # of other libraries
        "loggers": loggers,
    }
