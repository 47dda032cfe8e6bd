"""Training objectives over transition systems.

`local_loss` normalises each decision separately. `global_loss` trains through the beam (Andor et al. 2016, section 2
and equation 6): it compares the scores of whole paths. A sentence contributes a loss each time its gold path falls out
of the beam (early update, Collins & Roark 2004), and once more at its end. After an early update the search goes on
from the gold state, as in SyntaxNet, so that the ends of long sentences are trained too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

import torch
from torch import Tensor

from arcparse.search import WAIT, Beam, BeamState, TransitionSystem, advance

Objective = Literal["crf", "perceptron", "margin"]


class MergeableState(BeamState, Protocol):
    """A state in which some sentences can be replaced by those of another state."""

    def where(self: Mergeable, keep: Tensor, other: Mergeable) -> Mergeable:
        """Return this state for the sentences in `keep` [B], and `other` for the rest."""
        ...


Mergeable = TypeVar("Mergeable", bound=MergeableState)
Scored = TypeVar("Scored", bound=MergeableState, contravariant=True)
Rows = Mapping[str, Tensor]  # the features that a scorer looks up, [B, K, F] for each of its tables


class Rescorer(Protocol[Scored]):
    """A scorer in two halves, so that states can be scored again when the search is over."""

    def index(self, state: Scored) -> Rows:
        """Return the features of a state [B, K, F]."""
        ...

    def score(self, index: Rows) -> Tensor:
        """Return the scores [S, A] of S states from their features [S, F]."""
        ...


def local_loss(scores: Tensor, legal: Tensor, target: Tensor) -> Tensor:
    """Return the cross-entropy [S] in nats of S decisions, each normalised over its legal actions.

    `scores` and `legal` are [S, A]; `target` [S] holds legal actions.
    """
    scores = scores.masked_fill(~legal, -1e9)  # finite, so that gradients are finite too
    chosen: Tensor = scores.gather(1, target.unsqueeze(1)).squeeze(1)
    return scores.logsumexp(1) - chosen


@dataclass(frozen=True)
class _Step(Generic[Mergeable]):
    """One step of the training search, with K hypotheses of the beam and, as number K, the gold one."""

    index: Rows  # [B, K + 1, F] features of the states before the step
    action: Tensor  # [B, K] actions taken
    parent: Tensor  # [B, K] hypotheses that took them
    gold: Tensor  # [B] gold actions, WAIT after the end
    update: Tensor  # [B] whether the sentence's path ends here with a loss
    rival: Tensor  # [B, K] hypotheses that compete with the gold path, in sentences with `update`


def global_loss(
    system: TransitionSystem[Mergeable],
    scorer: Rescorer[Mergeable],
    state: Mergeable,
    gold: Tensor,
    beam_size: int,
    objective: Objective = "crf",
) -> tuple[Tensor, Tensor]:
    """Return the losses of all updates [E] and the steps [E], from 0, at which the updates happened.

    `state` holds one hypothesis for each of B sentences, `gold` [B, T] their gold actions, WAIT after the end. The
    search runs without gradients; then the paths of the surviving hypotheses are scored again with gradients.
    """
    steps = _train_search(system, scorer, state, gold, beam_size)
    slot, action, event, rival = _paths(steps)
    path_score = _path_scores(scorer, steps, slot, action, event, rival)
    correct = path_score[:, -1]
    step_of_update = torch.stack([step.update for step in steps]).nonzero()[:, 0]
    if objective == "crf":
        return path_score.logsumexp(1) - correct, step_of_update
    best = path_score[:, :-1].amax(1) + (objective == "margin")
    return torch.relu(best - correct), step_of_update


@torch.no_grad()
def _train_search(
    system: TransitionSystem[Mergeable], scorer: Rescorer[Mergeable], state: Mergeable, gold: Tensor, beam_size: int
) -> list[_Step[Mergeable]]:
    size = len(gold)
    beam = _fresh(state, size, beam_size, gold.device)
    gold_slot = torch.zeros(size, dtype=torch.long, device=gold.device)
    steps: list[_Step[Mergeable]] = []
    for correct in gold.unbind(1):
        own, right = scorer.index(beam.state), scorer.index(state)
        scores = scorer.score({name: rows.flatten(0, 1) for name, rows in own.items()})
        beam = advance(system, beam, scores.view(size, beam_size, -1), beam_size)
        is_gold = (beam.parent == gold_slot.unsqueeze(1)) & (beam.action == correct.unsqueeze(1))
        is_gold &= ~beam.score.isneginf()
        state = system.apply(state, correct.unsqueeze(1))
        ends = ~is_gold.any(1) | system.is_final(state).squeeze(1)
        update = ends & (correct != WAIT)
        rival = update.unsqueeze(1) & ~is_gold & ~beam.score.isneginf()
        index = {name: torch.cat([rows, right[name]], 1) for name, rows in own.items()}
        steps.append(_Step(index, beam.action, beam.parent, correct, update, rival))
        fresh = _fresh(state, size, beam_size, gold.device)
        beam = Beam(
            fresh.state.where(update, beam.state),
            torch.where(update.unsqueeze(1), fresh.score, beam.score),
            beam.action,
            beam.parent,
        )
        gold_slot = is_gold.long().argmax(1).masked_fill(update, 0)
    return steps


def _fresh(state: Mergeable, size: int, beam_size: int, device: torch.device) -> Beam[Mergeable]:
    """Return a beam with `state` as the only hypothesis of each sentence; the other places have score -inf."""
    parent = torch.zeros(size, beam_size, dtype=torch.long, device=device)
    score = torch.full((size, beam_size), -torch.inf, device=device)
    score[:, 0] = 0
    return Beam(state.select(parent), score, parent + WAIT, parent)


def _paths(steps: list[_Step[Mergeable]]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Follow the paths back from their ends.

    Returns for each step: the hypothesis and its action on each path [T, B, K + 1] (the gold path last); the number of
    the update that the path belongs to [T, B], -1 after the sentence's end; and booleans [E, K + 1] that tell which
    paths of an update count. Updates are numbered by step, then by sentence.
    """
    size, beam_size = steps[0].action.shape
    device = steps[0].action.device
    update = torch.stack([step.update for step in steps])
    number = update.flatten().cumsum(0).view_as(update) - 1
    rival = torch.stack([step.rival for step in steps])[update]
    start = torch.arange(beam_size, device=device).expand(size, -1)
    pointer, current = start, torch.full((size,), -1, device=device)
    gold_slot = torch.full((size, 1), beam_size, device=device)
    slots, actions, events = [], [], []
    for step, numbers in zip(reversed(steps), number.flip(0), strict=True):
        pointer = torch.where(step.update.unsqueeze(1), start, pointer)
        current = torch.where(step.update, numbers, current)
        actions.append(torch.cat([step.action.gather(1, pointer), step.gold.unsqueeze(1)], 1))
        pointer = step.parent.gather(1, pointer)
        slots.append(torch.cat([pointer, gold_slot], 1))
        events.append(current.masked_fill(step.gold == WAIT, -1))
    counts = torch.cat([rival, torch.ones_like(rival[:, :1])], 1)
    return torch.stack(slots[::-1]), torch.stack(actions[::-1]), torch.stack(events[::-1]), counts


def _path_scores(
    scorer: Rescorer[Mergeable],
    steps: list[_Step[Mergeable]],
    slot: Tensor,
    action: Tensor,
    event: Tensor,
    counts: Tensor,
) -> Tensor:
    """Return the scores [E, K + 1] of the paths of each update with gradients, -inf for those that do not count.

    A state that several paths share is scored once.
    """
    paths = slot.shape[2]
    on_path = (event >= 0).unsqueeze(2) & counts[event]  # event -1 reads the last row, but is masked
    place = torch.arange(event.numel(), device=slot.device).view_as(event).unsqueeze(2) * paths + slot
    node, inverse = torch.unique(place[on_path], return_inverse=True)
    index = {name: torch.stack([step.index[name] for step in steps]).flatten(0, 2)[node] for name in steps[0].index}
    taken = scorer.score(index)[inverse, action[on_path]]
    path = (event.unsqueeze(2) * paths + torch.arange(paths, device=slot.device))[on_path]
    total = taken.new_zeros(counts.numel()).index_add(0, path, taken).view_as(counts)
    return total.masked_fill(~counts, -torch.inf)
