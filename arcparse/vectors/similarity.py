"""The words nearest to a word, by the cosine of their vectors."""

from __future__ import annotations

import numpy as np

from arcparse.vectors.store import VectorStore


def nearest(store: VectorStore, form: str, count: int = 10) -> list[tuple[str, float]]:
    """Return the `count` words of a store nearest to a form, without its own, and their cosines, best first.

    Raises VectorsError where the store is damaged.
    """
    found = store.lookup(form)
    words, matrix = store.dense()
    norms = np.linalg.norm(matrix, axis=1) * np.linalg.norm(found.vector)
    cosines = matrix @ found.vector / np.maximum(norms, np.finfo(np.float32).tiny)
    best = [i for i in np.argsort(-cosines, kind="stable")[: count + 1] if words[i] != found.word]
    return [(words[i], float(cosines[i])) for i in best[:count]]
