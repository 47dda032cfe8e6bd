"""Make sentences with the columns, comments and MISC of CoNLL-U from the tokens of a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from arcparse.sentence import COLUMNS, EMPTY, FORM, ID, MISC, Sentence, numbering
from arcparse.sentence.spacing import BEFORE, escaped, mark_after, spaces_at

Span = tuple[int, int]
Token = tuple[Span, tuple[str, ...]]  # its place in the text, and its words
Divided = list[Token]  # the tokens of a sentence

BLANK_LINE = re.compile(r"\n\s*\n")


def paragraphs(text: str) -> Iterator[Span]:
    """Yield the span (start, end) of each paragraph; blank lines separate paragraphs."""
    start = 0
    for blank in BLANK_LINE.finditer(text):
        yield start, blank.start()
        start = blank.end()
    yield start, len(text)


def assembled(text: str, divided: Iterable[Iterable[Divided]], offset: int = 0) -> list[Sentence]:
    """Return the sentences of a text from its paragraphs, each given as the tokens of its sentences.

    A new paragraph has the comment `# newpar`. Each surface token has a `TokenRange` in MISC: the position of its first
    character and the position after its last one, counted in `text` from `offset`. MISC also holds the white space
    around the token (see `arcparse.sentence.spacing`), so the sentences hold the whole text.
    """
    sentences: list[Sentence] = []
    opening = spaces_at(text, 0)
    for paragraph in divided:
        for number, tokens in enumerate(paragraph):
            begin = [] if number else ["# newpar"] if sentences else ["# newdoc", "# newpar"]
            before = opening if not sentences else ""
            sentences.append(_sentence(text, tokens, [*begin, f"# sent_id = {len(sentences) + 1}"], offset, before))
    return sentences


def joined(sentences: Sequence[Sentence], text: str) -> Sentence:
    """Return one sentence of the tokens of all sentences of a text, with the comments of the first and the text."""
    ids: list[str] = []
    words = 0
    for sentence in sentences:
        ids += numbering.shifted(sentence.columns[ID], words)
        words += len(sentence)
    every = zip(*[sentence.columns for sentence in sentences], strict=True)
    columns = [tuple(chain.from_iterable(parts)) for parts in every]
    columns[ID] = tuple(ids)
    return Sentence((*sentences[0].comments[:-1], f"# text = {' '.join(text.split())}"), tuple(columns))


def _sentence(text: str, tokens: Divided, comments: list[str], offset: int, before: str) -> Sentence:
    """Return the sentence of tokens; `before` is the white space before the first token of a text, else empty."""
    ids: list[str] = []
    forms: list[str] = []
    miscs: list[str] = []
    number = 1  # of the next word
    for (start, end), words in tokens:
        mark = mark_after(text, end)
        misc = f"{mark}{'|' if mark else ''}TokenRange={start + offset}:{end + offset}"
        forms.append(text[start:end])
        miscs.append(misc)
        if len(words) == 1:
            ids.append(str(number))
        else:
            ids.append(f"{number}-{number + len(words) - 1}")
            ids += map(str, range(number, number + len(words)))
            forms += words
            miscs += (EMPTY,) * len(words)
        number += len(words)
    if before:
        miscs[0] = f"{BEFORE}{escaped(before)}|{miscs[0]}"
    columns = [(EMPTY,) * len(ids)] * len(COLUMNS)
    columns[ID], columns[FORM], columns[MISC] = tuple(ids), tuple(forms), tuple(miscs)
    line = " ".join(text[tokens[0][0][0] : tokens[-1][0][1]].split())
    return Sentence((*comments, f"# text = {line}"), tuple(columns))
