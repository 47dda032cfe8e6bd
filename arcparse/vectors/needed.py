"""The two libraries that word vectors alone need, imported where they are used: parsing works without them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from arcparse.errors import VectorsError

LEVELDB = ("plyvel", "plyvel_next")  # one interface; plyvel has wheels below Python 3.13, plyvel-next from 3.12 on


def require_plyvel() -> Any:
    """Import plyvel, or plyvel-next in its place. Raises VectorsError if neither can be imported."""
    found = []
    for name in LEVELDB:
        try:
            return import_module(name)
        except ImportError as error:
            found.append(str(error))
    raise VectorsError(
        f"a vector store needs plyvel (below Python 3.13) or plyvel-next (beyond), and neither can be imported "
        f"({'; '.join(found)}); install one with pip, or load the vectors themselves with arcparse.vectors.load_vectors"
    )


def require_gensim() -> Any:
    """Import gensim's models. Raises VectorsError if they cannot be imported."""
    try:
        return import_module("gensim.models")
    except ImportError as error:
        raise VectorsError(
            f"files of word vectors and their training need gensim, which cannot be imported ({error}); install it "
            f"with pip (it has wheels for Python 3.10 to 3.13); parsing and shipped vectors work without it"
        ) from error
