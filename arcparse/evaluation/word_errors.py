"""Word errors: the edits that make one row of words of another, and their rate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np


def edits(found: Sequence[str], gold: Sequence[str]) -> int:
    """Return the least number of words that must be put in, left out or replaced (Levenshtein 1966)."""
    other, place = np.array(gold, dtype=object), np.arange(len(gold) + 1)
    row = place
    for word in found:
        best = np.minimum(row[1:] + 1, row[:-1] + (other != word))
        row = np.minimum.accumulate(np.concatenate([[row[0] + 1], best]) - place) + place
    return int(row[-1])


def word_error_rate(pairs: Iterable[tuple[Sequence[str], Sequence[str]]]) -> float:
    """Return the edits for each word of gold, in per cent, over pairs of found and gold words; 0 without a word."""
    errors = words = 0
    for found, gold in pairs:
        errors, words = errors + edits(found, gold), words + len(gold)
    return 100 * errors / words if words else 0.0
