"""The parser's state: stack, buffer and the arcs made so far (Nivre 2004), as arrays over sentences x hypotheses.

Tokens are numbered as in CoNLL-U, with the root as token 0 at the bottom of the stack. The buffer is the run of tokens
from `front` to the end of the sentence, so it needs no array. Only a system that changes the words' order keeps that
order; then the buffer is the run of places from `front` on. The two outermost children on each side are kept, since
features look at them; children attach nearest first, so the newest child is the outermost. All facts about tokens stand
in one table, so that a transition is one write and the choice of hypotheses one gather.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from arcparse.sentence import NONE, ROOT

STACK, HEAD, LABEL, LEFT, LEFT2, RIGHT, RIGHT2, ORDER = range(8)  # rows of the table


@dataclass(frozen=True)
class Configuration:
    """Configurations of B sentences x K hypotheses over N tokens, the root included."""

    length: Tensor  # [B, K] number of words: the last token's index
    depth: Tensor  # [B, K] tokens on the stack
    front: Tensor  # [B, K] first place of the buffer; length + 1 when it is empty
    table: Tensor  # [B, K, 7 or 8, N] the rows named above, ORDER only if the words' order can change; of 32
    # bits, because it is copied often

    @classmethod
    def start(cls, length: Tensor, *, reorders: bool = False) -> Configuration:
        """Return one hypothesis for each sentence of `length` [B] words: the root on the stack, all words to come.

        With `reorders`, the table has the row ORDER: the token [B, K, N] that stands at each place of the sentence.
        """
        width = int(length.max()) + 1 if length.numel() else 1
        one = torch.ones(len(length), 1, dtype=torch.long, device=length.device)
        table = one.new_full((len(length), 1, ORDER + reorders, width), NONE, dtype=torch.int32)
        table[:, :, STACK] = ROOT
        table[:, :, ORDER:] = torch.arange(width, device=length.device)
        return cls(length.unsqueeze(1), one, one, table)

    @property
    def stack(self) -> Tensor:
        """Tokens from the bottom [B, K, N]; entries at `depth` and above are leftovers."""
        return self.table[:, :, STACK]

    @property
    def head(self) -> Tensor:
        """Head of each token [B, K, N], NONE until it has one."""
        return self.table[:, :, HEAD]

    @property
    def label(self) -> Tensor:
        """Label of the arc to each token [B, K, N], NONE until it has one."""
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
        """Return the token i below the top of the stack [B, K]; the root if the stack is shorter."""
        return at(self.stack, (self.depth - 1 - i).clamp(min=0)).long()

    def buffer_front(self, i: int) -> Tensor:
        """Return the token i behind the front of the buffer [B, K], NONE past its end."""
        return self.buffer(self.front.unsqueeze(2) + i).squeeze(2)

    def buffer(self, place: Tensor) -> Tensor:
        """Return the tokens at places [B, K, P] of the buffer, NONE past its end."""
        token = place
        if self.table.shape[2] > ORDER:
            token = self.table[:, :, ORDER].gather(2, place.clamp(max=self.table.shape[3] - 1)).long()
        return token.masked_fill(place > self.length.unsqueeze(2), NONE)

    def tokens(self, b: int, k: int) -> tuple[list[int], list[int]]:
        """Return the stack from the bottom and the buffer from the front of one hypothesis."""
        places = torch.arange(int(self.front[b, k]), int(self.length[b, k]) + 1, device=self.front.device)
        buffer = self.buffer(places.expand(*self.front.shape, -1))
        return self.stack[b, k, : int(self.depth[b, k])].tolist(), buffer[b, k].tolist()

    def arc(self, made: Tensor, head: Tensor, dependent: Tensor, label: Tensor) -> dict[int, tuple[Tensor, Tensor]]:
        """Return the rows to write (see `written`) for an arc: head, label, outermost children.

        Words may be attached in any order. An arc is made for the hypotheses `made` [B, K]; for the others the root is
        written to, whose entries are never read.
        """
        owner, word = head.where(made, ROOT), dependent.where(made, ROOT)
        side = torch.tensor([-1, 1], device=head.device)
        rows = self.table[:, :, LEFT : RIGHT2 + 1]
        known = rows.gather(3, owner[:, :, None, None].expand(-1, -1, rows.shape[2], 1)).squeeze(3).long()
        distance = (known - owner.unsqueeze(2)).abs().masked_fill(known == NONE, NONE)
        first, second = distance.view(*distance.shape[:2], 2, 2).unbind(3)  # [B, K, 2], the left side first
        own = ((word - owner).unsqueeze(2) * side).clamp(min=NONE).masked_fill(~made.unsqueeze(2), NONE)
        outermost = torch.stack([torch.maximum(first, own), torch.maximum(second, torch.minimum(first, own))], 3)
        token = owner[:, :, None, None] + side.unsqueeze(1) * outermost
        columns = token.masked_fill(outermost == NONE, NONE).flatten(2).unbind(2)
        children = zip((LEFT, LEFT2, RIGHT, RIGHT2), columns, strict=True)
        return {
            HEAD: (word, head.where(made, NONE)),
            LABEL: (word, label.where(made, NONE)),
            **{row: (owner, column) for row, column in children},
        }

    def written(self, depth: Tensor, front: Tensor, rows: Mapping[int, tuple[Tensor, Tensor]]) -> Configuration:
        """Return the configurations with another `depth` and `front` [B, K] and a value written in each row.

        `rows` are the table's first rows, each with a token or place and the value for it, both [B, K].
        """
        index, value = (torch.stack([rows[row][i] for row in range(len(rows))], 2).unsqueeze(3) for i in (0, 1))
        return Configuration(self.length, depth, front, self.table.scatter(3, index, value.int()))


def at(values: Tensor, index: Tensor) -> Tensor:
    """Return `values` [B, K, N] at `index` [B, K]."""
    return values.gather(2, index.unsqueeze(2)).squeeze(2)
