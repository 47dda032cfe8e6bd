"""Sentences as text: plain text, which reading divides into words, or horizontal text, words between spaces.

If the last token of a sentence has a `TokenRange` or `SpacesAfter` in MISC, the sentence was made of text, and MISC
holds all its white space (see `arcparse.sentence.spacing`): the plain text is the same again. Any other sentence is a
line: its `# text`, or its words, joined as `SpaceAfter=No` says; a blank line stands before a `# newpar` or `# newdoc`.
Lines are plain text too, but every line is a sentence, in reading and in writing.
Horizontal text has one sentence on each line and one space between words; a space inside a word becomes a no-break
space, as in UDPipe. Tagged text (`word_tag`) is horizontal text with a tag behind the last underscore of each word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TextIO

from arcparse.errors import TreebankError
from arcparse.formats.format import INDEX, WORD, Format, Loss, OnError, report, sentence_of
from arcparse.formats.source import lines_of
from arcparse.formats.table import NO_BREAK
from arcparse.sentence import EMPTY, MISC, Sentence
from arcparse.sentence.spacing import AFTER, space_after, space_before
from arcparse.tokenizer.pieces import read_lines
from arcparse.tokenizer.reading import read_text

BEGINNING = re.compile(r"#\s*new(?:doc|par)\b")
SPACING = frozenset(("misc:SpaceAfter", "misc:SpacesAfter", "misc:SpacesBefore", "misc:TokenRange"))
COMMENTED = frozenset(("comment:text", "comment:newpar", "comment:newdoc"))


def formats(tag: str = "xpos") -> list[Format]:
    """Return the formats; `tag` is the column of the tags behind words."""
    tagged = Format(
        "word_tag",
        "one sentence on each line, words and tags as cat_NN",
        (".tagged",),
        WORD | {tag},
        partial(read_tagged, tag=tag),
        partial(tagged_text, tag=tag),
        partial(tagged_losses, tag=tag),
    )
    horizontal = Format(
        "horizontal",
        "one sentence on each line, words between spaces",
        (".hor",),
        WORD,
        read_horizontal,
        horizontal_text,
        horizontal_losses,
    )
    plain = Format(
        "text",
        "plain text; reading divides it into words",
        (".txt",),
        WORD | SPACING | COMMENTED,
        read_plain,
        plain_text,
        first=partial(plain_text, first=True),
    )
    lines = Format(
        "lines",
        "one sentence on each line, as plain text; reading divides it into words",
        (".lines",),
        WORD | COMMENTED | {"misc:SpaceAfter"},
        read_one_a_line,
        line_text,
        first=partial(line_text, first=True),
    )
    return [tagged, horizontal, plain, lines]


def plain_text(sentence: Sentence, *, first: bool = False) -> str:
    """Return the text of a sentence: the original text if MISC holds it, else a line.

    Such a line has a blank line before it at the beginning of a paragraph, but not if it is the `first` of a file.
    Raises TreebankError if it has a line break inside.
    """
    if _has_place("|".join(sentence.columns[MISC])):
        tokens = list(sentence.surface_tokens())
        if tokens and _has_place(tokens[-1][1]):
            before = space_before(tokens[0][1])
            return before + "".join([form + space_after(misc) for form, misc in tokens])
    return line_text(sentence, first=first)


def line_text(sentence: Sentence, *, first: bool = False) -> str:
    """Return the text of a sentence as a line, as `plain_text` does if MISC does not hold the original."""
    text = sentence.text
    if "\n" in text:
        raise TreebankError(f"{sentence.place}: a form has a line break inside; replace it before writing")
    blank = "\n" if not first and any(map(BEGINNING.match, sentence.comments)) else ""
    return f"{blank}{text}\n"


def _has_place(misc: str) -> bool:
    """Return whether MISC holds the place of a token in a text, or the white space behind it."""
    return "TokenRange=" in misc or AFTER in misc


def read_plain(stream: TextIO, name: str, on_error: OnError = None) -> Iterator[Sentence]:
    """Divide text into sentences and words (`arcparse.tokenizer.reading`); only bytes that are not UTF-8 are errors."""
    return read_text(stream, name=name, on_error=on_error)


def read_one_a_line(stream: TextIO, name: str, on_error: OnError = None) -> Iterator[Sentence]:
    """Divide each line that is not blank into words; only bytes that are not UTF-8 are errors."""
    return read_lines(stream, name=name, on_error=on_error)


def horizontal_text(sentence: Sentence) -> str:
    """Return the line of a sentence. Raises TreebankError if a form has a line break inside."""
    return _line(sentence, sentence.forms)


def horizontal_losses(sentence: Sentence) -> Iterable[Loss]:
    """Count the words with no-break spaces, which are read back as spaces."""
    yield "no-break spaces", _with_no_break(sentence.forms)


def read_horizontal(stream: TextIO, name: str, on_error: OnError = None) -> Iterator[Sentence]:
    """Read a sentence from each line that is not blank. Raises TreebankError, or calls `on_error`, as `sound` does."""
    return _read_lines(stream, name, on_error, lambda words, number: sentence_of(words, name, number))


def tagged_text(sentence: Sentence, *, tag: str) -> str:
    """Return the line of a sentence: `The_DET cat_NOUN`.

    Raises TreebankError if a tag has an underscore, or a cell a line break inside.
    """
    tags = sentence.words(INDEX[tag])
    mixed = next((tag for tag in tags if "_" in tag and tag != EMPTY), None)
    if mixed is not None:
        raise TreebankError(f"{sentence.place}: the tag {mixed!r} has an underscore inside; choose the format tagged")
    return _line(sentence, list(map("_".join, zip(sentence.forms, tags, strict=True))))


def tagged_losses(sentence: Sentence, *, tag: str) -> Iterable[Loss]:
    """Count the words and tags with no-break spaces, which are read back as spaces."""
    yield "no-break spaces", _with_no_break(sentence.forms) + _with_no_break(sentence.words(INDEX[tag]))


def read_tagged(stream: TextIO, name: str, on_error: OnError = None, *, tag: str) -> Iterator[Sentence]:
    """Read a sentence from each line with words. Raises TreebankError, or calls `on_error`, for words without tags."""

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
    """Make a sentence of each line that is not blank, from its words and its number."""
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
