"""The measures of a benchmark, with ratios to other systems that were measured in the same runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from statistics import median
from typing import Any

from arcparse.benchmark.plan import OWN, SPACY, UDPIPE, Plan
from arcparse.benchmark.turns import BOTH, EVERYTHING, LENGTH, NAMES, ONE, Case, Seconds

PEERS = (SPACY, UDPIPE)
LATENCIES: dict[str, Callable[[Sequence[float]], float]] = {
    "median": median,
    "99th percentile": lambda values: sorted(values)[ceil(0.99 * len(values)) - 1],
}


@dataclass(frozen=True)
class Measure:
    """A measured quantity: its value in each run, and for arcparse another system's cost divided by its own."""

    name: str
    system: str
    unit: str
    values: tuple[float, ...]
    beam: int | None = None
    caches: str = ""
    words: int | None = None  # of the sentence, for the growth with its length
    ratios: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # by the name of the other system

    @property
    def costs(self) -> tuple[float, ...]:
        """What grows if a system is slower or needs more memory."""
        return tuple(1 / value for value in self.values) if self.unit == "tokens/s" else self.values

    def as_dict(self) -> dict[str, Any]:
        """Return names, all values, the median, least and greatest one, and the median ratios."""
        return {
            **{name: value for name, value in vars(self).items() if name != "ratios"},
            "median": median(self.values),
            "min": min(self.values),
            "max": max(self.values),
            "ratios": {name: median(ratios) for name, ratios in self.ratios.items()},
        }


@dataclass(frozen=True)
class Report:
    """The results of a measurement, with the size of the file."""

    plan: Plan
    sentences: int
    tokens: int
    measures: tuple[Measure, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            **vars(self.plan),
            "file": str(self.plan.file),
            "sentences": self.sentences,
            "tokens": self.tokens,
            "measures": [measure.as_dict() for measure in self.measures],
        }


def measures(seconds: Seconds) -> list[Measure]:
    """Return the measures of what was timed, stage by stage."""
    cases = sorted(seconds, key=lambda key: NAMES.index(key[0].name))
    found = [measure for case, system in cases for measure in _measures(case, system, seconds[case, system])]
    names = list(dict.fromkeys(measure.name for measure in found))  # two for each case of latency
    return with_ratios(sorted(found, key=lambda measure: names.index(measure.name)))


def _measures(case: Case, system: str, runs: Sequence[Sequence[float]]) -> list[Measure]:
    if case.name == ONE:
        name = f"{ONE} of about {case.tokens} tokens, "
        times = {name + kind: tuple(1000 * of(calls) for calls in runs) for kind, of in LATENCIES.items()}
        return [Measure(name, system, "ms", values, case.beam, case.caches) for name, values in times.items()]
    if case.name == LENGTH:
        values = tuple(sum(calls) for calls in runs)
        return [Measure(case.name, system, "s", values, case.beam, case.caches, case.tokens)]
    values = tuple(case.tokens / sum(calls) for calls in runs)
    return [Measure(case.name, system, "tokens/s", values, case.beam, case.caches)]


def with_ratios(found: Iterable[Measure]) -> list[Measure]:
    """Add to the measures of arcparse their ratios to the same measures of other systems, run by run.

    The whole path is compared with the tagging and parsing of systems that neither read nor write here.
    """
    found = list(found)
    theirs = {(own.name, own.words, own.system): own for own in found if own.system in PEERS}
    return [_with_ratios(own, theirs) if own.system.startswith(OWN) else own for own in found]


def _with_ratios(own: Measure, theirs: Mapping[tuple[str, int | None, str], Measure]) -> Measure:
    name = BOTH if own.name == EVERYTHING else own.name
    peers = {peer: theirs[name, own.words, peer] for peer in PEERS if (name, own.words, peer) in theirs}
    ratios = {peer: tuple(b / a for a, b in zip(own.costs, other.costs, strict=True)) for peer, other in peers.items()}
    return replace(own, ratios=ratios)
