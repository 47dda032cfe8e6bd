"""Ranges of numbers: the range of each number that costs memory or time is written once, beside its name.

A field of a settings dataclass has it in its annotation, `layers: Annotated[int, Range(1, 32)] = 2`;
`arcparse.settings` reads it there. The ranges below are shared by settings, arguments and command-line options. They go
far beyond useful values, but a typing mistake gives an error instead of filling the memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

from arcparse.errors import ConfigurationError, shown


@dataclass(frozen=True)
class Range:
    """The finite numbers from `least` to `most`, both included, except those in `without`."""

    least: float = -math.inf
    most: float = math.inf
    without: tuple[float, ...] = ()

    def __contains__(self, value: float) -> bool:
        """Return whether a number is in the range; infinity and NaN never are."""
        return self.least <= value <= self.most and value not in (*self.without, math.inf, -math.inf)

    def __str__(self) -> str:
        """Return the range in words that follow "must be": "from 1 to 32", "at least 0", "above 0 and at most 1"."""
        if self.least == self.most:
            return f"{self.least:.15g}"
        if math.isfinite(self.least) and math.isfinite(self.most) and not self.without:
            return f"from {self.least:.15g} to {self.most:.15g}"
        least = f"{'above' if self.least in self.without else 'at least'} {self.least:.15g}"
        most = f"{'below' if self.most in self.without else 'at most'} {self.most:.15g}"
        ends = [text for text, end in ((least, self.least), (most, self.most)) if math.isfinite(end)]
        return " and ".join(ends) or "finite"

    def check(self, name: str, value: float) -> None:
        """Raise ConfigurationError, with the setting's name and range, for a number outside the range."""
        if value not in self:
            raise ConfigurationError(f"{name} must be {self}, not {shown(value)}")

    def whole(self, name: str, value: Any) -> int:
        """Return a caller's whole number. Raises ConfigurationError if it is not one, or is outside the range."""
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise ConfigurationError(f"{name} must be a whole number {self}, not {shown(value)}")
        number = int(value.__index__())  # turns a number of numpy or torch into one of Python
        self.check(name, number)
        return number


BEAM = Range(1, 1024)  # hypotheses of a search; a parser makes almost no search errors with 64
NBEST = BEAM
SAMPLES = Range(0, 1024)
BATCH_SIZE = Range(1, 100_000)  # sentences in memory at a time
CACHE = Range(0, 1 << 20)  # MiB
THREADS = Range(1, 1024)  # also of processes and workers
LENGTH_POWER = Range(0, 10)  # a power of the length, by which scores are divided
SECONDS = Range(0, 86_400, without=(0,))  # of waiting
COUNT = Range(1, 1_000_000)  # of results in a list, or of random draws
RUNS = Range(1, 10_000)  # of a measurement
WIDTH = Range(1, 100_000)  # of a picture, in pixels or cells
LENGTH = Range(1, 100_000)  # of a sentence, text or window, in words or characters
SEED = Range(0, 2**32 - 1)  # the seeds that numpy, torch and gensim all accept

Whole = Annotated[int, Range(0)]
Positive = Annotated[int, Range(1)]
NotNegative = Annotated[float, Range(0)]
AboveZero = Annotated[float, Range(0, without=(0,))]
Share = Annotated[float, Range(0, 1)]
Part = Annotated[float, Range(0, 1, without=(1,))]  # a share below 1, such as that of dropout

Hypotheses = Annotated[int, BEAM]
Length = Annotated[int, LENGTH]
Threads = Annotated[int, THREADS]
Seed = Annotated[int, SEED]
Units = Annotated[int, Range(1, 8192)]  # of a layer
Dimension = Annotated[int, Range(0, 8192)]  # of a part of the network; 0 leaves the part out
Layers = Annotated[int, Range(1, 32)]
Heads = Annotated[int, Range(1, 256)]  # of attention
VocabularySize = Annotated[int, Range(1, 10_000_000)]
