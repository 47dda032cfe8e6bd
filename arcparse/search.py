"""The one beam search: everything that arcparse decodes is a transition system searched here.

A state holds arrays over B sentences x K hypotheses. A transition system says which of its A actions are legal in a
state and what they change; a scorer gives each action a score; `search` keeps the best K (Zhang & Clark 2008; Andor et
al. 2016, section 2). Scores add up along a path, so log-probabilities and unnormalised scores both serve. Greedy
decoding is a beam of one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor

WAIT = -1  # the action of a finished hypothesis; it changes nothing


class BeamState(Protocol):
    """Arrays whose first two axes are B sentences and K hypotheses."""

    def select(self: State, parent: Tensor) -> State:
        """Return the hypotheses `parent` [B, K'] of each sentence."""
        ...


State = TypeVar("State", bound=BeamState)
Scorer = Callable[[State], Tensor]  # a network bound to a batch: state -> scores [B, K, A]


class TransitionSystem(Protocol[State]):
    """What may be done and what it changes; it holds no parameters and knows no gold."""

    num_actions: int

    def legal(self, state: State) -> Tensor:
        """Return which actions are allowed, as booleans [B, K, A]."""
        ...

    def apply(self, state: State, action: Tensor) -> State:
        """Return the state after `action` [B, K], each legal or WAIT, which changes nothing."""
        ...

    def is_final(self, state: State) -> Tensor:
        """Return which hypotheses are complete, as booleans [B, K]."""
        ...

    def name(self, action: int) -> str:
        """Return an action as a person writes it."""
        ...

    def action(self, name: str) -> int:
        """Return the action of that name."""
        ...


@dataclass(frozen=True)
class Link:
    """One step of the past: the actions taken and the hypotheses that took them [B, K]. States are not kept."""

    action: Tensor
    parent: Tensor
    previous: Link | None


@dataclass(frozen=True)
class Beam(Generic[State]):
    """Hypotheses of each sentence, best first, linked to those that they grew from.

    `score` [B, K] is -inf where a sentence has fewer than K hypotheses; `action` and `parent` [B, K] are the step that
    led here, `previous` the steps before it.
    """

    state: State
    score: Tensor
    action: Tensor
    parent: Tensor
    previous: Link | None = None

    @classmethod
    def start(cls, state: State, size: int, device: torch.device | None = None) -> Beam[State]:
        """Return the beam of one hypothesis for each of `size` sentences."""
        nothing = torch.zeros(size, 1, dtype=torch.long, device=device)
        return cls(state, torch.zeros(size, 1, device=device), nothing + WAIT, nothing)

    def history(self) -> Tensor:
        """Return the actions of each hypothesis from the start [B, K, T], WAIT where it had finished."""
        steps, link = [], Link(self.action, self.parent, self.previous)
        index = torch.arange(self.score.shape[1], device=self.score.device).expand_as(self.score)
        while link.previous is not None:
            steps.append(link.action.gather(1, index))
            index = link.parent.gather(1, index)
            link = link.previous
        return torch.stack(steps[::-1], -1) if steps else self.action.new_empty(*self.score.shape, 0)


def advance(system: TransitionSystem[State], beam: Beam[State], scores: Tensor, beam_size: int) -> Beam[State]:
    """Extend each hypothesis by each legal action and keep the best `beam_size` of each sentence.

    `scores` is [B, K, A]. A finished hypothesis competes as it is, with the one candidate WAIT of score 0. Where a
    sentence has fewer candidates than the beam has places, the rest wait with score -inf.
    """
    final = system.is_final(beam.state)
    candidate = scores.masked_fill(~system.legal(beam.state), -torch.inf) + beam.score.unsqueeze(-1)
    waiting = torch.full_like(candidate, -torch.inf)
    waiting[..., 0] = beam.score
    candidate = torch.where(final.unsqueeze(-1), waiting, candidate)
    num_actions = candidate.shape[-1]
    flat = candidate.flatten(1)
    score, index = flat.max(1, keepdim=True) if beam_size == 1 else flat.topk(min(beam_size, flat.shape[1]), 1)
    parent = index // num_actions
    action = torch.where(final.gather(1, parent) | score.isneginf(), WAIT, index % num_actions)
    past = Link(beam.action, beam.parent, beam.previous)
    return Beam(system.apply(beam.state.select(parent), action), score, action, parent, past)


def search(
    system: TransitionSystem[State], scorer: Scorer[State], beam: Beam[State], beam_size: int = 1
) -> Beam[State]:
    """Return the best complete hypotheses that a beam of `beam_size` finds, best first.

    Every hypothesis that can still win is complete when the search ends; the transition system must be such that each
    derivation ends.
    """
    if beam_size < 1:
        raise ValueError(f"the beam must hold at least 1 hypothesis, not {beam_size}")
    while not bool((system.is_final(beam.state) | beam.score.isneginf()).all()):
        beam = advance(system, beam, scorer(beam.state), beam_size)
    return beam
