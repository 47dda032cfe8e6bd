"""The arc-standard transition system (Nivre 2004) and its oracle.

SHIFT moves the front of the buffer onto the stack. LEFT-ARC(l) makes the top of the stack the head of the token below
it and removes that token; RIGHT-ARC(l) makes the token below the head of the top and removes the top. The root stands
at the bottom of the stack and takes its one child last, when the buffer is empty and nothing else is left. So every
derivation of n words has 2n transitions and ends in a tree with a single child of the root.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch
from torch import Tensor

from arcparse.parser.actions import Actions, LegalActions
from arcparse.parser.configuration import Configuration, at
from arcparse.search import WAIT

SHIFT, LEFT_ARC, RIGHT_ARC = range(3)  # kinds of transition; the action SHIFT has the same number
UNREACHABLE = 1 << 20  # the cost of an illegal transition


class ArcStandard:
    """Arc-standard over `labels`, of which `root_labels` go on the arc from the root and `word_labels` on all others.

    Actions: 0 is SHIFT, 1 + 2l LEFT-ARC(l), 2 + 2l RIGHT-ARC(l).
    """

    projective, dynamic = True, True

    def __init__(self, labels: Sequence[str], root_labels: Collection[str], word_labels: Collection[str]) -> None:
        """Make the system; if no label is known for a kind of arc, all serve, so that every derivation can end."""
        self.labels = tuple(labels)
        self.root_labels, self.word_labels = (frozenset(own or labels) for own in (root_labels, word_labels))
        actions = Actions(["SHIFT"], ["LEFT-ARC", "RIGHT-ARC"], labels)
        self.num_actions, self.kind, self.name, self.action = len(actions), actions.kind, actions.name, actions.action
        arcs, root_arc = actions.of_kinds({LEFT_ARC, RIGHT_ARC}, self.word_labels), {RIGHT_ARC}
        self._legal = LegalActions([actions.of_kinds({SHIFT}), arcs, actions.of_kinds(root_arc, self.root_labels)])

    def start(self, length: Tensor) -> Configuration:
        """Return the configurations [B, 1] in which sentences of `length` [B] words begin."""
        return Configuration.start(length)

    def oracle(self, head: Tensor, label: Tensor) -> DynamicOracle:
        """Return the oracle of gold trees; see its class."""
        return DynamicOracle(head, label)

    def legal(self, state: Configuration) -> Tensor:
        """Return the legal actions [B, K, A].

        SHIFT: the buffer is not empty. LEFT-ARC, RIGHT-ARC: two words are on the stack. RIGHT-ARC from the root: one
        word is on the stack and the buffer is empty.
        """
        shift = state.front <= state.length
        return self._legal(shift, state.depth > 2, (state.depth == 2) & ~shift)

    def apply(self, state: Configuration, action: Tensor) -> Configuration:
        """Return the configurations after `action` [B, K]; one that waits keeps its top."""
        is_shift, is_arc = action == SHIFT, action > SHIFT
        is_right = is_arc & (action % 2 == 0)
        (top, below, rest), (front,) = state.stack_nodes(3), state.buffer_nodes(1)
        child = torch.where(is_right, top, below)
        moved = torch.where(is_shift, front, torch.where(is_right, below, top))
        under = torch.where(is_shift, top, torch.where(is_arc, rest, below))
        stack, attached = state.arc(is_arc, moved, child, (action - 1) // 2, under)
        return state.after(
            state.depth + is_shift.long() - is_arc.long(), state.front + is_shift.long(), stack, attached
        )

    def is_final(self, state: Configuration) -> Tensor:
        """Return whether the root alone is left on the stack and the buffer is empty [B, K]."""
        return (state.depth == 1) & (state.front > state.length)


class DynamicOracle:
    """Finds the transition that loses the fewest gold arcs, from any configuration; bound to a batch's gold trees.

    On a gold derivation this is the static oracle, LEFT-ARC first. Elsewhere the costs follow Goldberg &
    Nivre 2013 (arcs that a transition makes unreachable, each counted alone). Arc-standard is not arc-decomposable, so
    the exact loss (Goldberg, Sartorio & Satta 2014) can be higher; the tests measure by how much.
    """

    def __init__(self, head: Tensor, label: Tensor) -> None:
        """Bind to projective gold trees: `head` and `label` [B, N], the root at 0, NONE there and in the padding."""
        self.head = head.unsqueeze(1)
        self.label = label.unsqueeze(1)
        self._token = torch.arange(head.shape[1], device=head.device)

    def cost(self, state: Configuration) -> Tensor:
        """Return the gold arcs that SHIFT, LEFT-ARC and RIGHT-ARC lose [B, K, 3]; UNREACHABLE for an illegal one."""
        top, below = state.stack_top(0), state.stack_top(1)
        gold, alive = self.head, state.is_open()
        in_buffer = self._token >= state.front.unsqueeze(2)
        on_stack = alive & ~in_buffer
        gold_top, gold_below = at(gold, top), at(gold, below)
        child_of_top = gold == top.unsqueeze(2)
        waits = (child_of_top & in_buffer).any(2)
        on_stack_of_top = (child_of_top & on_stack).sum(2)
        top_head_on_stack = at(on_stack, gold_top.clamp(min=0)) & (gold_top >= 0)
        lost_by_shift = torch.where(waits, 0, top_head_on_stack + on_stack_of_top)
        lost_by_left = _lost(gold, alive, below, gold_below, top)
        lost_by_right = _lost(gold, alive, top, gold_top, below)
        shift = state.front <= state.length
        arcs = state.depth > 2
        root_arc = (state.depth == 2) & ~shift
        return torch.stack(
            [
                lost_by_shift.where(shift, UNREACHABLE),
                lost_by_left.where(arcs, UNREACHABLE),
                lost_by_right.where(arcs | root_arc, UNREACHABLE),
            ],
            2,
        )

    def gold_action(self, state: Configuration) -> Tensor:
        """Return the action of least cost [B, K], an arc before SHIFT and with the dependent's gold label."""
        kind = self.cost(state)[..., [1, 2, 0]].argmin(
            2
        )  # argmin takes the first of equals: LEFT-ARC, RIGHT-ARC, SHIFT
        return at(self._actions(state), (kind + 1) % 3)

    def lossless(self, state: Configuration) -> Tensor:
        """Return the actions [B, K, 3] after which the gold tree is still reachable, WAIT in place of the others."""
        return self._actions(state).masked_fill(self.cost(state) > 0, WAIT)

    def _actions(self, state: Configuration) -> Tensor:
        """Return the action of each kind [B, K, 3] with the gold label of the word that it attaches."""
        below, top = (at(self.label, state.stack_top(i)).clamp(min=0) for i in (1, 0))
        return torch.stack([torch.full_like(top, SHIFT), LEFT_ARC + 2 * below, RIGHT_ARC + 2 * top], 2)


def _lost(gold: Tensor, alive: Tensor, dependent: Tensor, gold_head: Tensor, head: Tensor) -> Tensor:
    """Count the gold arcs lost when `dependent` is attached to `head` [B, K]: its own and those to its children."""
    own = (gold_head != head) & at(alive, gold_head.clamp(min=0)) & (gold_head >= 0)
    return own + ((gold == dependent.unsqueeze(2)) & alive).sum(2)
