from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from overfitted import TAGGER, TRAINING, fit, sample, twenty, vectors

from arcparse.errors import ConfigurationError
from arcparse.lexicon.forms import LexiconConfig
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.settings import BiLSTMConfig
from arcparse.sentence import Sentence
from arcparse.tagger.model import Tagger
from arcparse.tagger.task import TaggerSettings, TaggerTask, hold_out, jackknife
from arcparse.training.loop import TrainingConfig, train


def task(pretrained: Pretrained | None = None, **settings: Any) -> TaggerTask:
    return TaggerTask(TaggerSettings(tagger=TAGGER, training=TRAINING, **settings), twenty(), twenty(), pretrained)


def test_the_loss_is_finite_and_counts_words() -> None:
    loss = task().loss(range(20))
    assert math.isfinite(loss.value.item())
    assert loss.count == sum(map(len, twenty()))
    assert loss.value.item() == pytest.approx(task().loss(range(20)).value.item())
    loss.value.backward()


def test_batches_of_an_epoch_hold_every_sentence_once_and_differ_between_epochs() -> None:
    own = task()
    assert sorted(i for batch in own.batches(0) for i in batch) == list(range(20))
    assert own.batches(0) == own.batches(0) != own.batches(1)


def test_the_seed_decides_the_first_weights() -> None:
    assert task().model.network.first.equal(task().model.network.first)
    other = TaggerTask(TaggerSettings(tagger=TAGGER, training=replace(TRAINING, seed=7)), twenty(), twenty())
    assert not other.model.network.first.equal(task().model.network.first)


@pytest.mark.parametrize("pretrained", [None, vectors()])
def test_training_through_the_loop_saves_a_tagger_that_scores_as_reported(
    pretrained: Pretrained | None, tmp_path: Path
) -> None:
    own, config = task(pretrained), TrainingConfig(epochs=3, batch_tokens=100, tensorboard=False)
    result = train(own, config, tmp_path)  # type: ignore[arg-type]
    own.model = Tagger.load(tmp_path / "best")
    assert own.evaluate()["UPOS"] == result.metric
    assert (tmp_path / "vectors").exists() == (pretrained is not None)
    assert own.model.pretrained.same_as(own.pretrained)
    assert set(own.scores) == {"UPOS", "XPOS", "UFeats", "AllTags"}


def test_vectors_of_an_earlier_run_are_replaced(tmp_path: Path) -> None:
    for seed in (0, 1, 1):
        task(vectors(seed)).save(tmp_path / "best")
        assert Tagger.load(tmp_path / "best").pretrained.same_as(vectors(seed))


@dataclass
class Memory:
    """A tagger that writes its fold where the UPOS goes, and refuses sentences that it was trained on."""

    fold: int
    seen: list[Sentence]

    def tag(self, sentences: list[Sentence]) -> list[Sentence]:
        assert not {id(sentence) for sentence in self.seen} & {id(sentence) for sentence in sentences}
        return [sentence.replace(upos=[str(self.fold)] * len(sentence)) for sentence in sentences]


@pytest.mark.parametrize("folds", [2, 3, 7, len(sample())])
def test_no_sentence_is_tagged_by_a_tagger_that_saw_it(folds: int) -> None:
    trained: list[Memory] = []

    def train_fold(fold: int, sentences: list[Sentence]) -> Any:
        trained.append(Memory(fold, sentences))
        return trained[-1]

    tagged = jackknife(sample(), folds, train_fold)
    assert [sentence.forms for sentence in tagged] == [sentence.forms for sentence in sample()]
    assert [memory.fold for memory in trained] == list(range(folds))
    folds_of = [int(sentence.upos[0]) for sentence in tagged]
    assert folds_of == sorted(folds_of)  # neighbours stay together
    for fold, memory in enumerate(trained):
        assert len(memory.seen) == len(sample()) - folds_of.count(fold)
        assert 0 < folds_of.count(fold) <= math.ceil(len(sample()) / folds)


@pytest.mark.parametrize("folds", [-1, 0, 1, len(sample()) + 1])
def test_folds_outside_their_limits_are_refused(folds: int) -> None:
    with pytest.raises(ConfigurationError, match=f"at least 2 and at most the {len(sample())} sentences, not {folds}"):
        jackknife(sample(), folds, lambda *_: pytest.fail("nothing is to be trained"))


@pytest.mark.parametrize(("share", "kept"), [(0.1, 18), (0.25, 15), (0.001, 19), (0.95, 1)])
def test_the_end_of_a_treebank_is_held_out(share: float, kept: int) -> None:
    train, dev = hold_out(twenty()[:20], share)
    assert (train, dev) == (list(twenty()[:kept]), list(twenty()[kept:]))


@pytest.mark.parametrize(("size", "share"), [(1, 0.1), (0, 0.5), (20, 0.0), (20, 1.0), (20, 0.999)])
def test_what_leaves_nothing_is_not_held_out(size: int, share: float) -> None:
    with pytest.raises(ConfigurationError, match=f"of {size} sentences leaves nothing"):
        hold_out(twenty()[:size], share)


def one_tag(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Sentences with XPOS alone and without trees, as files of words and tags have them."""
    return [Sentence.from_forms(s.forms).replace(xpos=s.xpos) for s in sentences]


@pytest.mark.slow
@pytest.mark.parametrize("previous", [0, 1])
def test_a_treebank_with_one_column_of_tags_trains_a_tagger_of_that_column(previous: int) -> None:
    config = replace(TAGGER, previous_tags=previous)
    own = TaggerTask(TaggerSettings(tagger=config, training=TRAINING), one_tag(twenty()), one_tag(twenty()[:3]))
    assert (own.metric, own.model.searched, own.model.columns) == ("XPOS", "xpos", ("xpos",))
    fit(own, 25)
    assert own.evaluate()["XPOS"] > 90
    given = twenty()[0].replace(xpos=["_"] * len(twenty()[0]))
    [tagged] = own.model.tag([given])
    assert tagged.upos == given.upos  # of which it knows nothing
    assert tagged.xpos == own.model.tag(one_tag(twenty()[:1]))[0].xpos


ALONE = {"before": 0, "after": 0}


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"encoder": "bilstm", "hidden": (64,), "bilstm": BiLSTMConfig(layers=1, hidden=32, dropout=0.0)},
        {"encoder": "bilstm", "hidden": (64,), "bilstm": BiLSTMConfig(layers=1, hidden=32, dropout=0.0)} | ALONE,
        {"batch_normalisation": True},
        {"batch_normalisation": True, "preparation": "google-news"},
    ],
)
def test_every_network_learns_twenty_sentences_by_heart_and_is_saved(changes: dict[str, Any], tmp_path: Path) -> None:
    settings = TaggerSettings(tagger=replace(TAGGER, **changes), training=TRAINING)
    own = TaggerTask(settings, twenty(), twenty(), vectors())
    fit(own, 40)
    assert own.evaluate()["UPOS"] >= 95
    own.save(tmp_path / "model")
    loaded = Tagger.load(tmp_path / "model")
    assert loaded.config == settings.tagger
    assert loaded.tag(sample()) == own.model.tag(sample())
    assert [loaded.tag([sentence])[0] for sentence in sample()] == loaded.tag(sample())


def test_a_prepared_sentence_is_read_in_units_and_scored_in_words() -> None:
    config = replace(TAGGER, preparation="google-news")
    sentences = [
        Sentence.from_forms(["semi-final", "in", "NYC"]).replace(upos=["ADJ", "ADP", "PROPN"]),
        Sentence.from_forms(["in", "semi", "1987"]).replace(upos=["ADP", "NOUN", "NUM"]),
    ]
    own = TaggerTask(TaggerSettings(tagger=config, training=TRAINING), sentences, sentences, Pretrained.none())
    assert [unit.forms for unit in own.mixture.sentences] == [("semi", "final", "in", "NYC"), ("in", "semi", "1987")]
    assert own.mixture.sentences[0].upos == ("ADJ", "ADJ", "ADP", "PROPN")
    assert [tagged.forms for tagged in own.model.eval().tag(sentences)] == [sentence.forms for sentence in sentences]
    assert set(own.evaluate()) == {"UPOS", "XPOS", "UFeats", "AllTags"}


def test_a_tagger_that_sees_nothing_is_refused() -> None:
    nothing = LexiconConfig(word_dimension=0, prefixes=(), suffixes=(), shape_dimension=0, character_dimension=0)
    with pytest.raises(ConfigurationError, match="sees nothing of a word"):
        TaggerTask(TaggerSettings(tagger=replace(TAGGER, lexicon=nothing)), twenty(), twenty())


def test_the_task_keeps_its_device() -> None:
    assert task().model.device == torch.device("cpu")
