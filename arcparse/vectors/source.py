"""Word vectors as the world writes them, read and written with gensim's `KeyedVectors`.

    word2vec-text     a line "count dimension", then a word and its values per line
    word2vec-binary   the same first line, then each word, a space and 4 bytes per value
    glove             word2vec-text without the first line (Pennington et al. 2014)
    gensim            what `KeyedVectors.save` or `Word2Vec.save` wrote

The first three may be packed (.gz, .xz, .bz2) and are told apart by their content. The native format of gensim is a
pickle, and unpickling runs whatever code the file holds: it is read only when the caller names it.
"""

from __future__ import annotations

import os
import re
import warnings
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from arcparse.errors import VectorsError
from arcparse.files import UNREADABLE, aside, reading, write_errors

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

TEXT, BINARY, GLOVE, GENSIM = FORMATS = ("word2vec-text", "word2vec-binary", "glove", "gensim")
_LONGEST_LINE = 1 << 16  # bytes; a text line of 1,000 values has about 12,000
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_HEADER = re.compile(rb"\d+ \d+\s*")
# what gensim and the unpackers raise
_UNREADABLE = (*UNREADABLE, ValueError, AssertionError)


def guess_format(path: Path) -> str:
    """Return the name of a file's format, from its first two lines.

    Raises VectorsError where the file cannot be read, or is none of word2vec text, word2vec binary and GloVe.
    """
    with reading(path, fault=VectorsError) as content:
        first, second = content.readline(_LONGEST_LINE), content.readline(_LONGEST_LINE)
    if _PICKLE.match(first):
        raise VectorsError(
            f"{path}: a pickle, perhaps of gensim; loading one runs the code in it, "
            f"so if you trust the file, name the format: format={GENSIM!r} (--format {GENSIM})"
        )
    if _HEADER.fullmatch(first):
        return TEXT if _is_entry(second, int(first.split()[1])) else BINARY
    if _is_entry(first, len(first.split()) - 1):
        return GLOVE
    raise VectorsError(
        f"{path}: neither word2vec nor GloVe: it begins with {first[:40]!r}; expected a line 'count dimension', "
        f"or a word and its values; a packed file must end in .gz, .xz or .bz2"
    )


def _is_entry(line: bytes, dimension: int) -> bool:
    values = line.split()[1:]
    try:
        return len(values) == dimension > 0 and all(np.isfinite([float(value) for value in values]))
    except ValueError:
        return False


def load_vectors(path: Path, format: str | None = None, *, limit: int | None = None) -> KeyedVectors:
    """Load word vectors, all or the first `limit` of the file; the format is guessed where it is not named.

    `format="gensim"` unpickles, that is, it runs code from the file: use it for files that you trust.
    Bytes of words that are not UTF-8, as word2vec.c cuts them, become U+FFFD.
    Raises VectorsError where the file is not in the format, or truncated.
    """
    if format is not None and format not in FORMATS:
        raise VectorsError(f"unknown format {format!r} of vectors; choose one of {', '.join(FORMATS)}")
    if not path.is_file():
        raise VectorsError(f"{path}: no such file of word vectors")
    format = format or guess_format(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # gensim leaves a GloVe file for Python to close
        try:
            return _load_native(path, limit) if format == GENSIM else _load_word2vec(path, format, limit)
        except _UNREADABLE as error:
            found = str(error) or type(error).__name__
    raise VectorsError(f"{path}: not {format}, or cut off: {found}; fetch it again, or name its format")


def _load_word2vec(path: Path, format: str, limit: int | None) -> KeyedVectors:
    from gensim.models import KeyedVectors

    return KeyedVectors.load_word2vec_format(
        str(path), binary=format == BINARY, no_header=format == GLOVE, limit=limit, unicode_errors="replace"
    )


def _load_native(path: Path, limit: int | None) -> KeyedVectors:
    import pickle

    from gensim.models import KeyedVectors

    try:
        loaded = KeyedVectors.load(str(path))
    except (pickle.UnpicklingError, AttributeError, ImportError, KeyError, IndexError) as error:
        raise ValueError(f"not a pickle of gensim's: {error}") from error
    vectors = getattr(loaded, "wv", loaded)
    if not isinstance(vectors, KeyedVectors):
        raise ValueError(f"it holds a {type(vectors).__name__}, not KeyedVectors")
    return vectors if limit is None else vectors.vectors_for_all(vectors.index_to_key[:limit])


def save_vectors(vectors: KeyedVectors, path: Path, format: str = BINARY) -> None:
    """Write word vectors in any of `FORMATS`, packed where the name ends in .gz, .xz or .bz2.

    An older file stays until the new one is whole. Raises VectorsError for an unknown format, and where the file cannot
    be written.
    """
    if format not in FORMATS:
        raise VectorsError(f"unknown format {format!r} of vectors; choose one of {', '.join(FORMATS)}")
    with write_errors(path, VectorsError):
        final = Path(os.path.realpath(path))
        if final.exists() and not final.is_file():  # a pipe or /dev/null is written to, never replaced
            _save(vectors, final, format)
            return
        with aside(final.parent, is_folder=True) as fresh:
            _save(vectors, fresh / final.name, format)
            for written in fresh.iterdir():  # large vectors of gensim's own format are several files
                os.replace(written, final.parent / written.name)


def _save(vectors: KeyedVectors, path: Path, format: str) -> None:
    if format == GENSIM:
        vectors.save(str(path))
    else:
        vectors.save_word2vec_format(str(path), binary=format == BINARY, write_header=format != GLOVE)


def dense(vectors: KeyedVectors) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Return the words and their vectors, float32 [words, dimension], in the same order."""
    return tuple(vectors.index_to_key), cast("NDArray[np.float32]", np.ascontiguousarray(vectors.vectors, np.float32))


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
