"""A beam search step by step: the beam's hypotheses, the way of the winner, and the fate of the greedy choice.

The greedy derivation follows the best action at each step. In a garden path (Bever 1970, "The cognitive basis for
linguistic structures") it goes wrong early and pays later; a beam keeps the right hypothesis until it overtakes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from arcparse.parser.configuration import Configuration
from arcparse.parser.model import Parser
from arcparse.parser.systems import System
from arcparse.parser.trace import ROOT_NAME, Arc
from arcparse.search import WAIT, Beam, Scorer, advance, check_numbers
from arcparse.sentence import ROOT, Sentence
from arcparse.threads import turn


@dataclass(frozen=True)
class Node:
    """One of the beam's derivations so far: its score, last transition and configuration."""

    score: float  # of the path, in nats if the parser is locally normalised
    transition: str  # the last one; empty at the start
    parent: int  # rank of the hypothesis that it grew from, at the step before
    stack: tuple[str, ...]  # forms from the bottom
    buffer: tuple[str, ...]  # forms from the front


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
        tuple(_layer(parser.system, layer, forms) for layer in wide),
        _path(wide),
        tuple(_layer(parser.system, layer, forms)[0] for layer in narrow),
        _ranks(wide, [int(layer.action) for layer in narrow]),
        _changed(_arcs(narrow[-1].state, parser.system), _arcs(wide[-1].state, parser.system)),
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


def _layer(system: System, beam: Beam[Configuration], forms: Sequence[str]) -> tuple[Node, ...]:
    rows = zip(*(column[0].tolist() for column in (beam.score, beam.action, beam.parent)), strict=True)
    nodes = []
    for k, (score, action, parent) in enumerate(rows):
        stack, buffer = (tuple([forms[token] for token in tokens]) for tokens in beam.state.tokens(0, k))
        nodes.append(Node(score, system.name(action) if action != WAIT else "", parent, stack, buffer))
    return tuple(node for node in nodes if node.score > -torch.inf)


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


def _arcs(state: Configuration, system: System) -> list[Arc]:
    """Return the arcs of the first hypothesis by word."""
    pairs = zip(state.head[0, 0].tolist(), state.label[0, 0].tolist(), strict=True)
    return [Arc(head, system.labels[label], word) for word, (head, label) in enumerate(pairs) if word != ROOT]


def _changed(greedy: Sequence[Arc], winner: Sequence[Arc]) -> tuple[tuple[Arc, Arc], ...]:
    return tuple((one, other) for one, other in zip(greedy, winner, strict=True) if one != other)
