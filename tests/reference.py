"""Transition systems, their features and their scorer once more: one configuration at a time, in plain Python.

The batched code must give what this gives. It is written from the definitions (Nivre 2004, 2009; Chen & Manning 2014),
with none of the tricks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from arcparse.parser.arc_standard import ArcStandard
from arcparse.parser.scorer import FeedForwardScorer
from arcparse.parser.swap import Swap


@dataclass(frozen=True)
class State:
    length: int
    stack: tuple[int, ...] = (0,)
    front: int = 1
    arcs: tuple[tuple[int, int, int], ...] = ()  # head, label, dependent

    @property
    def buffer(self) -> tuple[int, ...]:
        return tuple(range(self.front, self.length + 1))


def legal(system: ArcStandard, state: State) -> set[int]:
    buffer_is_empty = state.front > state.length
    allowed = system.word_labels if len(state.stack) > 2 else system.root_labels
    labels = [i for i, label in enumerate(system.labels) if label in allowed]
    actions = set() if buffer_is_empty else {0}
    if len(state.stack) > 2:
        actions |= {1 + 2 * label for label in labels} | {2 + 2 * label for label in labels}
    if len(state.stack) == 2 and buffer_is_empty:
        actions |= {2 + 2 * label for label in labels}
    return actions


def apply(state: State, action: int) -> State:
    if action == 0:
        return replace(state, stack=(*state.stack, state.front), front=state.front + 1)
    *rest, below, top = state.stack
    head, dependent = (top, below) if action % 2 else (below, top)
    return replace(state, stack=(*rest, head), arcs=(*state.arcs, (head, (action - 1) // 2, dependent)))


def is_final(state: State) -> bool:
    return state.stack == (0,) and state.front > state.length


def replay(length: int, actions: Sequence[int]) -> State:
    state = State(length)
    for action in actions:
        state = apply(state, action)
    return state


def derivations(system: ArcStandard, state: State, done: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    if is_final(state):
        yield done
    for action in sorted(legal(system, state)):
        yield from derivations(system, apply(state, action), (*done, action))


@dataclass(frozen=True)
class SwapState:
    length: int
    stack: tuple[int, ...]
    buffer: tuple[int, ...]
    arcs: tuple[tuple[int, int, int], ...] = ()


def swap_start(length: int) -> SwapState:
    return SwapState(length, (0,), tuple(range(1, length + 1)))


def swap_legal(system: Swap, state: SwapState) -> set[str]:
    actions = {"SHIFT"} if state.buffer else set()
    *_, below, top = (0, *state.stack)
    if len(state.stack) > 2:
        actions |= {f"{side}-ARC({label})" for side in ("LEFT", "RIGHT") for label in system.word_labels}
        actions |= {"SWAP"} if below < top else set()
    elif len(state.stack) == 2 and not state.buffer:
        actions = {f"RIGHT-ARC({label})" for label in system.root_labels}
    return actions


def swap_apply(system: Swap, state: SwapState, name: str) -> SwapState:
    if name == "SHIFT":
        return replace(state, stack=(*state.stack, state.buffer[0]), buffer=state.buffer[1:])
    *rest, below, top = state.stack
    if name == "SWAP":
        return replace(state, stack=(*rest, top), buffer=(below, *state.buffer))
    head, dependent = (top, below) if name.startswith("LEFT") else (below, top)
    label = system.labels.index(name[name.index("(") + 1 : -1])
    return replace(state, stack=(*rest, head), arcs=(*state.arcs, (head, label, dependent)))


def children(state: State | SwapState, head: int, side: str) -> list[int]:
    """Return the children on a side, the outermost first."""
    of_head = [dependent for other, _, dependent in state.arcs if other == head]
    if side == "leftmost":
        return sorted(child for child in of_head if child < head)
    return sorted((child for child in of_head if child > head), reverse=True)


def look(state: State | SwapState, template: str) -> int:
    """Return the token that a template names, -1 for none."""
    start, *steps = template.split(".")[:-1]
    line = state.stack[::-1] if start.startswith("stack") else state.buffer
    place = int(start[start.index("(") + 1 : -1])
    token = line[place] if place < len(line) else -1
    for step in steps:
        side, _, number = step.rstrip(")").partition("(")
        family = children(state, token, side) if token >= 0 else []
        token = family[int(number or 1) - 1] if int(number or 1) <= len(family) else -1
    return token


def score(network: FeedForwardScorer, state: State, vector: Callable[[str, int], Tensor]) -> Tensor:
    """Return the scores [A] of a configuration from the vectors of `vector(attribute, token or label)`."""
    inputs, weights = [], []
    labels = {dependent: label for _, label, dependent in state.arcs}
    for attribute in network.features.attributes:
        templates = [t for t in network.features.templates if t.endswith("." + attribute)]
        matrix = network.first[attribute].unflatten(1, (len(templates), -1))
        for position, template in enumerate(templates):
            token = look(state, template)
            seen = labels.get(token, -1) if attribute == "label" else token
            inputs.append(network.none[attribute] if seen < 0 else vector(attribute, seen))
            weights.append(matrix[:, position])
    hidden = network.activation(torch.cat(inputs) @ torch.cat(weights) + network.bias)
    for layer in network.hidden:
        hidden = torch.relu(layer(hidden))
    return network.output(hidden)
