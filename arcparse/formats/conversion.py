"""Sentences from files of any format and to files of any format, one by one, with counts of losses."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TextIO, cast

from arcparse.errors import ConfigurationError, TreebankError
from arcparse.files import Location, opened
from arcparse.formats.format import Format, OnError, losses
from arcparse.formats.guessing import guess
from arcparse.formats.registry import formats
from arcparse.formats.source import Source, suffix_of
from arcparse.sentence import Sentence
from arcparse.sentence.lists import lists_of
from arcparse.treebank import write_conllu
from arcparse.treebank.encoding import first_fault

LOSSLESS_CHECK = "conllu"  # the writer of this format checks its sentences itself
OWN_CHECK = (LOSSLESS_CHECK, "text", "lines")  # the readers of these formats find bad bytes sentence by sentence
BATCH = 256  # sentences written at a time


def read_sentences(
    source: Location,
    format: Format | str | None = None,
    *,
    name: str | None = None,
    known: Mapping[str, Format] | None = None,
    on_error: OnError = None,
) -> Iterator[Sentence]:
    """Read sentences of a format, by default the guessed one, from a path (also .gz, .xz and .bz2) or a text stream.

    `known` are the formats to choose from, by default all. With `on_error`, a malformed sentence is passed over and
    that function gets its error. It also gets a CharacterError for each line with bytes that are not UTF-8; they are
    read as U+FFFD, except in CoNLL-U, where the sentence is passed over. Without `on_error`, the errors are raised.
    Raises TreebankError if the file cannot be read.
    """
    text = source if isinstance(source, Source) else Source(source, name)
    chosen = format_of(guess(text.sample()) if format is None else format, known)
    text.strict, text.on_error = chosen.name not in OWN_CHECK, on_error
    yield from chosen.read(cast(TextIO, text), text.name, on_error)


def format_of(format: Format | str, known: Mapping[str, Format] | None = None) -> Format:
    """Return a format by its name. Raises ConfigurationError if `known`, by default all formats, lacks it."""
    if isinstance(format, Format):
        return format
    known = formats() if known is None else known
    if format not in known:
        raise ConfigurationError(
            f"format {format!r} is not known; choose one of {', '.join(known)}, or columns with their names"
        )
    return known[format]


def format_named_by(path: str | os.PathLike[str], known: Iterable[Format]) -> Format | None:
    """Return the format of the suffix of a path, or None if no format has this suffix."""
    suffix = suffix_of(path)
    return next((format for format in known if suffix in format.suffixes), None)


class SentenceWriter:
    """A writer of sentences to a file or stream of one format; `lost` counts the losses so far.

    With `strict`, a sentence that would lose anything raises TreebankError. With `on_error`, a sentence that cannot be
    written, for example as a tree without having one, is passed over, and that function gets its error.
    """

    def __init__(self, stream: TextIO, format: Format, *, strict: bool = False, on_error: OnError = None) -> None:
        """Write nothing yet. Raises ConfigurationError for a format that can only be read."""
        if format.text is None:
            raise ConfigurationError(f"format {format.name!r} can only be read; convert to another")
        self.lost: Counter[str] = Counter()
        self._stream, self._format, self._text = stream, format, format.text
        self._first = format.first or format.text
        self._strict, self._on_error = strict, on_error
        self._begun = False

    def write(self, sentences: Iterable[Sentence]) -> None:
        """Write more sentences."""
        for batch in lists_of(sentences, BATCH):
            self._write_batch(batch)

    def _write_batch(self, batch: list[Sentence]) -> None:
        if self._format.name == LOSSLESS_CHECK:
            write_conllu(batch, self._stream)
            return
        texts: list[str] = []
        try:
            texts.extend(self._texts(batch))  # keeps the texts before an error
        finally:
            self._stream.write("".join(texts))

    def _texts(self, batch: Iterable[Sentence]) -> Iterator[str]:
        for sentence in batch:
            try:
                text = self._text(sentence) if self._begun else self._first(sentence)
                _check_characters(text, sentence)
            except TreebankError as error:
                if self._on_error is None:
                    raise
                self._on_error(error)
            else:
                self._count(sentence)
                self._begun = True
                yield text

    def _count(self, sentence: Sentence) -> None:
        for kind, number in losses(sentence, self._format):
            if number:
                self.lost[kind] += number
                if self._strict:
                    raise TreebankError(
                        f"{sentence.place}: {self._format.name} cannot hold {kind} ({number} here); "
                        "choose another format, or leave out --strict"
                    )


def _check_characters(text: str, sentence: Sentence) -> None:
    at = first_fault(text)
    if at is not None:
        raise TreebankError(f"{sentence.place}: {text[at]!r} has no UTF-8; replace it before writing")


def write_sentences(
    sentences: Iterable[Sentence], target: Location, format: Format | str, *, strict: bool = False
) -> Counter[str]:
    """Write sentences to a path (compressed if it ends in .gz, .xz or .bz2) or a text stream; return the losses.

    A path holds either its old content or all of the new. Raises TreebankError if a sentence cannot be written, or
    with `strict` would lose anything.
    """
    with opened(target) as stream:
        writer = SentenceWriter(stream, format_of(format), strict=strict)
        writer.write(sentences)
    return writer.lost
