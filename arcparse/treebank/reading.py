"""Divide a file into blocks and parse each block, in memory that does not grow with the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeAlias

from arcparse.errors import TreebankError
from arcparse.files import Location, chunks_of, name_of
from arcparse.sentence import Sentence
from arcparse.sentence.lists import lists_of
from arcparse.treebank.block import parse_block
from arcparse.treebank.encoding import BYTE_ORDER_MARK
from arcparse.treebank.plus import HEADER, as_conllu, header_columns, is_conllu

OnError: TypeAlias = "Callable[[TreebankError], None]"
Block: TypeAlias = "tuple[int, str]"  # the number of its first line, and its text

LONGEST = 1 << 25  # characters of a sentence, half a million words; a file without blank lines is no treebank
OPENINGS = (BYTE_ORDER_MARK, HEADER)  # the beginnings of a file; in joined files they also stand inside


def read_conllu(source: Location, *, name: str | None = None, on_error: OnError | None = None) -> Iterator[Sentence]:
    """Read sentences one by one from a path (.gz, .xz and .bz2 are unpacked) or a text stream.

    Each sentence has `place="file:line"`, with its first line counted from 1; `name` replaces the file's name there.
    A byte-order mark before a sentence, the line ends of Windows and of old Macs, and a missing last line break are
    accepted, as are the columns of CoNLL-U Plus (see `arcparse.treebank.plus`). If `on_error` is given, a malformed
    sentence is skipped and its error is passed to that function; otherwise TreebankError is raised. Always raises
    TreebankError if the file cannot be read, or has no blank line within `LONGEST` characters. This function does not
    check that the heads form a tree: see `arcparse.trees.checked`.
    """
    name = name or name_of(source)
    return parse_chunks(chunks_of(source, name), name, on_error=on_error)


def parse_conllu(text: str, *, name: str = "<string>", on_error: OnError | None = None) -> list[Sentence]:
    """Parse the sentences of a string. Raises TreebankError, or calls `on_error`, for a malformed sentence."""
    return list(parse_chunks([text], name, on_error=on_error))


def parse_chunks(
    chunks: Iterable[str], name: str, line: int = 1, *, on_error: OnError | None = None
) -> Iterator[Sentence]:
    """Parse text that comes in pieces of any size; the first piece begins on `line` of the file `name`."""
    return parse_blocks(blocks(chunks, name, line), name, on_error=on_error)


def parse_blocks(
    blocks: Iterable[Block], name: str, names: tuple[str, ...] = (), *, on_error: OnError | None = None
) -> Iterator[Sentence]:
    """Parse blocks of the file `name`; `names` are those of the columns, if the file is CoNLL-U Plus."""
    known: dict[str, str] = {}
    for line, block in blocks:
        bare = block.strip("\n")
        if not bare:
            continue
        first = line + len(block) - len(block.lstrip("\n"))
        try:
            if bare.startswith(OPENINGS):
                bare, first, names = _opened(bare, first, names, name)
            if not bare:
                continue
            sentence = parse_block(as_conllu(bare, names, name, first) if names else bare, name, first, known)
        except TreebankError as error:
            if on_error is None:
                raise
            on_error(error)
        else:
            yield sentence


def lists_of_blocks(chunks: Iterable[str], name: str, size: int) -> Iterator[tuple[list[Block], tuple[str, ...]]]:
    """Divide text into lists of `size` blocks, each list with the names of columns for `parse_blocks`.

    So several processes can parse a file.
    """
    names: tuple[str, ...] = ()
    filled = ((line, block) for line, block in blocks(chunks, name, 1) if block.strip("\n"))
    for found in lists_of(filled, size):
        yield found, names
        for line, block in found:
            bare = block.strip("\n")
            if bare.startswith(OPENINGS):
                with suppress(TreebankError):  # `parse_blocks` tells it
                    names = _opened(bare, line, names, name)[2]


def _opened(block: str, line: int, names: tuple[str, ...], name: str) -> tuple[str, int, tuple[str, ...]]:
    """Return a block without its byte-order mark and header of columns, its first line, and the names of its columns.

    Files that were joined have such openings inside. The names are empty for CoNLL-U, whose header stays a comment.
    """
    if block.startswith(BYTE_ORDER_MARK):
        block, names = block.removeprefix(BYTE_ORDER_MARK), ()
    if block.startswith(HEADER):
        header, _, rest = block.partition("\n")
        names = header_columns(header, f"{name}:{line}")
        if not is_conllu(names):
            return rest, line + 1, names
        names = ()
    bare = block.lstrip("\n")
    return bare, line + len(block) - len(bare), names


def blocks(chunks: Iterable[str], name: str, line: int) -> Iterator[Block]:
    """Yield the first line and the text of each block; blocks end at blank lines, whose line breaks are left out."""
    rest, mark = "", BYTE_ORDER_MARK
    for chunk in with_line_feeds(chunks):
        text = (rest + chunk).removeprefix(mark)
        if chunk:
            mark = ""
        whole, blank, rest = text.rpartition("\n\n")
        if blank:
            for block in whole.split("\n\n"):
                yield line, block
                line += block.count("\n") + 2
        if len(rest) > LONGEST:
            raise TreebankError(f"{name}:{line}: no blank line in {len(rest)} characters; end each sentence with one")
    yield line, rest


def with_line_feeds(chunks: Iterable[str]) -> Iterator[str]:
    """Yield the text with LF for each CRLF, also if a CRLF is cut between two pieces.

    In a file of an old Mac, LF replaces each CR: the first piece that has line ends then has CR alone.
    """
    held, old = "", None  # old: whether the line ends are an old Mac's; None until the first line end is seen
    for chunk in chunks:
        text = held + chunk
        held = "\r" if text.endswith("\r") else ""
        text = text.removesuffix("\r").replace("\r\n", "\n")
        if old is None and ("\n" in text or "\r" in text):
            old = "\n" not in text
        yield text.replace("\r", "\n") if old else text
    yield held if old is False else held.replace("\r", "\n")
