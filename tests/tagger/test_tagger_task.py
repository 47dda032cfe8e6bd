from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from overfitted import TAGGER, TRAINING, sample, twenty, vectors

from arcparse.errors import ConfigurationError
from arcparse.pretrained import Pretrained
from arcparse.sentence import Sentence
from arcparse.tagger.model import Tagger
from arcparse.tagger.task import TaggerSettings, TaggerTask, jackknife
from arcparse.training import TrainingConfig, train


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
    assert task().model.first.equal(task().model.first)
    other = TaggerTask(TaggerSettings(tagger=TAGGER, training=replace(TRAINING, seed=7)), twenty(), twenty())
    assert not other.model.first.equal(task().model.first)


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


def test_the_task_keeps_its_device() -> None:
    assert task().model.device == torch.device("cpu")
