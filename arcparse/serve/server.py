"""The server: its socket, its start, and its stop after the requests in flight."""

from __future__ import annotations

import socket
from collections.abc import Callable
from math import ceil

import uvicorn
from starlette.types import ASGIApp

from arcparse.errors import ConfigurationError

BACKLOG = 1024  # connections that wait to be taken


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


def run(app: ASGIApp, listening: socket.socket, *, patience: float, verbose: bool, ready: Callable[[], None]) -> None:
    """Serve until a signal (SIGINT, SIGTERM) asks to stop; then end the requests in flight, in `patience` seconds.

    `verbose` writes a line for each request to standard error. `ready` is called when requests are taken.
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
    server.ready = ready
    server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """Tells when it takes requests."""

    ready: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready()


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
