"""Parsers that score together: by their mean, at each configuration and for each tag; they must fit together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_model
import torch
from overfitted import sample, twenty

from arcparse.errors import ModelError
from arcparse.networks.tags import best_tags
from arcparse.parser.ensemble import Ensemble
from arcparse.parser.model import Parser
from arcparse.search import Beam, normalised, search
from arcparse.sentence import UPOS, Sentence
from arcparse.trees import check_tree
from arcparse.vocabulary import Vocabulary


def seeds(count: int, *, predicts_tags: bool = True) -> list[Parser]:
    """Return untrained parsers of the same vocabularies with different weights."""
    made = [tiny_model.tiny_parser(twenty(), predicts_tags=predicts_tags) for _ in range(count)]
    for seed, parser in enumerate(made):
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for weight in parser.network.parameters():
                weight += 0.5 * torch.randn(weight.shape, generator=generator)
    return made


def together(*members: Parser) -> Ensemble:
    """Return an ensemble whose members are called a, b, c ..."""
    return Ensemble(dict(zip("abcdef", members, strict=False)))


def columns(sentences: Sequence[Sentence]) -> list[tuple[object, ...]]:
    return [(sentence.tree, sentence.upos, sentence.xpos, sentence.feats) for sentence in sentences]


def without_tags(sentences: Sequence[Sentence]) -> list[Sentence]:
    return [Sentence.from_forms(sentence.forms) for sentence in sentences]


@pytest.mark.parametrize("beam", [1, 4])
def test_a_parser_beside_itself_makes_its_own_trees(beam: int) -> None:
    [parser] = seeds(1)
    bare = without_tags(sample()[:8])
    assert columns(together(parser, parser).parse(bare, beam=beam)) == columns(parser.parse(bare, beam=beam))


@pytest.mark.parametrize("predicts_tags", [True, False])
def test_actions_have_the_geometric_mean_of_the_members_probabilities(predicts_tags: bool) -> None:
    members, given = seeds(3, predicts_tags=predicts_tags), sample()[:4]
    ensemble = together(*members)
    with torch.inference_mode():
        words, encoding = ensemble.encode(given)
        state = ensemble.start(words.length).state
        for _ in range(2):  # words on the stack, so that there is a choice
            state = ensemble.system.apply(state, ensemble.system.legal(state).int().argmax(-1))
        joint = ensemble.path_scorer(encoding)(state)
        logs = [normalised(own.system, own.bind(own.encode(given)[1]))(state) for own in members]
    legal = ensemble.system.legal(state)
    mean = (sum(logs[1:], logs[0]) / 3).masked_fill(~legal, -torch.inf).log_softmax(-1)
    torch.testing.assert_close(joint[legal], mean[legal])
    assert not any(torch.allclose(joint[legal], own[legal]) for own in logs)


def test_tags_are_those_of_the_best_mean_and_given_ones_are_kept() -> None:
    members = seeds(3)
    ensemble, bare = together(*members), without_tags(sample()[:6])
    with torch.inference_mode():
        _, encoding = ensemble.encode(bare)
        each = [member.encode(bare)[1].tag_scores["upos"].log_softmax(-1) for member in members]
    mean = {"upos": sum(each[1:], each[0]) / 3}
    assert torch.equal(encoding.tags["upos"], best_tags(mean)["upos"])
    kept = ensemble.parse(sample()[:6], given_tags=True)
    assert [sentence.upos for sentence in kept] == [sentence.upos for sentence in sample()[:6]]
    half = [sentence.with_columns({UPOS: ["NOUN"] + ["_"] * (len(sentence) - 1)}) for sentence in bare]
    assert all(
        sentence.upos[0] == "NOUN" and "_" not in sentence.upos for sentence in ensemble.tag(half, given_tags=True)
    )


def test_the_search_follows_the_mean_and_trees_are_well_formed() -> None:
    members = seeds(2)
    ensemble, bare = together(*members), without_tags(sample()[:10])
    with torch.inference_mode():
        words, _ = ensemble.encode(bare)
        scorers = [normalised(own.system, own.bind(own.encode(bare)[1])) for own in members]
        start: Beam = ensemble.start(words.length)
        other = search(ensemble.system, lambda state: scorers[0](state) + scorers[1](state), start)
    trees = [sentence.tree for sentence in ensemble.parse(bare)]
    for tree, heads in zip(trees, other.state.head[:, 0].tolist(), strict=True):
        check_tree(tree)
        assert list(tree.heads) == heads[: len(tree.heads)]
    [best, *_] = ensemble.nbest(bare[:1], 3)[0]
    assert best.score < 0


def test_parsers_that_do_not_fit_together_are_refused() -> None:
    [first] = seeds(1)
    other = tiny_model.tiny_parser(twenty()[:3])
    with pytest.raises(
        ModelError, match=r"^b: has another set of labels than a: without '[^']+', '[^']+', '[^']+'; parsers"
    ):
        together(first, other)
    with pytest.raises(ModelError, match=r"^c: has another source of tags than a: with 'given tags' and without 'its"):
        together(first, first, *seeds(1, predicts_tags=False))
    summing = Parser(
        replace(first.config, normalisation="global"),
        first.network,
        first.lexicon,
        first.tags,
        first.system,
        first.pretrained,
    )
    with pytest.raises(ModelError, match="another normalisation than a: with 'global' and without 'local'; "):
        together(first, summing)
    reordered = seeds(1)[0]
    symbols = reordered.tags.vocabularies["upos"].symbols
    reordered.tags.vocabularies["upos"] = Vocabulary((*symbols[:2], *reversed(symbols[2:])))
    with pytest.raises(ModelError, match="b: has another set of tags than a: in another order; "):
        together(first, reordered)


def test_an_ensemble_is_neither_saved_nor_trained(tmp_path: Path) -> None:
    ensemble = together(*seeds(2))
    with pytest.raises(ModelError, match="an ensemble cannot be saved; save its members"):
        ensemble.save(tmp_path / "x", vectors="", metadata={})
    with pytest.raises(ModelError, match="an ensemble cannot be trained; train its members"):
        ensemble.rebuilt(ensemble.config)
    assert not (tmp_path / "x").exists()
    with pytest.raises(TypeError, match="needs the encoding that it made itself"):
        ensemble.bind(seeds(1)[0].encode(sample()[:1])[1])


def test_precision_reaches_every_member() -> None:
    members = seeds(2)
    together(*members).set_precision(low=True)
    assert all(member.network.scorer.low_precision for member in members)
