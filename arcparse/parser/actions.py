"""The actions of a transition system as numbers: transitions without a label first, then arcs, label by label."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence

import torch
from torch import Tensor

from arcparse.devices import Constant
from arcparse.errors import ConfigurationError


class Actions:
    """The transitions `plain`, once each; then all `arcs` with the first label, all with the second...

    The number of a transition in `(*plain, *arcs)` is its kind: actions of one kind differ in the label alone.
    """

    def __init__(self, plain: Sequence[str], arcs: Sequence[str], labels: Sequence[str]) -> None:
        """Give each action its number."""
        self.names = (*plain, *(f"{arc}({label})" for label in labels for arc in arcs))
        self.kind = torch.tensor([*range(len(plain)), *list(range(len(plain), len(plain) + len(arcs))) * len(labels)])
        self.labels, self._plain, self._arcs = tuple(labels), len(plain), len(arcs)
        self._number = {name: number for number, name in enumerate(self.names)}

    def __len__(self) -> int:
        """Return the number of actions."""
        return len(self.names)

    def of_kinds(self, kinds: Collection[int], labels: Collection[str] | None = None) -> Tensor:
        """Return whether each action [A] is of these kinds and, if `labels` are given, has one of them."""
        own = torch.tensor([label in labels if labels is not None else True for label in self.labels], dtype=torch.bool)
        is_of_kind = (self.kind.unsqueeze(1) == torch.tensor(sorted(kinds))).any(1)
        return is_of_kind & torch.cat([torch.ones(self._plain).bool(), own.repeat_interleave(self._arcs)])

    def name(self, action: int) -> str:
        """Return "SHIFT", "LEFT-ARC(nsubj)", "RIGHT-ARC(obj)"..."""
        return self.names[action]

    def action(self, name: str) -> int:
        """Return the action of that name. Raises ConfigurationError if there is none."""
        if name not in self._number:
            near = difflib.get_close_matches(name, self.names, 1) or [self.names[0]]
            raise ConfigurationError(f"no transition is called {name!r}; the nearest is {near[0]!r}")
        return self._number[name]


class LegalActions:
    """The legal actions, from C conditions that each allow some: a look-up in a table [2^C, A]."""

    def __init__(self, allowed: Sequence[Tensor]) -> None:
        """Make the table; `allowed` has C tensors [A], the actions that each condition allows."""
        holds = torch.arange(2 ** len(allowed)).unsqueeze(1) >> torch.arange(len(allowed)) & 1
        self._table = Constant((holds.bool().unsqueeze(2) & torch.stack(list(allowed))).any(1))

    def __call__(self, *conditions: Tensor) -> Tensor:
        """Return the legal actions [B, K, A]; `conditions`, C tensors [B, K], say whether each condition holds."""
        case = conditions[0].long()
        for bit, condition in enumerate(conditions[1:], 1):
            case = torch.add(case, condition, alpha=1 << bit)
        return self._table.on(case.device).index_select(0, case.flatten()).view(*case.shape, -1)
