"""Sentences as text: plain, which is divided into words when it is read, or horizontal, words between spaces.

Plain text has a sentence a line, as `# text` says or as the words are joined where `SpaceAfter=No` says so; a blank
line stands before a `# newpar` or `# newdoc`. Horizontal text has a sentence a line and one space between words; a
space inside a word is a no-break space there, as in UDPipe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TextIO

from arcparse.errors import TreebankError
from arcparse.formats.format import Loss, OnError, sound
from arcparse.formats.source import lines_of
from arcparse.formats.table import NO_BREAK
from arcparse.raw_text import read_text
from arcparse.sentence import Sentence

BEGINNING = re.compile(r"#\s*new(?:doc|par)\b")


def plain_text(sentence: Sentence) -> str:
    """Return the line of a sentence, with a blank line before it where a paragraph begins."""
    blank = "\n" if any(map(BEGINNING.match, sentence.comments)) else ""
    return f"{blank}{sentence.text}\n"


def read_plain(stream: TextIO, name: str, on_error: OnError = None) -> Iterator[Sentence]:
    """Divide text into sentences and words, as `arcparse.raw_text` does; there is no malformed text."""
    return read_text(stream, name=name)


def horizontal_text(sentence: Sentence) -> str:
    """Return the line of a sentence."""
    return " ".join([form.replace(" ", NO_BREAK) for form in sentence.forms]) + "\n"


def horizontal_losses(sentence: Sentence) -> Iterable[Loss]:
    """Count the words whose no-break spaces will be read back as spaces."""
    yield "no-break spaces", sum(NO_BREAK in form for form in sentence.forms)


def read_horizontal(stream: TextIO, name: str, on_error: OnError = None) -> Iterator[Sentence]:
    """Read a sentence from each line that is not blank. Raises TreebankError, or calls `on_error`, as `sound` does."""
    for number, line in lines_of(stream, name):
        forms = [form.replace(NO_BREAK, " ") for form in re.split("[ \t]+", line.strip(" \t"))]
        if forms == [""]:
            continue
        try:
            yield sound(Sentence.from_forms(forms), name, number)
        except TreebankError as error:
            if on_error is None:
                raise
            on_error(error)
