"""The queue: requests of the same work share a call, long ones do not hold short ones up, and errors stay apart."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from arcparse.errors import TreebankError
from arcparse.pipeline import Pipeline
from arcparse.sentence import Sentence
from arcparse.serve.batching import Batches, ClosedError
from arcparse.serve.tasks import NBestTask, OneTask, ParseTask, TagTask


@dataclass(eq=False)
class Watched:
    """A task that gives its inputs in capitals, and remembers its calls; it waits until it may go on."""

    cost: int = 1
    calls: list[list[str]] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    may_go_on: threading.Event = field(default_factory=threading.Event)

    def __call__(self, inputs: Sequence[str]) -> list[Any]:
        self.calls.append(list(inputs))
        self.begun.set()
        assert self.may_go_on.wait(60)
        return [ValueError(text) if text == "bad" else text.upper() for text in inputs]


def running(characters: int, work: Callable[[Batches], Coroutine[Any, Any, Any]]) -> Any:
    """Return what the coroutine of a running queue gives."""
    batches = Batches(characters)
    batches.start()
    try:
        return asyncio.run(work(batches))
    finally:
        batches.stop()


async def waiting(batches: Batches, number: int) -> None:
    """Wait until so many requests are in the queue."""
    while len(batches._jobs) < number:
        await asyncio.sleep(0.001)


class Joined:
    """An answer of words with blanks between them."""

    def __init__(self, fault: str = "") -> None:
        self._words: list[str] = []
        self._fault = fault

    def add(self, results: Sequence[str]) -> None:
        self._words += results
        if self._fault:
            raise TreebankError(self._fault)

    def end(self) -> str:
        return " ".join(self._words)


def test_requests_that_wait_share_a_call_and_get_their_own_results() -> None:
    task = Watched()

    async def work(batches: Batches) -> list[str]:
        first = asyncio.create_task(batches.result(task, iter(["a"]), Joined()))
        await asyncio.to_thread(task.begun.wait, 60)
        others = [asyncio.create_task(batches.result(task, iter(texts), Joined())) for texts in (["b"], ["c", "d"], [])]
        await waiting(batches, 3)
        task.may_go_on.set()
        return await asyncio.gather(first, *others)

    assert running(1000, work) == ["A", "B", "C D", ""]
    assert task.calls == [["a"], ["b", "c", "d"]]


def test_a_long_request_lets_short_ones_go_first() -> None:
    task, other, order = Watched(), Watched(), []
    other.may_go_on.set()

    async def work(batches: Batches) -> None:
        async def asked(name: str, with_task: Watched, texts: list[str]) -> None:
            await batches.result(with_task, iter(texts), Joined())
            order.append(name)

        long = asyncio.create_task(asked("long", task, ["x" * 40] * 5))
        await asyncio.to_thread(task.begun.wait, 60)
        short = [asyncio.create_task(asked(name, own, ["y"])) for name, own in (("same", task), ("other", other))]
        await waiting(batches, 2)
        task.may_go_on.set()
        await asyncio.gather(long, *short)

    running(80, work)
    assert order[-1] == "long"
    assert [len(call) for call in task.calls] == [2, 3, 1]  # 40 characters each, and 16 for the short one


def test_an_error_is_told_to_its_request_alone() -> None:
    task = Watched()
    task.may_go_on.set()

    def broken() -> Iterator[str]:
        yield "c"
        raise TreebankError("data:2: broken")

    async def work(batches: Batches) -> list[Any]:
        inputs: list[Iterator[str]] = [iter(["a"]), iter(["b", "bad"]), broken(), iter(["d"])]
        asked = [batches.result(task, given, Joined()) for given in inputs]
        return await asyncio.gather(
            *asked, batches.result(task, iter(["e"]), Joined("cannot be written")), return_exceptions=True
        )

    a, b, c, d, e = running(1000, work)
    assert (a, d) == ("A", "D")
    assert [(type(error), str(error)) for error in (b, c, e)] == [
        (ValueError, "bad"),
        (TreebankError, "data:2: broken"),
        (TreebankError, "cannot be written"),
    ]


def test_a_call_that_fails_as_a_whole_is_made_for_each_request() -> None:
    def work_on(text: str) -> str:
        if text == "bad":
            raise RuntimeError("the whole call fails")
        return text.upper()

    task, gate = OneTask(work_on), Watched()

    async def work(batches: Batches) -> list[Any]:
        first = asyncio.create_task(batches.result(gate, iter(["first"]), Joined()))
        await asyncio.to_thread(gate.begun.wait, 60)
        asked = [asyncio.create_task(batches.result(task, iter([text]), Joined())) for text in ("a", "bad", "b")]
        await waiting(batches, 3)
        gate.may_go_on.set()
        return await asyncio.gather(first, *asked, return_exceptions=True)

    first, a, bad, b = running(1000, work)
    assert (first, a, b, str(bad)) == ("FIRST", "A", "B", "the whole call fails")


def test_nobody_works_for_a_request_that_has_gone() -> None:
    task = Watched()

    async def work(batches: Batches) -> None:
        first = asyncio.create_task(batches.result(task, iter(["a"]), Joined()))
        await asyncio.to_thread(task.begun.wait, 60)
        gone = asyncio.create_task(batches.result(task, iter(["gone"]), Joined()))
        await waiting(batches, 1)
        gone.cancel()
        await asyncio.wait([gone])
        task.may_go_on.set()
        await first
        assert await batches.result(task, iter(["b"]), Joined()) == "B"

    running(1000, work)
    assert task.calls == [["a"], ["b"]]


def test_a_queue_that_stops_ends_its_work_and_takes_no_more() -> None:
    task = Watched()

    async def work(batches: Batches) -> Any:
        asked = asyncio.create_task(batches.result(task, iter(["a"]), Joined()))
        await asyncio.to_thread(task.begun.wait, 60)
        stopping = asyncio.create_task(asyncio.to_thread(batches.stop))
        while batches.is_alive:
            await asyncio.sleep(0.001)
        with pytest.raises(ClosedError):
            await batches.result(task, iter(["b"]), Joined())
        task.may_go_on.set()
        await stopping
        return await asked

    assert running(1000, work) == "A"


FORMS = ["The", "old", "man", "the", "boats", "."]
TOO_LONG = Sentence.from_forms(["word"] * 20_001)  # than any sentence that is parsed


def test_tasks_give_results_and_errors_in_order(nlp: Pipeline) -> None:
    sentence = Sentence.from_forms(FORMS)
    for task, expected in ((ParseTask(nlp), nlp.parse(FORMS)), (TagTask(nlp, given_tags=False), nlp.tag(FORMS))):
        text, error, one = task(["They do.", TOO_LONG, sentence])
        assert [found.forms for found in text] == [("They", "do", ".")]
        assert isinstance(error, TreebankError)
        assert one == expected


def test_trees_are_ranked_for_sentences_that_are_not_too_long(nlp: Pipeline) -> None:
    task = NBestTask(nlp, 2, 4, 0, given_tags=True, longest=6)
    first, error, last = task([Sentence.from_forms(forms) for forms in (FORMS, [*FORMS, "!"], ["Go"])])
    assert [tree.sentence for tree in first] == [tree.sentence for tree in nlp.nbest(FORMS, 2, beam=4)]
    assert "a sentence of 7 words is too long for scores; divide it into sentences of at most 6" in str(error)
    assert [tree.sentence.forms for tree in last][:1] == [("Go",)]
