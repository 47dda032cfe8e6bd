"""Arc-standard with SWAP, which builds every tree, crossing arcs included (Nivre 2009), and its oracle.

Nivre 2009, "Non-Projective Dependency Parsing in Expected Linear Time" (ACL, pages 351-359). SWAP moves the token below
the top of the stack back to the buffer, so that the words meet in another order, in which the tree is projective. It
is allowed only if the two stand in the order of the sentence: no pair is exchanged twice, and every derivation ends.
Treebanks need few exchanges. A sentence of n words can have n (n - 1) / 2 of them; each adds two transitions to the 2n.

The oracle exchanges words late ("lazy": Nivre, Kuhlmann & Hall 2009, "An Improved Oracle for Dependency Parsing with
Online Reordering", IWPT, pages 73-76), which halves their number and more.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import torch
from torch import Tensor

from arcparse.parser.actions import Actions, LegalActions
from arcparse.parser.configuration import Configuration, at
from arcparse.parser.nodes import NEXT
from arcparse.sentence import NONE, ROOT

SHIFT, SWAP, LEFT_ARC, RIGHT_ARC = range(4)  # kinds of transition; the actions SHIFT and SWAP have the same numbers


class Swap:
    """Arc-standard with SWAP; `root_labels` go on the arc from the root and `word_labels` on all others.

    Actions: 0 is SHIFT, 1 SWAP, 2 + 2l LEFT-ARC(l), 3 + 2l RIGHT-ARC(l).
    """

    projective, dynamic = False, False

    def __init__(self, labels: Sequence[str], root_labels: Collection[str], word_labels: Collection[str]) -> None:
        """Make the system; if no label is known for a kind of arc, all serve, so that every derivation can end."""
        self.labels = tuple(labels)
        self.root_labels, self.word_labels = (frozenset(own or labels) for own in (root_labels, word_labels))
        actions = Actions(["SHIFT", "SWAP"], ["LEFT-ARC", "RIGHT-ARC"], labels)
        self.num_actions, self.kind, self.name, self.action = len(actions), actions.kind, actions.name, actions.action
        arcs, root_arc = actions.of_kinds({LEFT_ARC, RIGHT_ARC}, self.word_labels), {RIGHT_ARC}
        others = [actions.of_kinds({kind}) for kind in (SHIFT, SWAP)]
        self._legal = LegalActions([*others, arcs, actions.of_kinds(root_arc, self.root_labels)])

    def start(self, length: Tensor) -> Configuration:
        """Return the configurations [B, 1] in which sentences of `length` [B] words begin."""
        return Configuration.start(length, reorders=True)

    def oracle(self, head: Tensor, label: Tensor) -> LazyOracle:
        """Return the oracle of gold trees; see its class."""
        return LazyOracle(head, label)

    def legal(self, state: Configuration) -> Tensor:
        """Return the legal actions [B, K, A].

        SHIFT: the buffer is not empty. SWAP: two words are on the stack, in the order of the sentence. LEFT-ARC,
        RIGHT-ARC: two words are on the stack. RIGHT-ARC from the root: one word is on it, and the buffer is empty.
        """
        shift, arcs = state.front <= state.length, state.depth > 2
        swap = arcs & (state.stack_top(1) < state.stack_top(0))
        return self._legal(shift, swap, arcs, (state.depth == 2) & ~shift)

    def apply(self, state: Configuration, action: Tensor) -> Configuration:
        """Return the configurations after `action` [B, K].

        As in arc-standard, but SWAP puts the token below the top in front of the buffer.
        """
        is_shift, is_swap, is_arc = action == SHIFT, action == SWAP, action >= LEFT_ARC
        is_right = is_arc & (action % 2 == 1)
        (top, below, rest), (front,) = state.stack_nodes(3), state.buffer_nodes(1)
        child = torch.where(is_right, top, below)
        moved = torch.where(is_shift, front, torch.where(is_right, below, top))
        under = torch.where(is_shift, top, torch.where(is_arc | is_swap, rest, below))
        stack, attached = state.arc(is_arc, moved, child, (action - LEFT_ARC) // 2, under)
        behind = torch.where(is_shift, state.nodes.read(state.waiting, NEXT), state.waiting)
        waiting = torch.where(is_swap, state.nodes.linked(below, state.waiting), behind)
        return state.after(
            state.depth + is_shift.long() - (is_arc | is_swap).long(),
            state.front + is_shift.long() - is_swap.long(),
            stack,
            attached,
            waiting,
        )

    def is_final(self, state: Configuration) -> Tensor:
        """Return whether the root alone is left on the stack and the buffer is empty [B, K]."""
        return (state.depth == 1) & (state.front > state.length)


class LazyOracle:
    """Finds the transition that leads to the gold tree, projective or not; bound to a batch's gold trees.

    It takes an arc as soon as its dependent has all its children; else SWAP, if the gold tree wants the two topmost
    words the other way round and SHIFT would bring no word of the top's component; else SHIFT. It is static: it is
    right only on its own derivation, so training must not leave that.
    """

    def __init__(self, head: Tensor, label: Tensor) -> None:
        """Bind to gold trees: `head` and `label` [B, N], the root at 0, NONE there and in the padding."""
        self.head, self.label = head.unsqueeze(1), label.unsqueeze(1)
        below = descendants(head)
        self._order, self._component = projective_order(head, below), projective_component(head, below)

    def gold_action(self, state: Configuration) -> Tensor:
        """Return the action [B, K], an arc with the dependent's gold label."""
        top, below = state.stack_top(0), state.stack_top(1)
        gold = self.head
        awaited_by = gold.masked_fill(~state.is_open(), NONE)  # the heads of words that have yet to be attached
        left = (at(gold, below) == top) & (awaited_by != below.unsqueeze(2)).all(2)
        right = (at(gold, top) == below) & (awaited_by != top.unsqueeze(2)).all(2)
        kind = torch.where(self._exchanged(state, top, below), SWAP, SHIFT)
        kind = torch.where(left, LEFT_ARC, torch.where(right, RIGHT_ARC, kind))
        label = at(self.label, torch.where(left, below, top)).clamp(min=0)
        return torch.where(kind < LEFT_ARC, kind, kind + 2 * label)

    def lossless(self, state: Configuration) -> Tensor:
        """Return the one action [B, K, 1] that the oracle knows to keep the gold tree reachable."""
        return self.gold_action(state).unsqueeze(2)

    def _exchanged(self, state: Configuration, top: Tensor, below: Tensor) -> Tensor:
        """Return whether the gold tree has `top` before `below`, and the buffer's front need not join `top` first."""
        front = state.buffer_front(0).clamp(min=ROOT)
        order, component = self._order.unsqueeze(1), self._component.unsqueeze(1)
        return (at(order, top) < at(order, below)) & (at(component, top) != at(component, front))


def descendants(head: Tensor) -> Tensor:
    """Return which tokens are a token's descendants, itself included [B, N, N], from gold heads [B, N]."""
    token = torch.arange(head.shape[1], device=head.device)
    above = (head.unsqueeze(2) == token) | torch.eye(len(token), dtype=torch.bool, device=head.device)
    reached = above.float()
    for _ in range(math.ceil(math.log2(max(len(token), 2)))):
        reached = (reached @ reached).clamp(max=1)
    return reached.transpose(1, 2).bool()


def projective_order(head: Tensor, below: Tensor) -> Tensor:
    """Return each token's place [B, N] in the inorder traversal of the tree, in which no arcs cross (Nivre 2009).

    A token stands behind the subtrees of its left children, and behind all tokens before its own subtree.
    """
    token = torch.arange(head.shape[1], device=head.device)
    size = below.sum(2)
    earlier = (head.unsqueeze(2) == head.unsqueeze(1)) & (token < token.unsqueeze(1)) & (head != NONE).unsqueeze(2)
    offset = (earlier * size.unsqueeze(1)).sum(2) + (
        (head < token) & (head != NONE)
    )  # of the subtree, within its head's
    left = (head.unsqueeze(1) == token.unsqueeze(1)) & (token < token.unsqueeze(1))
    return (below * offset.unsqueeze(2)).sum(1) + (left * size.unsqueeze(1)).sum(2)


def projective_component(head: Tensor, below: Tensor) -> Tensor:
    """Return the highest token [B, N] of each token's maximal projective component, whose tokens join without SWAP.

    A subtree can be built so if it and all subtrees inside have no gap. A word joins its head if its subtree can be
    built and all tokens between the two belong to children of the head whose subtrees can be built.
    """
    token = torch.arange(head.shape[1], device=head.device)
    last = (below * token).amax(2)
    first = torch.where(below, token, len(token)).amin(2)
    has_gap = last - first + 1 != below.sum(2)
    built = ~(below & has_gap.unsqueeze(1)).any(2)
    child = (head.unsqueeze(1) == token.unsqueeze(1)) & built.unsqueeze(1)
    apart = ((child.float() @ below.float()) == 0).long().cumsum(2)  # [B, N, N] words up to here that do not belong
    above = head.clamp(min=ROOT)
    row = apart.gather(1, above.unsqueeze(2).expand_as(apart))
    nearer, farther = torch.minimum(above, token), torch.maximum(above, token)
    ends = [row.gather(2, end.clamp(min=0).unsqueeze(2)).squeeze(2) for end in (farther - 1, nearer)]
    joined = built & (ends[0] == ends[1]) & (head != NONE)
    top = torch.where(joined, above, token)
    for _ in range(math.ceil(math.log2(max(len(token), 2)))):
        top = top.gather(1, top)
    return top
