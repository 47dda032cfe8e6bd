"""The exceptions of arcparse.

    ArcparseError
    ├── TreebankError       a file that is not what its format promises
    │   └── CharacterError  a character that has no UTF-8
    ├── TreeError           heads that form no tree
    ├── VectorsError        word vectors or a vector store that cannot be read
    ├── ModelError          a model directory that cannot be read
    ├── InputError          text, tokens or sentences that cannot be used; also a TypeError and a ValueError
    └── ConfigurationError  a setting or argument that does not exist or cannot hold; also a ValueError

A message says the place, the value, the limit and the remedy.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from difflib import get_close_matches

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 80


def shown(value: object) -> str:
    """Return a value for a message: in short, however long or deep it is."""
    try:
        return _SHORT.repr(value)
    except ValueError:  # Python writes no number of over 4300 digits
        return "a number of thousands of digits"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return what ends a message on an unknown name: the known one that is near, "" where none is."""
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


class ArcparseError(Exception):
    """Any error that arcparse raises on purpose."""


class TreebankError(ArcparseError):
    """A treebank file is malformed; the message begins with file and line."""


class CharacterError(TreebankError):
    """A byte that is not UTF-8, or a lone surrogate; where reading goes on behind it, U+FFFD stands in its place."""


class TreeError(ArcparseError):
    """Heads that do not form a tree with one root."""


class VectorsError(ArcparseError):
    """Word vectors, or a store of them, are missing, locked or broken."""


class ModelError(ArcparseError):
    """A model is missing, broken, or of another version."""


class InputError(ArcparseError, TypeError, ValueError):
    """What a caller hands in to be parsed is of another type, or holds what no sentence can."""


class ConfigurationError(ArcparseError, ValueError):
    """An unknown setting, or a value outside its limits."""
