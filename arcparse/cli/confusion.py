"""Confusions of tags as a table, as JSON and as rows of CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from arcparse.evaluation import Confusion, confused

SHOWN = 20  # pairs in the table; JSON and CSV have all pairs, also of equal tags
EXAMPLES = 3  # the most frequent forms of a pair


def confusion_rows(column: str, names: Sequence[str], systems: Sequence[Confusion]) -> Iterator[list[str]]:
    """Yield a table's rows, a heading first: the pairs of tags that are most often confused, over all systems."""
    forms: dict[tuple[str, str], Counter[str]] = {}
    for system in systems:
        for pair, own in confused(system).items():
            forms[pair] = forms.get(pair, Counter()) + own
    yield [f"gold {column}", "system's", *(["count"] if len(systems) == 1 else names), "examples"]
    for pair in sorted(forms, key=lambda pair: -forms[pair].total())[:SHOWN]:
        yield [*pair, *(str(system.get(pair, Counter()).total()) for system in systems), _examples(forms[pair])]


def confusion_json(confusion: Confusion) -> list[dict[str, Any]]:
    """Return an object for each pair of tags, the most frequent first."""
    return [
        {"gold": gold, "system": system, "count": forms.total(), "examples": dict(forms.most_common(EXAMPLES))}
        for (gold, system), forms in confusion.items()
    ]


def confusion_cells(confusions: Mapping[str, Confusion]) -> Iterator[dict[str, str | int]]:
    """Yield a row of CSV, by the columns' names, for each pair of tags of each column."""
    for column, confusion in confusions.items():
        for (gold, system), forms in confusion.items():
            place = {"breakdown": f"confusion of {column}", "part": f"{gold}>{system}"}
            yield {**place, "aligned": forms.total(), "examples": _examples(forms)}


def _examples(forms: Counter[str]) -> str:
    return ", ".join(f"{form} ({count})" for form, count in forms.most_common(EXAMPLES))
