"""The exceptions of arcparse.

    ArcparseError
    ├── TreebankError       a file that breaks its format, or cannot be read or written
    │   └── CharacterError  a character that has no UTF-8
    ├── TreeError           heads that do not form a tree
    ├── VectorsError        word vectors or a vector store that cannot be read
    ├── RecordingError      frames of sound, their labels or text, that cannot be used
    ├── ModelError          a model directory that cannot be read
    ├── InputError          text, tokens or sentences that cannot be used; also a TypeError and a ValueError
    ├── ConfigurationError  a setting or argument that is unknown or has an invalid value; also a ValueError
    └── WorkerError         a process that ended before its work was done

A message names the place, the value, the limit and the remedy.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from difflib import get_close_matches

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 80


def shown(value: object) -> str:
    """Return a short text of a value for a message, also if the value is long or deeply nested."""
    try:
        return _SHORT.repr(value)
    except ValueError:  # Python does not print a number of more than 4300 digits
        return "a number of thousands of digits"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of a message on an unknown name: the nearest known name, or "" if none is near."""
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


class ArcparseError(Exception):
    """Any error that arcparse raises on purpose."""


class TreebankError(ArcparseError):
    """A treebank or text is malformed, or cannot be read or written; the message begins with the place."""


class CharacterError(TreebankError):
    """A byte that is not UTF-8, or a lone surrogate; if reading continues after it, U+FFFD replaces it."""


class TreeError(ArcparseError):
    """The heads do not form a tree with one root."""


class VectorsError(ArcparseError):
    """Word vectors, or a store of them, are missing, locked or broken."""


class RecordingError(ArcparseError):
    """Frames, sound, or the labels or text of a recording are missing, broken or of another size."""


class ModelError(ArcparseError):
    """A model is missing, broken, or of another version."""


class InputError(ArcparseError, TypeError, ValueError):
    """The input of a caller has the wrong type, or a value that a sentence cannot hold."""


class ConfigurationError(ArcparseError, ValueError):
    """An unknown setting, or a value outside its limits."""


class WorkerError(ArcparseError):
    """A worker process ended before its work was done."""
