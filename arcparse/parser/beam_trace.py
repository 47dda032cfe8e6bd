"""A beam search step by step: the beam's hypotheses, the way of the winner, and the fate of the greedy choice.

The greedy derivation follows the best action at each step. In a garden path (Bever 1970, "The cognitive basis for
linguistic structures") it goes wrong early and pays later; a beam keeps the right hypothesis until it overtakes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

import torch

from arcparse.parser.configuration import Configuration
from arcparse.parser.model import Parser
from arcparse.parser.systems import System
from arcparse.parser.trace import ROOT_NAME, Arc
from arcparse.search import WAIT, Beam, Scorer, advance, check_numbers
from arcparse.sentence import NONE, Sentence
from arcparse.threads import turn


@dataclass(frozen=True)
class Node:
    """One of the beam's derivations so far: its score, last transition and configuration."""

    score: float  # of the path, in nats if the parser is locally normalised
    transition: str  # the last one; empty at the start
    parent: int  # rank of the hypothesis that it grew from, at the step before
    stack_tokens: tuple[int, ...]  # from the bottom; token 0 is the root
    buffer_tokens: tuple[int, ...]  # from the front
    arc: Arc | None  # that the last transition added; None if it added none
    forms: tuple[str, ...] = field(repr=False)  # of all tokens, the root's first

    @property
    def stack(self) -> tuple[str, ...]:
        """The forms of the stack, from the bottom."""
        return tuple([self.forms[token] for token in self.stack_tokens])

    @property
    def buffer(self) -> tuple[str, ...]:
        """The forms of the buffer, from the front."""
        return tuple([self.forms[token] for token in self.buffer_tokens])


@dataclass(frozen=True)
class BeamTrace:
    """The beam after each number of steps, from 0, and the paths of two derivations through it. Ranks count from 0."""

    layers: tuple[tuple[Node, ...], ...]  # best first
    winner: tuple[int, ...]  # rank on each layer of the later best complete derivation
    greedy: tuple[Node, ...]  # the greedy derivation; `parent` is 0 throughout
    greedy_rank: tuple[int | None, ...]  # its rank on each layer, None once it has fallen out of the beam
    changed: tuple[tuple[Arc, Arc], ...]  # greedy's arc and the winner's, of words whose arcs differ

    @property
    def parts(self) -> int | None:
        """The step at which the winner leaves the greedy derivation; None if it never does."""
        pairs = enumerate(zip(self.winner, self.greedy_rank, strict=True))
        return next((step for step, (own, greedy) in pairs if own != greedy), None)

    @property
    def overtakes(self) -> int | None:
        """The step from which on the winner scores higher than the greedy derivation; None if it ends no higher."""
        if self.parts is None:
            return None
        scores = zip(self.layers, self.winner, self.greedy, strict=True)
        above = [layer[rank].score > greedy.score for layer, rank, greedy in scores][self.parts :]
        behind = [step for step, is_above in enumerate(above, self.parts) if not is_above]
        step = behind[-1] + 1 if behind else self.parts
        return step if step < len(self.layers) else None

    @property
    def falls_out(self) -> int | None:
        """The step at which the greedy derivation is no longer in the beam; None if it stays."""
        return self.greedy_rank.index(None) if None in self.greedy_rank else None


@turn()
@torch.inference_mode()
def beam_trace(parser: Parser, sentence: Sentence, beam: int, *, given_tags: bool = False) -> BeamTrace:
    """Search a sentence with a `beam` and greedily; `given_tags` is as for `Parser.parse`."""
    words, encoding = parser.encode([sentence], given_tags=given_tags)
    scorer = parser.path_scorer(encoding)
    wide, narrow = _beams(parser.system, scorer, parser.start(words.length), (beam, 1))
    forms = (ROOT_NAME, *sentence.forms)
    return BeamTrace(
        tuple(_layers(parser.system, wide, forms)),
        _path(wide),
        tuple(layer[0] for layer in _layers(parser.system, narrow, forms)),
        _ranks(wide, [int(layer.action) for layer in narrow]),
        _changed(_arcs(narrow[-1].state, parser.system)[0], _arcs(wide[-1].state, parser.system)[0]),
    )


def _beams(
    system: System, scorer: Scorer[Configuration], start: Beam[Configuration], sizes: Sequence[int]
) -> Iterator[list[Beam[Configuration]]]:
    """Yield the beams after each step, for each size; a search that is complete earlier waits for the other."""
    beams = [[start] for _ in sizes]
    while not all(bool((system.is_final(own[-1].state) | own[-1].score.isneginf()).all()) for own in beams):
        for own, size in zip(beams, sizes, strict=True):
            own.append(advance(system, own[-1], scorer(own[-1].state), size))
            check_numbers(own[-1].score)
    yield from beams


def _layers(system: System, beams: Sequence[Beam[Configuration]], forms: tuple[str, ...]) -> Iterator[tuple[Node, ...]]:
    """Yield the hypotheses of each beam, best first."""
    arcs_before: list[list[Arc]] = [[] for _ in range(beams[0].score.shape[1])]
    for beam in beams:
        rows = zip(*(column[0].tolist() for column in (beam.score, beam.action, beam.parent)), strict=True)
        arcs = _arcs(beam.state, system)
        nodes = []
        for k, (score, action, parent) in enumerate(rows):
            stack, buffer = map(tuple, beam.state.tokens(0, k))
            added = next((arc for arc in arcs[k] if arc not in arcs_before[parent]), None)
            nodes.append(
                Node(score, system.name(action) if action != WAIT else "", parent, stack, buffer, added, forms)
            )
        arcs_before = arcs
        yield tuple(node for node in nodes if node.score > -torch.inf)


def _path(beams: Sequence[Beam[Configuration]]) -> tuple[int, ...]:
    """Follow the best complete hypothesis back to the start."""
    ranks = [0]
    for beam in reversed(beams[1:]):
        ranks.append(int(beam.parent[0, ranks[-1]]))
    return tuple(reversed(ranks))


def _ranks(beams: Sequence[Beam[Configuration]], actions: Sequence[int]) -> tuple[int | None, ...]:
    """Return the ranks of the derivation whose last action on each layer is that of `actions`."""
    ranks: list[int | None] = [0]
    for beam, action in zip(beams[1:], actions[1:], strict=True):
        steps = list(zip(beam.parent[0].tolist(), beam.action[0].tolist(), strict=True))
        ranks.append(steps.index((ranks[-1], action)) if (ranks[-1], action) in steps else None)
    return tuple(ranks)


def _arcs(state: Configuration, system: System) -> list[list[Arc]]:
    """Return the arcs of each hypothesis, by word."""
    hypotheses = zip(state.head[0].tolist(), state.label[0].tolist(), strict=True)
    return [
        [Arc(head, system.labels[label], word) for word, head, label in zip(count(), *pairs) if head != NONE]
        for pairs in hypotheses
    ]


def _changed(greedy: Sequence[Arc], winner: Sequence[Arc]) -> tuple[tuple[Arc, Arc], ...]:
    return tuple((one, other) for one, other in zip(greedy, winner, strict=True) if one != other)
