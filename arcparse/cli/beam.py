"""The figure of a beam in a terminal: the hypotheses of each step, and the fate of the greedy derivation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from arcparse.cli.derivation import arc_text, buffer_text, nats, stack_text, title
from arcparse.cli.tables import in_columns
from arcparse.sentence import Sentence

if TYPE_CHECKING:
    from arcparse.parser.beam_trace import BeamTrace, Node

HEADINGS = ("step", "rank", "from", "path", "score", "transition", "stack", "buffer", "")
RIGHT = (0, 1, 2, 4)  # columns of numbers
WINNER, GREEDY = "*", "g"
LEGEND = f"{WINNER} the winner's path, {GREEDY} the greedy derivation (rank -: outside the beam)"
STACK_SHOWN, BUFFER_SHOWN = 2, 2


def beam_table(sentence: Sentence, trace: BeamTrace) -> str:
    """Return the beam of a sentence under its text, step by step, and how it ended; the last line is blank."""
    rows = [HEADINGS, *(row for step in range(len(trace.layers)) for row in _rows(trace, step))]
    return "\n".join([title(sentence), LEGEND, *in_columns(rows, RIGHT), *outcome(sentence, trace), ""])


def outcome(sentence: Sentence, trace: BeamTrace) -> list[str]:
    """Return sentences about the steps at which winner and greedy derivation part, and their different arcs."""
    if trace.parts is None:
        return ["The winner is the greedy derivation."]
    overtakes = "never overtakes it" if trace.overtakes is None else f"overtakes it at step {trace.overtakes}"
    falls = "stays in the beam" if trace.falls_out is None else f"falls out of the beam at step {trace.falls_out}"
    end = f"Scores at the end: winner {nats(trace.layers[-1][0].score)}, greedy {nats(trace.greedy[-1].score)}."
    lines = [
        f"The winner leaves the greedy derivation at step {trace.parts} and {overtakes}; the greedy one {falls}.",
        end,
    ]
    forms = ("ROOT", *sentence.forms)
    changed = [("word", "greedy", "winner", "gold" if sentence.is_parsed else "")]
    for greedy, winner in trace.changed:
        word = winner.dependent
        gold = arc_text(type(winner)(sentence.heads[word - 1], sentence.labels[word - 1], word), forms)
        changed.append(
            (forms[word], arc_text(greedy, forms), arc_text(winner, forms), gold if sentence.is_parsed else "")
        )
    return lines + in_columns(changed)


def _rows(trace: BeamTrace, step: int) -> Iterator[tuple[str, ...]]:
    """Yield a row for each hypothesis of a step, the first one with the step's number."""
    for rank, hypothesis in enumerate(trace.layers[step]):
        is_winner, is_greedy = rank == trace.winner[step], rank == trace.greedy_rank[step]
        path = (WINNER if is_winner else " ") + (GREEDY if is_greedy else " ")
        numbers = (str(step) if rank == 0 else "", str(rank + 1), str(hypothesis.parent + 1) if step else "")
        yield *numbers, path, *_cells(hypothesis), _note(trace, step) if is_winner else ""
    if trace.greedy_rank[step] is None:
        note = "falls out of the beam" if step == trace.falls_out else ""
        yield "", "-", "", " " + GREEDY, *_cells(trace.greedy[step]), note


def _cells(hypothesis: Node) -> tuple[str, ...]:
    configuration = stack_text(hypothesis.stack, STACK_SHOWN), buffer_text(hypothesis.buffer, BUFFER_SHOWN)
    return nats(hypothesis.score), hypothesis.transition, *configuration


def _note(trace: BeamTrace, step: int) -> str:
    """Return a note on the winner at the steps where it leaves or overtakes the greedy derivation."""
    notes = {trace.parts: "leaves greedy", trace.overtakes: "overtakes greedy"}
    return notes.get(step, "")
