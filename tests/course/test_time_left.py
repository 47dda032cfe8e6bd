"""The time left of a course counts all its steps: those to come by trials, which the steps before correct."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from toy_task import STEPS as BATCHES
from toy_task import ToyTask

from arcparse import course, recipes
from arcparse.course import word_vectors
from arcparse.course.time_left import STEPS, TimeLeft, trial
from arcparse.tagger.task import TaggerSettings
from arcparse.training.loop import Loss, TrainingConfig
from arcparse.training.progress import Progress


def progress(seconds: float, done: float) -> Progress:
    return Progress(1, 1, 1, 1, 0.0, {}, 0.0, 1.0, seconds=seconds, seconds_left=seconds * (1 - done), metrics={})


def test_what_the_trials_promise_is_corrected_by_the_steps_that_were_done() -> None:
    course = TimeLeft({"segmenter": 100.0, "tagger": 50.0, "parser": 300.0})
    assert course.seconds("segmenter") == 450
    assert course.seconds("segmenter", progress(100, done=0.25)) == 75 + 350
    assert course.seconds("segmenter", progress(200, done=0.5)) == 100 + 2 * 350  # twice as slow as the trial
    assert course.seconds("tagger") == 2 * 350
    assert course.seconds("tagger", progress(25, done=0.0)) == 25 + 225 / 150 * 300
    assert course.seconds("parser") == 450
    assert course.seconds("parser", progress(90, done=1.0)) == 0


def test_a_step_that_takes_no_time_promises_none() -> None:
    course = TimeLeft({"scores": 0.0})
    assert course.seconds("scores") == 0


class Clock:
    """A clock that goes on when it is told to."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    for module in ("time_left", "word_vectors"):
        monkeypatch.setattr(f"arcparse.course.{module}.time", found)
    return found


def test_a_trial_promises_the_time_of_all_epochs(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    task = ToyTask()
    loss, training = task.loss, TrainingConfig(epochs=7, device="cpu")
    task.settings = SimpleNamespace(training=training)  # type: ignore[attr-defined]

    def slow(batch: object) -> Loss:
        clock.now += 3
        return loss(batch)

    monkeypatch.setattr(task, "loss", slow)
    assert trial(task) == 7 * BATCHES * 3
    assert clock.now == STEPS * 3


def test_the_trial_of_vectors_reads_the_first_paragraphs(
    clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = tmp_path / "raw.txt"
    raw.write_text("".join(f"{number:06} and more\n" for number in range(4 * word_vectors.TRIED)), encoding="utf-8")

    def train(words: list[list[str]], config: object) -> None:
        assert len(words) == word_vectors.TRIED
        clock.now += 5

    monkeypatch.setattr(word_vectors.vectors, "train_vectors", train)
    settings = course.resolve(overrides=[f"raw={raw}", "word2vec.epochs=3"])
    assert word_vectors.vectors_trial(settings) == pytest.approx(3 * 5 * 4, rel=0.01)


def test_the_taggers_of_unseen_parts_tell_the_time_of_all_of_them(sample_treebank: Path, tmp_path: Path) -> None:
    reports: list[Progress] = []
    overrides = [f"train={sample_treebank}", "folds=3", "training.epochs=1", "training.tensorboard=false"]
    task = recipes.tagger_task(recipes.resolve(TaggerSettings, "tagger", overrides=overrides))
    recipes.jackknife_tags(task, tmp_path, tmp_path / "tagged.conllu", progress=reports.append)
    ends = [report for report in reports if report.metrics]
    assert [report.seconds_left / report.seconds for report in ends] == pytest.approx([2 / 3, 1 / 3, 0])
