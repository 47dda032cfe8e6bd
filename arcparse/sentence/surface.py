"""The place of each word in the text: the token it is written in, which may be a multiword token, and its characters.

Sentences that were made of raw text have a `TokenRange=3:8` in MISC for each token, in the manner of UDPipe: it counts
the characters of the whole text. The tokens of other sentences are found in the sentence's own text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from arcparse.sentence import numbering
from arcparse.sentence.columns import FORM, ID, MISC
from arcparse.sentence.spacing import space_after, spaces_at

RANGE = re.compile(r"(?:^|\|)TokenRange=([0-9]+):([0-9]+)(?=\||$)")


class Surface(NamedTuple):
    """A token of the text; `start` and `end` count characters from 0, and `words` are the numbers of its words."""

    form: str
    start: int
    end: int
    whitespace: str
    words: range


def surfaces(columns: Sequence[Sequence[str]], text: str) -> tuple[Surface, ...]:
    """Return the token of the text for each word, by the columns and the text of its sentence."""
    rows = list(numbering.tokens(columns[ID]))
    forms, miscs = [columns[FORM][row] for row, _ in rows], [columns[MISC][row] for row, _ in rows]
    ranges = list(map(RANGE.search, miscs))
    spans = [(int(found[1]), int(found[2])) for found in ranges if found]
    spaces = list(map(space_after, miscs))
    if len(spans) < len(ranges):
        spans = _found(forms, text)
        spaces[:-1] = [text[end:start] for (_, end), (start, _) in pairwise(spans)]
    tokens = zip(forms, spans, spaces, rows, strict=True)
    made = [Surface(form, start, end, space, words) for form, (start, end), space, (_, words) in tokens]
    return tuple([surface for surface in made for _ in surface.words])


def _found(forms: Sequence[str], text: str) -> list[tuple[int, int]]:
    """Return the span of each form in a text of these forms with white space between some of them."""
    spans, end = [], 0
    for form in forms:
        start = end + len(spaces_at(text, end))
        end = start + len(form)
        spans.append((start, end))
    return spans
