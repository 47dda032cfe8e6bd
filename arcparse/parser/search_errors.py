"""Is the search to blame, or the model? An analysis of wrong trees by beam width.

If the tree found is wrong, either the model scores it at least as high as the gold tree (a model error, which no search
mends), or the gold tree scores higher and the beam has lost it (a search error), as in the analyses of beam decoders
(Germann et al. 2001, section 5; Zhang & Clark 2008). A tree has many arc-standard derivations, which differ in
when arcs are made; the gold tree's score is that of the best one, found by a beam that makes gold arcs alone and keeps
the best way to each configuration (dynamic programming, Huang & Sagae 2010). If there are more configurations than the
beam has places, that score is a lower bound: search errors are certain, but some model errors may be search errors.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from arcparse.batches import bucket
from arcparse.evaluation import evaluate
from arcparse.networks.padding import pad
from arcparse.parser.configuration import Configuration
from arcparse.parser.model import Parser
from arcparse.parser.parse import tree_of
from arcparse.parser.systems import System
from arcparse.search import Outcome, Scorer, judge, search
from arcparse.sentence import NONE, ROOT, Sentence, Tree
from arcparse.threads import turn
from arcparse.trees.pseudo_projective import deprojectivise, projectivise

BEAMS = (1, 2, 4, 8, 16, 32)
GOLD_BEAM = 16  # configurations kept on the way to the gold tree


@dataclass(frozen=True)
class Found:
    """The best tree that a beam finds, and its derivation's score."""

    tree: Tree
    score: float


@dataclass(frozen=True)
class BeamReport:
    """The results of one beam width; `outcomes` by sentence."""

    beam: int
    outcomes: tuple[Outcome, ...]
    las: float  # F1, from 0 to 1
    tokens_per_second: float  # words parsed by `Parser.parse`, which encodes them too

    def share(self, outcome: Outcome) -> float:
        """Return the share of the sentences with that outcome, from 0 to 1."""
        return self.outcomes.count(outcome) / len(self.outcomes) if self.outcomes else 0.0


def analyse(
    parser: Parser,
    sentences: Sequence[Sentence],
    gold: Sequence[Sentence],
    beams: Sequence[int] = BEAMS,
    *,
    given_tags: bool = False,
    gold_beam: int = GOLD_BEAM,
    batch_tokens: int = 2500,
) -> list[BeamReport]:
    """Parse with each beam width and tell search errors from model errors.

    `sentences` are the parser's input, `gold` the same with gold trees; `given_tags` is as for `Parser.parse`.
    """
    best_gold = gold_scores(parser, sentences, gold, gold_beam, given_tags=given_tags, batch_tokens=batch_tokens)
    reports = []
    for beam in beams:
        start = time.perf_counter()
        parsed = parser.parse(sentences, given_tags=given_tags, beam=beam, batch_tokens=batch_tokens)
        seconds = time.perf_counter() - start
        found = best_found(parser, sentences, beam, given_tags=given_tags, batch_tokens=batch_tokens)
        rows = zip(found, gold, best_gold, strict=True)
        outcomes = tuple(outcome(own, sentence.tree, score) for own, sentence, score in rows)
        las = evaluate(gold, parsed)["LAS"].f1
        reports.append(BeamReport(beam, outcomes, las, sum(map(len, sentences)) / seconds))
    return reports


def outcome(found: Found, gold: Tree, gold_score: float | None) -> Outcome:
    """Judge the tree found by the score of the gold tree, None if that is unreachable."""
    return judge(found.tree == gold, gold_score, found.score)


@turn()
@torch.inference_mode()
def best_found(
    parser: Parser, sentences: Sequence[Sentence], beam: int, *, given_tags: bool = False, batch_tokens: int = 2500
) -> list[Found]:
    """Return the tree of the best derivation that a beam finds for each sentence, and that derivation's score."""
    found: dict[int, Found] = {}
    for batch, length, scorer in _batches(parser, sentences, given_tags, batch_tokens):
        best = search(parser.system, scorer, parser.start(length), beam)
        columns = best.state.head[:, 0], best.state.label[:, 0], length, best.score[:, 0]
        for i, head, label, size, score in zip(batch, *(column.tolist() for column in columns), strict=True):
            tree = tree_of(head, label, size, parser.system.labels)
            found[i] = Found(deprojectivise(tree, parser.config.projectivity), score)
    return [found[i] for i in range(len(sentences))]


@turn()
@torch.inference_mode()
def gold_scores(
    parser: Parser,
    sentences: Sequence[Sentence],
    gold: Sequence[Sentence],
    beam: int = GOLD_BEAM,
    *,
    given_tags: bool = False,
    batch_tokens: int = 2500,
) -> list[float | None]:
    """Return the score of the best derivation of each gold tree that a beam finds; None for an unreachable tree.

    A score is exact if the beam has, at each step, room for all ways to the configurations that lead to the gold tree.
    Raises TreeError if the parser's projectivity needs a mark that a gold label has.
    """
    trees = [_reachable(parser, sentence) for sentence in gold]
    able = [i for i, tree in enumerate(trees) if tree]
    scores: list[float | None] = [None] * len(trees)
    for batch, length, scorer in _batches(parser, [sentences[i] for i in able], given_tags, batch_tokens):
        places = [able[i] for i in batch]
        system = GoldOnly(parser.system, [tree for i in places if (tree := trees[i])], length.device)
        best = search(system, scorer, parser.start(length), beam).score[:, 0]
        for i, score in zip(places, best.tolist(), strict=True):
            scores[i] = score
    return scores


class GoldOnly:
    """A transition system that allows only those actions that its oracle knows to lead to the gold tree.

    In arc-standard the oracle knows all of them, so that every derivation of the tree is found. Of hypotheses in the
    same configuration only the first goes on, which is the best.
    """

    def __init__(self, system: System, gold: Sequence[Tree], device: torch.device | None = None) -> None:
        """Bind to the gold trees of a batch, each of which `system` can build."""
        self.num_actions, self.apply, self.is_final = system.num_actions, system.apply, system.is_final
        self.name, self.action, self._system = system.name, system.action, system
        number = {label: i for i, label in enumerate(system.labels)}
        label = pad([[NONE, *(number[label] for label in tree.labels[1:])] for tree in gold], NONE).to(device)
        self._oracle = system.oracle(pad([tree.heads for tree in gold], NONE).to(device), label)

    def legal(self, state: Configuration) -> Tensor:
        """Return the legal actions [B, K, A] after which the gold tree is still reachable."""
        action = torch.arange(self.num_actions, device=state.depth.device)
        lossless = (self._oracle.lossless(state).unsqueeze(3) == action).any(2)
        return self._system.legal(state) & lossless & ~_is_repeated(state).unsqueeze(2)


def _is_repeated(state: Configuration) -> Tensor:
    """Return whether each hypothesis has the same arcs and the same front as one before it [B, K]."""
    same = (state.head.unsqueeze(2) == state.head.unsqueeze(1)).all(3)
    same &= state.front.unsqueeze(2) == state.front.unsqueeze(1)
    return same.tril(-1).any(2)


def _reachable(parser: Parser, gold: Sentence) -> Tree | None:
    """Return the tree to build for a gold tree; None if the system cannot build it or a label is not known."""
    encoding, system = parser.config.projectivity, parser.system
    tree = projectivise(gold.tree, encoding, gold.place) if system.projective else gold.tree
    arcs = zip(tree.heads[1:], tree.labels[1:], strict=True)
    known = all(label in (system.root_labels if head == ROOT else system.word_labels) for head, label in arcs)
    return tree if known and deprojectivise(tree, encoding) == gold.tree else None


def _batches(
    parser: Parser, sentences: Sequence[Sentence], given_tags: bool, batch_tokens: int
) -> Iterator[tuple[list[int], Tensor, Scorer[Configuration]]]:
    """Yield batches of sentences: indices, lengths [B] and the scorer of paths."""
    for batch in bucket([len(sentence) + 1 for sentence in sentences], batch_tokens):
        words, encoding = parser.encode([sentences[i] for i in batch], given_tags=given_tags)
        yield batch, words.length, parser.path_scorer(encoding)
