"""Feature templates described as data: the slots of their tokens, each found from the stack, the buffer or another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Path = tuple[str, ...]  # such as ("stack(0)", "leftmost(1)"): from a start on stack or buffer to a child, and so on
RELATIONS = {"leftmost(1)": 0, "leftmost(2)": 1, "rightmost(1)": 2, "rightmost(2)": 3}  # as source/states.h has them


@dataclass(frozen=True)
class Slots:
    """Slots: `stack` tokens from the top of the stack, `buffer` from the front of the buffer, then children."""

    stack: int
    buffer: int
    parent: NDArray[np.int32]  # [children] the slot whose child it is
    relation: NDArray[np.int32]  # [children] which child
    of: dict[Path, int]

    def positions(self, paths: Sequence[Path]) -> NDArray[np.int32]:
        """Return the slots [F] of paths."""
        return np.array([self.of[path] for path in paths], np.int32)


def slots(paths: Iterable[Path]) -> Slots:
    """Return the slots that `paths` need, their prefixes included."""
    prefixes = sorted({path[:length] for path in paths for length in range(1, len(path) + 1)}, key=len)
    starts = [path[0].removesuffix(")").partition("(") for path in prefixes if len(path) == 1]
    stack, buffer = (
        max((int(i) + 1 for own, _, i in starts if own == name), default=0) for name in ("stack", "buffer")
    )
    of: dict[Path, int] = {(f"stack({i})",): i for i in range(stack)}
    of |= {(f"buffer({i})",): stack + i for i in range(buffer)}
    children = [path for path in prefixes if len(path) > 1]
    of |= {path: stack + buffer + i for i, path in enumerate(children)}
    parent = np.array([of[path[:-1]] for path in children], np.int32)
    relation = np.array([RELATIONS[path[-1]] for path in children], np.int32)
    return Slots(stack, buffer, parent, relation, of)
