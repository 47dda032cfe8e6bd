"""The one beam search: everything that arcparse decodes is a transition system searched here.

A state holds arrays over B sentences x K hypotheses. A transition system defines the legal actions of a state, among A
actions, and the effect of each action; a scorer gives each action a score; `search` keeps the best K hypotheses (Zhang
& Clark 2008; Andor et al. 2016, section 2). Scores are added along a path, so both log-probabilities and unnormalised
scores can be used. Greedy decoding is a beam of one. A search scores at most B x K states in each of its T steps, so
its cost is linear in K and in T.

As an example, a transition system that divides letters into words; an action is the length of a word minus one:

    >>> from dataclasses import dataclass
    >>> import torch
    >>> from arcparse.search import Beam, search
    >>> @dataclass(frozen=True)
    ... class Reading:
    ...     position: torch.Tensor  # [B, K] letters read
    ...     def select(self, parent):
    ...         return Reading(self.position.gather(1, parent))
    >>> class Division:
    ...     num_actions = 4
    ...     def __init__(self, length):
    ...         self.length = length  # [B] letters of each text
    ...     def legal(self, state):
    ...         end = state.position.unsqueeze(2) + torch.arange(1, 5)
    ...         return end <= self.length[:, None, None]
    ...     def apply(self, state, action):
    ...         return Reading(state.position + action + 1)  # WAIT is -1: it changes nothing
    ...     def is_final(self, state):
    ...         return state.position == self.length.unsqueeze(1)
    ...     def name(self, action):
    ...         return f"WORD({action + 1})"
    ...     def action(self, name):
    ...         return int(name[5:-1]) - 1
    >>> score, text = {"now": -2.0, "here": -2.5, "no": -1.5, "w": -7.0}, "nowhere"
    >>> table = torch.tensor([[[score.get(text[i : i + n], -9.0) for n in range(1, 5)] for i in range(len(text))]])
    >>> scorer = lambda state: table[[[0]], state.position.clamp(max=len(text) - 1)]
    >>> beam = search(Division(torch.tensor([7])), scorer, Beam.start(Reading(torch.tensor([[0]])), 1), beam_size=3)
    >>> [(round(path.score, 1), path.actions) for path in beam.nbest(2)[0]]
    [(-4.5, (2, 3)), (-11.0, (1, 0, 3))]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor

WAIT = -1  # the action of a finished hypothesis; it changes nothing
IMPOSSIBLE = -1e9  # log-probability of an illegal action; finite, since a finished hypothesis may have no legal action


class BeamState(Protocol):
    """Arrays whose first two axes are B sentences and K hypotheses."""

    def select(self: State, parent: Tensor) -> State:
        """Return the hypotheses `parent` [B, K'] of each sentence."""
        ...


State = TypeVar("State", bound=BeamState)
Scorer = Callable[[State], Tensor]  # a network bound to a batch: state -> scores [B, K, A]


class TransitionSystem(Protocol[State]):
    """The actions, their conditions and their effects; it has no parameters and does not know the gold."""

    num_actions: int

    def legal(self, state: State) -> Tensor:
        """Return booleans [B, K, A]: whether each action is legal."""
        ...

    def apply(self, state: State, action: Tensor) -> State:
        """Return the state after `action` [B, K]; each is legal, or WAIT, which changes nothing."""
        ...

    def is_final(self, state: State) -> Tensor:
        """Return booleans [B, K]: whether each hypothesis is complete."""
        ...

    def name(self, action: int) -> str:
        """Return the name of an action, as people write it."""
        ...

    def action(self, name: str) -> int:
        """Return the action of that name."""
        ...


@dataclass(frozen=True)
class Link:
    """One past step: the actions taken [B, K] and the hypotheses that took them [B, K]. States are not kept."""

    action: Tensor
    parent: Tensor
    previous: Link | None


@dataclass(frozen=True)
class Hypothesis:
    """A derivation in the beam, and its score."""

    score: float
    actions: tuple[int, ...]


@dataclass(frozen=True)
class Beam(Generic[State]):
    """Hypotheses of each sentence, best first, linked to the hypotheses that they continue.

    `score` [B, K] is -inf at places without a hypothesis, if a sentence has fewer than K. `action` and `parent` [B, K]
    are the last step, `previous` the steps before it, `length` the number of actions of incomplete hypotheses.
    """

    state: State
    score: Tensor
    action: Tensor
    parent: Tensor
    previous: Link | None = None
    length: int = 0

    @classmethod
    def start(cls, state: State, size: int, device: torch.device | None = None) -> Beam[State]:
        """Return a beam with one hypothesis for each of `size` sentences."""
        nothing = torch.zeros(size, 1, dtype=torch.long, device=device)
        return cls(state, torch.zeros(size, 1, device=device), nothing + WAIT, nothing)

    def history(self) -> Tensor:
        """Return the actions of each hypothesis from the start [B, K, T], with WAIT after its end."""
        steps, link = [], Link(self.action, self.parent, self.previous)
        index = torch.arange(self.score.shape[1], device=self.score.device).expand_as(self.score)
        while link.previous is not None:
            steps.append(link.action.gather(1, index))
            index = link.parent.gather(1, index)
            link = link.previous
        return torch.stack(steps[::-1], -1) if steps else self.action.new_empty(*self.score.shape, 0)

    def nbest(self, size: int) -> list[list[Hypothesis]]:
        """Return the best hypotheses of each sentence, at most `size`, best first."""
        rows = zip(self.score[:, :size].tolist(), self.history()[:, :size].tolist(), strict=True)
        return [
            [
                Hypothesis(score, tuple([action for action in actions if action != WAIT]))
                for score, actions in zip(*row, strict=True)
                if score > -math.inf
            ]
            for row in rows
        ]


def advance(
    system: TransitionSystem[State],
    beam: Beam[State],
    scores: Tensor,
    beam_size: int,
    length_power: float = 0.0,
    margin: float = math.inf,
) -> Beam[State]:
    """Extend each hypothesis by each legal action and keep the best `beam_size` of each sentence.

    `scores` is [B, K, A]. A finished hypothesis competes unchanged: its one candidate is WAIT, with score 0. If a
    sentence has fewer candidates within the `margin` than the beam has places, the other places repeat the best
    candidate with score -inf: they cost nothing if the scorer scores equal states only once. `length_power` and
    `margin` are those of `search`, and must be the same in each step.
    """
    final, length = system.is_final(beam.state), beam.length + 1
    score = beam.score
    if length_power:  # all incomplete hypotheses have the same length, so one number is enough
        scores = scores / length**length_power
        score = score * (max(beam.length, 1) / length) ** length_power
    candidate = torch.where(system.legal(beam.state), scores, -torch.inf)
    candidate = candidate + score.masked_fill(final, -torch.inf).unsqueeze(-1)
    candidate[..., 0] = torch.where(final, beam.score, candidate[..., 0])
    num_actions = candidate.shape[-1]
    flat = candidate.flatten(1)
    score, index = flat.max(1, keepdim=True) if beam_size == 1 else flat.topk(min(beam_size, flat.shape[1]), 1)
    best = score[:, :1]
    if margin < math.inf:
        score = score.masked_fill(score < best - margin, -torch.inf)
    index = index.where(~score.isneginf(), index[:, :1])
    parent = index // num_actions
    action = torch.where(final.gather(1, parent) | best.isneginf(), WAIT, index % num_actions)
    past = Link(beam.action, beam.parent, beam.previous)
    return Beam(system.apply(beam.state.select(parent), action), score, action, parent, past, length)


def search(
    system: TransitionSystem[State],
    scorer: Scorer[State],
    beam: Beam[State],
    beam_size: int = 1,
    length_power: float = 0.0,
    margin: float = math.inf,
) -> Beam[State]:
    """Return the best complete hypotheses that a beam of `beam_size` finds, best first.

    The search ends when all hypotheses in the beam are complete; every derivation of the transition system must end. If
    derivations differ in length, sums of log-probabilities favour short ones: with `length_power`, a score is the sum
    divided by (number of actions) ** length_power, from the first action on (Wu et al. 2016, section 7, without their
    constant). A hypothesis whose score is more than `margin` below the best of its sentence is dropped (Freitag &
    Al-Onaizan 2017, section 3.2), which saves the time to score it. Raises ValueError if scores are not numbers.
    """
    if beam_size < 1:
        raise ValueError(f"the beam must hold at least 1 hypothesis, not {beam_size}")
    while not bool((system.is_final(beam.state) | beam.score.isneginf()).all()):
        beam = advance(system, beam, scorer(beam.state), beam_size, length_power, margin)
        check_numbers(beam.score)
    return beam


def check_numbers(score: Tensor) -> None:
    """Raise ValueError if a score is not a number: illegal actions might be taken then, and a search might not end."""
    if bool(score.isnan().any()):
        raise ValueError("the model's scores are not numbers: its weights are damaged or too large; train it again")


def normalised(system: TransitionSystem[State], scorer: Scorer[State]) -> Scorer[State]:
    """Return a scorer of log-probabilities, in nats: the scores of each state, normalised over its legal actions."""

    def log_probability(state: State) -> Tensor:
        illegal = ~system.legal(state)
        scores = scorer(state).masked_fill(illegal, -torch.inf).log_softmax(2)
        return scores.masked_fill(illegal, IMPOSSIBLE).clamp(min=IMPOSSIBLE)  # NaN stays: `search` raises an error

    return log_probability


def sample(
    system: TransitionSystem[State],
    scorer: Scorer[State],
    beam: Beam[State],
    size: int,
    temperature: float = 1.0,
    seed: int = 0,
) -> State:
    """Draw `size` random derivations for each of B sentences, from its start; return their final states [B, size].

    Each action is drawn from the softmax of the scores of legal actions, divided by `temperature`. In each step, the
    random numbers of a sentence are spread evenly (Latin hypercube, McKay et al. 1979), so that fewer draws are enough.
    They are the same for all sentences, so that the result of a sentence does not depend on its batch. A hypothesis
    without a legal action stays as it is. Raises ValueError if scores are not numbers.
    """
    generator = torch.Generator().manual_seed(seed)
    device = beam.score.device
    state = beam.state.select(torch.zeros(len(beam.score), size, dtype=torch.long, device=device))
    while True:
        legal = system.legal(state)
        waits = system.is_final(state) | ~legal.any(2)
        if bool(waits.all()):
            return state
        upto = (scorer(state) / temperature).masked_fill(~legal, -torch.inf).softmax(2).cumsum(2)
        check_numbers(upto[..., -1].masked_fill(waits, 1))
        draw = (torch.randperm(size, generator=generator) + torch.rand(size, generator=generator)) / size
        draw = draw.clamp(max=1 - 1e-6).to(device)  # the sum of probabilities may be a little below 1
        action = (upto > draw[:, None] * upto[..., -1:]).long().argmax(2)
        state = system.apply(state, action.masked_fill(waits, WAIT))


class Outcome(Enum):
    """The result of a sentence compared with its gold: the derivation of a tree, or a reference translation."""

    EXACT = "exact"  # nothing is wrong; in a tree, the subtypes of labels count too
    SEARCH_ERROR = "search error"  # wrong, and the gold derivation has a higher score: the beam has lost it
    MODEL_ERROR = "model error"  # wrong, and the gold derivation does not have a higher score
    UNREACHABLE = "unreachable"  # wrong, and the system has no derivation of the gold


def judge(is_exact: bool, gold_score: float | None, found_score: float) -> Outcome:
    """Return the outcome of a search, given the score of the gold derivation (None if there is none)."""
    if is_exact:
        return Outcome.EXACT
    if gold_score is None:
        return Outcome.UNREACHABLE
    return Outcome.SEARCH_ERROR if gold_score > found_score else Outcome.MODEL_ERROR
