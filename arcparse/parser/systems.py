"""The parser's transition systems, by the name that a configuration gives them (`parser.system`).

A system is one class in one file: the start of a sentence, the legal actions, the effect of a transition, the test for
a complete tree, and the transition that leads to a gold tree. docs/extending.md writes one from nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from torch import Tensor

from arcparse.errors import ConfigurationError
from arcparse.parser.arc_standard import ArcStandard
from arcparse.parser.configuration import Configuration
from arcparse.parser.swap import Swap
from arcparse.search import TransitionSystem


class Oracle(Protocol):
    """Knows the gold trees of a batch."""

    def gold_action(self, state: Configuration) -> Tensor:
        """Return a legal action [B, K] that leads to the gold tree or, if it is dynamic, to the nearest tree."""
        ...

    def lossless(self, state: Configuration) -> Tensor:
        """Return actions [B, K, C] after which the gold tree is still reachable, WAIT in place of the others.

        Some of them may be missing; the more there are, the better search errors are told from model errors.
        """
        ...


class System(TransitionSystem[Configuration], Protocol):
    """A transition system whose every derivation ends, in one tree with a single child of the root."""

    labels: tuple[str, ...]  # of arcs, as configurations number them
    root_labels: frozenset[str]  # of the arc from the root
    word_labels: frozenset[str]  # of all other arcs
    kind: Tensor  # [A] of each action; actions of one kind differ in the label alone
    projective: bool  # whether it builds only projective trees, so that it learns other trees with lifted arcs
    dynamic: bool  # whether its oracle also answers off the gold path, so that training may explore

    def start(self, length: Tensor) -> Configuration:
        """Return the configurations [B, 1] in which sentences of `length` [B] words begin."""
        ...

    def oracle(self, head: Tensor, label: Tensor) -> Oracle:
        """Return the oracle of gold trees: `head` and `label` [B, N], NONE at the root and in the padding."""
        ...


class MakeSystem(Protocol):
    """A system's class."""

    projective: bool
    dynamic: bool

    def __call__(self, labels: Sequence[str], root_labels: Collection[str], word_labels: Collection[str]) -> System:
        """Make the system over `labels`; `root_labels` go on the arc from the root, `word_labels` on all others."""
        ...


_SYSTEMS: dict[str, MakeSystem] = {"arc-standard": ArcStandard, "swap": Swap}


def register(name: str, system: MakeSystem) -> None:
    """Let `parser.system = name` choose a system of your own, in this process; before a model that names it is loaded.

    Raises ConfigurationError if another system has the name.
    """
    if _SYSTEMS.setdefault(name, system) is not system:
        raise ConfigurationError(f"there is another transition system {name!r}; give yours another name")


def system_called(name: str) -> MakeSystem:
    """Return the system of that name. Raises ConfigurationError, with all names, if there is none."""
    if name not in _SYSTEMS:
        raise ConfigurationError(
            f"there is no transition system {name!r}; parser.system is one of {', '.join(map(repr, _SYSTEMS))}, or one "
            "that your program has registered (arcparse.parser.systems.register) before"
        )
    return _SYSTEMS[name]
