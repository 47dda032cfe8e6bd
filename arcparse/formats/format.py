"""What a format is: its name, what it holds of a sentence, how it is read and written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from typing import TextIO, TypeAlias

from arcparse.errors import TreebankError
from arcparse.sentence import COLUMNS, EMPTY, FORM, ID, MISC, Sentence, block_text
from arcparse.sentence.numbering import is_word
from arcparse.treebank.block import column_fault, parse_block

OnError: TypeAlias = "Callable[[TreebankError], None] | None"
Reader: TypeAlias = "Callable[[TextIO, str, OnError], Iterator[Sentence]]"
Loss: TypeAlias = "tuple[str, int]"  # what is lost of a sentence, and how many values

ANY_NUMBER = "*"  # behind a key of MISC: with any number, as APred1, APred2
NUMBERED = re.compile(r"[1-9][0-9]*$")
COMMENTS, RANGES, NODES = "comments", "multiword ranges", "empty nodes"
INDEX = {name: column for column, name in enumerate(COLUMNS)}
EVERYTHING = frozenset((*COLUMNS, COMMENTS, RANGES, NODES))


def nothing(_: Sentence) -> Iterable[Loss]:
    """Lose nothing beyond what a format's `holds` says."""
    return ()


@dataclass(frozen=True)
class Format:
    """One format; sentences written one after another, by `text` each, are a file of it.

    `holds` has columns' names, COMMENTS, RANGES, NODES, and single MISC attributes (`misc:Chunk`) and comments
    (`comment:newdoc`). `read` takes a stream, the name that errors call it, and what is done with a malformed
    sentence (None: raise). `also_loses` counts what `holds` cannot say.
    """

    name: str
    summary: str
    suffixes: tuple[str, ...]
    holds: frozenset[str]
    read: Reader
    text: Callable[[Sentence], str] | None = None  # None: the format is read only
    also_loses: Callable[[Sentence], Iterable[Loss]] = nothing
    first: Callable[[Sentence], str] | None = None  # writes the first sentence of a file, where that differs

    @cached_property
    def misc_keys(self) -> frozenset[str]:
        """The MISC attributes that are held where MISC as a whole is not."""
        return frozenset(name.removeprefix("misc:") for name in self.holds if name.startswith("misc:"))

    @cached_property
    def comment_keys(self) -> frozenset[str]:
        """The comments that are held where comments as a whole are not."""
        return frozenset(name.removeprefix("comment:") for name in self.holds if name.startswith("comment:"))

    @cached_property
    def dropped_columns(self) -> tuple[int, ...]:
        """The columns that are not held, MISC left aside."""
        return tuple(column for column in range(FORM, MISC) if COLUMNS[column] not in self.holds)


def losses(sentence: Sentence, target: Format) -> Iterator[Loss]:
    """Give what `target` cannot hold of a sentence, each with the number of values."""
    if sentence.comments and COMMENTS not in target.holds:
        yield COMMENTS, sum(comment_key(line) not in target.comment_keys for line in sentence.comments)
    ids = sentence.columns[ID]
    others = [row for row, name in enumerate(ids) if not is_word(name)] if len(ids) != len(sentence) else ()
    if others:
        if RANGES not in target.holds:
            yield RANGES, sum("-" in ids[row] for row in others)
        if NODES not in target.holds:
            yield NODES, sum("." in ids[row] for row in others)
    for column in target.dropped_columns:
        cells = sentence.columns[column]
        of_words = len(cells) - cells.count(EMPTY) - sum(cells[row] != EMPTY for row in others)
        yield COLUMNS[column].upper(), of_words
    if "misc" not in target.holds:
        yield "MISC", _lost_attributes(sentence.words(MISC), target.misc_keys)
    yield from target.also_loses(sentence)


def _lost_attributes(cells: tuple[str, ...], kept: frozenset[str]) -> int:
    given = [cell for cell in cells if cell != EMPTY]
    if not given:
        return 0
    attributes = "|".join(given).split("|")
    return sum(not _is_kept(attribute.partition("=")[0], kept) for attribute in attributes) if kept else len(attributes)


@lru_cache(maxsize=1024)
def _is_kept(key: str, kept: frozenset[str]) -> bool:
    return key in kept or (ANY_NUMBER in "".join(kept) and NUMBERED.sub(ANY_NUMBER, key) in kept)


def comment_key(line: str) -> str:
    """Return what a comment is about: `newdoc id` of `# newdoc id = x`."""
    return line[1:].partition("=")[0].strip()


def report(error: TreebankError, on_error: OnError) -> None:
    """Hand the error of a malformed sentence to `on_error`, or raise it where that is None."""
    if on_error is None:
        raise error
    on_error(error)


@lru_cache(maxsize=1024)
def numbers(size: int) -> tuple[str, ...]:
    """Return the words' numbers as the ID column writes them."""
    return tuple(map(str, range(1, size + 1)))


def sentence_of(
    forms: Sequence[str], name: str, line: int, comments: Iterable[str] = (), **cells: Sequence[str]
) -> Sentence:
    """Make a sentence of forms, and of cells under their columns' names, as a line of the file `name` says it.

    Raises TreebankError where no CoNLL-U file could hold it.
    """
    columns = [(EMPTY,) * len(forms)] * len(COLUMNS)
    columns[ID] = numbers(len(forms))
    for column, values in {"form": forms, **cells}.items():
        columns[INDEX[column]] = tuple(values)
    return sound(Sentence(tuple(comments), tuple(columns)), name, line)


def sound(sentence: Sentence, name: str, line: int) -> Sentence:
    """Return a sentence that was made of what a file says, with its place.

    Raises TreebankError where no CoNLL-U file could hold it.
    """
    if _is_plain(sentence):
        return Sentence(sentence.comments, sentence.columns, f"{name}:{line}")
    for cell in chain(sentence.comments, *sentence.columns):
        if "\n" in cell or "\r" in cell or ("\t" in cell and not cell.startswith("#")):
            raise TreebankError(f"{name}:{line}: {cell[:60]!r} has a tab or line break inside; replace it")
    read = parse_block(block_text(sentence).rstrip("\n"), name, line, {})
    if read != sentence:  # a comment without '#', or a form that looks like one
        raise TreebankError(f"{name}:{line}: comments begin with '#', and rows have ten cells; mend the sentence")
    return read


def _is_plain(sentence: Sentence) -> bool:
    """Return whether it is plain without writing and reading it that a CoNLL-U file can hold a sentence."""
    columns, comments = sentence.columns, sentence.comments
    cells = "\t".join(chain.from_iterable(columns))
    text = "\n".join([cells, *comments])
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            return False
    return (
        cells.count("\t") == len(COLUMNS) * len(columns[ID]) - 1
        and "\t\t" not in cells
        and cells[-1:] not in ("", "\t")
        and (text.count("\n"), "\r" in text) == (len(comments), False)
        and all(comment[:1] == "#" for comment in comments)
        and column_fault(columns) is None
    )
