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
from arcparse.sentence import NONE, ROOT

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
        step = is_shift.long()
        return state.after(state.depth + step - is_arc.long(), state.front + step, stack, attached)

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
        return self._cost(state, state.stack_tokens())

    def _cost(self, state: Configuration, stack: Tensor) -> Tensor:
        head, front = _each(self.head, stack), state.front.unsqueeze(2)
        pair, gold = stack[..., :2].clamp(min=ROOT), head[..., :2]  # the top, and the token below it
        is_child = (self.head.unsqueeze(2) == pair.unsqueeze(3)) & (self._token >= front).unsqueeze(2)
        in_buffer = is_child.sum(3)  # children, of each of the pair
        on_stack = (head.unsqueeze(2) == pair.unsqueeze(3)).sum(3)
        head_on_stack = (stack.unsqueeze(2) == gold.unsqueeze(3)).any(3) & (gold != NONE)
        arc_lost = (gold != pair.flip(2)) & (head_on_stack | (gold >= front))
        lost_by_right, lost_by_left = (arc_lost + on_stack + in_buffer).unbind(2)
        lost_by_shift = (head_on_stack + on_stack)[..., 0].masked_fill(in_buffer[..., 0] > 0, 0)
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
        stack = state.stack_tokens()
        kind = self._cost(state, stack)[..., [1, 2, 0]].argmin(2)  # the first of equals: LEFT-ARC, RIGHT-ARC, SHIFT
        return at(self._actions(stack), (kind + 1) % 3)

    def lossless(self, state: Configuration) -> Tensor:
        """Return the actions [B, K, 3] after which the gold tree is still reachable, WAIT in place of the others."""
        stack = state.stack_tokens()
        return self._actions(stack).masked_fill(self._cost(state, stack) > 0, WAIT)

    def _actions(self, stack: Tensor) -> Tensor:
        """Return the action of each kind [B, K, 3] with the gold label of the word that it attaches."""
        top, below = _each(self.label, stack[..., :2]).clamp(min=0).unbind(2)
        return torch.stack([torch.full_like(top, SHIFT), LEFT_ARC + 2 * below, RIGHT_ARC + 2 * top], 2)


def _each(values: Tensor, token: Tensor) -> Tensor:
    """Return `values` [B, 1, N] of the tokens [B, K, P], that of the root for NONE."""
    return values.expand(-1, token.shape[1], -1).gather(2, token.clamp(min=ROOT))
