"""The definition of a format: its name, the parts of a sentence that it holds, its reader and its writer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from typing import TextIO, TypeAlias

from arcparse.errors import TreebankError
from arcparse.sentence import COLUMNS, EMPTY, FORM, ID, MISC, Sentence, block_text
from arcparse.sentence.numbering import is_word, numbers
from arcparse.treebank.block import column_fault, parse_block

OnError: TypeAlias = "Callable[[TreebankError], None] | None"
Reader: TypeAlias = "Callable[[TextIO, str, OnError], Iterator[Sentence]]"
Loss: TypeAlias = "tuple[str, int]"  # a lost part of a sentence, and the number of values

ANY_NUMBER = "*"  # behind a key of MISC: with any number, for example APred1, APred2
NUMBERED = re.compile(r"[1-9][0-9]*$")
COMMENTS, RANGES, NODES = "comments", "multiword ranges", "empty nodes"
INDEX = {name: column for column, name in enumerate(COLUMNS)}
EVERYTHING = frozenset((*COLUMNS, COMMENTS, RANGES, NODES))
WORD = frozenset(("id", "form"))
TREE = WORD | {"head", "deprel"}


def nothing(_: Sentence) -> Iterable[Loss]:
    """Lose nothing besides the parts missing in `holds`."""
    return ()


@dataclass(frozen=True)
class Format:
    """One format; sentences written one after another, by `text` each, are a file of it.

    `holds` has names of columns, COMMENTS, RANGES, NODES, and single MISC attributes (`misc:Chunk`) and comments
    (`comment:newdoc`). `read` takes a stream, its name in errors, and a function for the errors of malformed sentences
    (None: raise). `also_loses` counts losses that `holds` cannot express.
    """

    name: str
    summary: str
    suffixes: tuple[str, ...]
    holds: frozenset[str]
    read: Reader
    text: Callable[[Sentence], str] | None = None  # None: the format is read only
    also_loses: Callable[[Sentence], Iterable[Loss]] = nothing
    first: Callable[[Sentence], str] | None = None  # writes the first sentence of a file, if that differs

    @cached_property
    def misc_keys(self) -> frozenset[str]:
        """The MISC attributes that the format holds if it does not hold all of MISC."""
        return frozenset(name.removeprefix("misc:") for name in self.holds if name.startswith("misc:"))

    @cached_property
    def comment_keys(self) -> frozenset[str]:
        """The comments that the format holds if it does not hold all comments."""
        return frozenset(name.removeprefix("comment:") for name in self.holds if name.startswith("comment:"))

    @cached_property
    def dropped_columns(self) -> tuple[int, ...]:
        """The columns that the format does not hold, without MISC."""
        return tuple(column for column in range(FORM, MISC) if COLUMNS[column] not in self.holds)


def losses(sentence: Sentence, target: Format) -> Iterator[Loss]:
    """Yield the losses of a sentence in the format `target`, each with the number of values."""
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
    """Return the key of a comment: `newdoc id` of `# newdoc id = x`."""
    return line[1:].partition("=")[0].strip()


def report(error: TreebankError, on_error: OnError) -> None:
    """Hand the error of a malformed sentence to `on_error`, or raise it if that is None."""
    if on_error is None:
        raise error
    on_error(error)


def sentence_of(
    forms: Sequence[str], name: str, line: int, comments: Iterable[str] = (), **cells: Sequence[str]
) -> Sentence:
    """Make a sentence of forms and of cells by the names of their columns, read from a line of the file `name`.

    Raises TreebankError if no CoNLL-U file could hold it.
    """
    columns = [(EMPTY,) * len(forms)] * len(COLUMNS)
    columns[ID] = numbers(len(forms))
    for column, values in {"form": forms, **cells}.items():
        columns[INDEX[column]] = tuple(values)
    return sound(Sentence(tuple(comments), tuple(columns)), name, line)


def sound(sentence: Sentence, name: str, line: int) -> Sentence:
    """Return a sentence made of the contents of a file, with its place.

    Raises TreebankError if no CoNLL-U file could hold it.
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
    """Return whether a CoNLL-U file can surely hold a sentence, without writing and reading it."""
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
