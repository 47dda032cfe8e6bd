"""The pretrained word vectors that a model carries: a store's matrix, quantised to one byte a value.

Several models may share one set; it is a model directory of its own kind, beside them or inside.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arcparse.checkpoint import find_model, load_model, save_model, shipped, sibling
from arcparse.checkpoint.saved import CONFIG, Layout, SavedModel
from arcparse.errors import VectorsError
from arcparse.vectors import VectorStore, WordVectors, dequantise, quantise
from arcparse.vectors.lookup import SCHEMES
from arcparse.vocabulary import SPECIALS, Vocabulary

KIND = "vectors"
LEVEL = 0.5  # the root mean square of all values after scaling, near that of trained embeddings


@dataclass(frozen=True)
class Pretrained:
    """Vectors [V, d] of words as int8 `rows` times a `scale` [V]; the rows of `<pad>` and `<unk>` are zero."""

    words: Vocabulary
    scheme: str
    rows: NDArray[np.int8]
    scale: NDArray[np.float32]
    source: str = ""

    @property
    def dimension(self) -> int:
        """Return d, 0 if there are no vectors."""
        return int(self.rows.shape[1])

    @classmethod
    def none(cls) -> Pretrained:
        """Return no vectors at all."""
        return cls(Vocabulary(SPECIALS), "none", np.zeros((2, 0), np.int8), np.ones(2, np.float32))

    @classmethod
    def from_store(cls, path: Path, forms: Iterable[str] = ()) -> Pretrained:
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
        return cls(words, scheme, rows, scale, source)

    def word_vectors(self) -> WordVectors:
        """Return the vectors for inspection, without `<pad>` and `<unk>`."""
        rows, first = dequantise(self.rows, self.scale), len(SPECIALS)
        return WordVectors(self.words.symbols[first:], rows[first:], self.scheme)

    def same_as(self, other: Pretrained) -> bool:
        """Return whether both give every form the same vector."""
        return (
            (self.words, self.scheme) == (other.words, other.scheme)
            and np.array_equal(self.rows, other.rows)
            and np.array_equal(self.scale, other.scale)
        )

    def save(self, directory: Path) -> None:
        """Write a model directory."""
        save_model(
            directory,
            kind=KIND,
            config={"scheme": self.scheme},
            vocabularies={"word": list(self.words.symbols)},
            weights={"rows": self.rows, "scale": self.scale},
            metadata={"source": self.source},
        )

    def save_beside(self, directory: Path, name: str) -> str:
        """Write the vectors beside a model directory unless they are there; return `name`, "" if there are none.

        Raises ModelError if something else has that name.
        """
        place = directory.parent / name
        if not self.dimension:
            return ""
        if not place.exists() or not Pretrained.load(place).same_as(self):
            self.save(place)
        return name

    @classmethod
    def load(cls, directory: Path) -> Pretrained:
        """Read a model directory. Raises ModelError if it is of another kind."""
        saved = load_model(directory, KIND)
        words, scheme = saved.vocabulary("word"), saved.text("scheme")
        if scheme not in SCHEMES:
            saved.refuse(CONFIG, f"config.scheme must be one of {', '.join(SCHEMES)}, not {scheme[:60]!r}")
        dimension = saved.stored["rows"].shape[1:2] if "rows" in saved.stored else ()
        saved.expect(
            {
                "rows": Layout((len(words), *(dimension or (0,))), "int8"),
                "scale": Layout((len(words),), "float32"),
            }
        )
        return cls(words, scheme, saved.weights["rows"], saved.weights["scale"], str(saved.metadata.get("source", "")))

    @classmethod
    def beside(cls, saved: SavedModel) -> Pretrained:
        """Read the vectors that a model names, which lie beside it; none if it names none."""
        name = saved.text("vectors")
        return cls.load(sibling(saved.path, name)) if name else cls.none()


def _levelled(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    level = np.sqrt(np.mean(np.square(matrix)))
    return matrix * (LEVEL / level) if level else matrix  # zeros stay zeros


def word_vectors(place: str | Path = "en-vectors") -> WordVectors:
    """Return the word vectors of a LevelDB store, of a model directory of that kind, or shipped under a name.

    Raises VectorsError or ModelError if there are none.
    """
    path = Path(place)
    if not shipped(place) and path.is_dir() and not (path / CONFIG).exists():
        return WordVectors.open(path)
    return Pretrained.load(find_model(place)).word_vectors()
