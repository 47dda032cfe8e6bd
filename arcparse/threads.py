"""How many threads work, and whose turn it is: one place for what torch, forks and threads of Python need.

Our operators are many and small. The threads of OpenMP, to which torch gives parts of an operator, would wait for each
other most of the time, and wait busily; and a forked process would wait for ever for those that it does not have. So
all our inference is done with one thread of torch (`turn`), whatever the host program has set for itself.

Threads of Python that call small operators all at once only pass the interpreter's lock to and fro. So they take turns,
and step aside (`aside`) while they are in a large operator, which needs no interpreter: then others go on. Who asks for
several threads (`asked`) has batches worked on by that many (`spread`): while one reads its batch, another searches.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import torch

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
    """Wait for this thread's turn, and have torch use one thread until it ends; inside of another turn: go on."""
    with _alone(), torch_threads(1):
        yield


@contextmanager
def aside() -> Iterator[None]:
    """Let others have the turn meanwhile, if this thread has it."""
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
    """Have torch use that many threads where this thread calls it; afterwards, as many as before.

    Raises ConfigurationError if several are asked for in a forked process: its OpenMP may wait for ever for threads
    that the fork left behind.
    """
    if number > 1 and _forked:
        raise ConfigurationError(
            f"this process was forked from one that had loaded torch, and cannot train with {number} threads; "
            "train with one, or start the process by spawn"
        )
    before = torch.get_num_threads()
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
    """Have `spread` use that many threads for what is called inside. Raises ConfigurationError for less than one."""
    token = _asked.set(checked(number))
    try:
        yield
    finally:
        _asked.reset(token)


def use(number: int) -> None:
    """Have `spread` use that many threads from now on, in this context."""
    _asked.set(checked(number))


def checked(number: int) -> int:
    """Return a number of threads. Raises ConfigurationError for less than one."""
    if number < 1:
        raise ConfigurationError(f"threads must be at least 1, not {number}")
    return number


def spread(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Return the function's results for the items, in order, found by as many threads as are asked for."""
    number = min(_asked.get(), len(items))
    if number < 2:
        return [function(item) for item in items]

    def found(item: Item) -> Result:
        with turn(), torch.inference_mode(inference):
            return function(item)

    inference = torch.is_inference_mode_enabled()
    with aside(), ThreadPoolExecutor(number) as pool:
        return list(pool.map(found, items))


@contextmanager
def _alone() -> Iterator[None]:
    if _own.has_turn:
        yield
        return
    _acquire()
    try:
        yield
    finally:
        if _own.has_turn:  # not where `aside` was interrupted as it waited
            _release()


def _acquire() -> None:
    _lock.acquire()
    _own.has_turn = True


def _release() -> None:
    _own.has_turn = False
    _lock.release()


def _set_here(number: int) -> None:
    """Set the number for this thread alone.

    Torch keeps a number for each thread, and one for threads that will call it for the first time; it sets both at
    once. A thread that lives no longer than this puts the latter back, so that no thread of the host program begins
    with ours.
    """
    read, go = threading.Lock(), threading.Lock()

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
    """Begin anew in the child, where the threads that took turns do not exist."""
    global _lock, _forked
    _lock, _forked = threading.Lock(), True
    if _own.has_turn:
        _lock.acquire()


if hasattr(os, "register_at_fork"):  # not on Windows, which knows no forks
    os.register_at_fork(after_in_child=_after_fork)
