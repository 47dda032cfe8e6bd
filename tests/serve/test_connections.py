"""Connections on which nothing moves are closed, and no others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from arcparse.serve.connections import Stuck

PATIENCE = 30.0


@dataclass
class Cycle:
    response_complete: bool


@dataclass(eq=False)
class Connection:
    """A connection, and at the same time its transport."""

    cycle: Cycle | None = None
    unread: int = 0  # bytes that the client has not read
    is_closed: bool = False
    transport: Any = field(init=False)

    def __post_init__(self) -> None:
        self.transport = self

    def get_write_buffer_size(self) -> int:
        return self.unread

    def abort(self) -> None:
        self.is_closed = True


def closed(connection: Connection, *steps: dict[str, Any]) -> list[bool]:
    """Return whether a connection is closed after each step: some seconds, and a change of its fields."""
    stuck, now, found = Stuck(), 0.0, []
    stuck.close([connection], now, PATIENCE)
    for step in steps:
        now += step.pop("seconds")
        for name, value in step.items():
            setattr(connection, name, value)
        stuck.close([connection], now, PATIENCE)
        found.append(connection.is_closed)
    return found


def test_a_client_that_sends_no_whole_request_is_closed() -> None:
    assert closed(Connection(), {"seconds": 29}, {"seconds": 1}) == [False, True]
    assert closed(Connection(Cycle(True)), {"seconds": 29}, {"seconds": 1}) == [False, True]


def test_a_client_that_waits_for_its_answer_is_not_closed() -> None:
    assert closed(Connection(Cycle(False)), {"seconds": 100}, {"seconds": 100}) == [False, False]


def test_a_client_that_does_not_read_is_closed_and_one_that_reads_slowly_is_not() -> None:
    for is_complete in (True, False):
        stopped = Connection(Cycle(is_complete), 900)
        assert closed(stopped, {"seconds": 29, "unread": 800}, {"seconds": 29}, {"seconds": 1}) == [False, False, True]
        slow = Connection(Cycle(is_complete), 900)
        assert closed(slow, *({"seconds": 29, "unread": size} for size in (800, 700, 600))) == [False] * 3


def test_each_request_begins_a_new_wait() -> None:
    steps = [{"seconds": 20, "cycle": Cycle(False)}, {"seconds": 20, "cycle": Cycle(True)}, {"seconds": 29}]
    assert closed(Connection(Cycle(True)), *steps, {"seconds": 1}) == [False, False, False, True]
