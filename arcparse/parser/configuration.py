"""The parser's state: stack, buffer and the arcs made so far (Nivre 2004), as arrays over sentences x hypotheses.

Tokens are numbered as in CoNLL-U, with the root as token 0 at the bottom of the stack. The buffer is the run of tokens
from `front` to the end of the sentence, so it needs no array. The two outermost children on each side are kept, since
features look at them; children attach nearest first, so the newest child is the outermost. What is known of each token
stands in one table, so that a transition is one write and the choice of hypotheses one gather.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from arcparse.sentence import NONE, ROOT

STACK, HEAD, LABEL, LEFT, LEFT2, RIGHT, RIGHT2 = range(7)  # rows of the table


@dataclass(frozen=True)
class Configuration:
    """Configurations of B sentences x K hypotheses over N tokens, the root included."""

    length: Tensor  # [B, K] number of words: the last token's index
    depth: Tensor  # [B, K] tokens on the stack
    front: Tensor  # [B, K] first token of the buffer; length + 1 when it is empty
    table: Tensor  # [B, K, 7, N] what the properties below name, and children; of 32 bits, for it is copied often

    @classmethod
    def start(cls, length: Tensor) -> Configuration:
        """Return one hypothesis for each sentence of `length` [B] words: the root on the stack, all words to come."""
        width = int(length.max()) + 1 if length.numel() else 1
        one = torch.ones(len(length), 1, dtype=torch.long, device=length.device)
        table = one.new_full((len(length), 1, 7, width), NONE, dtype=torch.int32)
        table[:, :, STACK] = ROOT
        return cls(length.unsqueeze(1), one, one, table)

    @property
    def stack(self) -> Tensor:
        """Tokens from the bottom [B, K, N]; entries at `depth` and above are leftovers."""
        return self.table[:, :, STACK]

    @property
    def head(self) -> Tensor:
        """Head of each token [B, K, N], NONE before it has one."""
        return self.table[:, :, HEAD]

    @property
    def label(self) -> Tensor:
        """Label of the arc to each token [B, K, N], NONE before it has one."""
        return self.table[:, :, LABEL]

    def select(self, parent: Tensor) -> Configuration:
        """Return the hypotheses `parent` [B, K'] of each sentence."""
        if parent.shape[1] == 1 == self.depth.shape[1]:
            return self
        size = self.depth.shape[1]
        first = torch.arange(0, self.depth.numel(), max(size, 1), device=parent.device)
        row = (first.unsqueeze(1) + parent).flatten()  # whole tables are copied much faster than gathered
        return Configuration(
            self.length[:, :1].expand_as(parent),
            self.depth.gather(1, parent),
            self.front.gather(1, parent),
            self.table.flatten(0, 1).index_select(0, row).view(*parent.shape, *self.table.shape[2:]),
        )

    def where(self, keep: Tensor, other: Configuration) -> Configuration:
        """Return this configuration for the sentences `keep` [B] and `other`, of the same shape, elsewhere."""
        keep = keep.unsqueeze(1)
        return Configuration(
            self.length,
            self.depth.where(keep, other.depth),
            self.front.where(keep, other.front),
            self.table.where(keep[:, :, None, None], other.table),
        )

    def stack_top(self, i: int) -> Tensor:
        """Return the token i below the top of the stack [B, K]; the root where the stack is shorter."""
        return at(self.stack, (self.depth - 1 - i).clamp(min=0)).long()

    def buffer_front(self, i: int) -> Tensor:
        """Return the token i behind the front of the buffer [B, K], NONE past its end."""
        token = self.front + i
        return token.where(token <= self.length, NONE)


def at(values: Tensor, index: Tensor) -> Tensor:
    """Return `values` [B, K, N] at `index` [B, K]."""
    return values.gather(2, index.unsqueeze(2)).squeeze(2)
