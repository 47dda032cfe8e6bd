"""Words of a sentence that follow each other, with their text and their place in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import overload

from arcparse.errors import InputError
from arcparse.sentence.names import PHRASE, answers
from arcparse.sentence.token import Token


@answers(PHRASE)
@dataclass(frozen=True, slots=True, repr=False)
class Phrase:
    """Some words of a sentence, one behind the other."""

    tokens: tuple[Token, ...]

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self.tokens)

    def __iter__(self) -> Iterator[Token]:
        """Iterate over the words."""
        return iter(self.tokens)

    @overload
    def __getitem__(self, position: int) -> Token: ...
    @overload
    def __getitem__(self, position: slice) -> Phrase: ...
    def __getitem__(self, position: int | slice) -> Token | Phrase:
        """Return a word by its position from 0, or the phrase of a slice. Raises InputError for a slice with steps."""
        if not isinstance(position, slice):
            return self.tokens[position]
        if position.step not in (None, 1):
            raise InputError(f"a phrase has no gaps, so its step must be 1, not {position.step}; slice its `tokens`")
        return Phrase(self.tokens[position])

    def __str__(self) -> str:
        """Return the text."""
        return self.text

    def __repr__(self) -> str:
        """Return the text, so that lists of phrases can be read."""
        return f"<Phrase {self.text!r}>"

    @property
    def text(self) -> str:
        """The words as the text has them, also if line breaks are between; of a multiword token, the words inside."""
        parts = []
        for surface, tokens in groupby(self.tokens, key=lambda token: token.sentence.surfaces[token.id - 1]):
            forms = [token.form for token in tokens]
            parts += [surface.form if len(forms) == len(surface.words) else " ".join(forms), surface.whitespace]
        return "".join(parts[:-1])

    @property
    def start(self) -> int:
        """The start of the first word, counted as `Token.start`. Raises InputError if there are no words."""
        return self._words[0].start

    @property
    def end(self) -> int:
        """The end of the last word. Raises InputError if there are no words."""
        return self._words[-1].end

    @property
    def root(self) -> Token:
        """The first word whose head is outside the phrase. Raises InputError if there are no words."""
        inside = {token.id for token in self._words}
        return next((token for token in self.tokens if token.head not in inside), self.tokens[0])

    @property
    def _words(self) -> tuple[Token, ...]:
        if not self.tokens:
            raise InputError("a phrase without words has no root and no place in the text; look at its length first")
        return self.tokens
