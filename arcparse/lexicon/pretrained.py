"""The pretrained word vectors that a model carries: a matrix, quantised to one byte a value.

Several models may share one set; it is a model directory of its own kind, beside them or inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from arcparse.checkpoint import fingerprint, load_model, save_model, sibling
from arcparse.checkpoint.saved import CONFIG, Layout, SavedModel
from arcparse.spelling import SCHEMES
from arcparse.vocabulary import SPECIALS, Vocabulary

KIND = "vectors"


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
        """Read a model directory; vectors that are in use are shared. Raises ModelError if it is of another kind."""
        state = fingerprint(directory)
        found = _IN_USE.get(state)
        if found is None:
            found = _IN_USE[state] = cls._read(directory)
        return found

    @classmethod
    def _read(cls, directory: Path) -> Pretrained:
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


_IN_USE: WeakValueDictionary[tuple[object, ...], Pretrained] = WeakValueDictionary()  # by `fingerprint`
