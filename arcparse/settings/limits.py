"""Ranges of numbers: each number that sizes memory or time says its range once, beside its name.

A field of a settings dataclass says it in its annotation, `layers: Annotated[int, Range(1, 32)] = 2`, which
`arcparse.settings` reads. The ranges below are those that settings, arguments and options of commands share. They are
far above what is of use, and low enough for a slip of the finger to be told, not to take all memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

from arcparse.errors import ConfigurationError, shown


@dataclass(frozen=True)
class Range:
    """The finite numbers from `least` to `most`, both of them too, except `without` some."""

    least: float = -math.inf
    most: float = math.inf
    without: tuple[float, ...] = ()

    def __contains__(self, value: float) -> bool:
        """Tell whether a number is in the range; neither an infinite one nor NaN is in any."""
        return self.least <= value <= self.most and value not in (*self.without, math.inf, -math.inf)

    def __str__(self) -> str:
        """Return the range as it follows "must be": "from 1 to 32", "at least 0", "above 0 and at most 1"."""
        if self.least == self.most:
            return f"{self.least:.15g}"
        if math.isfinite(self.least) and math.isfinite(self.most) and not self.without:
            return f"from {self.least:.15g} to {self.most:.15g}"
        least = f"{'above' if self.least in self.without else 'at least'} {self.least:.15g}"
        most = f"{'below' if self.most in self.without else 'at most'} {self.most:.15g}"
        ends = [text for text, end in ((least, self.least), (most, self.most)) if math.isfinite(end)]
        return " and ".join(ends) or "finite"

    def check(self, name: str, value: float) -> None:
        """Raise ConfigurationError, naming the setting and its range, for a number outside."""
        if value not in self:
            raise ConfigurationError(f"{name} must be {self}, not {shown(value)}")

    def whole(self, name: str, value: Any) -> int:
        """Return the whole number that a caller gave. Raises ConfigurationError for anything else, or outside."""
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise ConfigurationError(f"{name} must be a whole number {self}, not {shown(value)}")
        number = int(value.__index__())  # a number of numpy or torch becomes Python's
        self.check(name, number)
        return number


BEAM = Range(1, 1024)  # hypotheses of a search; of a parser, 64 find all that its network prefers
NBEST = BEAM
SAMPLES = Range(0, 1024)
BATCH_SIZE = Range(1, 100_000)  # sentences in memory at a time
THREADS = Range(1, 1024)  # also processes and workers
COUNT = Range(1, 1_000_000)  # of results that are listed, or of what is drawn at random
RUNS = Range(1, 10_000)  # of a measurement
WIDTH = Range(1, 100_000)  # of a picture, in pixels or cells
LENGTH = Range(1, 100_000)  # of a sentence, text or window, in words or characters
SEED = Range(0, 2**32 - 1)  # all that numpy, torch and gensim take

Whole = Annotated[int, Range(0)]
Positive = Annotated[int, Range(1)]
NotNegative = Annotated[float, Range(0)]
AboveZero = Annotated[float, Range(0, without=(0,))]
Share = Annotated[float, Range(0, 1)]
Part = Annotated[float, Range(0, 1, without=(1,))]  # a share that leaves something, as dropout must

Hypotheses = Annotated[int, BEAM]
Length = Annotated[int, LENGTH]
Threads = Annotated[int, THREADS]
Seed = Annotated[int, SEED]
Units = Annotated[int, Range(1, 8192)]  # of a layer
Dimension = Annotated[int, Range(0, 8192)]  # of a part that 0 leaves out
Layers = Annotated[int, Range(1, 32)]
Heads = Annotated[int, Range(1, 256)]  # of attention
VocabularySize = Annotated[int, Range(1, 10_000_000)]
