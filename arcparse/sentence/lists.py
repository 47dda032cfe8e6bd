"""Lists of items, such as sentences, that are processed together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def lists_of(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size` items; the last list may be shorter. Reads no further ahead than one list.

    If an item raises an error, the items before it are yielded first.
    """
    iterator = iter(items)
    while True:
        found: list[T] = []
        try:
            found.extend(islice(iterator, size))  # keeps the items before an error
        except Exception:
            if found:
                yield found
            raise
        if not found:
            return
        yield found
