"""Sentences as text of a format, and what of a sentence a format holds."""

from __future__ import annotations

import io
from collections.abc import Iterable

from arcparse.formats import Format, losses, read_sentences, write_sentences
from arcparse.formats.format import COMMENTS, NODES, RANGES, comment_key
from arcparse.sentence import COLUMNS, EMPTY, ID, MISC, Sentence


def write(sentences: Iterable[Sentence], format: Format | str) -> str:
    stream = io.StringIO(newline="")
    write_sentences(sentences, stream, format)
    return stream.getvalue()


def read(text: str, format: Format | str | None = None) -> list[Sentence]:
    return list(read_sentences(io.StringIO(text, newline=""), format, name="f"))


def lost(sentence: Sentence, format: Format) -> dict[str, int]:
    return {what: number for what, number in losses(sentence, format) if number}


def reduced(sentence: Sentence, format: Format) -> Sentence:
    """The sentence without what `format.holds` does not say that it holds."""
    rows = [
        row
        for row in zip(*sentence.columns, strict=True)
        if not (("-" in row[ID] and RANGES not in format.holds) or ("." in row[ID] and NODES not in format.holds))
    ]
    columns = [
        cells if name in format.holds else tuple(_held(cell, format) if column == MISC else EMPTY for cell in cells)
        for column, (name, cells) in enumerate(zip(COLUMNS, zip(*rows, strict=True), strict=True))
    ]
    comments = [c for c in sentence.comments if COMMENTS in format.holds or comment_key(c) in format.comment_keys]
    return Sentence(tuple(comments), tuple(columns))


def _held(misc: str, format: Format) -> str:
    keys = {key.rstrip("*") for key in format.misc_keys}
    kept = [a for a in misc.split("|") if a.partition("=")[0].rstrip("0123456789") in keys]
    return "|".join(kept) or EMPTY


def in_order(sentence: Sentence) -> Sentence:
    """The sentence with the attributes of MISC in one order, since tables have an order of their own."""
    miscs = tuple("|".join(sorted(misc.split("|"))) for misc in sentence.columns[MISC])
    return Sentence(sentence.comments, (*sentence.columns[:MISC], miscs))
