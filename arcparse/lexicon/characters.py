"""The ids of characters, looked up for a whole text at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arcparse.vocabulary import Vocabulary


class CharacterIds:
    """A table of ids by code point; symbols of several characters, such as `<pad>`, are not in it."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Make the table; its last entry is for all greater code points, which are unknown."""
        known = {ord(symbol): id for id, symbol in enumerate(vocabulary) if len(symbol) == 1}
        self._id_of_code = np.full(max(known, default=0) + 2, Vocabulary.UNKNOWN, np.int32)
        self._id_of_code[list(known)] = list(known.values())

    def ids(self, text: str) -> NDArray[np.int32]:
        """Return the id of each character [N]."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        found: NDArray[np.int32] = self._id_of_code[np.minimum(codes, len(self._id_of_code) - 1)]
        return found
