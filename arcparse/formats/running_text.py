"""Sentences as text: plain, which is divided into words when it is read, or horizontal, words between spaces.

Plain text is the same text again if the last token of a sentence has a `TokenRange` or `SpacesAfter` in MISC, as in
sentences that were made of text: MISC then says all white space (see `arcparse.sentence.spacing`). Any other sentence
is a line, as `# text` says or as the words are joined by `SpaceAfter=No`; a blank line stands before a `# newpar` or
`# newdoc`. Horizontal text has a sentence a line and one space between words; a space inside a word is a no-break
space there, as in UDPipe. So is tagged text (`word_tag`), where each word has its tag behind an underscore, the last
one of the word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TextIO

from arcparse.errors import TreebankError
from arcparse.formats.format import INDEX, Loss, OnError, report, sentence_of
from arcparse.formats.source import lines_of
from arcparse.formats.table import NO_BREAK
from arcparse.sentence import EMPTY, MISC, Sentence
from arcparse.sentence.spacing import AFTER, space_after, space_before
from arcparse.tokenizer.reading import read_text

BEGINNING = re.compile(r"#\s*new(?:doc|par)\b")


def plain_text(sentence: Sentence, *, first: bool = False) -> str:
    """Return the text of a sentence: as it was where MISC says so, else a line of its own.

    Such a line has a blank line before it where a paragraph begins, but not before the `first` of a file. Raises
    TreebankError where it has a line break inside.
    """
    if _has_place("|".join(sentence.columns[MISC])):
        tokens = list(sentence.surface_tokens())
        if tokens and _has_place(tokens[-1][1]):
            before = space_before(tokens[0][1])
            return before + "".join([form + space_after(misc) for form, misc in tokens])
    text = sentence.text
    if "\n" in text:
        raise TreebankError(f"{sentence.place}: a form has a line break inside; replace it before writing")
    blank = "\n" if not first and any(map(BEGINNING.match, sentence.comments)) else ""
    return f"{blank}{text}\n"


def _has_place(misc: str) -> bool:
    """Tell whether MISC says where in a text a token was, or what white space came behind it."""
    return "TokenRange=" in misc or AFTER in misc


def read_plain(stream: TextIO, name: str, on_error: OnError = None) -> Iterator[Sentence]:
    """Divide text into sentences and words (`arcparse.tokenizer.reading`); only bytes that are not UTF-8 are errors."""
    return read_text(stream, name=name, on_error=on_error)


def horizontal_text(sentence: Sentence) -> str:
    """Return the line of a sentence. Raises TreebankError where a form has a line break inside."""
    return _line(sentence, sentence.forms)


def horizontal_losses(sentence: Sentence) -> Iterable[Loss]:
    """Count the words whose no-break spaces will be read back as spaces."""
    yield "no-break spaces", _with_no_break(sentence.forms)


def read_horizontal(stream: TextIO, name: str, on_error: OnError = None) -> Iterator[Sentence]:
    """Read a sentence from each line that is not blank. Raises TreebankError, or calls `on_error`, as `sound` does."""
    return _read_lines(stream, name, on_error, lambda words, number: sentence_of(words, name, number))


def tagged_text(sentence: Sentence, *, tag: str) -> str:
    """Return the line of a sentence: `The_DET cat_NOUN`.

    Raises TreebankError where a tag has an underscore, or a cell a line break inside.
    """
    tags = sentence.words(INDEX[tag])
    mixed = next((tag for tag in tags if "_" in tag and tag != EMPTY), None)
    if mixed is not None:
        raise TreebankError(f"{sentence.place}: the tag {mixed!r} has an underscore inside; take the format tagged")
    return _line(sentence, list(map("_".join, zip(sentence.forms, tags, strict=True))))


def tagged_losses(sentence: Sentence, *, tag: str) -> Iterable[Loss]:
    """Count the words and tags whose no-break spaces will be read back as spaces."""
    yield "no-break spaces", _with_no_break(sentence.forms) + _with_no_break(sentence.words(INDEX[tag]))


def read_tagged(stream: TextIO, name: str, on_error: OnError = None, *, tag: str) -> Iterator[Sentence]:
    """Read a sentence from each line that is not blank. Raises TreebankError, or calls `on_error`, where tags lack."""

    def sentence(words: Sequence[str], number: int) -> Sentence:
        pairs = [(word[:-2], EMPTY) if word.endswith("__") else word.rpartition("_")[::2] for word in words]
        if not all(map(all, pairs)):
            word = next(word for word, pair in zip(words, pairs, strict=True) if not all(pair))
            raise TreebankError(f"{name}:{number}: {word[:60]!r} has no tag; write it as {word[:20]}_NOUN")
        forms, tags = zip(*pairs, strict=True)
        return sentence_of(forms, name, number, **{tag: tags})

    return _read_lines(stream, name, on_error, sentence)


def _line(sentence: Sentence, words: Sequence[str]) -> str:
    text = "\n".join(words)
    if text.count("\n") != len(words) - 1:
        raise TreebankError(f"{sentence.place}: a word has a line break inside; replace it before writing")
    return text.replace(" ", NO_BREAK).replace("\n", " ") + "\n"


def _with_no_break(cells: Sequence[str]) -> int:
    return sum(NO_BREAK in cell for cell in cells) if NO_BREAK in "".join(cells) else 0


def _read_lines(
    stream: TextIO, name: str, on_error: OnError, sentence: Callable[[Sequence[str], int], Sentence]
) -> Iterator[Sentence]:
    """Make a sentence of the words of each line that is not blank, and of its number."""
    for number, line in lines_of(stream, name):
        words = [word for word in line.replace("\t", " ").split(" ") if word]
        if not words:
            continue
        if NO_BREAK in line:
            words = [word.replace(NO_BREAK, " ") for word in words]
        try:
            yield sentence(words, number)
        except TreebankError as error:
            report(error, on_error)
