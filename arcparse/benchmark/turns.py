"""Stages of several systems, timed in turn."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

READING, TAGGING, PARSING, BOTH = "reading", "tagging", "parsing, tags given", "tagging and parsing"
WRITING, EVERYTHING, ONE = "writing", "whole path", "one sentence"
LENGTH, BEAM = "growth with length", "growth with beam"
NAMES = (READING, TAGGING, PARSING, BOTH, WRITING, EVERYTHING, ONE, LENGTH, BEAM)
COLD, WARM = "cold", "warm"  # caches of forms: empty at the start of each run, or of all forms


@dataclass(frozen=True)
class Case:
    """What is timed at a stage."""

    name: str
    tokens: int  # of each call
    beam: int | None = None
    caches: str = ""


Calls: TypeAlias = "Sequence[Callable[[], object]]"  # each is timed by itself
Stage: TypeAlias = "Callable[[], Calls]"  # prepares without timing, and returns the calls to time
Stages: TypeAlias = "Mapping[Case, Stage]"
Seconds: TypeAlias = "dict[tuple[Case, str], list[list[float]]]"  # by case and system: for each run those of its calls


def take_turns(systems: Mapping[str, Stages], runs: int) -> Seconds:
    """Time each case of each system `runs` times, the systems one after the other at each stage."""
    seconds: Seconds = {}
    for _ in range(runs):
        for name in NAMES:
            for system, stages in systems.items():
                for case in stages:
                    if case.name == name:
                        calls = stages[case]()
                        gc.collect()  # the garbage of others is not this system's work
                        seconds.setdefault((case, system), []).append([*map(_timed, calls)])
    return seconds


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    result = call()
    end = time.perf_counter()
    del result  # here, so that no measured time includes the freeing of its memory
    return end - start
