r"""The attributes of MISC, `Chunk=B-NP|SpaceAfter=No`: one of them is a column of its own, with a value for each word.

A `|` inside a value is written `\p` and a `\` as `\\`, as in Universal Dependencies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from arcparse.sentence.columns import EMPTY


def attribute(miscs: Sequence[str], name: str) -> tuple[str, ...]:
    """Return the value of the attribute for each word, `_` where it has none."""
    if miscs.count(EMPTY) == len(miscs):
        return tuple(miscs)
    start = name + "="
    return tuple([unescaped(_value(misc, start)) if start in misc else EMPTY for misc in miscs])


def _value(misc: str, start: str) -> str:
    found = next((own for own in misc.split("|") if own.startswith(start)), "")
    return found[len(start) :] or EMPTY


def with_attribute(miscs: Sequence[str], name: str, values: Sequence[str]) -> list[str]:
    """Return MISC with other values of the attribute, before all others; a value of `_` leaves it out."""
    start, cells = name + "=", []
    for misc, value in zip(miscs, values, strict=True):
        others = [own for own in misc.split("|") if own != EMPTY and not own.startswith(start)]
        own = [] if value == EMPTY else [start + escaped(value)]
        cells.append("|".join(own + others) or EMPTY)
    return cells


def names_of(miscs: Iterable[str]) -> list[str]:
    """Return the names of all attributes, in the order in which they first occur."""
    names = (own.partition("=")[0] for misc in dict.fromkeys(miscs) if misc != EMPTY for own in misc.split("|"))
    return list(dict.fromkeys(names))


def escaped(value: str) -> str:
    """Return a value as MISC holds it."""
    return value.replace("\\", "\\\\").replace("|", "\\p") if "\\" in value or "|" in value else value


def unescaped(value: str) -> str:
    """Return the value that MISC holds."""
    return re.sub(r"\\([\\p])", lambda match: "|" if match[1] == "p" else "\\", value) if "\\" in value else value
