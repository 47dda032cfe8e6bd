"""A confusion matrix of tags: the pairs of gold tag and system tag of aligned words, with the forms of these words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Literal

from arcparse.evaluation.comparison import Comparison
from arcparse.sentence import EMPTY

TagColumn = Literal["upos", "xpos", "feats"]
TAG_COLUMNS: tuple[TagColumn, ...] = ("upos", "xpos", "feats")

Confusion = Mapping[tuple[str, str], Counter[str]]


def tag_confusion(comparison: Comparison, column: TagColumn = "upos") -> dict[tuple[str, str], Counter[str]]:
    """Count the forms of aligned words by their tags in gold and in the system, the most frequent pairs first.

    For FEATS only the universal features are compared. Pairs of equal tags are included; `confused` leaves them out.
    """
    gold, system = getattr(comparison.gold, column), getattr(comparison.system, column)
    forms: dict[tuple[str, str], Counter[str]] = {}
    for g, s in zip(comparison.g.tolist(), comparison.s.tolist(), strict=True):
        pair = gold[g] or EMPTY, system[s] or EMPTY  # FEATS without universal features is an empty string
        forms.setdefault(pair, Counter())[comparison.gold.text.forms[g]] += 1
    return dict(sorted(forms.items(), key=lambda item: -item[1].total()))


def confused(confusion: Confusion) -> dict[tuple[str, str], Counter[str]]:
    """Return the pairs of different tags, in the same order."""
    return {(gold, system): forms for (gold, system), forms in confusion.items() if gold != system}
