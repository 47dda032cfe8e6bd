from __future__ import annotations

from pathlib import Path

import pytest
from tiny_model import tiny_parser

from arcparse.networks.tags import tag_ids
from arcparse.networks.words import words_of
from arcparse.parser.configuration import Configuration
from arcparse.parser.model import Parser
from arcparse.parser.trace import Arc, derivation
from arcparse.sentence import NONE, Sentence
from arcparse.treebank import read_conllu


@pytest.fixture(scope="module")
def sentences(sample_treebank: Path) -> list[Sentence]:
    return list(read_conllu(sample_treebank))


@pytest.fixture(scope="module", params=[True, False], ids=["predicts tags", "is given tags"])
def parser(request: pytest.FixtureRequest, sentences: list[Sentence]) -> Parser:
    return tiny_parser(sentences, predicts_tags=request.param)


@pytest.mark.slow
@pytest.mark.parametrize("beam_size", [1, 4])
@pytest.mark.parametrize("given", [True, False])
def test_the_arcs_added_are_the_tree_that_parse_gives(
    parser: Parser, sentences: list[Sentence], beam_size: int, given: bool
) -> None:
    for sentence in sentences[:5]:
        steps = derivation(parser, sentence, beam_size, given_tags=given)
        [parsed] = parser.parse([sentence], given_tags=given, beam=beam_size)
        arcs = {Arc(token.head, token.deprel, token.id) for token in parsed}
        assert len(steps) == 2 * len(sentence)
        assert {step.arc for step in steps if step.arc} == arcs


def test_scores_add_up_to_the_score_of_the_derivation(parser: Parser, sentences: list[Sentence]) -> None:
    sentence = sentences[1]
    words = words_of(parser.lexicon, [sentence.forms])
    beam = parser.search(
        words, parser.network.encode(words, None if parser.predicts_tags else tag_ids(parser.tags, [sentence])), 4
    )
    scores = [step.score for step in derivation(parser, sentence, 4)]
    assert sum(scores) == pytest.approx(beam.score[0, 0].item(), abs=1e-4)
    assert max(scores) <= 0


def test_a_derivation_reads_as_in_a_textbook(sentences: list[Sentence], monkeypatch: pytest.MonkeyPatch) -> None:
    parser = tiny_parser(sentences)
    names = ["SHIFT", "SHIFT", "LEFT-ARC(nsubj)", "SHIFT", "RIGHT-ARC(obj)", "RIGHT-ARC(root)"]
    actions = [parser.system.action(name) for name in names]
    bind = parser.network.bind

    class Prefers:
        """Scores that prefer the derivation above."""

        def __call__(self, state: Configuration):  # type: ignore[no-untyped-def]
            done = int(state.front - 1 + (state.head != NONE).sum())
            scores = inner(state) * 0
            scores[..., actions[min(done, 5)]] = 50
            return scores

    inner = bind(parser.network.encode(words_of(parser.lexicon, [("I", "saw", "her")])))
    monkeypatch.setattr(parser.network, "bind", lambda encoding: Prefers())
    steps = derivation(parser, Sentence.from_forms(["I", "saw", "her"]))
    assert [(step.stack, step.buffer, step.transition, step.arc) for step in steps] == [
        (("ROOT",), ("I", "saw", "her"), names[0], None),
        (("ROOT", "I"), ("saw", "her"), names[1], None),
        (("ROOT", "I", "saw"), ("her",), names[2], Arc(2, "nsubj", 1)),
        (("ROOT", "saw"), ("her",), names[3], None),
        (("ROOT", "saw", "her"), (), names[4], Arc(2, "obj", 3)),
        (("ROOT", "saw"), (), names[5], Arc(0, "root", 2)),
    ]
    assert [step.score for step in steps] == pytest.approx([0] * 6, abs=1e-5)


def test_a_sentence_without_words_has_no_steps(parser: Parser) -> None:
    assert derivation(parser, Sentence.from_forms([])) == []
