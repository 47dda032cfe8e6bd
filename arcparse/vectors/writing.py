"""Writes files of word vectors with gensim's `KeyedVectors`, in the formats that `arcparse.vectors.source` reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse.errors import VectorsError
from arcparse.files import aside, write_errors
from arcparse.vectors.rows import text_row
from arcparse.vectors.source import BINARY, BINARY_BYTE, FORMATS, GENSIM, GLOVE

if TYPE_CHECKING:
    from gensim.models import KeyedVectors


def save_vectors(vectors: KeyedVectors, path: Path, format: str = BINARY) -> None:
    """Write word vectors in one of `FORMATS`; a name in .gz, .xz or .bz2 gives a compressed file.

    An older file is replaced only when the new one is complete. Raises VectorsError for an unknown format, for a word
    that the format cannot hold (such as a word with a blank in a binary file), and if the file cannot be written.
    """
    if format not in FORMATS:
        raise VectorsError(f"unknown format {format!r} of vectors; choose one of {', '.join(FORMATS)}")
    word = next((word for word in vectors.index_to_key if not can_hold(format, word)), None)
    if word is not None:
        raise VectorsError(
            f"{path}: {format} cannot hold the word {word!r}: there a blank ends a word, a line end a row; "
            f"write `_` for a blank, or choose format {GENSIM!r}"
        )
    with write_errors(path, VectorsError):
        final = Path(os.path.realpath(path))
        if final.exists() and not final.is_file():  # write to a pipe or /dev/null, do not replace it
            _save(vectors, final, format)
            return
        with aside(final.parent, is_folder=True) as fresh:
            _save(vectors, fresh / final.name, format)
            for written in fresh.iterdir():  # gensim's own format has several files for large vectors
                os.replace(written, final.parent / written.name)


def _save(vectors: KeyedVectors, path: Path, format: str) -> None:
    if format == GENSIM:
        vectors.save(str(path))
    else:
        vectors.save_word2vec_format(str(path), binary=format == BINARY, write_header=format != GLOVE)


def can_hold(format: str, word: str) -> bool:
    """Return whether a word is read back unchanged from a row of a format."""
    if format == GENSIM:
        return True
    try:
        content = word.encode()
        if format == BINARY:
            return content.split() == [content] and BINARY_BYTE.search(content) is None
        return b"\n" not in content and text_row(content + b" 0", 1, "").word == word
    except (UnicodeEncodeError, VectorsError):
        return False
