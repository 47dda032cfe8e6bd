"""The queue of requests and the one thread that works on them: those that wait for the same work share a call.

A call takes inputs of the waiting requests in turn, up to a number of characters. So a short request waits for one call
at most, not for the end of a long text before it; a long one comes back into the queue for each of its parts.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

from arcparse.errors import ArcparseError
from arcparse.sentence import Sentence
from arcparse.serve.tasks import Task

LEAST = 16  # characters that an input counts at least
STOPS = "this server is about to stop; ask again, or ask another"
WORD = 6  # characters that a word counts, with the space behind it

Observe = Callable[[int], None]


class Answer(Protocol):
    """The answer to a request, which grows with each call."""

    def add(self, results: Sequence[Any]) -> None:
        """Add results, in the order of the inputs."""

    def end(self) -> Any:
        """Return the whole answer."""


class ClosedError(ArcparseError):
    """The server is about to stop, and takes no more work."""


@dataclass(eq=False)
class Job:
    """A request's inputs, which are read when their turn comes, and its answer so far; `future` gets the whole one."""

    task: Task
    inputs: Iterator[Any]
    answer: Answer
    future: Future[Any] = field(default_factory=Future)
    is_read: bool = False  # whether all inputs have been read

    def next_input(self) -> Any | None:
        """Return the next input; None if there is no more, or reading fails, or nobody waits for the answer."""
        if self.future.cancelled():
            self.is_read = True
            return None
        try:
            given = next(self.inputs, None)
        except Exception as error:
            self.fail(error)
            return None
        self.is_read = given is None
        return given

    def take(self, results: Sequence[Any]) -> None:
        """Add results to the answer, or fail by the first error among them."""
        error = next((result for result in results if isinstance(result, Exception)), None)
        try:
            if error:
                raise error
            if not self.future.done():
                self.answer.add(results)
        except Exception as found:
            self.fail(found)

    def fail(self, error: Exception) -> None:
        """End with an error, unless it has ended."""
        self.is_read = True
        if self._is_awaited():
            self.future.set_exception(error)

    def close(self) -> None:
        """End with the answer, unless it has ended."""
        if self.future.done():
            return
        try:
            made = self.answer.end()
        except Exception as error:
            self.fail(error)
            return
        if self._is_awaited():
            self.future.set_result(made)

    def _is_awaited(self) -> bool:
        """Return whether an answer is to be given; from then on, the asking side cannot step back any more."""
        return not self.future.done() and self.future.set_running_or_notify_cancel()


class Batches:
    """The queue and its thread."""

    def __init__(self, characters: int, observe: Observe = lambda requests: None) -> None:
        """Take the size of a call in characters, and a function that is told the number of requests in each call."""
        self._characters, self._observe = characters, observe
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="arcparse-serve", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more jobs, and wait until all are done."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    @property
    def is_alive(self) -> bool:
        """Whether jobs are worked on."""
        return self._thread.is_alive() and not self._closed

    async def result(self, task: Task, inputs: Iterator[Any], answer: Answer) -> Any:
        """Return the whole answer, to which the task's results for the inputs are added.

        If the caller stops waiting, inputs that are not worked on yet are left out. Raises the first error of the
        inputs, or ClosedError.
        """
        job = Job(task, inputs, answer)
        with self._changed:
            if self._closed:
                raise ClosedError(STOPS)
            self._jobs.append(job)
            self._changed.notify()
        return await asyncio.wrap_future(job.future)

    def _work(self) -> None:
        while jobs := self._waiting():
            taken = self._taken(jobs)
            if taken:
                self._observe(len(taken))
                _call(jobs[0].task, taken)
            for job in jobs:
                if job.is_read:
                    job.close()
            with self._changed:
                self._jobs.extend(job for job in jobs if not job.is_read)

    def _waiting(self) -> list[Job]:
        """Return the first job and all of the same task, and take them out of the queue; none at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closed)
            same = [job for job in self._jobs if job.task == self._jobs[0].task]
            self._jobs = deque(job for job in self._jobs if job not in same)
            return same

    def _taken(self, jobs: Sequence[Job]) -> list[tuple[Job, list[Any]]]:
        """Return the inputs for one call, one of each job in turn."""
        taken: dict[Job, list[Any]] = {}
        turns, room = deque(jobs), self._characters // jobs[0].task.cost
        while turns and (room > 0 or not taken):
            job = turns.popleft()
            given = job.next_input()
            if not job.is_read:
                taken.setdefault(job, []).append(given)
                room -= _size(given)
                turns.append(job)
        return list(taken.items())


def _size(given: Any) -> int:
    """Return about the number of characters of an input."""
    size = len(given) if isinstance(given, str) else WORD * len(given) if isinstance(given, Sentence) else 0
    return max(LEAST, size)


def _call(task: Task, taken: Sequence[tuple[Job, list[Any]]]) -> None:
    """Give each job the results of its inputs; if the call for all fails, there is one for each job."""
    try:
        found = iter(task([given for _, inputs in taken for given in inputs]))
    except Exception as error:
        if len(taken) == 1:
            taken[0][0].fail(error)
            return
        for each in taken:
            _call(task, [each])
        return
    for job, inputs in taken:
        job.take([next(found) for _ in inputs])
