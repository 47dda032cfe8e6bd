"""Counts of a run: sentences that are read, that fail, and that `--skip-bad` passes over; each fault is reported."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator

from arcparse.errors import ArcparseError, CharacterError
from arcparse.sentence import Sentence


class Skipped:
    """A function for errors: it reports and counts sentences that are passed over and lines that are changed."""

    def __init__(self) -> None:
        """Begin to count."""
        self.sentences = self.lines = 0

    def __call__(self, error: ArcparseError) -> None:
        """Report an error of the input."""
        if isinstance(error, CharacterError):
            self.lines += 1
            done = "replaced by U+FFFD"
        else:
            self.sentences += 1
            done = "skipped"
        print(f"arcparse: {error}: {done}", file=sys.stderr)

    def tell(self) -> None:
        """Report the numbers of sentences and lines."""
        if self.sentences:
            print(f"arcparse: {_were(self.sentences, 'sentence')} passed over", file=sys.stderr)
        if self.lines:
            print(
                f"arcparse: {_were(self.lines, 'line')} changed: bytes that are not UTF-8 became U+FFFD",
                file=sys.stderr,
            )


def _were(number: int, name: str) -> str:
    return f"{number} {name} was" if number == 1 else f"{number} {name}s were"


class Tally:
    """The numbers of sentences and words read and of failures, and the time of the start."""

    def __init__(self, done: str = "parsed") -> None:
        """Begin to count, and start the clock; `done` is the participle in messages."""
        self.done, self.skipped = done, Skipped()
        self.sentences = self.words = self.failures = 0
        self.start = time.perf_counter()

    def counted(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """Hand sentences on and count them."""
        for sentence in sentences:
            self.sentences += 1
            self.words += len(sentence)
            yield sentence

    def failed(self, sentence: Sentence, error: Exception) -> None:
        """Report a sentence that could not be worked on."""
        self.failures += 1
        told = str(error).partition("\n")[0].removeprefix(f"{sentence.place}: ")  # the place stands once
        reason = told or type(error).__name__
        name = sentence.comment("sent_id")
        place = f"{sentence.place} (sent_id {name})" if name else sentence.place
        print(f"arcparse: {place}: not {self.done}: {reason}", file=sys.stderr)

    def close(self, verbose: bool) -> int:
        """Report the failures and, if `verbose` or in a terminal, the speed; return the exit status."""
        seconds = time.perf_counter() - self.start
        self.skipped.tell()
        if self.failures:
            print(f"arcparse: {self.failures} of {self.sentences} sentences could not be {self.done}", file=sys.stderr)
        if verbose or sys.stderr.isatty():
            speed = f"{seconds:.2f} seconds, {self.words / seconds:.0f} words/s"
            print(f"{self.sentences} sentences, {self.words} words, {speed}", file=sys.stderr)
        return 1 if self.failures else 0
