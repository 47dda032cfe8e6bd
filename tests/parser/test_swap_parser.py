"""A parser whose system is `swap`: what works with arc-standard works with it, and crossing arcs come out."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from overfitted import PARSER, TRAINING, fit, sample
from torch import Tensor

from arcparse.errors import ConfigurationError, ModelError
from arcparse.lexicon.pretrained import Pretrained
from arcparse.parser.beam_trace import beam_trace
from arcparse.parser.model import Parser
from arcparse.parser.search_errors import analyse
from arcparse.parser.settings import ParserConfig
from arcparse.parser.swap import Swap
from arcparse.parser.systems import register, system_called
from arcparse.parser.task import ParserSettings, ParserTask
from arcparse.parser.trace import derivation
from arcparse.search import Outcome
from arcparse.sentence import Sentence
from arcparse.settings import as_dict, from_dict
from arcparse.trees import is_projective

pytestmark = pytest.mark.slow  # the whole file

CONFIG = replace(PARSER["none"], system="swap")


@cache
def sentences() -> tuple[Sentence, ...]:
    """All of the sample whose arcs cross, and as many others."""
    crossing = [sentence for sentence in sample() if not is_projective(sentence.tree.heads)]
    plain = [sentence for sentence in sample() if is_projective(sentence.tree.heads)]
    return (*crossing, *plain[: 20 - len(crossing)])


def task(**settings: object) -> ParserTask:
    made = replace(ParserSettings(CONFIG, exploration=0.0, training=TRAINING), **settings)  # type: ignore[arg-type]
    return ParserTask(made, sentences(), sentences(), Pretrained.none())


@cache
def fitted() -> ParserTask:
    made = task()
    fit(made, 25)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("beam_size", [1, 4])
def test_crossing_arcs_are_learnt_by_heart(beam_size: int) -> None:
    parsed = fitted().model.parse(sentences(), beam=beam_size)
    right = [own.tree == gold.tree for own, gold in zip(parsed, sentences(), strict=True)]
    assert sum(right) >= len(right) - 2
    assert any(not is_projective(own.tree.heads) for own in parsed)


def test_a_saved_parser_gives_the_same_trees(tmp_path: Path) -> None:
    fitted().model.save(tmp_path / "model", vectors="", metadata={})
    loaded = Parser.load(tmp_path / "model")
    assert isinstance(loaded.system, Swap)
    assert loaded.parse(sentences()) == fitted().model.parse(sentences())


def test_a_sentence_has_the_same_tree_alone_and_in_a_batch() -> None:
    together = fitted().model.parse(sentences(), beam=3)
    assert [fitted().model.parse([sentence], beam=3)[0] for sentence in sentences()] == together


def test_nbest_trees_have_crossing_arcs_and_confidences() -> None:
    for own in fitted().model.nbest(sentences(), 3, beam=4):
        assert sum(tree.probability for tree in own) <= 1 + 1e-5
        assert all(0 < confidence <= 1 for confidence in own[0].head_confidence)
    best = [own[0].sentence for own in fitted().model.nbest(sentences(), 1, beam=4)]
    assert any(not is_projective(sentence.tree.heads) for sentence in best)


def test_a_derivation_tells_the_buffer_in_its_new_order() -> None:
    parser = fitted().model
    for sentence in sentences():
        steps = derivation(parser, sentence, given_tags=True)
        heads = {step.arc.dependent: step.arc.head for step in steps if step.arc}
        assert tuple(heads[word] for word in range(1, len(sentence) + 1)) == parser.parse([sentence])[0].heads
        for before, after in itertools.pairwise(steps):
            if before.transition == "SWAP":
                assert after.buffer == (before.stack[-2], *before.buffer)
                assert after.stack == (*before.stack[:-2], before.stack[-1])
    assert any(step.transition == "SWAP" for own in sentences() for step in derivation(parser, own, given_tags=True))


def test_a_beam_s_trace_waits_for_the_longest_derivation() -> None:
    parser = fitted().model
    for sentence in sentences()[:4]:
        trace = beam_trace(parser, sentence, 4, given_tags=True)
        assert len(trace.layers) == len(trace.winner) == len(trace.greedy) == len(trace.greedy_rank)
        assert all(len(node.stack) == 1 and not node.buffer for node in trace.layers[-1])


def test_search_errors_are_told_from_model_errors() -> None:
    [report] = analyse(fitted().model, sentences(), sentences(), [4], given_tags=True)
    assert report.share(Outcome.UNREACHABLE) == 0
    assert report.share(Outcome.EXACT) >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["crf", "perceptron", "margin"])
def test_global_training_takes_it(objective: str, tmp_path: Path) -> None:
    fitted().model.save(tmp_path / "model", vectors="", metadata={})
    made = task(objective=objective, start=str(tmp_path / "model"), beam=4)
    torch.manual_seed(0)
    lost = sum(made.loss([i]).value for i in range(len(sentences())))
    assert isinstance(lost, Tensor)
    lost.backward()  # type: ignore[no-untyped-call]
    slope = made.model.network.scorer.output.weight.grad
    assert 0 < lost.item() < torch.inf
    assert slope is not None
    assert 0 < slope.abs().max() < torch.inf


def test_nothing_is_lifted() -> None:
    assert task().train == list(sentences())


def test_marks_of_lifted_arcs_are_refused_where_none_is_lifted() -> None:
    with pytest.raises(ConfigurationError, match=r"'head\+path' marks lifted arcs.*'swap'.*leave parser.projectivity"):
        replace(CONFIG, projectivity="head+path")


def test_exploration_is_refused_where_the_oracle_is_static() -> None:
    with pytest.raises(ConfigurationError, match=r"exploration is 0\.5, but the oracle.*'swap'.*exploration=0"):
        task(exploration=0.5)
    explores_nowhere = ParserSettings(CONFIG, exploration=0.5, objective="crf")
    assert replace(explores_nowhere, beam=4).exploration == 0.5


def test_an_unknown_system_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"no transition system 'eager'.*'arc-standard', 'swap'.*register"):
        replace(CONFIG, system="eager")


def test_a_configuration_that_names_no_system_means_arc_standard() -> None:
    old = {name: value for name, value in as_dict(CONFIG).items() if name != "system"}
    assert from_dict(ParserConfig, old).system == "arc-standard"


def test_going_on_with_another_system_is_refused() -> None:
    with pytest.raises(ModelError, match="transition system 'swap', not 'arc-standard'"):
        fitted().model.rebuilt(replace(CONFIG, system="arc-standard"))


def test_a_name_is_one_system_s() -> None:
    register("swap", Swap)  # the same again changes nothing
    assert system_called("swap") is Swap
    with pytest.raises(ConfigurationError, match="there is another transition system 'arc-standard'"):
        register("arc-standard", Swap)
