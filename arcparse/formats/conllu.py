"""CoNLL-U, as `arcparse.treebank` reads and writes it: nothing of a sentence is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from arcparse.files import chunks_of
from arcparse.formats.format import EVERYTHING, Format, OnError
from arcparse.sentence import Sentence
from arcparse.treebank.reading import parse_chunks


def formats(tag: str = "xpos") -> list[Format]:
    """Return the format; it holds both tags, whichever `tag` is."""
    return [Format("conllu", "CoNLL-U of Universal Dependencies", (".conllu", ".conllup"), EVERYTHING, _read, str)]


def _read(stream: TextIO, name: str, on_error: OnError = None) -> Iterator[Sentence]:
    return parse_chunks(chunks_of(stream, name), name, on_error=on_error)
