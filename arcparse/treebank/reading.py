"""A file to its blocks and a block to a sentence, in memory that does not grow with the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from arcparse.errors import TreebankError
from arcparse.files import Location, chunks_of, name_of
from arcparse.sentence import Sentence
from arcparse.treebank.block import parse_block
from arcparse.treebank.encoding import BYTE_ORDER_MARK
from arcparse.treebank.plus import HEADER, as_conllu, header_columns, is_conllu

OnError: TypeAlias = "Callable[[TreebankError], None]"

LONGEST = 1 << 25  # characters of a sentence, half a million words; a file without blank lines is no treebank
OPENINGS = (BYTE_ORDER_MARK, HEADER)  # what begins a file, and may stand inside where files were put together


def read_conllu(source: Location, *, name: str | None = None, on_error: OnError | None = None) -> Iterator[Sentence]:
    """Read sentences one by one from a path (.gz, .xz and .bz2 opened as they are) or a text stream.

    Each sentence has `place="file:line"`, its first line counted from 1; `name` stands for the file there. A byte-order
    mark before a sentence, the ends of lines of Windows and of old Macs, and a missing last line break are accepted; so
    are the columns of CoNLL-U Plus (see `arcparse.treebank.plus`). With `on_error`, a malformed sentence is passed over
    and its error handed to that function. Raises TreebankError for a malformed sentence otherwise, and always where the
    file cannot be read or does not end a sentence within `LONGEST` characters. Whether heads form a tree is not asked
    here: see `arcparse.trees.checked`.
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
    names: tuple[str, ...] = ()  # of the columns, where the file says them
    for line, block in blocks(chunks, name, line):  # noqa: B020 (goes on from the first line)
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


def _opened(block: str, line: int, names: tuple[str, ...], name: str) -> tuple[str, int, tuple[str, ...]]:
    """Return a block without a byte-order mark, as files put together have one inside, and a header of columns.

    With the line on which it begins then, and the names of its columns.
    """
    if block.startswith(BYTE_ORDER_MARK):
        block, names = block.removeprefix(BYTE_ORDER_MARK), ()
    if block.startswith(HEADER):
        header, _, rest = block.partition("\n")
        names = header_columns(header, f"{name}:{line}")
        if not is_conllu(names):  # whose header is a comment like any other
            return rest, line + 1, names
        names = ()
    bare = block.lstrip("\n")
    return bare, line + len(block) - len(bare), names


def blocks(chunks: Iterable[str], name: str, line: int) -> Iterator[tuple[int, str]]:
    """Split text at blank lines into blocks, each with its first line and without the two line breaks that end it."""
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
            raise TreebankError(f"{name}:{line}: no blank line in {len(rest)} characters; end each sentence by one")
    yield line, rest


def with_line_feeds(chunks: Iterable[str]) -> Iterator[str]:
    """Give the text with LF for CRLF, each changed once wherever the pieces are cut.

    LF stands, too, for the CR of files of old Macs, in whose first piece with ends of lines there is no other.
    """
    held, old = "", None  # whether the file has the lines of an old Mac, once that is known
    for chunk in chunks:
        text = held + chunk
        held = "\r" if text.endswith("\r") else ""
        text = text.removesuffix("\r").replace("\r\n", "\n")
        if old is None and ("\n" in text or "\r" in text):
            old = "\n" not in text
        yield text.replace("\r", "\n") if old else text
    yield held if old is False else held.replace("\r", "\n")
