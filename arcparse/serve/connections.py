"""Connections of clients that do not go on: one that sends no whole request, or does not read its answer, is closed.

A client that trickles a body, or waits for its answer, has the time limit of its request (`arcparse.serve.gate`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Protocol


class Connection(Protocol):
    """A connection of uvicorn."""

    transport: asyncio.Transport
    cycle: Any  # the last request and its answer; None before the first


class Stuck:
    """Remembers since when nothing moves on each connection."""

    def __init__(self) -> None:
        """Begin with none."""
        self._since: dict[Connection, tuple[object, float]] = {}

    def close(self, connections: Iterable[Connection], now: float, patience: float) -> None:
        """Close connections on which nothing has moved for `patience` seconds; `now` is a time in seconds."""
        before, self._since = self._since, {}
        for connection in connections:
            unread = connection.transport.get_write_buffer_size()
            if _is_answering(connection) and not unread:
                continue
            moved = id(connection.cycle), unread
            was, since = before.get(connection, (None, now))
            self._since[connection] = moved, since if was == moved else now
            if now - self._since[connection][1] >= patience:
                connection.transport.abort()


def _is_answering(connection: Connection) -> bool:
    return connection.cycle is not None and not connection.cycle.response_complete
