"""Sentences from and to CoNLL-U, the format of Universal Dependencies (https://universaldependencies.org/format.html).

Every cell and comment is kept as the file writes it, so that what was read is written back byte for byte. A block, the
text between two blank lines, becomes ten columns by one `zip`, and each check is one comparison of whole columns; only
a sentence that fails it, for having a fault, a multiword range or an empty node, is looked at row by row. Nothing is
written that would not be read back the same.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import os
import re
import secrets
import shutil
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from itertools import islice, zip_longest
from operator import eq
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO, TypeAlias

from arcparse.errors import TreebankError
from arcparse.sentence import COLUMNS, DEPREL, EMPTY, FEATS, HEAD, ID, UPOS, XPOS, Sentence

if TYPE_CHECKING:
    from conllu import TokenList

Location: TypeAlias = "str | os.PathLike[str] | TextIO"
Fault: TypeAlias = "tuple[int, str]"  # the row, counted from 0, and what is wrong with it

CHUNK = 1 << 20  # characters or bytes read at a time: memory stays constant and the cost of a call vanishes
BATCH = 256  # sentences written at a time
REPEATED = (UPOS, XPOS, FEATS, HEAD, DEPREL)  # columns of few distinct values, each kept once
RANGE = re.compile(r"([1-9][0-9]{0,8})-([1-9][0-9]{0,8})")
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)")


def read_conllu(source: Location, *, name: str | None = None) -> Iterator[Sentence]:
    """Read sentences one by one from a path (.gz, .xz and .bz2 opened as they are) or a text stream.

    Each sentence has `place="file:line"`, its first line counted from 1; `name` stands for the file there. A byte-order
    mark, CRLF and a missing last line break are accepted. Raises TreebankError where the file cannot be read or is
    malformed; cycles and roots are the business of `trees`.
    """
    name = name or _name(source)
    chunks = _path_chunks(source, name) if isinstance(source, str | os.PathLike) else _stream_chunks(source, name)
    return _parse(chunks, name)


def parse_conllu(text: str, *, name: str = "<string>") -> list[Sentence]:
    """Parse the sentences of a string. Raises TreebankError where it is malformed."""
    return list(_parse([text], name))


def write_conllu(sentences: Iterable[Sentence], target: Location) -> None:
    """Write sentences to a path (compressed as .gz, .xz or .bz2 says) or a text stream.

    A path is written aside and renamed at the end: whatever goes wrong, it holds either the old file or the whole new
    one. Raises TreebankError for a sentence that would not be read back the same, and where nothing can be written.
    """
    texts = _verified_texts(sentences, _name(target))
    if not isinstance(target, str | os.PathLike):
        for text in texts:
            target.write(text)
        return
    with _replacing(Path(target)) as file:
        for text in texts:
            file.write(text.encode("utf-8"))


def to_conllu(sentence: Sentence) -> TokenList:
    """Convert to a `conllu.TokenList`, as `conllu.parse` reads it.

    Nothing is dropped: a cell that `conllu` would not write back the same stays a string, and a comment that is not a
    new `key = value` becomes a key without value. Only an exact repetition of a comment, and the want of a space after
    its `#`, are beyond its metadata.
    """
    from conllu.models import Metadata, Token, TokenList

    metadata = Metadata()
    for comment in sentence.comments:
        key, equals, value = comment[1:].removeprefix(" ").partition(" = ")
        if equals and value and key not in metadata:
            metadata[key] = value
        else:
            metadata[comment[1:].removeprefix(" ")] = None
    rows = zip(*sentence.columns, strict=True)
    tokens = [Token({name: _parsed_cell(name, cell) for name, cell in zip(COLUMNS, row, strict=True)}) for row in rows]
    return TokenList(tokens, metadata, default_fields=COLUMNS)


def from_conllu(tokens: TokenList) -> Sentence:
    """Convert from a `conllu.TokenList`; a field that is missing is `_`. Raises TreebankError where it is malformed."""
    comments = [f"# {key} = {value}" if value else f"# {key}" for key, value in tokens.metadata.items()]
    rows = ["\t".join([_cell_text(token.get(name)) for name in COLUMNS]) for token in tokens]
    return _sentence("\n".join([*comments, *rows]), "<TokenList>", 1, {})


# Reading


def _name(location: Location) -> str:
    if isinstance(location, str | os.PathLike):
        return os.fspath(location)
    return str(getattr(location, "name", "<stream>"))


def _path_chunks(path: str | os.PathLike[str], name: str) -> Iterator[str]:
    decoder, text, line = codecs.getincrementaldecoder("utf-8")(), "", 1
    try:
        with open(path, "rb") as raw, _codec(path, raw, "rb") as file:
            while chunk := file.read(CHUNK):
                text = decoder.decode(chunk)
                yield text
                line += text.count("\n")
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8")
        block = (text + before).replace("\r\n", "\n").rpartition("\n\n")[2]
        what = f"byte 0x{error.object[error.start]:02x} is not UTF-8; convert the file to UTF-8"
        raise _error(f"{name}:{line + before.count(chr(10))}", block.split("\n"), what) from None
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise TreebankError(f"{name}: cannot be read: {reason}; check the path and that the file is whole") from None


def _stream_chunks(stream: TextIO, name: str) -> Iterator[str]:
    try:
        yield from iter(partial(stream.read, CHUNK), "")
    except UnicodeDecodeError as error:
        raise TreebankError(f"{name}: {error}; give the path, or open the stream as UTF-8") from None


def _codec(path: str | os.PathLike[str], raw: io.BufferedIOBase, mode: Literal["rb", "wb"]) -> io.BufferedIOBase:
    suffix = Path(path).suffix.lower()
    if suffix == ".gz":  # neither name nor time inside, so that equal sentences give equal files
        return gzip.GzipFile("", mode, fileobj=raw, mtime=0)
    if suffix == ".xz":
        return lzma.LZMAFile(raw, mode)  # type: ignore[arg-type]
    return bz2.BZ2File(raw, mode) if suffix == ".bz2" else raw


def _parse(chunks: Iterable[str], name: str, line: int = 1) -> Iterator[Sentence]:
    memo: dict[str, str] = {}
    for block in _blocks(chunks):
        bare = block.strip("\n")
        if bare:
            yield _sentence(bare, name, line + len(block) - len(block.lstrip("\n")), memo)
        line += block.count("\n") + 2


def _blocks(chunks: Iterable[str]) -> Iterator[str]:
    """Split text at blank lines, each block without the two line breaks that end it."""
    rest, mark = "", "\ufeff"
    for chunk in chunks:
        text = (rest + chunk).removeprefix(mark)
        mark = ""
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        whole, blank, rest = text.rpartition("\n\n")
        if blank:
            yield from whole.split("\n\n")
    yield rest


def _sentence(block: str, name: str, line: int, memo: dict[str, str]) -> Sentence:
    lines = block.split("\n")
    first = 0
    while first < len(lines) and lines[first].startswith("#"):
        first += 1
    rows = [row.split("\t") for row in lines[first:]]
    try:
        columns = list(zip(*rows, strict=True))
    except ValueError:
        columns = []
    fault = _shape_fault(block, rows, columns) or _id_fault(columns[ID]) or _head_fault(columns[ID], columns[HEAD])
    if fault:
        raise _error(f"{name}:{line + first + fault[0]}", lines[:first], fault[1])
    for column in REPEATED:
        columns[column] = tuple(map(memo.setdefault, columns[column], columns[column]))
    return Sentence(tuple(lines[:first]), tuple(columns), f"{name}:{line}")


def _error(place: str, comments: Iterable[str], message: str) -> TreebankError:
    sent_id = Sentence(tuple(comments), ()).comment("sent_id")
    return TreebankError(f"{place} (sent_id {sent_id}): {message}" if sent_id else f"{place}: {message}")


def _shape_fault(block: str, rows: list[list[str]], columns: list[tuple[str, ...]]) -> Fault | None:
    if not rows:
        return -1, "comments without words; remove them or the blank line after them"
    if len(columns) == len(COLUMNS) and "\t\t" not in block and "\t\n" not in block and block[-1] != "\t":
        return None
    for number, row in enumerate(rows):
        if row[0].startswith("#"):
            return number, f"comment {row[0]!r} after a row; comments stand before the first row: move it there"
        if len(row) != len(COLUMNS):
            found = "1 column" if len(row) == 1 else f"{len(row)} columns"
            return (
                number,
                f"{found} in {_short(chr(9).join(row))}, expected {len(COLUMNS)}; separate them by single tabs",
            )
        if "" in row:
            return (
                number,
                f"{COLUMNS[row.index('')].upper()} '' is empty; write '{EMPTY}' for a value that is not there",
            )
    return None


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _id_fault(ids: tuple[str, ...]) -> Fault | None:
    if ids == _numbers(len(ids)):
        return None
    word = node = range_row = range_end = 0
    for row, name in enumerate(ids):
        if name == str(word + 1):
            word, node = word + 1, 0
        elif name == f"{word}.{node + 1}":
            node += 1
        elif (match := RANGE.fullmatch(name)) and range_end <= word < int(match[1]) == word + 1 <= int(match[2]):
            range_row, range_end = row, int(match[2])
        else:
            order = "number words 1, 2, 3, a range m-n before word m, an empty node n.1 after word n"
            return row, f"ID {name!r} where '{word + 1}' was expected; {order}"
    if range_end > word or not word:
        return range_row, f"ID {ids[range_row]!r} in a sentence of {word} words; a range or node needs its words"
    return None


def _head_fault(ids: tuple[str, ...], heads: tuple[str, ...]) -> Fault | None:
    rows: Iterable[int] = range(len(ids))
    if ids[-1] != str(len(ids)):
        rows = [row for row, name in enumerate(ids) if name.isdigit()]
        heads = tuple([heads[row] for row in rows])
    size = len(heads)
    if _targets(size).issuperset(heads) and not any(map(eq, heads, _numbers(size))):
        return None
    remedy = f"give 0 for the root, another word's number up to {size}, or '{EMPTY}'"
    number, row = next(
        (n, row) for n, row in enumerate(rows) if heads[n] not in _targets(size) or heads[n] == str(n + 1)
    )
    if heads[number] in _targets(size):
        return row, f"HEAD {heads[number]!r} points to the word itself; {remedy}"
    wrong = f"is outside the sentence of {size} words" if NUMBER.fullmatch(heads[number]) else "is no word's number"
    return row, f"HEAD {heads[number]!r} {wrong}; {remedy}"


@lru_cache(maxsize=1024)
def _numbers(size: int) -> tuple[str, ...]:
    """Return the words' numbers as the ID column writes them."""
    return tuple(map(str, range(1, size + 1)))


@lru_cache(maxsize=1024)
def _targets(size: int) -> frozenset[str]:
    """Return all that the HEAD column may say in a sentence of that many words."""
    return frozenset((EMPTY, "0", *_numbers(size)))


# Writing


def _verified_texts(sentences: Iterable[Sentence], name: str) -> Iterator[str]:
    """Give the text of many sentences at a time, after reading it back."""
    line, remaining = 1, iter(sentences)
    while batch := list(islice(remaining, BATCH)):
        text = "".join(map(str, batch))
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            place = f"{name}:{line + text.count(chr(10), 0, error.start)}"
            raise TreebankError(f"{place}: {text[error.start]!r} has no UTF-8; replace it") from None
        same = list(_parse([text], name, line))
        line += text.count("\n")
        if same != batch:
            wrong = next(read for sentence, read in zip_longest(batch, same) if sentence != read)
            place = wrong.place if wrong is not None else f"{name}:{line}"
            why = "it has no words, a line break inside, or a comment without '#'; mend it before writing"
            raise TreebankError(f"{place}: this sentence would not be read back as it is: {why}")
        yield text


@contextmanager
def _replacing(path: Path) -> Iterator[io.BufferedIOBase]:
    """Open a file that takes the place of `path` when the block ends well, and leaves no trace when it does not."""
    final = path.resolve()
    is_device = final.exists() and not final.is_file()  # a pipe or /dev/null is written to, never replaced
    aside = final if is_device else final.with_name(f".{final.name}.{secrets.token_hex(4)}")
    raw = _opened(aside, path)
    try:
        with raw, _codec(path, raw, "wb") as file:
            yield file
        if not is_device:
            if final.exists():
                shutil.copymode(final, aside)
            os.replace(aside, final)
    except BaseException:
        if not is_device:
            aside.unlink(missing_ok=True)
        raise


def _opened(file: Path, path: Path) -> io.BufferedIOBase:
    try:
        return open(file, "wb")
    except OSError as error:
        raise TreebankError(f"{path}: cannot be written: {error.strerror}; check the folder") from None


# The conllu library


def _parsed_cell(name: str, cell: str) -> Any:
    from conllu.parser import DEFAULT_FIELD_PARSERS
    from conllu.serializer import serialize_field

    if name not in DEFAULT_FIELD_PARSERS:
        return cell
    value = DEFAULT_FIELD_PARSERS[name]([cell], 0)
    return value if serialize_field(value) == cell else cell


def _cell_text(value: Any) -> str:
    from conllu.serializer import serialize_field

    return str(serialize_field(value)) if value or value == 0 else EMPTY
