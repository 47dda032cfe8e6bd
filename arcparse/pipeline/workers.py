"""Several processes: each worker gets one request at a time, and the replies come back in order.

Workers are forked if that is safe: they then share the memory of the weights. Else they are spawned, and each one loads
the models itself. They take no notice of Ctrl-C, since their parent ends them; and they end when it has ended.
"""

from __future__ import annotations

import gc
import multiprocessing
import pickle
import signal
import sys
import threading
import traceback
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from arcparse.errors import ConfigurationError, WorkerError

Request = TypeVar("Request")
Reply = TypeVar("Reply")

AHEAD = 2  # requests for each worker that are read before the reply to the first of them is yielded
PATIENCE = 5  # seconds until a process whose pipe is closed has surely ended


def in_order(work: Callable[[Request], Reply], requests: Iterable[Request], number: int) -> Iterator[Reply]:
    """Yield the reply to each request, in order, found by `number` worker processes; by this process if it is one.

    At most AHEAD requests for each worker are in memory. An error of a worker is raised in this process, after the
    replies before it. Raises WorkerError if a worker ends before its work.
    """
    if number == 1:
        yield from map(work, requests)
        return
    with _started(work, number) as workers:
        for answer in _answers(workers, requests):
            if answer.error is not None:
                raise answer.error from _InWorker(answer.trace)
            yield answer.reply


def sendable(error: Exception) -> Exception:
    """Return an error that can be sent to another process; most can."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 (of our own)
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


@dataclass(frozen=True)
class _Answer:
    """A reply, or the error that came instead of it, with its trace."""

    reply: Any = None
    error: Exception | None = None
    trace: str = ""


# In the parent process


class _InWorker(Exception):  # noqa: N818 (the cause of an error, shown above it)
    """The place of an error in a worker process."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


@dataclass(frozen=True)
class _Worker:
    """A process with the parent's end of its pipe."""

    name: str
    process: BaseProcess
    connection: Connection

    def give(self, request: Any) -> None:
        """Hand a request to the worker, which must be waiting for one."""
        with self._alive():
            self.connection.send(request)

    def take(self) -> _Answer:
        """Return the answer to the request; wait for it if need be."""
        with self._alive():
            answer: _Answer = self.connection.recv()
            return answer

    @contextmanager
    def _alive(self) -> Iterator[None]:
        """Raise WorkerError if the process ends in the block."""
        try:
            yield
        except (EOFError, OSError):
            self.process.join(PATIENCE)
            raise WorkerError(f"{self.name} (process {self.process.pid}) {_end(self.process.exitcode)}") from None


def _end(status: int | None) -> str:
    """Return the end of a process in words, and the remedy."""
    if status is not None and status < 0:
        name = signal.Signals(-status).name
        return f"was ended by {name}, perhaps for lack of memory; use fewer workers or smaller batches"
    return (
        f"ended with exit status {status} before its work was done; see its message above. A script that uses workers "
        'must do its work under `if __name__ == "__main__":`'
    )


def _answers(workers: Sequence[_Worker], requests: Iterable[Any]) -> Iterator[_Answer]:
    """Yield the answer to each request, in order; an error of reading requests is raised after the answers before."""
    source, free = _Source(requests), deque(workers)
    busy: dict[Connection, tuple[_Worker, int]] = {}  # with the number of the request
    answers: dict[int, _Answer] = {}
    given = yielded = 0
    while True:
        while free and source.has_next and given < yielded + AHEAD * len(workers):
            worker = free.popleft()
            busy[worker.connection] = worker, given
            worker.give(source.next)
            given += 1
            source.advance()  # while the workers work
        if yielded in answers:
            yielded += 1
            yield answers.pop(yielded - 1)
        elif busy:
            for connection in wait(list(busy)):
                worker, number = busy.pop(connection)  # type: ignore[call-overload]  # wait takes sockets too
                answers[number] = worker.take()
                free.append(worker)
        else:
            break
    if source.fault:
        raise source.fault


class _Source:
    """Requests that are read one ahead; they end at an error of reading, which is then `fault`."""

    def __init__(self, requests: Iterable[Any]) -> None:
        self._requests = iter(requests)
        self.fault: Exception | None = None
        self.advance()

    def advance(self) -> None:
        """Read the next request."""
        self.has_next, self.next = False, None
        try:
            self.next = next(self._requests)
            self.has_next = True
        except StopIteration:
            pass
        except Exception as error:
            self.fault = error


@contextmanager
def _started(work: Callable[[Any], Any], number: int) -> Iterator[list[_Worker]]:
    """Start workers; end them when the block ends, however it ends."""
    if multiprocessing.current_process().daemon:
        raise ConfigurationError("this process is itself a worker, which may not start others; use workers=1")
    method = start_method()
    workers: list[_Worker] = []
    try:
        with _without_interrupts():
            for i in range(1, number + 1):
                workers.append(_start(f"worker {i} of {number}", method, work))
        yield workers
    finally:
        for worker in workers:
            worker.process.kill()  # it has nothing to put in order
        for worker in workers:
            worker.process.join()
            worker.connection.close()


def start_method() -> str:
    """Return how to start workers: a fork copies locks that other threads hold, and on macOS it is never safe."""
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


def _start(name: str, method: str, work: Callable[[Any], Any]) -> _Worker:
    context: Any = multiprocessing.get_context(method)  # typeshed's contexts have no Process
    ours, theirs = context.Pipe()
    inherited = ours if method == "fork" else None
    process = context.Process(target=_serve, args=(work, theirs, inherited), name=name, daemon=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*multi-threaded.*fork", DeprecationWarning)  # threads of libraries
        process.start()
    theirs.close()  # so that ours is told when the worker has ended
    return _Worker(name, process, ours)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back; processes that start in the block never get it."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# In the worker process


def _serve(work: Callable[[Any], Any], connection: Connection, inherited: Connection | None) -> None:
    """Answer requests until the parent closes the pipe, of whose other end a forked worker has inherited a copy."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for ending in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, ending):
            signal.signal(getattr(signal, ending), signal.SIG_DFL)
    if inherited is not None:
        inherited.close()
    gc.freeze()  # loaded objects stay, and pages that the collector does not write stay shared
    with suppress(EOFError, OSError):
        while True:
            connection.send(_answer(work, connection.recv()))


def _answer(work: Callable[[Any], Any], request: Any) -> _Answer:
    try:
        return _Answer(work(request))
    except Exception as error:
        return _Answer(error=sendable(error), trace=traceback.format_exc())
