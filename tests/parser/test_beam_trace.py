from __future__ import annotations

from pathlib import Path

import pytest
import torch
from table_parser import GARDEN, GARDEN_PATH, table_parser
from tiny_model import tiny_parser

from arcparse.parser.beam_trace import BeamTrace, beam_trace
from arcparse.parser.model import Parser
from arcparse.parser.trace import Arc
from arcparse.sentence import Sentence
from arcparse.treebank import read_conllu


@pytest.fixture(scope="module")
def sentences(sample_treebank: Path) -> list[Sentence]:
    return list(read_conllu(sample_treebank))


@pytest.fixture(scope="module", params=[True, False], ids=["predicts tags", "is given tags"])
def parser(request: pytest.FixtureRequest, sentences: list[Sentence]) -> Parser:
    return tiny_parser(sentences, predicts_tags=request.param)


@pytest.mark.parametrize(("normalisation", "falls_out"), [("global", 5), ("local", None)])
def test_the_beam_recovers_from_a_garden_path(normalisation: str, falls_out: int | None) -> None:
    trace = beam_trace(table_parser(GARDEN_PATH, normalisation), GARDEN, 2)
    winner = [layer[rank].transition for layer, rank in zip(trace.layers, trace.winner, strict=True)]
    assert winner == ["", "SHIFT", "SHIFT", "LEFT-ARC(nsubj)", "SHIFT", "RIGHT-ARC(obj)", "RIGHT-ARC(root)"]
    greedy = [node.transition for node in trace.greedy]
    assert greedy == ["", "SHIFT", "SHIFT", "SHIFT", "LEFT-ARC(nsubj)", "LEFT-ARC(nsubj)", "RIGHT-ARC(root)"]
    assert (trace.parts, trace.overtakes, trace.falls_out) == (3, 4, falls_out)
    assert trace.winner[3] == 1  # behind the greedy choice
    path = [layer[rank] for layer, rank in zip(trace.layers, trace.winner, strict=True)]
    assert [node.arc for node in path if node.arc] == [Arc(2, "nsubj", 1), Arc(2, "obj", 3), Arc(0, "root", 2)]
    assert (path[2].stack_tokens, path[2].buffer_tokens) == ((0, 1, 2), (3,))
    assert (path[2].stack, path[2].buffer) == (("ROOT", *GARDEN.forms[:2]), GARDEN.forms[2:])
    assert trace.changed == (
        (Arc(3, "nsubj", 1), Arc(2, "nsubj", 1)),
        (Arc(3, "nsubj", 2), Arc(0, "root", 2)),
        (Arc(0, "root", 3), Arc(2, "obj", 3)),
    )


def test_scores_of_a_global_parser_are_sums_and_those_of_a_local_one_log_probabilities() -> None:
    raw, local = (beam_trace(table_parser(GARDEN_PATH, name), GARDEN, 2) for name in ("global", "local"))
    assert (raw.layers[-1][0].score, raw.greedy[-1].score) == (9.0, 3.0)
    right = torch.tensor([2.0, 1, 0, 0, 0]).log_softmax(0)[1] + torch.tensor([4.0, 0, 0, 0]).log_softmax(0)[0]
    wrong = torch.tensor([2.0, 1, 0, 0, 0]).log_softmax(0)[0] + 2 * torch.tensor([0.5, 0, 0, 0]).log_softmax(0)[0]
    assert local.layers[-1][0].score == pytest.approx(right.item(), abs=1e-3)
    assert local.greedy[-1].score == pytest.approx(wrong.item(), abs=1e-3)


def test_a_beam_of_one_is_the_greedy_derivation() -> None:
    trace = beam_trace(table_parser(GARDEN_PATH, "global"), GARDEN, 1)
    assert trace.layers == tuple((node,) for node in trace.greedy)
    assert (trace.parts, trace.overtakes, trace.falls_out, trace.changed) == (None, None, None, ())


def test_a_beam_may_lose_the_better_greedy_derivation() -> None:
    table = {
        ((0, 1, 2), 3): {"SHIFT": 2.0, "LEFT-ARC(nsubj)": 1.0},
        ((0, 2), 3): {"SHIFT": 4.0},
        ((0, 2, 3), 4): {"RIGHT-ARC(obj)": 2.0, "RIGHT-ARC(nsubj)": 1.0},
        ((0, 1, 2, 3), 4): {"LEFT-ARC(nsubj)": 0.5},
        ((0, 1, 3), 4): {"LEFT-ARC(nsubj)": 0.5},
        ((0, 3), 4): {"RIGHT-ARC(root)": 9.0},
    }
    trace = beam_trace(table_parser(table, "global"), GARDEN, 2)
    assert (trace.layers[-1][0].score, trace.greedy[-1].score) == (7.0, 12.0)
    assert (trace.parts, trace.overtakes, trace.falls_out) == (3, None, 5)


@pytest.mark.slow
@pytest.mark.parametrize("given", [True, False])
def test_the_layers_end_in_the_tree_that_parse_gives(parser: Parser, sentences: list[Sentence], given: bool) -> None:
    for sentence in sentences[:4]:
        trace = beam_trace(parser, sentence, 3, given_tags=given)
        assert len(trace.layers) == len(trace.winner) == len(trace.greedy) == 2 * len(sentence) + 1
        check_paths(trace)
        beamed, greedy = (parser.parse([sentence], given_tags=given, beam=size)[0] for size in (3, 1))
        expected = tuple(
            (Arc(own.head, own.deprel, own.id), Arc(other.head, other.deprel, other.id))
            for own, other in zip(greedy, beamed, strict=True)
            if (own.head, own.deprel) != (other.head, other.deprel)
        )
        assert trace.changed == expected


def check_paths(trace: BeamTrace) -> None:
    """The winner's ranks follow the parents; greedy is found in the beam where its transitions and scores are."""
    for step in range(1, len(trace.layers)):
        layer, rank = trace.layers[step], trace.winner[step]
        assert layer[rank].parent == trace.winner[step - 1]
        scores = [node.score for node in layer]
        assert scores == sorted(scores, reverse=True)
        place = trace.greedy_rank[step]
        if place is not None:
            assert layer[place].parent == trace.greedy_rank[step - 1]
            assert layer[place].transition == trace.greedy[step].transition
            assert layer[place].score == pytest.approx(trace.greedy[step].score, abs=1e-4)


def test_a_sentence_without_words_has_the_start_alone(parser: Parser) -> None:
    trace = beam_trace(parser, Sentence.from_forms([]), 4)
    assert [len(layer) for layer in trace.layers] == [1]
    assert (trace.winner, trace.parts, trace.changed) == ((0,), None, ())
