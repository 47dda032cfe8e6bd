"""The work on inputs of several requests at once: each task gives a result, or an error, for each input.

Tasks that are equal do the same, so that the inputs of all their requests go into one call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from arcparse.errors import TreebankError
from arcparse.pipeline import Pipeline
from arcparse.sentence import Sentence

Input = str | Sentence
WIDE = 16  # a beam as wide takes about the time of two greedy parses
NBEST_COST = 32  # of n-best trees and of drawn ones, in the time of a greedy parse


class Task(Protocol):
    """Work on inputs; `cost` says how much longer it takes than the parse of a greedy parser."""

    @property
    def cost(self) -> int:
        """The time for an input, in that of a greedy parse."""

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        """Return a result for each input; in place of it, the error of an input that failed."""


@dataclass(frozen=True)
class ParseTask:
    """Parses; the result for a text is a list of sentences, for a sentence the sentence."""

    nlp: Pipeline
    beam: int | None = None
    given_tags: bool = True

    @property
    def cost(self) -> int:
        """Little more for a wide beam, since networks read a sentence only once."""
        return 1 + (self.beam or 1) // WIDE

    def __call__(self, inputs: Sequence[Input]) -> list[Any]:
        """Return the parsed inputs."""
        failures = _Failures()
        found = self.nlp.parse_many(
            inputs, batch_size=len(inputs), beam=self.beam, given_tags=self.given_tags, on_error=failures.add
        )
        return failures.among(found)


@dataclass(frozen=True)
class TagTask:
    """Tags; the results are as those of `ParseTask`."""

    nlp: Pipeline
    given_tags: bool = True
    cost: int = 1

    def __call__(self, inputs: Sequence[Input]) -> list[Any]:
        """Return the tagged inputs."""
        failures = _Failures()
        found = self.nlp.tag_many(inputs, batch_size=len(inputs), given_tags=self.given_tags, on_error=failures.add)
        return failures.among(found)


@dataclass(frozen=True)
class DivideTask:
    """Divides texts into sentences, and leaves sentences as they are."""

    nlp: Pipeline
    cost: int = 1

    def __call__(self, inputs: Sequence[Input]) -> list[Any]:
        """Return a list of sentences for a text, and sentences unchanged."""
        return [self.nlp.divide(given) if isinstance(given, str) else given for given in inputs]


@dataclass(frozen=True)
class NBestTask:
    """Finds the best trees of sentences; the result for a sentence is a list of trees."""

    nlp: Pipeline
    n: int
    beam: int | None
    samples: int
    given_tags: bool
    longest: int  # number of words of a sentence

    @property
    def cost(self) -> int:
        """Much more, also for a narrow beam."""
        return NBEST_COST + max(self.beam or 1, self.n) // 4

    def __call__(self, inputs: Sequence[Sentence]) -> list[Any]:
        """Return the trees of each sentence."""
        failures = _Failures()
        short = [sentence for sentence in inputs if len(sentence) <= self.longest]
        options: Any = {"beam": self.beam, "samples": self.samples, "given_tags": self.given_tags}
        found = iter(self.nlp.nbest_sentences(short, self.n, **options, on_error=failures.add))
        results = [next(found) if len(sentence) <= self.longest else self._too_long(sentence) for sentence in inputs]
        return [failures.of([sentence]) or result for sentence, result in zip(inputs, results, strict=True)]

    def _too_long(self, sentence: Sentence) -> TreebankError:
        return TreebankError(
            f"{sentence.place or 'sentences'}: a sentence of {len(sentence)} words is too long for scores; divide it "
            f"into sentences of at most {self.longest}, or leave out scores and nbest"
        )


@dataclass(frozen=True, eq=False)
class OneTask:
    """A function for a single request, whose input it is; equal to no other task."""

    function: Callable[[Any], Any]
    cost: int = 1

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the function's results."""
        return [self.function(given) for given in inputs]


class _Failures:
    """The errors of sentences that could not be parsed; these come back unchanged, as the same objects."""

    def __init__(self) -> None:
        self._errors: dict[int, Exception] = {}

    def add(self, sentence: Sentence, error: Exception) -> None:
        """Remember the error of a sentence."""
        self._errors[id(sentence)] = error

    def of(self, sentences: Iterable[Sentence]) -> Exception | None:
        """Return the first error of some sentences, if there is one."""
        errors = (self._errors.get(id(sentence)) for sentence in sentences) if self._errors else ()
        return next(filter(None, errors), None)

    def among(self, found: Iterable[Any]) -> list[Any]:
        """Return the results of inputs, with errors in place of those that failed."""
        return [self.of([result] if isinstance(result, Sentence) else result) or result for result in list(found)]
