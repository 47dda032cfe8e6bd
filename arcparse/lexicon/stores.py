"""Pretrained vectors from a LevelDB store for training, and vectors of any place for inspection."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arcparse.checkpoint import find_model, shipped
from arcparse.checkpoint.directory import settled
from arcparse.checkpoint.saved import CONFIG
from arcparse.errors import VectorsError
from arcparse.lexicon.pretrained import Pretrained
from arcparse.vectors import VectorStore, WordVectors, dequantise, quantise
from arcparse.vocabulary import SPECIALS, Vocabulary

LEVEL = 0.5  # the root mean square of all values after scaling, near that of trained embeddings


def from_store(path: Path, forms: Iterable[str] = ()) -> Pretrained:
    """Read the vectors of a LevelDB store, in its order, scaled to one common level.

    A source's own vectors of `<unk>` and `<pad>` are left out: a model learns its own vector of unknown words. Each
    of the `forms` that the source lacks gets the random vector that the store gives it. The store is not locked.
    Raises VectorsError if it holds no vectors.
    """
    with VectorStore.open(path, read_only=True) as store:
        found, matrix = store.dense()
        missing = tuple(form for form in dict.fromkeys(forms) if form not in store)
        if missing:
            found, matrix = (*found, *missing), np.concatenate([matrix, store.matrix(missing)])
        scheme, source = store.metadata.normalisation, store.metadata.source
    if not len(matrix):
        raise VectorsError(f"{path}: holds no vectors; make it again, for other words or for all of the source's")
    rows, scale = quantise(_levelled(matrix))
    kept = [row for row, word in enumerate(found) if word not in SPECIALS]
    rows = np.concatenate([np.zeros((len(SPECIALS), matrix.shape[1]), np.int8), rows[kept]])
    scale = np.concatenate([np.ones(len(SPECIALS), np.float32), scale[kept]])
    words = Vocabulary((*SPECIALS, *(found[row] for row in kept)))
    return Pretrained(words, scheme, rows, scale, source)


def _levelled(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    level = np.sqrt(np.mean(np.square(matrix)))
    return matrix * (LEVEL / level) if level else matrix  # zeros stay zeros


def inspected(pretrained: Pretrained) -> WordVectors:
    """Return the vectors for inspection, without `<pad>` and `<unk>`."""
    rows, first = dequantise(pretrained.rows, pretrained.scale), len(SPECIALS)
    return WordVectors(pretrained.words.symbols[first:], rows[first:], pretrained.scheme)


def word_vectors(place: str | Path = "en-vectors") -> WordVectors:
    """Return the word vectors of a LevelDB store, of a model directory of that kind, or shipped under a name.

    Raises VectorsError or ModelError if there are none.
    """
    path = find_vectors(place)
    return WordVectors.open(path) if is_store(path) else inspected(Pretrained.load(path))


def find_vectors(place: str | Path) -> Path:
    """Return the path of a LevelDB store, of a model of vectors, or of shipped vectors.

    Raises VectorsError if nothing is there, or a file that is no archive of a model.
    """
    path = shipped(place) or settled(Path(place))
    if os.path.isdir(path):
        return path if is_store(path) else find_model(path)
    if not os.path.isfile(path):
        raise VectorsError(
            f"{place}: there are no word vectors: no store and no model of vectors is there, and none is shipped under "
            "this name; make a store by `arcparse vectors cache`, or name the shipped en-vectors"
        )
    if not zipfile.is_zipfile(path):
        raise VectorsError(f"{place}: is a file, and no store of word vectors; make one by `arcparse vectors cache`")
    return find_model(path)


def is_store(path: Path) -> bool:
    """Return whether a path is that of a store, since it is a directory without a model."""
    return path.is_dir() and not (path / CONFIG).exists()
