"""The parser's state: stack, buffer and the arcs made so far (Nivre 2004), as arrays over sentences x hypotheses.

Tokens are numbered as in CoNLL-U, with the root as token 0 at the bottom of the stack. The stack is a chain of nodes
(see `arcparse.parser.nodes`), and so are the words that have been attached. The buffer is the run of places from
`front` to the end of the sentence, so it needs no chain; only the words that a system has put back or changed there
have one. They stand before those that it has yet to see.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from arcparse.parser.nodes import HEAD, LABEL, NEXT, NOWHERE, TOKEN, Nodes
from arcparse.sentence import NONE, ROOT

Compare = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Configuration:
    """Configurations of B sentences x K hypotheses over N tokens, the root included."""

    length: Tensor  # [B, K] number of words: the last token's index
    depth: Tensor  # [B, K] tokens on the stack
    front: Tensor  # [B, K] first place of the buffer; length + 1 when it is empty
    first: Tensor  # [B, K] node of the root without children; that of the token i is i nodes behind
    stack: Tensor  # [B, K] node of the top of the stack
    waiting: Tensor  # [B, K] node of the buffer's front if that word was put back or changed, else NOWHERE
    attached: Tensor  # [B, K] node of the word attached last
    nodes: Nodes  # those of the batch: all configurations that come of one start share them
    reorders: bool  # whether words may be attached in any order, and words in the buffer put back or changed

    @classmethod
    def start(cls, length: Tensor, *, reorders: bool = False) -> Configuration:
        """Return one hypothesis for each sentence of `length` [B] words: the root on the stack, all words to come.

        With `reorders`, a head's children need not come nearest first, and words may be put back into the buffer, or
        get children there.
        """
        nodes = Nodes(len(length), int(length.max()) + 1 if length.numel() else 1, length.device)
        one = torch.ones(len(length), 1, dtype=torch.long, device=length.device)
        first, nowhere = nodes.first().unsqueeze(1), one * NOWHERE
        return cls(length.unsqueeze(1), one, one, first, first, nowhere, nowhere, nodes, reorders)

    @property
    def head(self) -> Tensor:
        """Head of each token [B, K, N], NONE until it has one."""
        return self._arcs[0]

    @property
    def label(self) -> Tensor:
        """Label of the arc to each token [B, K, N], NONE until it has one."""
        return self._arcs[1]

    @cached_property
    def _arcs(self) -> Tensor:
        """Heads and labels [2, B, K, N]; the chain of attached words is followed to its end."""
        made = int((self.front - self.depth).max()) if self.depth.numel() else 0
        node = torch.stack(self.nodes.chain(self.attached, max(1, made)), 2)
        token, *arc = (self.nodes.read(node, row) for row in (TOKEN, HEAD, LABEL))
        none = node.new_full((2, *self.depth.shape, self.nodes.width), NONE)
        return none.scatter(3, token.clamp(min=ROOT).expand(2, -1, -1, -1), torch.stack(arc))  # NOWHERE at the root

    def select(self, parent: Tensor) -> Configuration:
        """Return the hypotheses `parent` [B, K'] of each sentence."""
        if parent.shape[1] == 1 == self.depth.shape[1]:
            return self
        return Configuration(
            self.length[:, :1].expand_as(parent),
            self.depth.gather(1, parent),
            self.front.gather(1, parent),
            self.first[:, :1].expand_as(parent),
            self.stack.gather(1, parent),
            self.waiting.gather(1, parent),
            self.attached.gather(1, parent),
            self.nodes,
            self.reorders,
        )

    def where(self, keep: Tensor, other: Configuration) -> Configuration:
        """Return this configuration for the sentences `keep` [B] and `other`, of the same start, elsewhere."""
        keep = keep.unsqueeze(1)
        return self.after(
            self.depth.where(keep, other.depth),
            self.front.where(keep, other.front),
            self.stack.where(keep, other.stack),
            self.attached.where(keep, other.attached),
            self.waiting.where(keep, other.waiting),
        )

    def after(
        self, depth: Tensor, front: Tensor, stack: Tensor, attached: Tensor, waiting: Tensor | None = None
    ) -> Configuration:
        """Return the configurations of the same sentences that differ in these fields [B, K]."""
        waiting = self.waiting if waiting is None else waiting
        kept = self.nodes, self.reorders
        return Configuration(self.length, depth, front, self.first, stack, waiting, attached, *kept)

    def stack_nodes(self, count: int) -> list[Tensor]:
        """Return the nodes of the `count` topmost tokens of the stack [B, K], the top first, then NOWHERE."""
        return self.nodes.chain(self.stack, count)

    def buffer_nodes(self, count: int) -> list[Tensor]:
        """Return the nodes of the first `count` tokens of the buffer [B, K], the front first, then NOWHERE."""
        place = self.front.unsqueeze(2) + torch.arange(count, device=self.front.device)
        unseen = (self.first.unsqueeze(2) + place).masked_fill(place > self.length.unsqueeze(2), NOWHERE).unbind(2)
        if not self.reorders:
            return list(unseen)
        changed = self.nodes.chain(self.waiting, count)
        return [torch.where(own == NOWHERE, node, own) for own, node in zip(changed, unseen, strict=True)]

    def stack_top(self, i: int) -> Tensor:
        """Return the token i below the top of the stack [B, K]; the root if the stack is shorter."""
        return self.nodes.read(self.stack_nodes(i + 1)[i], TOKEN).clamp(min=ROOT)

    def buffer_front(self, i: int) -> Tensor:
        """Return the token i behind the front of the buffer [B, K], NONE past its end."""
        return self.nodes.read(self.buffer_nodes(i + 1)[i], TOKEN)

    def stack_tokens(self) -> Tensor:
        """Return all tokens of the stacks [B, K, D], at least two places, the top first, then NONE."""
        return self.nodes.read(torch.stack(self.stack_nodes(max(2, int(self.depth.max()))), 2), TOKEN)

    def tokens(self, b: int, k: int) -> tuple[list[int], list[int]]:
        """Return the stack from the bottom and the buffer from the front of one hypothesis."""
        buffer = self.buffer_nodes(int(self.length[b, k] - self.front[b, k]) + 1)
        waiting = [int(self.nodes.read(node[b, k], TOKEN)) for node in buffer]
        return self.stack_tokens()[b, k, : int(self.depth[b, k])].tolist()[::-1], waiting

    def is_open(self) -> Tensor:
        """Return whether each token [B, K, N] is on the stack or in the buffer; true in the padding."""
        token, unseen, node = [self.stack_tokens()], self.front, self.waiting
        while self.reorders and bool((node != NOWHERE).any()):
            token.append(self.nodes.read(node, TOKEN).unsqueeze(2))
            unseen, node = unseen + (node != NOWHERE), self.nodes.read(node, NEXT)
        is_unseen = torch.arange(self.nodes.width, device=unseen.device) >= unseen.unsqueeze(2)
        return is_unseen.scatter(2, torch.cat(token, 2).clamp(min=ROOT), True)  # the root is on every stack

    def arc(self, made: Tensor, head: Tensor, child: Tensor, label: Tensor, under: Tensor) -> tuple[Tensor, Tensor]:
        """Return the nodes `head` [B, K] with one more child, and the field `attached`, where an arc is `made` [B, K].

        Elsewhere both are as before. The nodes of heads are new, and lead to the nodes `under`. Children may come in
        any order; the outermost are kept.
        """
        nodes = self.nodes
        token, *arc, left, right, left2, right2, _ = nodes.rows(head).unbind(0)
        word, _, _, *children, _ = nodes.rows(child).unbind(0)
        attached, grown = nodes.numbers(2, token)
        new = word, attached
        left, left2 = self._outermost(made & (word < token), torch.lt, new, left, left2)
        right, right2 = self._outermost(made & (word > token), torch.gt, new, right, right2)
        nodes.add([word, label, token, *children, self.attached], [token, *arc, left, right, left2, right2, under])
        return grown, torch.where(made, attached, self.attached)

    def _outermost(
        self, here: Tensor, beyond: Compare, new: tuple[Tensor, Tensor], first: Tensor, second: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the two outermost children on a side, after `first` and `second`, where the `new` word comes."""
        word, node = new
        if not self.reorders:  # the next child is beyond all others
            return torch.where(here, node, first), torch.where(here, first, second)
        is_first, is_second = (
            here & (beyond(word, self.nodes.read(child, TOKEN)) | (child == NOWHERE)) for child in (first, second)
        )
        other = torch.where(is_first, first, torch.where(is_second, node, second))
        return torch.where(is_first, node, first), other


def at(values: Tensor, index: Tensor) -> Tensor:
    """Return `values` [B, 1 or K, N] at `index` [B, K]."""
    return values.expand(-1, index.shape[1], -1).gather(2, index.unsqueeze(2)).squeeze(2)
