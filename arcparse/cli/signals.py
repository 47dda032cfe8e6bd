"""Signals that end the command: as an exception, so that half-written files are removed on the way out."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# SIGINT is a KeyboardInterrupt already, and Windows has no SIGHUP.
ENDING = tuple(number for number in signal.Signals if number.name in ("SIGTERM", "SIGHUP"))


class Stopped(BaseException):
    """A signal asked the process to end; `number` is the signal's. No Exception, as KeyboardInterrupt is none."""

    def __init__(self, number: int) -> None:
        """Remember the signal."""
        self.number = number


@contextmanager
def stopping() -> Iterator[None]:
    """Raise Stopped inside the block if a signal asks to end; a signal that is ignored (nohup) or handled stays so."""
    own: list[signal.Signals] = []
    if threading.current_thread() is threading.main_thread():  # others may not set handlers
        own = [number for number in ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in own:
        signal.signal(number, _stop)
    try:
        yield
    finally:
        for number in own:
            signal.signal(number, signal.SIG_DFL)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped(number)
