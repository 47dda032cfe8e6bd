"""Detections: runs of positive frames, compared with the ends of words in the gold labels.

A word ends where a run of gold frames begins. A run of found frames detects the word if it begins soon after that end,
or just before it; any other run is a false alarm. A pause shorter than `JOINED` does not end a run, so that a word
rings once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EARLY = 0.1  # seconds before the end of a word at which its detection may begin
TOLERANCE = 0.5  # seconds after it
JOINED = 0.5  # seconds between two runs that are one


@dataclass(frozen=True)
class Detections:
    """Numbers of words in the gold labels, of words detected, of false alarms, and the seconds listened to."""

    words: int = 0
    detected: int = 0
    false_alarms: int = 0
    seconds: float = 0.0

    def __add__(self, other: Detections) -> Detections:
        """Return the numbers of both."""
        return Detections(
            self.words + other.words,
            self.detected + other.detected,
            self.false_alarms + other.false_alarms,
            self.seconds + other.seconds,
        )

    @property
    def rate(self) -> float:
        """The share of the words that are detected; 0 if there are none."""
        return self.detected / max(1, self.words)

    @property
    def alarms_an_hour(self) -> float:
        """False alarms in an hour of listening; 0 without a second."""
        return 3600 * self.false_alarms / self.seconds if self.seconds else 0.0


def runs(positive: NDArray[np.bool_], pause: int) -> NDArray[np.int64]:
    """Return the first frames [R] of runs of positive frames [T]; a pause of less than `pause` frames ends no run."""
    edge = np.diff(np.concatenate([[0], positive.astype(np.int8), [0]]))
    first, after = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    begins = np.append(True, first[1:] - after[:-1] >= pause)[: len(first)]
    found: NDArray[np.int64] = first[begins]
    return found


def compare(
    gold: NDArray[np.bool_], found: NDArray[np.bool_], seconds: float, tolerance: float = TOLERANCE
) -> Detections:
    """Compare the positive frames [T] of gold and of a labeller; a frame lasts `seconds`.

    Each word counts once, with the first run that fits; `tolerance` is in seconds.
    """
    ends = runs(gold, 1)
    free = list(runs(found, max(1, round(JOINED / seconds))))
    alarms, detected = len(free), 0
    least, most = -round(EARLY / seconds), round(tolerance / seconds)
    for end in ends:
        fits = [begin for begin in free if least <= begin - end <= most]
        if fits:
            free.remove(fits[0])
            detected += 1
    return Detections(len(ends), detected, alarms - detected, len(gold) * seconds)
