"""Work counted as lines of Python that run, since a test measures no time."""

from __future__ import annotations

import sys
from collections.abc import Callable


def steps_of(act: Callable[[], object]) -> int:
    """The number of Python lines that run in a call."""
    count = 0

    def trace(frame: object, event: str, arg: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return count
