"""The parser's state: stack, buffer and the arcs made so far (Nivre 2004), as arrays over sentences x hypotheses.

Tokens are numbered as in CoNLL-U, with the root as token 0 at the bottom of the stack. The buffer is the run of tokens
from `front` to the end of the sentence, so it needs no array. The two outermost children on each side are kept, since
features look at them; children attach nearest first, so the newest child is the outermost.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from arcparse.sentence import NONE, ROOT


@dataclass(frozen=True)
class Configuration:
    """Configurations of B sentences x K hypotheses over N tokens, the root included."""

    length: Tensor  # [B, K] number of words: the last token's index
    depth: Tensor  # [B, K] tokens on the stack
    front: Tensor  # [B, K] first token of the buffer; length + 1 when it is empty
    stack: Tensor  # [B, K, N] tokens from the bottom; entries at `depth` and above are leftovers
    head: Tensor  # [B, K, N] head of each token, NONE before it has one
    label: Tensor  # [B, K, N] label of the arc to it, NONE before it has one
    left: Tensor  # [B, K, N] leftmost child, or NONE
    left2: Tensor  # [B, K, N] second leftmost child, or NONE
    right: Tensor  # [B, K, N] rightmost child, or NONE
    right2: Tensor  # [B, K, N] second rightmost child, or NONE

    @classmethod
    def start(cls, length: Tensor) -> Configuration:
        """Return one hypothesis for each sentence of `length` [B] words: the root on the stack, all words to come."""
        width = int(length.max()) + 1 if length.numel() else 1
        one = torch.ones(len(length), 1, dtype=torch.long, device=length.device)
        nothing = one.new_full((len(length), 1, width), NONE)
        stack = torch.full_like(nothing, ROOT)
        return cls(length.unsqueeze(1), one, one, stack, *([nothing] * 6))

    def select(self, parent: Tensor) -> Configuration:
        """Return the hypotheses `parent` [B, K'] of each sentence."""
        if parent.shape[1] == 1 == self.depth.shape[1]:
            return self
        return Configuration(*(_select(getattr(self, field.name), parent) for field in fields(self)))

    def where(self, keep: Tensor, other: Configuration) -> Configuration:
        """Return this configuration for the sentences `keep` [B] and `other`, of the same shape, elsewhere."""
        pairs = [(getattr(self, field.name), getattr(other, field.name)) for field in fields(self)]
        return Configuration(*(torch.where(keep.view(-1, *[1] * (a.dim() - 1)), a, b) for a, b in pairs))

    def stack_top(self, i: int) -> Tensor:
        """Return the token i below the top of the stack [B, K]; the root where the stack is shorter."""
        return at(self.stack, (self.depth - 1 - i).clamp(min=0))

    def buffer_front(self, i: int) -> Tensor:
        """Return the token i behind the front of the buffer [B, K], NONE past its end."""
        token = self.front + i
        return token.where(token <= self.length, NONE)


def at(values: Tensor, index: Tensor) -> Tensor:
    """Return `values` [B, K, N] at `index` [B, K]."""
    return values.gather(2, index.unsqueeze(2)).squeeze(2)


def put(values: Tensor, index: Tensor, value: Tensor) -> Tensor:
    """Return a copy of `values` [B, K, N] with `value` [B, K] at `index` [B, K]."""
    return values.scatter(2, index.unsqueeze(2), value.unsqueeze(2))


def _select(values: Tensor, parent: Tensor) -> Tensor:
    if values.dim() == 2:
        return values.gather(1, parent)
    return values.gather(1, parent.unsqueeze(2).expand(-1, -1, values.shape[2]))
