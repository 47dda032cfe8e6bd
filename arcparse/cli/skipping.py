"""What `--skip-bad` passes over or replaces: each is told, and how many there were."""

from __future__ import annotations

import sys

from arcparse.errors import ArcparseError, CharacterError


class Skipped:
    """A function for errors: it tells and counts sentences that are passed over, and lines with characters replaced."""

    def __init__(self) -> None:
        """Begin to count."""
        self.sentences = self.lines = 0

    def __call__(self, error: ArcparseError) -> None:
        """Tell an error of the input."""
        if isinstance(error, CharacterError):
            self.lines += 1
            done = "replaced by U+FFFD"
        else:
            self.sentences += 1
            done = "skipped"
        print(f"arcparse: {error}: {done}", file=sys.stderr)

    def tell(self) -> None:
        """Tell how many there were."""
        if self.sentences:
            print(f"arcparse: {_were(self.sentences, 'sentence')} passed over", file=sys.stderr)
        if self.lines:
            print(f"arcparse: {_were(self.lines, 'line')} changed: U+FFFD for what is not UTF-8", file=sys.stderr)


def _were(number: int, name: str) -> str:
    return f"{number} {name} was" if number == 1 else f"{number} {name}s were"
