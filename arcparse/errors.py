"""The exceptions of arcparse.

    ArcparseError
    ├── TreebankError       a file that is not what its format promises
    ├── TreeError           heads that form no tree
    ├── VectorsError        word vectors or a vector store that cannot be read
    ├── ModelError          a model directory that cannot be read
    ├── InputError          text, tokens or sentences that cannot be used; also a TypeError and a ValueError
    └── ConfigurationError  a setting or argument that does not exist or cannot hold; also a ValueError

A message says the place, the value, the limit and the remedy.
"""


class ArcparseError(Exception):
    """Any error that arcparse raises on purpose."""


class TreebankError(ArcparseError):
    """A treebank file is malformed; the message begins with file and line."""


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
