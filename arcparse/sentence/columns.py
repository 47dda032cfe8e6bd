"""The ten columns of CoNLL-U, the values that stand for nothing, and the tree that two of the columns are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from arcparse.errors import InputError, TreeError, shown

COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
ID, FORM, LEMMA, UPOS, XPOS, FEATS, HEAD, DEPREL, DEPS, MISC = range(10)
EMPTY = "_"
NONE = -1  # the head of the root, and of a word without a head
ROOT = 0


@dataclass(frozen=True, slots=True)
class Tree:
    """Heads and labels of the words of a sentence; position 0 is the root, its head -1 and its label empty."""

    heads: tuple[int, ...]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        """Raise TreeError if heads and labels differ in length, or if position 0 is not the root."""
        if len(self.heads) != len(self.labels) or not self.heads or self.heads[0] != NONE:
            raise TreeError(
                f"a tree needs as many labels as heads and head -1 at position 0; "
                f"found {len(self.heads)} heads, {len(self.labels)} labels, first head {self.heads[:1]}"
            )

    def __len__(self) -> int:
        """Return the number of words, without the root."""
        return len(self.heads) - 1


def head_texts(heads: Iterable[int], most: int | None = None) -> list[str]:
    """Return heads as the HEAD column writes them. Raises InputError for anything but whole numbers from -1 to `most`.

    Without `most`, a head may be the number of a word elsewhere.
    """
    try:
        given = list(heads)
        numbers = list(map(int, given))  # a number of numpy or torch may print differently
        fit = numbers == given and all(NONE <= number <= (number if most is None else most) for number in numbers)
    except (TypeError, ValueError):
        fit = False
    if not fit:
        end = "" if most is None else f" to {most}"
        raise InputError(f"heads must be whole numbers from {NONE}{end}, one for each word, not {shown(heads)}")
    return [EMPTY if number == NONE else str(number) for number in numbers]


def cells_of(name: str, values: Iterable[str]) -> tuple[str, ...]:
    """Return the cells of the column `name`. Raises InputError for anything but a list of strings."""
    if isinstance(values, str) or not isinstance(values, Iterable):  # the letters of a string would be the cells
        given = f"one string, {shown(values)}" if isinstance(values, str) else shown(values)
        raise InputError(f"{name} must be a list of strings, one for each word, not {given}")
    cells = tuple(values)
    try:
        "".join(cells)
    except TypeError:
        wrong = next(cell for cell in cells if not isinstance(cell, str))
        raise InputError(f"{name} must be strings, not {shown(wrong)}; write {EMPTY!r} for no value") from None
    return cells
