"""Tagging by search, held against the enumeration of every sequence of tags."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product
from typing import Literal

import pytest
import torch
from overfitted import TAGGER, TRAINING, fit, sample, twenty, vectors
from torch import Tensor

from arcparse.errors import ModelError, TreebankError
from arcparse.evaluation import evaluate
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.words import words_of
from arcparse.search import WAIT, Beam, search
from arcparse.sentence import Sentence
from arcparse.tagger.model import Tagger
from arcparse.tagger.network import BoundTagger
from arcparse.tagger.settings import TaggerConfig
from arcparse.tagger.system import NONE, Tagging
from arcparse.tagger.task import TaggerSettings, TaggerTask
from arcparse.training.losses import global_loss
from arcparse.treebank import parse_conllu

Normalisation = Literal["local", "global"]
SENTENCES = (("time", "flies", "fast"), ("fast", "flies", "time", "flies"), ("time",), ())


def tagged(forms: tuple[str, ...], tags: str) -> Sentence:
    words = Sentence.from_forms(forms)
    return words.replace(upos=list(tags), xpos=[tag.lower() for tag in tags], feats=["_"] * len(forms))


TREEBANK = (tagged(("time", "flies", "fast"), "NVA"), tagged(("fast", "flies"), "AN"))


@cache
def untrained(previous: int, normalisation: Normalisation = "local", encoder: str = "none") -> Tagger:
    """A tagger of three tags with random weights, large enough that no two sequences score the same."""
    config = replace(TAGGER, previous_tags=previous, normalisation=normalisation, encoder=encoder, tag_dimension=4)
    torch.manual_seed(previous)
    tagger = Tagger.build(config, TREEBANK, Pretrained.none()).eval()
    with torch.no_grad():
        for weight in (
            tagger.network.first,
            tagger.network.output.columns["upos"].weight,
            tagger.network.output.columns["xpos"].weight,
        ):
            weight.mul_(3)
    return tagger


def bound(tagger: Tagger, *sentences: tuple[str, ...]) -> BoundTagger:
    return tagger.network.bind(words_of(tagger.lexicon, sentences))


def enumerated(tagger: Tagger, forms: tuple[str, ...]) -> dict[tuple[int, ...], float]:
    """Every sequence of actions and its score, from words scored all at once behind given tags."""
    scorer, scores = bound(tagger, forms), {}
    for tags in product(range(3), repeat=len(forms)):
        column = scorer.columns(torch.tensor([[NONE, *tags]]))[tagger.searched][0, 1:]
        if tagger.config.normalisation == "local":
            column = column.log_softmax(1)
        scores[tags] = sum(column[i, tag].item() for i, tag in enumerate(tags))
    return scores


@pytest.mark.slow
@torch.no_grad()
@pytest.mark.parametrize("encoder", ["none", "bilstm"])
@pytest.mark.parametrize("normalisation", ["local", "global"])
@pytest.mark.parametrize("previous", [0, 1, 2, 5])
def test_a_beam_as_wide_as_the_space_finds_the_best_sequence(
    previous: int, normalisation: Normalisation, encoder: str
) -> None:
    tagger = untrained(previous, normalisation, encoder)
    for forms in SENTENCES:
        best = max(scores := enumerated(tagger, forms), key=scores.__getitem__)
        [sentence] = tagger.tag([Sentence.from_forms(forms)], beam=81)
        assert sentence.upos == tuple(tagger.system.name(tag) for tag in best)
        column = bound(tagger, forms).columns(torch.tensor([[NONE, *best]]))["xpos"][0, 1:].argmax(1) + 2
        assert sentence.xpos == tuple(tagger.tags.vocabularies["xpos"].symbols[i] for i in column.tolist())


@torch.no_grad()
@pytest.mark.parametrize("beam_size", [1, 2, 81])
def test_the_beams_scores_are_those_of_its_sequences(beam_size: int) -> None:
    tagger = untrained(2, "global")
    start = Tagging.start(torch.tensor([len(forms) for forms in SENTENCES]), 2)
    beam = search(tagger.system, bound(tagger, *SENTENCES), Beam.start(start, len(SENTENCES)), beam_size)
    for forms, found in zip(SENTENCES, beam.nbest(beam_size), strict=True):
        scores = enumerated(tagger, forms)
        assert [path.score for path in found] == pytest.approx([scores[path.actions] for path in found], abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("beam_size", [1, 3])
def test_a_sentence_is_tagged_the_same_alone_and_in_a_batch(beam_size: int) -> None:
    model = fitted("local").model
    together = model.tag(sample(), beam=beam_size)
    assert [model.tag([sentence], beam=beam_size)[0] for sentence in sample()] == together
    assert model.tag(sample(), beam=beam_size, batch_tokens=30) == together


@torch.no_grad()
def test_without_previous_tags_the_beam_is_the_best_tag_of_each_word() -> None:
    tagger = untrained(0)
    words = words_of(tagger.lexicon, SENTENCES)
    best = tagger.network.bind(words).columns(torch.full_like(words.row, NONE))["upos"].argmax(2)
    beam = search(
        tagger.system, tagger.network.bind(words), Beam.start(Tagging.start(words.length, 0), len(SENTENCES)), 4
    )
    for b, length in enumerate(words.length.tolist()):
        assert beam.history()[b, 0, :length].equal(best[b, 1 : length + 1])
    greedy = tagger.tag([Sentence.from_forms(forms) for forms in SENTENCES])
    assert greedy == tagger.tag([Sentence.from_forms(forms) for forms in SENTENCES], beam=8)


def test_the_global_loss_is_that_of_all_sequences() -> None:
    tagger = untrained(2, "global")
    gold = [(0, 1, 2), (2, 1, 0, 0), (1,)]
    lengths = torch.tensor([len(tags) for tags in gold])
    target = torch.tensor([[*tags, *[WAIT] * (4 - len(tags))] for tags in gold])
    scorer = bound(tagger, *SENTENCES[:3])
    losses, _ = global_loss(tagger.system, scorer, Tagging.start(lengths, 2), target, 81)
    expected = []
    for forms, tags in zip(SENTENCES, gold, strict=False):
        scores = enumerated(tagger, forms)
        expected.append(torch.tensor(list(scores.values())).logsumexp(0).item() - scores[tags])
    assert sorted(losses.tolist()) == pytest.approx(sorted(expected), abs=1e-4)
    losses.sum().backward()
    assert tagger.network.previous is not None
    assert tagger.network.previous.embedding.grad is not None


@cache
def fitted(objective: Literal["local", "crf"]) -> TaggerTask:
    config = replace(TAGGER, previous_tags=2, normalisation="local" if objective == "local" else "global")
    settings = TaggerSettings(tagger=config, training=TRAINING, objective=objective, beam=3)
    task = TaggerTask(settings, twenty(), twenty(), vectors())
    fit(task, 30)
    return task


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["local", "crf"])
def test_both_objectives_learn_twenty_sentences_by_heart(objective: Literal["local", "crf"]) -> None:
    task = fitted(objective)
    assert task.beam == (1 if objective == "local" else 3)
    assert evaluate(twenty(), task.model.tag(twenty(), beam=task.beam))["AllTags"].f1 >= 0.95


def test_one_dropout_serves_a_batch_where_paths_are_scored() -> None:
    config = replace(TAGGER, previous_tags=1, normalisation="global", dropout=0.5)
    tagger = Tagger.build(config, twenty(), vectors()).train()
    words = words_of(tagger.lexicon, [sentence.forms for sentence in twenty()[:2]])
    tag = torch.full_like(words.row, NONE)

    def twice(scorer: BoundTagger) -> tuple[Tensor, Tensor]:
        return scorer.columns(tag)["upos"], scorer.columns(tag)["upos"]

    same, again = twice(tagger.network.bind(words))
    assert same.equal(again)
    assert not tagger.network.bind(words).columns(tag)["upos"].equal(same)
    tagger.network.config = replace(config, normalisation="local")
    one, other = twice(tagger.network.bind(words))
    assert not one.equal(other)


@pytest.mark.slow
def test_global_training_goes_on_from_a_tagger_of_the_same_network(tmp_path: object) -> None:
    place = f"{tmp_path}/start"
    vectors().save(tmp_path / "vectors")  # type: ignore[operator]
    model = fitted("local").model
    model.save(tmp_path / "start", vectors="vectors", metadata={})  # type: ignore[operator]

    def task(config: TaggerConfig, sentences: tuple[Sentence, ...] = twenty()) -> TaggerTask:
        settings = TaggerSettings(tagger=config, training=TRAINING, objective="crf", start=place)
        return TaggerTask(settings, sentences, twenty())

    goes_on = task(replace(model.config, normalisation="global"))
    assert goes_on.model.network.first.equal(model.network.first)
    assert goes_on.pretrained.same_as(vectors())
    with pytest.raises(ModelError, match="another network"):
        task(replace(model.config, previous_tags=3))
    [strange] = parse_conllu("1\ta\t_\tNEW" + "\t_" * 6 + "\n\n")
    with pytest.raises(TreebankError, match="has no UPOS 'NEW'"):
        task(model.config, (strange,))


@pytest.mark.parametrize("previous", [0, 2])
def test_given_tags_stay_and_the_others_agree_with_them(previous: int) -> None:
    tagger = untrained(previous)
    bare = Sentence.from_forms(SENTENCES[1])
    free = tagger.tag([bare])[0]
    assert tagger.tag([bare], given_tags=True) == [free]
    assert tagger.tag([free], given_tags=True) == [free]
    for tag in "NVA":
        given = ["_", tag, "_", "_"]
        [found] = tagger.tag([bare.replace(upos=given)], given_tags=True)
        assert found.upos == (free.upos[0], tag, *free.upos[2:])
        assert found.xpos[1] == tag.lower()
        [backwards] = tagger.tag([bare.replace(xpos=[cell.lower() for cell in given])], given_tags=True)
        assert (backwards.upos[1], backwards.xpos[1]) == (tag, tag.lower())
