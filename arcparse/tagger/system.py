"""Tagging as a transition system: from left to right, each action gives the next word its tag.

A state holds the place of the next word and the tags of the few words before it; the network looks at nothing else (as
in Andor et al. 2016, section 4.1). Earlier tags are in the search's history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from arcparse.search import WAIT
from arcparse.sentence.spans import OUTSIDE, Scheme, may_end, may_follow

NONE = -1  # the tag before the first word


@dataclass(frozen=True)
class Tagging:
    """The states of B sentences x K hypotheses."""

    position: Tensor  # [B, K] the word to be tagged next, from 1
    last: Tensor  # [B, K, H] the tags of the H words before it, the nearest first
    length: Tensor  # [B] words of each sentence

    @classmethod
    def start(cls, length: Tensor, previous: int) -> Tagging:
        """Return the one hypothesis of each of B sentences, before its first word."""
        position = torch.ones_like(length).unsqueeze(1)
        return cls(position, position.new_full((len(length), 1, previous), NONE), length)

    def select(self, parent: Tensor) -> Tagging:
        """Return the hypotheses `parent` [B, K'] of each sentence."""
        rows = parent.unsqueeze(2).expand(-1, -1, self.last.shape[2])
        return Tagging(self.position.gather(1, parent), self.last.gather(1, rows), self.length)

    def where(self, keep: Tensor, other: Tagging) -> Tagging:
        """Return this state for the sentences `keep` [B] and `other` elsewhere."""
        return Tagging(
            torch.where(keep[:, None], self.position, other.position),
            torch.where(keep[:, None, None], self.last, other.last),
            self.length,
        )


class LeftToRight:
    """The system whose actions are the tags; a sentence is complete when all words have one.

    Any tag is legal, unless the tags are those of spans: these have a scheme, which says whether a tag may follow
    another, and may be the last. States must then hold the last tag at least.
    """

    def __init__(self, tags: Sequence[str], scheme: Scheme | None = None) -> None:
        """Take the tags, in the order of their actions. Raises ValueError for a tag that has no place in the scheme."""
        self.tags, self.scheme = tuple(tags), scheme
        self.num_actions = len(self.tags)
        self.memory = 1 if scheme else 0  # tags before a word that decide what is legal
        if scheme:
            follows = [[may_follow(before, tag, scheme) for tag in self.tags] for before in (OUTSIDE, *self.tags)]
            self._follows = torch.tensor(follows)  # [1 + A, A], the start of a sentence first
            self._ends = torch.tensor([may_end(tag, scheme) for tag in self.tags])  # [A]

    def legal(self, state: Tagging) -> Tensor:
        """Return which tags are allowed [B, K, A]."""
        if not self.scheme:
            return torch.ones_like(state.position, dtype=torch.bool).unsqueeze(2).expand(-1, -1, self.num_actions)
        follows, ends = self._follows.to(state.last.device), self._ends.to(state.last.device)
        is_last = state.position == state.length.unsqueeze(1)
        return follows[state.last[..., 0] + 1] & (ends | ~is_last.unsqueeze(2))

    def apply(self, state: Tagging, action: Tensor) -> Tagging:
        """Return the state after the next word has got the tag `action` [B, K]; WAIT changes nothing."""
        waits = action == WAIT
        last = torch.cat([action.unsqueeze(2), state.last], 2)[..., : state.last.shape[2]]
        last = torch.where(waits.unsqueeze(2), state.last, last)
        return Tagging(state.position + (~waits).long(), last, state.length)

    def is_final(self, state: Tagging) -> Tensor:
        """Return whether all words have a tag [B, K]."""
        return state.position > state.length.unsqueeze(1)

    def name(self, action: int) -> str:
        """Return the tag."""
        return self.tags[action]

    def action(self, name: str) -> int:
        """Return the action of a tag. Raises ValueError if there is no such tag."""
        return self.tags.index(name)


def tags_before(tag: Tensor, previous: int) -> Tensor:
    """Return for each token of B sentences the tags [B, N, H] of the `previous` tokens before it, the nearest first.

    `tag` [B, N] are the actions of all tokens, NONE for the root.
    """
    padded = functional.pad(tag, (previous, 0), value=NONE)[:, : tag.shape[1] + previous - 1]
    return padded.unfold(1, previous, 1).flip(2) if previous else tag.new_empty(*tag.shape, 0)
