from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import reference
import torch
from overfitted import fitted_parser, twenty
from table_parser import GARDEN, GARDEN_PATH, table_parser
from tiny_model import tiny_parser
from torch import Tensor

from arcparse.parser.configuration import Configuration
from arcparse.parser.model import Parser
from arcparse.parser.search_errors import (
    BeamReport,
    Found,
    GoldOnly,
    Outcome,
    analyse,
    best_found,
    gold_scores,
    outcome,
)
from arcparse.sentence import NONE, Sentence, Tree

WIDE = 5000  # more than a sentence here has derivations


def tree(heads: list[int], labels: list[str]) -> Sentence:
    return Sentence.from_forms([f"w{i}" for i in range(len(heads))]).replace(heads=heads, labels=labels)


SHORT = [
    GARDEN,
    tree([0], ["root"]),
    tree([3, 3, 0, 3], ["det", "nsubj", "root", "obj"]),
    tree([2, 0, 2, 3], ["nsubj", "root", "obj", "det"]),
    tree([3, 1, 0], ["nsubj", "det", "root"]),
]


def short_parser(normalisation: str, **config: Any) -> Parser:
    parser = tiny_parser(SHORT)
    parser.config = replace(parser.config, normalisation=normalisation, **config)
    return parser


def every_score(parser: Parser, sentence: Sentence) -> tuple[list[tuple[int, ...]], Tensor, list[Tree]]:
    """Return every derivation of a sentence with its score [K] and tree."""
    system, found = parser.system, list(reference.derivations(parser.system, reference.State(len(sentence))))
    scores, state = scores_of(parser, sentence, torch.tensor(found))
    rows = zip(state.head[0, :, 1:].tolist(), state.label[0, :, 1:].tolist(), strict=True)
    trees = [Tree((NONE, *heads), ("", *(system.labels[label] for label in labels))) for heads, labels in rows]
    return found, scores, trees


@torch.inference_mode()
def scores_of(parser: Parser, sentence: Sentence, derivations: Tensor) -> tuple[Tensor, Configuration]:
    """Return the scores of K derivations [K, T] and where they end, followed side by side."""
    system, total = parser.system, torch.zeros(len(derivations))
    words, encoding = parser.encode([sentence])
    scorer = parser.network.bind(encoding)
    state = Configuration.start(words.length).select(torch.zeros(1, len(derivations), dtype=torch.long))
    for action in derivations.T:
        scores = scorer(state).masked_fill(~system.legal(state), -torch.inf)
        if parser.config.normalisation == "local":
            scores = scores.log_softmax(2)
        total += scores[0].gather(1, action.unsqueeze(1)).squeeze(1)
        state = system.apply(state, action.unsqueeze(0))
    return total, state


@pytest.mark.slow
@pytest.mark.parametrize("normalisation", ["local", "global"])
@pytest.mark.parametrize("sentence", SHORT, ids=lambda sentence: " ".join(map(str, sentence.heads)))
def test_wide_searches_give_the_scores_of_enumeration(normalisation: str, sentence: Sentence) -> None:
    parser = short_parser(normalisation)
    derivations, scores, trees = every_score(parser, sentence)
    is_gold = [own == sentence.tree for own in trees]
    [gold] = gold_scores(parser, [sentence], [sentence], WIDE)
    assert gold == pytest.approx(scores[is_gold].max().item(), abs=1e-5)
    [found] = best_found(parser, [sentence], WIDE)
    assert found.score == pytest.approx(scores.max().item(), abs=1e-5)
    assert found.tree == trees[int(scores.argmax())]
    assert len(derivations) < WIDE


@pytest.mark.parametrize("sentence", SHORT)
def test_gold_only_leaves_each_derivation_of_the_gold_tree_and_no_other(sentence: Sentence) -> None:
    parser = short_parser("global")
    derivations, _, trees = every_score(parser, sentence)
    expected = {own for own, made in zip(derivations, trees, strict=True) if made == sentence.tree}
    system, start = GoldOnly(parser.system, [sentence.tree]), Configuration.start(torch.tensor([len(sentence)]))
    assert set(followed(system, start)) == expected
    assert system.action(system.name(1)) == 1


def followed(system: GoldOnly, state: Configuration) -> Iterator[tuple[int, ...]]:
    """Yield every derivation from one hypothesis."""
    if bool(system.is_final(state)):
        yield ()
    for action in system.legal(state)[0, 0].nonzero()[:, 0].tolist():
        for rest in followed(system, system.apply(state, torch.tensor([[action]]))):
            yield (action, *rest)


FLAT = tree([4, 4, 4, 0, 4, 4, 4], ["det", "nsubj", "det", "root", "obj", "obj", "det"])  # 20 derivations


@pytest.mark.parametrize("normalisation", ["local", "global"])
def test_the_best_way_to_each_configuration_is_enough(normalisation: str) -> None:
    parser = short_parser(normalisation)
    start = Configuration.start(torch.tensor([len(FLAT)]))
    every = torch.tensor(list(followed(GoldOnly(parser.system, [FLAT.tree]), start)))
    assert len(every) == 20
    scores = scores_of(parser, FLAT, every)[0]
    [eight] = gold_scores(parser, [FLAT], [FLAT], 8)  # at most 4 configurations, each reached from 2
    assert eight == pytest.approx(scores.max().item(), abs=1e-5)
    [one] = gold_scores(parser, [FLAT], [FLAT], 1)
    assert one is not None
    assert one <= scores.max().item() + 1e-5


@pytest.mark.parametrize("normalisation", ["local", "global"])
def test_batches_give_what_single_sentences_give(normalisation: str) -> None:
    parser = short_parser(normalisation)
    together = gold_scores(parser, SHORT, SHORT, 4)
    single = [gold_scores(parser, [sentence], [sentence], 4)[0] for sentence in SHORT]
    assert together == pytest.approx(single, abs=1e-5)
    for batch_tokens in (5, 5000):
        found = best_found(parser, SHORT, 2, batch_tokens=batch_tokens)
        for own, sentence in zip(found, SHORT, strict=True):
            [alone] = best_found(parser, [sentence], 2)
            assert own.tree == alone.tree
            assert own.score == pytest.approx(alone.score, abs=1e-5)


@pytest.mark.parametrize("normalisation", ["local", "global"])
def test_greedy_errs_in_a_garden_path_and_a_beam_of_two_recovers(normalisation: str) -> None:
    greedy, two = analyse(table_parser(GARDEN_PATH, normalisation), [GARDEN], [GARDEN], (1, 2))
    assert (greedy.beam, greedy.outcomes, greedy.las) == (1, (Outcome.SEARCH_ERROR,), 0.0)
    assert (two.beam, two.outcomes, two.las) == (2, (Outcome.EXACT,), 1.0)
    assert greedy.tokens_per_second > 0


@pytest.mark.parametrize("normalisation", ["local", "global"])
def test_a_gold_tree_that_scores_lower_is_the_model_s_fault(normalisation: str) -> None:
    table = {((0, 1, 2), 3): {"SHIFT": 9.0}, ((0, 1, 2, 3), 4): {"LEFT-ARC(nsubj)": 9.0}}
    reports = analyse(table_parser(table, normalisation), [GARDEN], [GARDEN], (1, 4))
    assert [report.outcomes for report in reports] == [(Outcome.MODEL_ERROR,)] * 2


def test_the_best_derivation_of_the_gold_tree_counts_and_not_the_oracle_s() -> None:
    table = {((0, 1, 2), 3): {"SHIFT": 9.0}, ((0, 1, 2, 3), 4): {"RIGHT-ARC(obj)": 9.0}}
    parser = table_parser(table, "global")
    assert gold_scores(parser, [GARDEN], [GARDEN]) == [18.0]
    assert gold_scores(parser, [GARDEN], [GARDEN], 1) == [18.0]


CROSSED = tree([3, 4, 0, 3], ["nsubj", "obj", "root", "obj"])


@pytest.mark.parametrize(
    "gold",
    [CROSSED, tree([2, 0], ["vocative", "root"]), tree([2, 0], ["nsubj", "obj"])],
    ids=["non-projective", "an unknown label", "a label that never hangs on the root"],
)
def test_trees_that_cannot_be_built_are_unreachable(gold: Sentence) -> None:
    parser = short_parser("local")
    assert gold_scores(parser, [gold, GARDEN], [gold, GARDEN])[0] is None
    [report] = analyse(parser, [gold, GARDEN], [gold, GARDEN], (2,))
    assert report.outcomes[0] is Outcome.UNREACHABLE
    assert report.outcomes[1] is not Outcome.UNREACHABLE


def test_a_non_projective_tree_is_reachable_where_labels_say_what_was_lifted() -> None:
    parser = tiny_parser([*SHORT, tree([3, 3, 0, 3], ["nsubj", "obj^obj", "root", "obj"])])
    assert gold_scores(parser, [CROSSED], [CROSSED]) == [None]
    parser.config = replace(parser.config, projectivity="head")
    [score] = gold_scores(parser, [CROSSED], [CROSSED])
    assert score is not None
    assert score < 0
    [found] = best_found(parser, [CROSSED], WIDE)
    assert found.score >= score


def test_outcomes_by_hand() -> None:
    gold, other = GARDEN.tree, SHORT[4].tree
    assert outcome(Found(gold, -1.0), gold, -1.0) is Outcome.EXACT
    assert outcome(Found(gold, -1.0), gold, None) is Outcome.EXACT
    assert outcome(Found(other, -1.0), gold, None) is Outcome.UNREACHABLE
    assert outcome(Found(other, -1.0), gold, -0.5) is Outcome.SEARCH_ERROR
    assert outcome(Found(other, -1.0), gold, -1.0) is Outcome.MODEL_ERROR


def test_shares_are_of_all_sentences() -> None:
    report = BeamReport(1, (Outcome.EXACT, Outcome.MODEL_ERROR, Outcome.EXACT, Outcome.SEARCH_ERROR), 0.5, 1.0)
    assert [report.share(kind) for kind in Outcome] == [0.5, 0.25, 0.25, 0.0]
    assert BeamReport(1, (), 0.0, 0.0).share(Outcome.EXACT) == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("encoder", ["bilstm", "none"])
def test_most_of_what_is_learned_by_heart_is_exact_at_any_width(encoder: str) -> None:
    sentences = list(twenty())
    for report in analyse(fitted_parser(encoder).model, sentences, sentences, (1, 4), given_tags=True):
        assert report.share(Outcome.EXACT) >= 0.8
        assert report.las > 0.95
