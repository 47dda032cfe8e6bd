"""Several processes: workers get batches of inputs, and the results come back in order.

A worker gets only the columns of a sentence on which tags, lemmas and trees depend, and gives back only the columns
that it has changed, so that a sentence crosses between processes in less than a tenth of the time of its parsing.

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
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from arcparse.errors import ConfigurationError, WorkerError
from arcparse.sentence import DEPS, EMPTY, ID, Sentence

Input = str | Sentence
OnError = Callable[[Sentence, Exception], None]
Place = tuple[int, int]  # of a sentence among the results: the input's number, and the sentence's in the text
Parts = tuple[tuple[tuple[str, ...], ...], str]  # of a sentence that goes to a worker
Change = tuple[dict[int, tuple[str, ...]], tuple[str, ...]]  # new columns by number, and new comments

AHEAD = 2  # batches for each worker that are read before the first of them is yielded
PATIENCE = 5  # seconds until a process whose pipe is closed has surely ended


class Work(Protocol):
    """A function that gives the results of inputs: a list of sentences for a text, a sentence for a sentence."""

    def __call__(self, inputs: list[Any], *, on_error: OnError | None) -> list[Any]:
        """Return a result for each input; a sentence that fails goes to `on_error` and is returned unchanged."""


def in_order(
    work: Work, batches: Iterable[list[Any]], number: int, on_error: OnError | None = None
) -> Iterator[list[Any]]:
    """Yield the results of each batch, in order, found by `number` worker processes; by this process if it is one.

    At most AHEAD batches for each worker are in memory. Errors are raised, and sentences that fail are reported to
    `on_error`, in this process and in the order of the input. Raises WorkerError if a worker ends before its work.
    """
    if number == 1:
        for batch in batches:
            yield work(batch, on_error=on_error)
        return
    with _started(work, number, reports=on_error is not None) as workers:
        for batch, answer in _answered(workers, batches):
            yield answer.results_of(batch, on_error)


# In the parent process


@dataclass(frozen=True)
class _Answer:
    """A worker's results of a batch: a list of sentences for a text, a `Change` for a sentence."""

    results: list[Any] = field(default_factory=list)
    failures: list[tuple[Place, Exception]] = field(default_factory=list)
    error: Exception | None = None  # which ended the work
    trace: str = ""

    def results_of(self, batch: Sequence[Input], on_error: OnError | None) -> list[Any]:
        """Return the results of the batch after its failures have been reported. Raises the error of the worker."""
        if self.error is not None:
            raise self.error from _InWorker(self.trace)
        found: list[Any] = [
            result if isinstance(given, str) else _changed(given, *result)
            for given, result in zip(batch, self.results, strict=True)
        ]
        for (index, within), error in self.failures:
            if on_error is not None:
                result = found[index]
                on_error(result if isinstance(result, Sentence) else result[within], error)
        return found


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

    def give(self, batch: Sequence[Input]) -> None:
        """Hand a batch to the worker, which must be waiting for one."""
        with self._alive():
            self.connection.send([given if isinstance(given, str) else _parts(given) for given in batch])

    def take(self) -> _Answer:
        """Return the answer to the batch; wait for it if need be."""
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


def _answered(workers: Sequence[_Worker], batches: Iterable[list[Any]]) -> Iterator[tuple[list[Any], _Answer]]:
    """Yield each batch with its answer, in order; an error of reading is raised after the batches before it."""
    source, free = _Source(batches), deque(workers)
    busy: dict[Connection, tuple[_Worker, int]] = {}  # with the number of the batch
    sent: dict[int, list[Any]] = {}
    answers: dict[int, _Answer] = {}
    first = 0  # the next batch to yield
    while True:
        while free and source.ready is not None and len(sent) < AHEAD * len(workers):
            worker, number, batch = free.popleft(), first + len(sent), source.ready
            sent[number] = batch
            busy[worker.connection] = worker, number
            worker.give(batch)
            source.advance()  # while the workers work
        if first in answers:
            yield sent.pop(first), answers.pop(first)
            first += 1
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
    """Batches that are read one ahead: `ready` is the next one, None at the end or at an error of reading, `fault`."""

    def __init__(self, batches: Iterable[list[Any]]) -> None:
        self._batches = iter(batches)
        self.ready: list[Any] | None = None
        self.fault: Exception | None = None
        self.advance()

    def advance(self) -> None:
        """Read the next batch."""
        self.ready = None
        try:
            self.ready = next(self._batches, None)
        except Exception as error:
            self.fault = error


@contextmanager
def _started(work: Work, number: int, *, reports: bool) -> Iterator[list[_Worker]]:
    """Start workers; end them when the block ends, however it ends."""
    if multiprocessing.current_process().daemon:
        raise ConfigurationError("this process is itself a worker, which may not start others; use workers=1")
    method = _method()
    workers: list[_Worker] = []
    try:
        with _without_interrupts():
            for i in range(1, number + 1):
                workers.append(_start(f"worker {i} of {number}", method, work, reports=reports))
        yield workers
    finally:
        for worker in workers:
            worker.process.kill()  # it has nothing to put in order
        for worker in workers:
            worker.process.join()
            worker.connection.close()


def _method() -> str:
    """Return how to start workers: a fork copies locks that other threads hold, and on macOS it is never safe."""
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


def _start(name: str, method: str, work: Work, *, reports: bool) -> _Worker:
    context: Any = multiprocessing.get_context(method)  # typeshed's contexts have no Process
    ours, theirs = context.Pipe()
    inherited = ours if method == "fork" else None
    process = context.Process(target=_serve, args=(work, reports, theirs, inherited), name=name, daemon=True)
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


# Between the processes


def _parts(sentence: Sentence) -> Parts:
    """Return what results depend on: the columns before DEPS, and the place for messages."""
    return sentence.columns[:DEPS], sentence.place


def _sentence(columns: tuple[tuple[str, ...], ...], place: str) -> Sentence:
    nothing = (EMPTY,) * len(columns[ID])
    return Sentence((), (*columns, nothing, nothing), place)


def _change(before: Sentence, after: Sentence) -> Change:
    """Return what has changed."""
    columns = enumerate(zip(before.columns, after.columns, strict=True))
    return {column: new for column, (old, new) in columns if new is not old}, after.comments


def _changed(sentence: Sentence, columns: dict[int, tuple[str, ...]], comments: tuple[str, ...]) -> Sentence:
    if not columns and not comments:
        return sentence
    made = tuple([columns.get(column, old) for column, old in enumerate(sentence.columns)])
    return Sentence((*sentence.comments, *comments), made, sentence.place)


# In the worker process


def _serve(work: Work, reports: bool, connection: Connection, inherited: Connection | None) -> None:
    """Answer batches until the parent closes the pipe, of whose other end a forked worker has inherited a copy."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for ending in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, ending):
            signal.signal(getattr(signal, ending), signal.SIG_DFL)
    if inherited is not None:
        inherited.close()
    gc.freeze()  # what was loaded stays, and pages that the collector does not write stay shared
    with suppress(EOFError, OSError):
        while True:
            connection.send(_answer(work, connection.recv(), reports=reports))


def _answer(work: Work, received: list[str | Parts], *, reports: bool) -> _Answer:
    batch = [given if isinstance(given, str) else _sentence(*given) for given in received]
    failed: list[tuple[Sentence, Exception]] = []
    try:
        found = work(batch, on_error=(lambda sentence, error: failed.append((sentence, error))) if reports else None)
    except Exception as error:
        return _Answer(error=_sendable(error), trace=traceback.format_exc())
    places: dict[int, Place] = {}
    for index, result in enumerate(found):
        for within, sentence in enumerate([result] if isinstance(result, Sentence) else result):
            places[id(sentence)] = index, within
    failures = [(places[id(sentence)], _sendable(error)) for sentence, error in failed]
    results = [
        result if isinstance(given, str) else _change(given, result) for given, result in zip(batch, found, strict=True)
    ]
    return _Answer(results, failures)


def _sendable(error: Exception) -> Exception:
    """Return an error that can be sent to another process; most can."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 (of our own)
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
