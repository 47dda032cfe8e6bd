"""Nodes: words with their children, linked into stacks that share their lower parts and are never copied.

A transition changes few words, so it makes new nodes for these and leaves all others as they are. Configurations hold
the numbers of nodes; the step of a search costs the same in a long sentence as in a short one (Goldberg, Zhao & Huang
2013, "Efficient Implementation of Beam-Search Incremental Parsers", ACL, pages 628-633).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from arcparse.sentence import NONE

# A node's fields, the rows of the table. Children are nodes too, the outermost and the second outermost on each side;
# a word that has been attached knows its head and the label of its arc. NEXT is the node below on a stack.
TOKEN, LABEL, HEAD, LEFT, RIGHT, LEFT2, RIGHT2, NEXT = range(8)
NOWHERE = 0  # the node of no word: its token, label and head are NONE, and its links lead to itself


class Nodes:
    """The nodes of all configurations of a batch. The table only grows: a node never changes."""

    def __init__(self, size: int, width: int, device: torch.device) -> None:
        """Make NOWHERE and, for each of `size` sentences, a node without children for each of `width` tokens."""
        self.width = width
        self._table = torch.full((NEXT + 1, 1 + size * width), NOWHERE, device=device)
        self._table[[TOKEN, LABEL, HEAD]] = NONE
        self._table[TOKEN, 1:] = torch.arange(width, device=device).repeat(size)
        self._size = self._table.shape[1]

    def first(self) -> Tensor:
        """Return the node of each sentence's first token [B]; those of the other tokens follow it."""
        return torch.arange(1, self._size, self.width, device=self._table.device)

    def read(self, node: Tensor, row: int | Tensor) -> Tensor:
        """Return one row of each node; `row` is one for all, or a tensor that is broadcast with `node`."""
        place = node + row * self._table.shape[1]
        return self._table.flatten().index_select(0, place.flatten()).view_as(place)

    def rows(self, node: Tensor) -> Tensor:
        """Return all rows of nodes [B, K] as one [8, B, K]."""
        return self._table.index_select(1, node.flatten()).view(-1, *node.shape)

    def chain(self, node: Tensor, count: int) -> list[Tensor]:
        """Return the first `count` nodes of the chain that begins with `node`, NOWHERE behind its end."""
        following, found = self._table[NEXT], [node.flatten()]
        while len(found) < count:
            found.append(following.index_select(0, found[-1]))
        return [own.view_as(node) for own in found[:count]]

    def numbers(self, count: int, like: Tensor) -> tuple[Tensor, ...]:
        """Return the numbers that the next `count` nodes get, each as many as `like` has places, in its shape."""
        start, end = self._size, self._size + count * like.numel()
        return torch.arange(start, end, device=like.device).view(count, *like.shape).unbind(0)

    def add(self, *nodes: Sequence[Tensor]) -> None:
        """Add nodes, of each all rows, tensors of the same shape."""
        added = torch.stack([row for rows in zip(*nodes, strict=True) for row in rows]).view(NEXT + 1, -1)
        start, self._size = self._size, self._size + added.shape[1]
        if self._size > self._table.shape[1]:
            room = added.new_empty(NEXT + 1, 2 * self._size)
            room[:, :start] = self._table[:, :start]
            self._table = room
        self._table[:, start : self._size] = added

    def linked(self, node: Tensor, following: Tensor) -> Tensor:
        """Return new nodes that are as `node`, but lead to `following`."""
        (number,) = self.numbers(1, node)
        self.add([*self.rows(node)[:NEXT], following])
        return number
