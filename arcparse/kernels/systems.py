"""Transition systems described as data: of each action the transition and the label, and the actions that are legal.

The classes in `arcparse.parser.systems` define them; tests hold these tables equal.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arcparse.sentence import NONE

SHIFT, SWAP, LEFT_ARC, RIGHT_ARC = range(4)  # transitions, as source/states.h numbers them
BUFFER, WORDS, IN_ORDER, ROOT_ALONE = (1 << bit for bit in range(4))  # conditions, likewise
CASES = 16
_PLAIN = {"arc-standard": (SHIFT,), "swap": (SHIFT, SWAP)}  # the transitions without a label, which come first


@dataclass(frozen=True)
class Actions:
    """The actions of a transition system."""

    transition: NDArray[np.int32]  # [A]
    label: NDArray[np.int32]  # [A] of the arc that it makes, NONE for no arc
    legal: NDArray[np.bool_]  # [CASES, A] by the sum of the conditions that hold


def actions(
    system: str, labels: Sequence[str], root_labels: Collection[str], word_labels: Collection[str]
) -> Actions | None:
    """Return the actions of the system of that name over `labels`; None if it has no kernel.

    `root_labels` go on the arc from the root, `word_labels` on all others; if there are none, all serve.
    """
    if system not in _PLAIN:
        return None
    plain = _PLAIN[system]
    transition = np.array([*plain, *(LEFT_ARC, RIGHT_ARC) * len(labels)], np.int32)
    label = np.array([*[NONE] * len(plain), *np.repeat(np.arange(len(labels)), 2)], np.int32)
    allowed = {
        BUFFER: transition == SHIFT,
        IN_ORDER: transition == SWAP,
        WORDS: _has(word_labels or labels, labels)[label],
        ROOT_ALONE: _has(root_labels or labels, labels)[label] & (transition == RIGHT_ARC),
    }
    legal = np.zeros((CASES, len(transition)), np.bool_)
    for case in range(CASES):
        for condition, own in allowed.items():
            if case & condition:
                legal[case] |= own
    return Actions(transition, label, legal)


def _has(some: Collection[str], labels: Sequence[str]) -> NDArray[np.bool_]:
    """Return whether each label [L] is among `some`; the last entry [L] is for NONE."""
    return np.array([*(label in some for label in labels), False])
