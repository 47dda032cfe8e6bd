"""What became of a decoded input: right, or wrong by the fault of the search or of the model."""

from __future__ import annotations

from enum import Enum


class Outcome(Enum):
    """What became of a sentence; the gold derivation is that of a tree, or a reference translation."""

    EXACT = "exact"  # nothing is wrong, of a tree subtypes included
    SEARCH_ERROR = "search error"  # wrong, and the gold one scores higher: the beam has lost it
    MODEL_ERROR = "model error"  # wrong, and the gold one scores no higher
    UNREACHABLE = "unreachable"  # wrong, and the system has no derivation of the gold one


def judge(is_exact: bool, gold_score: float | None, found_score: float) -> Outcome:
    """Judge what a search found by the score of the gold derivation, None where there is none."""
    if is_exact:
        return Outcome.EXACT
    if gold_score is None:
        return Outcome.UNREACHABLE
    return Outcome.SEARCH_ERROR if gold_score > found_score else Outcome.MODEL_ERROR
