"""Sentences that cross between processes: batches of inputs go to workers, and their results come back in order.

A worker gets only the columns of a sentence on which tags, lemmas and trees depend, and gives back only the columns
that it has changed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Protocol

from arcparse.pipeline.options import OnError
from arcparse.sentence import DEPS, EMPTY, ID, Sentence

Input = str | Sentence
Parts = tuple[tuple[tuple[str, ...], ...], str]  # of a sentence that goes to a worker: columns and place
Change = tuple[dict[int, tuple[str, ...]], tuple[str, ...]]  # new columns by number, and new comments
Place = tuple[int, int]  # of a sentence among the results: the input's number, and the sentence's in the text
Failures = list[tuple[Place, Exception]]


class Work(Protocol):
    """A function that gives the results of inputs: a list of sentences for a text, a sentence for a sentence."""

    def __call__(self, inputs: list[Any], /, *, on_error: OnError | None) -> list[Any]:
        """Return a result for each input; a sentence that fails goes to `on_error` and is returned unchanged."""


def results_in_order(
    work: Work, batches: Iterable[list[Any]], number: int, on_error: OnError | None = None
) -> Iterator[list[Any]]:
    """Yield the results of each batch, in order, found by `number` processes as `arcparse.pipeline.workers` does.

    Sentences that fail are reported to `on_error` in this process, in the order of the input.
    """
    if number == 1:
        for batch in batches:
            yield work(batch, on_error=on_error)
        return
    from arcparse.pipeline.workers import in_order  # late: one process needs none of it

    held: deque[list[Input]] = deque()

    def requests() -> Iterator[list[str | Parts]]:
        for batch in batches:
            held.append(batch)
            yield [given if isinstance(given, str) else _parts(given) for given in batch]

    replied = partial(_reply, work, on_error is not None)
    for results, failures in in_order(replied, requests(), number):
        found = _found(held.popleft(), results)
        if on_error is not None:
            for (index, within), error in failures:
                result = found[index]
                on_error(result if isinstance(result, Sentence) else result[within], error)
        yield found


def _parts(sentence: Sentence) -> Parts:
    """Return the parts that results depend on: the columns before DEPS, and the place for messages."""
    return sentence.columns[:DEPS], sentence.place


def _sentence(columns: tuple[tuple[str, ...], ...], place: str) -> Sentence:
    nothing = (EMPTY,) * len(columns[ID])
    return Sentence((), (*columns, nothing, nothing), place)


def _reply(work: Work, reports: bool, received: list[str | Parts]) -> tuple[list[Any], Failures]:
    """Do the work in a worker; return lists of sentences for texts and changes for sentences, and the failures."""
    from arcparse.pipeline.workers import sendable

    batch = [given if isinstance(given, str) else _sentence(*given) for given in received]
    failed: list[tuple[Sentence, Exception]] = []
    found = work(batch, on_error=(lambda sentence, error: failed.append((sentence, error))) if reports else None)
    places: dict[int, Place] = {}
    for index, result in enumerate(found):
        for within, sentence in enumerate([result] if isinstance(result, Sentence) else result):
            places[id(sentence)] = index, within
    results = [
        result if isinstance(given, str) else _change(given, result) for given, result in zip(batch, found, strict=True)
    ]
    return results, [(places[id(sentence)], sendable(error)) for sentence, error in failed]


def _change(before: Sentence, after: Sentence) -> Change:
    """Return the columns that have changed, and the comments."""
    columns = enumerate(zip(before.columns, after.columns, strict=True))
    return {column: new for column, (old, new) in columns if new is not old}, after.comments


def _found(batch: Sequence[Input], results: Iterable[Any]) -> list[Any]:
    """Return the sentences of the parent with the changes of the worker."""
    pairs = zip(batch, results, strict=True)
    return [result if isinstance(given, str) else _changed(given, *result) for given, result in pairs]


def _changed(sentence: Sentence, columns: dict[int, tuple[str, ...]], comments: tuple[str, ...]) -> Sentence:
    if not columns and not comments:
        return sentence
    made = tuple([columns.get(column, old) for column, old in enumerate(sentence.columns)])
    return Sentence((*sentence.comments, *comments), made, sentence.place)
