"""A file to its blocks and a block to a sentence, in memory that does not grow with the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from arcparse.errors import TreebankError
from arcparse.files import Location, chunks_of, name_of
from arcparse.sentence import Sentence
from arcparse.treebank.block import parse_block

OnError: TypeAlias = "Callable[[TreebankError], None]"

LONGEST = 1 << 25  # characters of a sentence, half a million words; a file without blank lines is no treebank
BYTE_ORDER_MARK = "\ufeff"


def read_conllu(source: Location, *, name: str | None = None, on_error: OnError | None = None) -> Iterator[Sentence]:
    """Read sentences one by one from a path (.gz, .xz and .bz2 opened as they are) or a text stream.

    Each sentence has `place="file:line"`, its first line counted from 1; `name` stands for the file there. A byte-order
    mark, CRLF and a missing last line break are accepted. With `on_error`, a malformed sentence is passed over and its
    error handed to that function. Raises TreebankError for a malformed sentence otherwise, and always where the file
    cannot be read or does not end a sentence within `LONGEST` characters. Whether heads form a tree is not asked here:
    see `arcparse.trees.checked`.
    """
    name = name or name_of(source)
    return parse_chunks(chunks_of(source, name), name, on_error=on_error)


def parse_conllu(text: str, *, name: str = "<string>", on_error: OnError | None = None) -> list[Sentence]:
    """Parse the sentences of a string. Raises TreebankError, or calls `on_error`, where it is malformed."""
    return list(parse_chunks([text], name, on_error=on_error))


def parse_chunks(
    chunks: Iterable[str], name: str, line: int = 1, *, on_error: OnError | None = None
) -> Iterator[Sentence]:
    """Parse text that comes in pieces of any size, the first of which begins on `line` of the file `name`."""
    known: dict[str, str] = {}
    for line, block in blocks(chunks, name, line):  # noqa: B020 (goes on from the first line)
        bare = block.strip("\n")
        if not bare:
            continue
        try:
            sentence = parse_block(bare, name, line + len(block) - len(block.lstrip("\n")), known)
        except TreebankError as error:
            if on_error is None:
                raise
            on_error(error)
        else:
            yield sentence


def blocks(chunks: Iterable[str], name: str, line: int) -> Iterator[tuple[int, str]]:
    """Split text at blank lines into blocks, each with its first line and without the two line breaks that end it."""
    rest, mark = "", BYTE_ORDER_MARK
    for chunk in _with_line_feeds(chunks):
        text = (rest + chunk).removeprefix(mark)
        if chunk:
            mark = ""
        whole, blank, rest = text.rpartition("\n\n")
        if blank:
            for block in whole.split("\n\n"):
                yield line, block
                line += block.count("\n") + 2
        if len(rest) > LONGEST:
            raise TreebankError(f"{name}:{line}: no blank line in {len(rest)} characters; end each sentence by one")
    yield line, rest


def _with_line_feeds(chunks: Iterable[str]) -> Iterator[str]:
    """Give the text with LF for CRLF, each changed once wherever the pieces are cut."""
    held = ""
    for chunk in chunks:
        text = held + chunk
        held = "\r" if text.endswith("\r") else ""
        yield text.removesuffix("\r").replace("\r\n", "\n")
    yield held
