"""The exceptions of arcparse.

    ArcparseError
    ├── TreebankError       a file that is not what its format promises
    │   └── CharacterError  a character that has no UTF-8
    ├── TreeError           heads that form no tree
    ├── VectorsError        word vectors or a vector store that cannot be read
    ├── ModelError          a model directory that cannot be read
    └── ConfigurationError  a setting that does not exist or cannot hold

A message says the place, the value, the limit and the remedy.
"""


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


class ConfigurationError(ArcparseError):
    """An unknown setting, or a value outside its limits."""
