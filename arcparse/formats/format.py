"""What a format is: its name, what it holds of a sentence, how it is read and written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TextIO, TypeAlias

from arcparse.errors import TreebankError
from arcparse.sentence import COLUMNS, EMPTY, FORM, ID, MISC, Sentence
from arcparse.treebank.block import parse_block

OnError: TypeAlias = "Callable[[TreebankError], None] | None"
Reader: TypeAlias = "Callable[[TextIO, str, OnError], Iterator[Sentence]]"
Loss: TypeAlias = "tuple[str, int]"  # what is lost of a sentence, and how many values

ANY_NUMBER = "*"  # behind a key of MISC: with any number, as APred1, APred2
NUMBERED = re.compile(r"[1-9][0-9]*$")
COMMENTS, RANGES, NODES = "comments", "multiword ranges", "empty nodes"
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
    if len(ids) != len(sentence):
        if RANGES not in target.holds:
            yield RANGES, sum("-" in name for name in ids)
        if NODES not in target.holds:
            yield NODES, sum("." in name for name in ids)
    for column in target.dropped_columns:
        yield COLUMNS[column].upper(), len(sentence) - sentence.words(column).count(EMPTY)
    if "misc" not in target.holds:
        yield "MISC", _lost_attributes(sentence.words(MISC), target.misc_keys)
    yield from target.also_loses(sentence)


def _lost_attributes(cells: tuple[str, ...], kept: frozenset[str]) -> int:
    if cells.count(EMPTY) == len(cells):
        return 0
    attributes = [attribute for cell in cells if cell != EMPTY for attribute in cell.split("|")]
    return sum(not _is_kept(attribute.partition("=")[0], kept) for attribute in attributes)


def _is_kept(key: str, kept: frozenset[str]) -> bool:
    return key in kept or (ANY_NUMBER in "".join(kept) and NUMBERED.sub(ANY_NUMBER, key) in kept)


def comment_key(line: str) -> str:
    """Return what a comment is about: `newdoc id` of `# newdoc id = x`."""
    return line[1:].partition("=")[0].strip()


def sound(sentence: Sentence, name: str, line: int) -> Sentence:
    """Return a sentence that was made of what a file says, with its place.

    Raises TreebankError where no CoNLL-U file could hold it.
    """
    cells = [*sentence.comments, *(cell for column in sentence.columns for cell in column)]
    for cell in cells:
        if "\n" in cell or "\r" in cell or ("\t" in cell and not cell.startswith("#")):
            raise TreebankError(f"{name}:{line}: {cell[:60]!r} has a tab or line break inside; replace it")
    read = parse_block(str(sentence).rstrip("\n"), name, line, {})
    if read != sentence:  # a comment without '#', or a form that looks like one
        raise TreebankError(f"{name}:{line}: comments begin with '#', and rows have ten cells; mend the sentence")
    return read
