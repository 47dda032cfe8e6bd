"""Reads the rows of files of word2vec and GloVe one by one; the numbers of a header are checked, not trusted.

A row of text is a word and its values, separated by blanks or tabs. The word itself may have blanks, such as `. . .` of
GloVe; but if its last part is a number, the row has a value too many. A row of a binary file is a word, one blank and
4 bytes per value, perhaps with a line end before the word. Every error names the line or the row.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcparse.errors import VectorsError

HEADER = re.compile(rb"(\d{1,18})[ \t]+(\d{1,18})\s*")
BOM = b"\xef\xbb\xbf"
MOST_VALUES = 100_000  # of a vector; published vectors have at most some thousands
LONGEST_LINE = 1 << 22  # bytes; enough for MOST_VALUES values
_LONGEST_WORD = 1 << 16
_LARGEST = 1e12  # far above any value of a vector; bytes of a word that are read as a value are mostly larger
_CHUNK = 1 << 20
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


class Header(NamedTuple):
    """The numbers of rows and of values per row in the header of a file."""

    vectors: int
    dimension: int


class Row(NamedTuple):
    """A word, its values, float32 [dimension], and its place in the file, for messages."""

    word: str
    values: NDArray[np.float32]
    place: str


def header(line: bytes) -> Header | None:
    """Return the header in a first line, None if it is not one. A byte-order mark before it is ignored."""
    found = HEADER.fullmatch(line.removeprefix(BOM))
    return Header(int(found[1]), int(found[2])) if found else None


def text_rows(lines: io.BufferedIOBase, name: str, claimed: Header | None) -> Iterator[Row]:
    """Yield the rows of text after the header, if there is one. Raises VectorsError, which names file and line.

    Without a header, the first row defines the number of values of all rows.
    """
    dimension = claimed.dimension if claimed else 0
    for number, line in enumerate(iter(lambda: lines.readline(LONGEST_LINE), b""), 2 if claimed else 1):
        place = f"{name}:{number}"
        content = line.removeprefix(BOM) if number == 1 else line
        if not content.strip():
            continue
        dimension = dimension or _trailing_values(content)
        yield text_row(content, dimension, place)


def text_row(line: bytes, dimension: int, place: str) -> Row:
    """Return the row of a line. Raises VectorsError unless it has one word and `dimension` finite values."""
    parts = line.rsplit(None, dimension)
    word, values = b"".join(parts[:1]), parts[1:]
    is_one_too_many = len(word.split()) > 1 and is_number(word.split()[-1])
    if len(values) < dimension or not word or line[:1].isspace() or is_one_too_many:
        raise VectorsError(
            f"{place}: a word and {dimension} values expected, found {len(line.split())} parts separated by blanks: "
            f"{_shown(line)}; correct the line, or fetch the file again if it is cut off"
        )
    try:
        with np.errstate(over="ignore"):
            row = np.array([float(value) for value in values], np.float32)
    except ValueError:
        raise VectorsError(f"{place}: {_odd(values, is_number)}") from None
    if not np.isfinite(row).all():
        raise VectorsError(f"{place}: {_odd(values, _is_finite)}")
    return Row(word.decode("utf-8", "replace"), row, place)


def _trailing_values(line: bytes) -> int:
    """Return the number of values in a first line: the numbers at its end or, if there are none, all but the word."""
    parts = line.split()[1:]
    points = (part.replace(b",", b".") for part in reversed(parts))  # the error of a decimal comma comes later
    numbers = next((i for i, part in enumerate(points) if not is_number(part)), len(parts))
    return numbers or len(parts) or 1


def is_number(part: bytes) -> bool:
    """Return whether bytes can be read as a number, nan and infinity included."""
    try:
        float(part)
    except ValueError:
        return False
    return True


def _is_finite(part: bytes) -> bool:
    return bool(abs(float(part)) <= float(np.finfo(np.float32).max))  # nan compares as false


def _odd(values: list[bytes], is_right: Callable[[bytes], bool]) -> str:
    """Return in words the first wrong value, and its fault."""
    number, value = next((number, value) for number, value in enumerate(values, 1) if not is_right(value))
    shown = f"value {number} of {len(values)}, {_shown(value)}, is"
    if is_number(value):
        return f"{shown} not finite in float32; remove the line, or train the vectors again"
    if is_number(value.replace(b",", b".")):
        return f"{shown} not a number; write a decimal point instead of the comma"
    return f"{shown} not a number; correct the line, or name the format"


def _shown(content: bytes) -> str:
    text = content.decode("utf-8", "replace").strip()
    return repr(text if len(text) <= 40 else text[:40] + "…")


def binary_rows(content: io.BufferedIOBase, name: str, claimed: Header) -> Iterator[Row]:
    """Yield the rows of a binary file after its header. Raises VectorsError, which names file and row."""
    size, data, start, number, before = 4 * claimed.dimension, b"", 0, 1, ""
    while True:
        end = data.find(b" ", start)
        if end >= 0 and len(data) > end + size:
            place = f"{name}: row {number}"
            word = _word(data[start:end].lstrip(b"\n"), place, before)
            yield Row(word, _values(data, end + 1, claimed.dimension, place, word), place)
            start, number, before = end + 1 + size, number + 1, word
        elif end < 0 and len(data) - start > _LONGEST_WORD:
            raise VectorsError(f"{name}: row {number}: no word: no blank in {_LONGEST_WORD} bytes; name the format")
        elif more := content.read(max(_CHUNK, size)):
            data, start = data[start:] + more, 0
        else:
            break
    if data[start:].strip():
        raise VectorsError(
            f"{name}: row {number}: cut off: {len(data) - start} bytes are left, too few for a word and "
            f"{claimed.dimension} values; fetch the file again, or name its format"
        )


def _word(content: bytes, place: str, before: str) -> str:
    """Return bytes as a word; if word2vec.c has cut its last character, the rest of the character becomes U+FFFD."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        is_cut = error.reason == "unexpected end of data"
        text = content.decode("utf-8", "replace") if is_cut else ""
    if not text or _CONTROL.search(content):
        hint = f"; perhaps the word before, {before!r}, had a blank, which this format cannot hold" if before else ""
        raise VectorsError(f"{place}: {content[:40]!r} is not a word in UTF-8{hint}; write the file again as text")
    return text


def _values(data: bytes, start: int, dimension: int, place: str, word: str) -> NDArray[np.float32]:
    values = np.frombuffer(data, "<f4", dimension, start)
    if not np.abs(values).max() < _LARGEST:  # nan compares as false
        odd = values[~(np.abs(values) < _LARGEST)][0]
        raise VectorsError(
            f"{place}: a value of {word!r} is {odd:g}: training went wrong, or these are bytes of a word with a blank, "
            f"which this format cannot hold; train the vectors again, or write them as text"
        )
    return values
