from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from overfitted import fitted_parser, sample, twenty
from tiny_model import tiny_parser
from torch import Tensor

from arcparse.evaluation.confidence import HEAD, LABEL, read_confidence
from arcparse.networks.words import words_of
from arcparse.parser import model, nbest
from arcparse.parser.configuration import Configuration
from arcparse.parser.model import Parser
from arcparse.parser.nbest import BEAM_WEIGHT, Trees, confidence, rank, restored
from arcparse.parser.parse import Parse, ranked, tree_of
from arcparse.sentence import NONE, Sentence, Tree
from arcparse.treebank import parse_conllu
from arcparse.trees import check_tree
from arcparse.trees.pseudo_projective import deprojectivise, projectivise

pytestmark = pytest.mark.slow  # the whole file

THREE = Sentence.from_forms(["old", "man", "boats"]).replace(heads=[2, 0, 2], labels=["nsubj", "root", "obj"])
Arcs = tuple[tuple[int, ...], tuple[str, ...]]


@pytest.fixture(scope="module")
def tiny() -> Parser:
    return tiny_parser([THREE])


def arcs(parse: Parse) -> Arcs:
    return parse.sentence.heads, parse.sentence.labels


@torch.no_grad()
def every_tree(parser: Parser, sentence: Sentence) -> dict[Arcs, float]:
    """Return the mass of each tree over all its derivations, by walking through them one action at a time."""
    words = words_of(parser.lexicon, [sentence.forms])
    scorer, mass = parser.network.bind(parser.network.encode(words)), defaultdict[Arcs, float](float)

    def walk(state: Configuration, total: float) -> None:
        if bool(parser.system.is_final(state)):
            tree = tree_of(state.head[0, 0].tolist(), state.label[0, 0].tolist(), len(sentence), parser.system.labels)
            mass[tree.heads[1:], tree.labels[1:]] += math.exp(total)
            return
        legal = parser.system.legal(state)
        scores = scorer(state)
        if parser.config.normalisation == "local":
            scores = scores.masked_fill(~legal, -torch.inf).log_softmax(2)
        for action in legal[0, 0].nonzero().flatten().tolist():
            walk(parser.system.apply(state, torch.tensor([[action]])), total + float(scores[0, 0, action]))

    walk(Configuration.start(words.length), 0.0)
    return dict(mass)


@pytest.mark.slow
@pytest.mark.parametrize("normalisation", ["local", "global"])
@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_a_beam_as_wide_as_the_space_equals_enumeration(normalisation: str, temperature: float, tiny: Parser) -> None:
    config = replace(tiny.config, normalisation=normalisation, temperature=temperature)  # type: ignore[arg-type]
    parser = tiny.rebuilt(config).eval()
    bare = Sentence.from_forms(THREE.forms)
    expected = every_tree(parser, bare)
    [found] = parser.nbest([bare], 5000, beam=5000, samples=0)
    assert [arcs(parse) for parse in found] == sorted(expected, key=expected.__getitem__, reverse=True)
    whole = sum(mass ** (1 / temperature) for mass in expected.values())
    share = {tree: mass ** (1 / temperature) / whole for tree, mass in expected.items()}
    if normalisation == "local":
        assert sum(expected.values()) == pytest.approx(1, abs=1e-5)
    for parse in found:
        heads, labels = arcs(parse)
        assert parse.score == pytest.approx(math.log(expected[heads, labels]), abs=1e-4)
        assert parse.probability == pytest.approx(share[heads, labels], abs=1e-5)
        for word in range(3):
            same_head = {tree: p for tree, p in share.items() if tree[0][word] == heads[word]}
            same_arc = sum(p for tree, p in same_head.items() if tree[1][word] == labels[word])
            assert parse.head_confidence[word] == pytest.approx(sum(same_head.values()), abs=1e-5)
            assert parse.label_confidence[word] == pytest.approx(same_arc, abs=1e-5)


def test_samples_come_near_the_true_shares_from_a_narrow_beam(tiny: Parser) -> None:
    bare, samples = Sentence.from_forms(THREE.forms), 4000
    share = every_tree(tiny, bare)
    for parse in tiny.nbest([bare], 2, beam=2, samples=samples)[0]:
        heads, labels = arcs(parse)
        for word in range(3):
            head = sum(p for tree, p in share.items() if tree[0][word] == heads[word])
            arc = sum(p for tree, p in share.items() if (tree[0][word], tree[1][word]) == (heads[word], labels[word]))
            assert parse.head_confidence[word] == pytest.approx(head, abs=0.02)
            assert parse.label_confidence[word] == pytest.approx(arc, abs=0.02)


@pytest.mark.parametrize("encoder", ["bilstm", "none"])
def test_trees_are_sorted_distinct_and_share_what_the_beam_has(encoder: str) -> None:
    parser = fitted_parser(encoder).model
    for found in parser.nbest(sample(), 6, beam=6):
        assert 1 <= len(found) <= 6
        assert len({arcs(parse) for parse in found}) == len(found)
        assert sum(parse.probability for parse in found) == pytest.approx(1, abs=1e-5)
        assert [parse.probability for parse in found] == sorted((p.probability for p in found), reverse=True)
        assert [parse.score for parse in found] == sorted((p.score for p in found), reverse=True)
        for parse in found:
            check_tree(parse.sentence.tree)
            assert all(
                0 < arc <= head + 1e-6 <= 1 + 2e-6
                for head, arc in zip(parse.head_confidence, parse.label_confidence, strict=True)
            )
        assert all(parse.score <= 1e-5 for parse in found)  # a probability's logarithm


def test_the_best_tree_of_a_greedy_search_is_the_greedy_tree_with_a_score() -> None:
    parser = fitted_parser("bilstm").model
    for plain, [parse] in zip(parser.parse(sample()), parser.nbest(sample(), 1, beam=1, samples=0), strict=True):
        assert parse.sentence == plain
        assert parse.probability == 1
        assert set(parse.head_confidence) == set(parse.label_confidence) == {1.0}
        assert parse.score <= 0


@pytest.mark.parametrize("samples", [0, 8])
def test_a_sentence_is_scored_the_same_alone_and_in_a_batch(samples: int) -> None:
    parser = fitted_parser("none").model
    together = parser.nbest(sample(), 3, samples=samples)
    for sentence, expected in zip(sample()[::5], together[::5], strict=True):
        [alone] = parser.nbest([sentence], 3, samples=samples)
        assert [arcs(parse) for parse in alone] == [arcs(parse) for parse in expected]
        for one, other in zip(alone, expected, strict=True):
            assert (one.score, one.probability) == pytest.approx((other.score, other.probability), abs=1e-3)
            assert one.label_confidence == pytest.approx(other.label_confidence, abs=1e-3)


def test_a_sentence_without_words_and_given_tags() -> None:
    parser = fitted_parser("bilstm").model
    odd = twenty()[0].replace(upos=["X"] * len(twenty()[0]))
    [[empty], [parse, *_]] = parser.nbest([Sentence.from_forms([]), odd], 3, given_tags=True)
    assert (len(empty.sentence), empty.probability, empty.head_confidence) == (0, 1, ())
    assert parse.sentence.upos == odd.upos
    assert parser.nbest([], 3) == []


TREES = st.lists(
    st.tuples(st.floats(-5, 5), st.integers(0, 2), st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=7
)


@given(st.lists(TREES, min_size=1, max_size=3), st.sampled_from([0.5, 1.0, 3.0]))
def test_rank_equals_a_scalar_one(sentences: list[list[tuple[float, int, int, int]]], temperature: float) -> None:
    width = max(map(len, sentences))
    filled = [sorted(rows, reverse=True) + [(-math.inf, 0, 0, 0)] * (width - len(rows)) for rows in sentences]
    arrays = torch.tensor(filled, dtype=torch.float64)
    head, label = arrays[..., 1:3].long(), arrays[..., [3, 3]].long()
    trees, mass = rank(arrays[..., 0], head, label, temperature)
    shares = confidence(trees, trees)
    for b, rows in enumerate(sentences):
        merged: dict[tuple[int, ...], float] = defaultdict(float)
        for score, *tree in rows:
            merged[tuple(tree)] += math.exp(score)
        whole = sum(value ** (1 / temperature) for value in merged.values())
        found = mass[b][~mass[b].isneginf()].tolist()
        assert found == pytest.approx(sorted(map(math.log, merged.values()), reverse=True))
        assert trees.share[b].sum().item() == pytest.approx(1)
        for k in range(len(found)):
            tree = (*trees.head[b, k].tolist(), int(trees.label[b, k, 0]))
            assert found[k] == pytest.approx(math.log(merged[tree]))
            assert trees.share[b, k].item() == pytest.approx(merged[tree] ** (1 / temperature) / whole)
            for token in range(2):
                same = [t for t in merged if t[token] == tree[token]]
                both = [t for t in same if t[2] == tree[2]]
                for share, group in zip(shares, (same, both), strict=True):
                    expected = sum(merged[t] ** (1 / temperature) for t in group) / whole
                    assert share[b, k, token].item() == pytest.approx(expected)


def test_samples_and_beam_weigh_what_they_should() -> None:
    def trees(*heads: int) -> Trees:
        head = torch.tensor([[[head] for head in heads]])
        return Trees(head, torch.zeros_like(head), torch.full((1, len(heads)), 1 / len(heads)))

    beam, samples = trees(1), trees(*[2] * 12)
    counted = beam.joined(samples)
    assert counted.share.sum().item() == pytest.approx(1)
    assert confidence(beam, counted)[0].item() == pytest.approx(BEAM_WEIGHT / (BEAM_WEIGHT + 12))
    assert confidence(samples.first(1), counted)[1].item() == pytest.approx(12 / (BEAM_WEIGHT + 12))


CROSSING = """\
1\ta\t_\tX\t_\t_\t3\tnsubj\t_\t_
2\tb\t_\tX\t_\t_\t0\troot\t_\t_
3\tc\t_\tX\t_\t_\t2\tobj\t_\t_
4\td\t_\tX\t_\t_\t1\tnmod\t_\t_

"""


def numbered(trees: Sequence[Tree], names: Sequence[str]) -> tuple[Tensor, Tensor]:
    head = torch.tensor([[tree.heads for tree in trees]])
    return head, torch.tensor([[[NONE, *map(names.index, tree.labels[1:])] for tree in trees]])


def test_lifted_words_go_back_in_every_hypothesis() -> None:
    [gold] = parse_conllu(CROSSING)
    lifted = projectivise(gold.tree, "head+path")
    plain = Tree((-1, 2, 0, 2, 3), ("", "obj", "root", "obj", "obj"))
    names = sorted({*lifted.labels[1:], "root", "obj"})
    assert "nmod" not in names  # seen with a mark alone
    head, label, longer = restored(*numbered([lifted, plain], names), [4], names, "head+path")
    assert longer[: len(names)] == names
    assert tree_of(head[0, 0].tolist(), label[0, 0].tolist(), 4, longer) == gold.tree
    assert tree_of(head[0, 1].tolist(), label[0, 1].tolist(), 4, longer) == plain
    same = numbered([plain], names)
    assert restored(*same, [4], names, "lift")[0] is same[0]
    assert restored(*same, [4], ["root", "obj"], "head")[1] is same[1]


def test_a_pseudo_projective_parser_gives_plain_labels() -> None:
    [gold] = parse_conllu(CROSSING)
    tree = projectivise(gold.tree, "head+path")
    parser = tiny_parser([gold.with_tree(tree)])
    parser.config = replace(parser.config, projectivity="head+path")
    sentences = [Sentence.from_forms(["x"] * n) for n in (4, 6, 5)]
    for found in parser.nbest(sentences, 8, samples=16):
        assert len({arcs(parse) for parse in found}) == len(found)
        for parse in found:
            check_tree(parse.sentence.tree)
            assert not any(mark in label for mark in "^~" for label in parse.sentence.labels)
            assert deprojectivise(parse.sentence.tree, "head+path") == parse.sentence.tree
        assert sum(parse.probability for parse in found) == pytest.approx(1, abs=1e-5)


def test_scores_are_written_into_comments_and_misc() -> None:
    sentence = THREE.replace(miscs=["A=1", "_", "_"], comments=["# newdoc id = d", "# score = old", "# text = x"])
    parse = Parse(sentence, -1.23456, 0.5, (1.0, 0.5, 0.25), (0.75, 0.5, 0.125))
    written = parse.annotated()
    assert written.comments == ("# newdoc id = d", "# text = x", "# score = -1.2346", "# probability = 0.5000")
    assert read_confidence([written], HEAD) == [1, 0.5, 0.25]
    assert read_confidence([written], LABEL) == [0.75, 0.5, 0.125]
    assert written.replace(miscs=sentence.columns[9], comments=sentence.comments) == sentence
    assert ranked(sentence, 1).comments == (*sentence.comments, "# nbest = 1")
    assert ranked(ranked(sentence, 1), 2).comments == ("# score = old", "# text = x", "# nbest = 2")


@pytest.mark.parametrize("compared", [1, 100])
def test_trees_compared_by_parts_are_those_compared_at_once(compared: int, monkeypatch: pytest.MonkeyPatch) -> None:
    parser = fitted_parser("bilstm").model
    whole = parser.nbest(sample(), 4, beam=6, samples=5)
    monkeypatch.setattr(nbest, "COMPARED", compared)
    assert parser.nbest(sample(), 4, beam=6, samples=5) == whole


def test_many_hypotheses_are_searched_for_fewer_sentences_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    parser, batches = fitted_parser("bilstm").model, []
    monkeypatch.setattr(model, "words_of", lambda own, forms: batches.append(len(forms)) or words_of(own, forms))
    expected = parser.parse(twenty(), beam=3)
    assert batches == [len(twenty())]
    monkeypatch.setattr(model, "WIDE", 1)
    for search in (
        lambda: parser.parse(twenty(), beam=40, batch_tokens=40),
        lambda: parser.nbest(twenty(), 1, beam=1, samples=40, batch_tokens=40),
    ):
        batches.clear()
        search()
        assert batches == [1] * len(twenty())
    assert parser.parse(twenty(), beam=3) == expected
