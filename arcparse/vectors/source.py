"""Reads files of word vectors, row by row.

    word2vec-text     a line "count dimension", then a word and its values per line; fastText's .vec is the same
    word2vec-binary   the same first line, then each word, a space and 4 bytes per value
    glove             word2vec-text without the first line (Pennington et al. 2014)
    gensim            a file of `KeyedVectors.save` or `Word2Vec.save`

All may be compressed (.gz, .xz, .bz2); the first three are distinguished by their content. The native format of gensim
is a pickle, and unpickling runs the code in the file: it is read only if the caller names the format.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arcparse.errors import VectorsError
from arcparse.files import COMPRESSED, reading
from arcparse.vectors.needed import require_gensim
from arcparse.vectors.rows import (
    LONGEST_LINE,
    MOST_VALUES,
    Header,
    Row,
    binary_rows,
    header,
    is_number,
    text_row,
    text_rows,
)

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

TEXT, BINARY, GLOVE, GENSIM = FORMATS = ("word2vec-text", "word2vec-binary", "glove", "gensim")
Tell = Callable[[str], object]

_SAMPLE = 1 << 16  # bytes after the first line, to distinguish text from binary
_BLOCK = 1 << 24  # bytes of memory for vectors at first
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
BINARY_BYTE = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_OTHERS = {  # first bytes of files in other formats, and the remedy
    b"PK\x03\x04": "a .zip archive; unpack it, and give the file inside",
    b"\x1f\x8b": "compressed; the name of such a file must end in .gz, .xz or .bz2",
    b"\xfd7zXZ": "compressed; the name of such a file must end in .gz, .xz or .bz2",
    b"BZh": "compressed; the name of such a file must end in .gz, .xz or .bz2",
    b"\xff\xfe": "UTF-16; write it as UTF-8",
    b"\xfe\xff": "UTF-16; write it as UTF-8",
    b"\xba\x16\x4f\x2f": "fastText's own .bin; give its .vec file, or write one with fastText",
    b"\x93NUMPY": "an array of numpy; give the file of gensim beside it, with format='gensim'",
}


def guess_format(path: Path) -> str:
    """Return the name of a file's format, found by its first bytes.

    Raises VectorsError if the file cannot be read, or is neither word2vec text, word2vec binary nor GloVe.
    """
    with _opened(path) as content:
        first, sample = content.readline(LONGEST_LINE), content.read(_SAMPLE)
    other = next((remedy for magic, remedy in _OTHERS.items() if first.startswith(magic)), None)
    if other or not first:
        raise VectorsError(f"{path}: {other or 'empty; fetch it again'}")
    if _PICKLE.match(first):
        raise VectorsError(
            f"{path}: a pickle, perhaps of gensim; loading it runs the code in it; "
            f"if you trust the file, name the format: format={GENSIM!r} (--format {GENSIM})"
        )
    claimed = header(first)
    if claimed:
        return TEXT if _is_text(sample, claimed.dimension) else BINARY
    if len(first.split()) > 1 and is_number(
        first.split()[-1].replace(b",", b".")
    ):  # the error of a decimal comma comes later
        return GLOVE
    raise VectorsError(
        f"{path}: neither word2vec nor GloVe: it begins with {first[:40]!r}; give a file that begins with a line "
        f"'count dimension', or with a word and its values"
    )


def _is_text(sample: bytes, dimension: int) -> bool:
    """Return whether the sample after a header is text: its first line is a row, or it has no byte of binary data."""
    with suppress(VectorsError):
        return bool(text_row(sample.partition(b"\n")[0], dimension, "").word)
    return not BINARY_BYTE.search(sample)


@contextmanager
def _opened(path: Path) -> Iterator[io.BufferedIOBase]:
    """Open a file and decompress it. Raises VectorsError if there is no file, or if reading fails in the block."""
    if not path.is_file():
        raise VectorsError(f"{path}: {'a folder' if path.is_dir() else 'no such file'}; give a file of word vectors")
    with reading(path, fault=VectorsError) as content:
        yield content


def load_vectors(
    path: Path, format: str | None = None, *, limit: int | None = None, tell: Tell = warnings.warn
) -> KeyedVectors:
    """Load word vectors, all or the first `limit` rows of the file; without a `format`, it is guessed.

    `format="gensim"` unpickles, that is, it runs code from the file: use it only for files that you trust.
    Bytes of words that are not UTF-8 (word2vec.c cuts long words) become U+FFFD; if a word occurs twice, its first
    vector is kept. In both cases `tell` is called with a sentence and the number of such rows.
    Raises VectorsError, which names the line or row, if the file is not in the format, is cut off, or holds a value
    that is not finite.
    """
    if format is not None and format not in FORMATS:
        raise VectorsError(f"unknown format {format!r} of vectors; choose one of {', '.join(FORMATS)}")
    if limit is not None and limit < 1:
        raise VectorsError(f"limit must be at least 1, not {limit}")
    format = format or guess_format(path)
    if format == GENSIM:
        return _load_native(path, limit, tell)
    with _opened(path) as content:
        claimed = None if format == GLOVE else _claimed(content, path, format)
        binary = claimed if format == BINARY else None
        rows = binary_rows(content, str(path), binary) if binary else text_rows(content, str(path), claimed)
        return _keyed(*_collected(_counted(rows, path, claimed, limit), path, _likely(path, claimed, limit), tell))


def _claimed(content: io.BufferedIOBase, path: Path, format: str) -> Header:
    """Read the header. Raises VectorsError if there is none, or if its numbers are outside their limits."""
    line = content.readline(LONGEST_LINE)
    claimed = header(line)
    if not claimed:
        raise VectorsError(
            f"{path}:1: {line[:40]!r}, but {format} begins with 'count dimension'; name the format, {GLOVE} if it "
            f"begins with a word"
        )
    count, dimension = claimed
    if not (count and 1 <= dimension <= MOST_VALUES):
        raise VectorsError(
            f"{path}:1: the header says {count} vectors of {dimension} values; there must be at least 1 vector of 1 to "
            f"{MOST_VALUES} values; fetch the file again, or name its format"
        )
    return claimed


def _counted(rows: Iterable[Row], path: Path, claimed: Header | None, limit: int | None) -> Iterator[Row]:
    """Yield the first `limit` rows, or all. Raises VectorsError if all are not as many as the header claims."""
    if limit is not None:
        yield from islice(rows, limit)
        return
    count = 0
    for count, row in enumerate(rows, 1):
        if claimed and count > claimed.vectors:
            raise VectorsError(
                f"{row.place}: the header says {claimed.vectors} vectors, but here is one more, of {row.word!r}; "
                f"correct the header, or read only the first ones (--limit {claimed.vectors})"
            )
        yield row
    if claimed and count < claimed.vectors:
        remedy = f", or read only these (--limit {count})" if count else ""
        raise VectorsError(
            f"{path}: cut off: the header says {claimed.vectors} vectors, but the file holds {count}; "
            f"fetch it again{remedy}"
        )


def _likely(path: Path, claimed: Header | None, limit: int | None) -> int:
    """Return the likely number of rows: that of the header, at most as many as fit into the file; 0 if unknown."""
    if not claimed or path.suffix.lower() in COMPRESSED:
        return 0
    possible = path.stat().st_size // (2 * claimed.dimension)  # a value has at least a digit and a blank
    return min(claimed.vectors, possible, limit or possible)


def _collected(rows: Iterable[Row], path: Path, likely: int, tell: Tell) -> tuple[list[str], NDArray[np.float32]]:
    """Return the words of rows, each once, and their vectors; memory grows if there are more rows than `likely`."""
    index: dict[str, int] = {}
    matrix = np.empty((0, 0), np.float32)
    twice, broken = list[str](), list[str]()
    for word, values, place in rows:
        if word in index:
            twice.append(f"{place}: {word!r}")
            continue
        if "\ufffd" in word:
            broken.append(f"{place}: {word!r}")
        if not index:
            matrix = np.empty((max(likely, _BLOCK // values.nbytes, 1), len(values)), np.float32)
        elif len(index) == len(matrix):
            matrix.resize((len(matrix) * 3 // 2 + 1, len(values)), refcheck=False)
        matrix[len(index)] = values
        index[word] = len(index)
    if not index:
        raise VectorsError(f"{path}: holds no vectors; fetch it again")
    if broken:
        tell(f"{broken[0]} is not all UTF-8; U+FFFD replaces the rest (rows like this: {len(broken)})")
    if twice:
        tell(f"{twice[0]} occurs a second time; its first vector is kept (rows like this: {len(twice)})")
    matrix.resize((len(index), matrix.shape[1]), refcheck=False)
    return list(index), matrix


def _keyed(words: Sequence[str], matrix: NDArray[np.float32]) -> KeyedVectors:
    keyed: KeyedVectors = require_gensim().KeyedVectors(matrix.shape[1])
    keyed.index_to_key, keyed.vectors = list(words), matrix
    keyed.key_to_index = {word: row for row, word in enumerate(words)}
    return keyed


def _load_native(path: Path, limit: int | None, tell: Tell) -> KeyedVectors:
    keyed_vectors = require_gensim().KeyedVectors
    with _opened(path):
        try:
            loaded = keyed_vectors.load(str(path))
        except Exception as error:  # code in a pickle may raise any error
            found = str(error) or type(error).__name__
            raise VectorsError(f"{path}: not {GENSIM}'s, or cut off: {found}; fetch it again, with its .npy") from error
    vectors = getattr(loaded, "wv", loaded)
    if not isinstance(vectors, keyed_vectors):
        raise VectorsError(f"{path}: not {GENSIM}'s: it holds a {type(vectors).__name__}, not KeyedVectors")
    _check_native(vectors, path)
    wordless = len(vectors.index_to_key) - len(vectors.key_to_index)
    if wordless:
        tell(f"{path}: {wordless} rows have no word of their own and are left out")
        vectors = _keyed(*dense(vectors))
    return vectors if limit is None else vectors.vectors_for_all(vectors.index_to_key[:limit])


def _check_native(vectors: Any, path: Path) -> None:
    words, matrix = list(vectors.key_to_index), np.asarray(vectors.vectors)
    if not words or matrix.ndim != 2 or matrix.dtype.kind != "f" or max(vectors.key_to_index.values()) >= len(matrix):
        raise VectorsError(f"{path}: {len(words)} words and an array {matrix.shape} of {matrix.dtype}; fetch it again")
    finite = np.isfinite(matrix).all(axis=1)
    odd = next((word for word, row in vectors.key_to_index.items() if not finite[row]), None)
    if odd is not None:
        raise VectorsError(f"{path}: the vector of {odd!r} holds a value that is not finite; train the vectors again")


def dense(vectors: KeyedVectors) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Return the words, each once, and their vectors, float32 [words, dimension], in the same order."""
    row, matrix = vectors.key_to_index, vectors.vectors
    if len(row) < len(matrix):  # gensim keeps rows without a word, for words that a file has twice
        matrix = matrix[list(row.values())]
    return tuple(row), np.ascontiguousarray(matrix, np.float32)


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
