"""Is the search to blame, or the model? An analysis of outputs that are not the reference, by beam width.

If the model scores the reference higher than the output that the beam found, the beam has lost it (a search error);
else the model prefers another output (a model error), which no search mends (Germann et al. 2001, section 5; Stahlberg
& Byrne 2019). Scores are those of the search, normalised by length as it was.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from arcparse.search import Outcome, judge
from arcparse.seq2seq.model import LENGTH_POWER, Output, Seq2Seq
from arcparse.seq2seq.pairs import Pair

BEAMS = (1, 5, 10)


@dataclass(frozen=True)
class BeamReport:
    """The results of one beam width, by pair."""

    beam: int
    outputs: tuple[Output, ...]
    outcomes: tuple[Outcome, ...]
    symbols_per_second: float  # of outputs, EOS included


def analyse(
    model: Seq2Seq, pairs: Sequence[Pair], beams: Sequence[int] = BEAMS, *, length_power: float = LENGTH_POWER
) -> list[BeamReport]:
    """Generate with each beam width and tell search errors from model errors."""
    sources, references = [pair.source for pair in pairs], [pair.output for pair in pairs]
    gold = [
        log_probability / (len(reference) + 1) ** length_power
        for log_probability, reference in zip(model.log_probabilities(sources, references), references, strict=True)
    ]
    is_known = [all(symbol in model.outputs for symbol in reference) for reference in references]
    reports = []
    for beam in beams:
        start = time.perf_counter()
        found = model.generate(sources, beam=beam, length_power=length_power, copy_unknown=False)
        seconds = time.perf_counter() - start
        outputs = [best[0] for best in found]
        outcomes = tuple(
            judge(output.symbols == reference, score if known else None, output.score)
            for output, reference, score, known in zip(outputs, references, gold, is_known, strict=True)
        )
        written = sum(len(output.symbols) + 1 for output in outputs)
        reports.append(BeamReport(beam, tuple(outputs), outcomes, written / seconds))
    return reports
