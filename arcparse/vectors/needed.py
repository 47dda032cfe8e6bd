"""Imports gensim and plyvel, the two libraries that only word vectors need: parsing works without them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from arcparse.errors import VectorsError

LEVELDB = ("plyvel", "plyvel_next")  # one interface; plyvel has wheels below Python 3.13, plyvel-next from 3.12 on


def require_plyvel() -> Any:
    """Import plyvel, or else plyvel-next. Raises VectorsError if neither can be imported."""
    found = []
    for name in LEVELDB:
        try:
            return import_module(name)
        except ImportError as error:
            found.append(str(error))
    raise VectorsError(
        f"a vector store needs plyvel (before Python 3.13) or plyvel-next (from 3.12), and neither can be imported "
        f"({'; '.join(found)}); install one with pip, or read the file of vectors with arcparse.vectors.load_vectors"
    )


def require_gensim() -> Any:
    """Import gensim's models. Raises VectorsError if they cannot be imported."""
    try:
        return import_module("gensim.models")
    except ImportError as error:
        raise VectorsError(
            f"files of word vectors and their training need gensim, which cannot be imported ({error}); install it "
            f"with pip (it has wheels for Python 3.10 to 3.13); parsing and the shipped vectors work without it"
        ) from error
