"""From the tokens of a text to sentences with the columns, comments and MISC of CoNLL-U."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from arcparse.sentence import COLUMNS, EMPTY, FORM, ID, MISC, Sentence
from arcparse.sentence.spacing import BEFORE, escaped, mark_after, spaces_at

Span = tuple[int, int]
Token = tuple[Span, tuple[str, ...]]  # where it is, and its words
Divided = list[Token]  # the tokens of a sentence

BLANK_LINE = re.compile(r"\n\s*\n")


def paragraphs(text: str) -> Iterator[Span]:
    """Yield the first character of each paragraph and the one behind its last; blank lines stand between them."""
    start = 0
    for blank in BLANK_LINE.finditer(text):
        yield start, blank.start()
        start = blank.end()
    yield start, len(text)


def assembled(text: str, divided: Iterable[Iterable[Divided]], offset: int = 0) -> list[Sentence]:
    """Return the sentences of a text from those of its paragraphs, each given as its tokens with their words.

    A blank line begins a paragraph (`# newpar`). Each surface token has a `TokenRange` in MISC: its first character and
    the one behind its last, counted in `text` from `offset`; and the white space around it, written as
    `arcparse.sentence.spacing` does, so that the sentences hold the whole text.
    """
    sentences: list[Sentence] = []
    opening = spaces_at(text, 0)
    for paragraph in divided:
        for number, tokens in enumerate(paragraph):
            begin = [] if number else ["# newpar"] if sentences else ["# newdoc", "# newpar"]
            before = opening if not sentences else ""
            sentences.append(_sentence(text, tokens, [*begin, f"# sent_id = {len(sentences) + 1}"], offset, before))
    return sentences


def _sentence(text: str, tokens: Divided, comments: list[str], offset: int, before: str) -> Sentence:
    """Return the sentence of tokens; `before` is the space before the first, if that is the first of a text."""
    rows: list[tuple[str, str, str]] = []
    number = 1  # of the next word
    for (start, end), words in tokens:
        form, mark = text[start:end], mark_after(text, end)
        misc = f"{mark}{'|' if mark else ''}TokenRange={start + offset}:{end + offset}"
        if len(words) == 1:
            rows.append((str(number), form, misc))
        else:
            rows.append((f"{number}-{number + len(words) - 1}", form, misc))
            rows.extend((str(i), word, EMPTY) for i, word in enumerate(words, number))
        number += len(words)
    if before:
        rows[0] = (*rows[0][:2], f"{BEFORE}{escaped(before)}|{rows[0][-1]}")
    columns = [(EMPTY,) * len(rows)] * len(COLUMNS)
    columns[ID], columns[FORM], columns[MISC] = zip(*rows, strict=True)
    line = " ".join(text[tokens[0][0][0] : tokens[-1][0][1]].split())
    return Sentence((*comments, f"# text = {line}"), tuple(columns))
