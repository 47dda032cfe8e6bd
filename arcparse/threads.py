"""The number of threads, and their turns: one place for the needs of torch, of forks and of Python's threads.

Our operators are many and small. Torch divides an operator between threads of OpenMP, and these would spend most of the
time waiting for each other, at full load. A forked process would even wait for ever, for threads that it does not have.
Therefore all our inference uses one thread of torch (`turn`), independently of the setting of the host program.

If several Python threads call small operators at the same time, they mostly wait for the interpreter's lock. Therefore
they take turns. A thread gives its turn away (`aside`) during a large operator, which needs no interpreter, so that
others can go on. If a caller asks for several threads (`asked`), that many threads process batches (`spread`): while
one thread reads its batch, another one searches.

All this works without torch too, and does not import it: a program that has not imported torch has none of its threads.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar

from arcparse.errors import ConfigurationError

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Own(threading.local):
    has_turn = False


_own = _Own()
_lock = threading.Lock()
_asked: ContextVar[int] = ContextVar("threads", default=1)
_forked = False


@contextmanager
def turn() -> Iterator[None]:
    """Wait for this thread's turn; until it ends, torch uses one thread. A thread that has its turn does not wait."""
    with _alone(), torch_threads(1):
        yield


@contextmanager
def aside() -> Iterator[None]:
    """If this thread has the turn, give it to other threads inside the `with` block."""
    if not _own.has_turn:
        yield
        return
    _release()
    try:
        yield
    finally:
        _acquire()


@contextmanager
def torch_threads(number: int) -> Iterator[None]:
    """Set the number of threads that torch uses for calls from this thread; after the `with` block, set it back.

    Raises ConfigurationError for more than one in a forked process: there OpenMP may wait for ever for threads that
    exist only in the parent process.
    """
    if number > 1 and _forked:
        raise ConfigurationError(
            f"this process was forked from a process that had loaded torch, and cannot train with {number} threads; "
            "train with one thread, or start the process by spawn"
        )
    torch = _imported_torch()
    before = torch.get_num_threads() if torch else number
    if before == number:
        yield
        return
    _set_here(number)
    try:
        yield
    finally:
        _set_here(before)


@contextmanager
def asked(number: int) -> Iterator[None]:
    """Set the number of threads of `spread` inside the `with` block. Raises ConfigurationError for less than one."""
    token = _asked.set(checked(number))
    try:
        yield
    finally:
        _asked.reset(token)


def use(number: int) -> None:
    """Set the number of threads of `spread` from now on, in this context. Raises ConfigurationError as `asked` does."""
    _asked.set(checked(number))


def checked(number: int) -> int:
    """Return the number of threads unchanged. Raises ConfigurationError if it is less than one."""
    if number < 1:
        raise ConfigurationError(f"threads must be at least 1, not {number}")
    return number


def spread(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Return the function's results for the items, in order; the number of threads is set by `asked` or `use`."""
    number = min(_asked.get(), len(items))
    if number < 2:
        return [function(item) for item in items]

    def found(item: Item) -> Result:
        with turn(), same_mode():
            return function(item)

    from concurrent.futures import ThreadPoolExecutor  # slow to import, and needed only here

    same_mode = _inference_mode()
    with aside(), ThreadPoolExecutor(number) as pool:
        return list(pool.map(found, items))


def _imported_torch() -> Any:
    """Return torch if the program has imported it, else None; if another thread is importing it, wait for the end."""
    if "torch" not in sys.modules:
        return None
    import torch

    return torch


def _inference_mode() -> Callable[[], AbstractContextManager[None]]:
    """Return the maker of a context in which torch's inference mode is that of this thread."""
    torch = _imported_torch()
    return partial(torch.inference_mode, torch.is_inference_mode_enabled()) if torch else nullcontext


@contextmanager
def _alone() -> Iterator[None]:
    if _own.has_turn:
        yield
        return
    _acquire()
    try:
        yield
    finally:
        if _own.has_turn:  # it has none if `aside` was interrupted while it waited
            _release()


def _acquire() -> None:
    _lock.acquire()
    _own.has_turn = True


def _release() -> None:
    _own.has_turn = False
    _lock.release()


def _set_here(number: int) -> None:
    """Set the number of torch's threads for this Python thread alone.

    Torch has one number for each thread, and a general one for threads that call it for the first time; it always sets
    both. A short-lived thread puts the general number back, so that no new thread of the host program gets ours.
    """
    torch, read, go = _imported_torch(), threading.Lock(), threading.Lock()

    def keep() -> None:
        general = torch.get_num_threads()
        read.release()
        with go:
            torch.set_num_threads(general)

    with _alone():
        read.acquire()
        go.acquire()
        keeper = threading.Thread(target=keep, daemon=True)
        keeper.start()
        try:
            read.acquire()
            torch.set_num_threads(number)
        finally:
            go.release()
            keeper.join()


def _after_fork() -> None:
    """Make a new lock in the child process: the threads that may hold the old one do not exist there."""
    global _lock, _forked
    _lock, _forked = threading.Lock(), True
    if _own.has_turn:
        _lock.acquire()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_after_fork)
