"""Skip-thought vectors: neighbours in running text, what is learned from them, files, and the look-up."""

from __future__ import annotations

import random
import runpy
import sys
from functools import cache
from pathlib import Path

import pytest
import torch
from overfitted import fit
from toy_languages import config as toy
from toy_texts import task as untrained_classifier

from arcparse import cli
from arcparse.errors import ModelError, TreebankError
from arcparse.presets import presets
from arcparse.recipes import resolve
from arcparse.sentence import Sentence
from arcparse.seq2seq.skip_thought import SkipThought, SkipThoughtConfig, Thought, thoughts
from arcparse.seq2seq.skip_thought_task import SkipThoughtSettings, SkipThoughtTask
from arcparse.training.loop import TrainingConfig, train

TRAINING = TrainingConfig(epochs=2, batch_tokens=150, tensorboard=False, learning_rate=1e-2, averaging=0.0)
CONFIG = SkipThoughtConfig(toy("none").encoder, toy("none").decoder)
TOPICS = (("cats", "sleep", "purr"), ("cars", "drive", "honk"), ("cooks", "fry", "bake"))
TOOL = Path(__file__).parent.parent.parent / "tools" / "skip_thought.py"


def sentences(*texts: str) -> list[Sentence]:
    return [Sentence.from_forms(text.split()) for text in texts]


def stories(count: int, seed: int = 0) -> list[Sentence]:
    """Return documents of five sentences on one topic each."""
    rng, made = random.Random(seed), []
    for _ in range(count):
        topic = rng.choice(TOPICS)
        for number in range(5):
            words = [rng.choice(topic), *rng.sample(("the", "old", "often", "now"), rng.randint(1, 3))]
            comments = ("# newdoc",) if number == 0 else ()
            made.append(Sentence(comments, Sentence.from_forms(words).columns))
    return made


def task() -> SkipThoughtTask:
    return SkipThoughtTask(SkipThoughtSettings(skip_thought=CONFIG, training=TRAINING), stories(60), stories(10, 1))


@cache
def fitted() -> SkipThoughtTask:
    made = task()
    fit(made, 12)
    return made


def test_neighbours_are_of_one_document_and_none_is_long() -> None:
    text = sentences("A a", "b", "c", "d", "e e e e", "f", "g", "h")
    text[2] = Sentence(("# newdoc id = 2",), text[2].columns)
    assert thoughts(text, 3) == [Thought(("f",), ("g",), ("h",))]
    assert thoughts(text[2:], 4)[:2] == [Thought(("c",), ("d",), ("e",) * 4), Thought(("d",), ("e",) * 4, ("f",))]
    assert thoughts(text[:2], 9) == []
    assert thoughts(sentences("A", "B", "C"), 1) == [Thought(("a",), ("b",), ("c",))]


@pytest.mark.slow
def test_the_neighbours_are_learned_and_make_vectors_near() -> None:
    made = fitted()
    assert made.evaluate()["log-likelihood"] > task().evaluate()["log-likelihood"] + 0.5
    asked = [("the", "old", word) for topic in TOPICS for word in topic]
    cosine = made.model.vectors(asked) @ made.model.vectors(asked).T
    assert torch.allclose(cosine.diagonal(), torch.ones(len(asked)))
    topic = torch.arange(len(asked)) // 3
    is_same = topic == topic.unsqueeze(1)
    assert cosine[is_same].mean() > cosine[~is_same].mean() + 0.02  # words of one topic are near each other


@pytest.mark.slow
def test_a_sentence_has_the_vector_alone_that_it_has_among_others() -> None:
    model = fitted().model
    asked = [("the", "cats"), ("xyzzy",), (), ("now", "cooks", "bake", "often")]
    alone = torch.cat([model.vectors([sentence]) for sentence in asked])
    assert torch.allclose(alone, model.vectors(asked), atol=1e-5)


@pytest.mark.slow
def test_the_loss_is_per_word_of_both_neighbours() -> None:
    model, thought = fitted().model, fitted().train[0]
    value, count = model.loss([thought])
    assert count == len(thought.before) + len(thought.after) + 2
    twice, more = model.loss([thought, thought])
    assert more == 2 * count
    assert twice.item() == pytest.approx(value.item(), abs=1e-5)


def test_a_saved_model_comes_back(tmp_path: Path) -> None:
    model = task().model.eval()
    model.save(tmp_path / "model")
    again = SkipThought.load(tmp_path / "model")
    assert again.vectors([("old", "cars")]).equal(model.vectors([("old", "cars")]))
    assert again.after.embedding is again.before.embedding
    untrained_classifier().model.save(tmp_path / "other")
    with pytest.raises(ModelError, match=r"holds a model of kind .classifier.*kind .skip-thought"):
        SkipThought.load(tmp_path / "other")


def test_training_saves_what_can_be_loaded(tmp_path: Path) -> None:
    result = train(task(), TRAINING, tmp_path)
    assert result.history[-1]["loss"] < result.history[0]["loss"]
    assert set(result.history[0]) == {"loss", "log-likelihood", "perplexity", "dev_loss"}
    assert SkipThought.load(tmp_path / "best").vectors([("cats",)]).shape == (1, 32)


def test_text_needs_neighbours() -> None:
    with pytest.raises(TreebankError, match=r"x\.txt: no three sentences of at most 30 words follow each other"):
        SkipThoughtTask(SkipThoughtSettings("a.txt", "x.txt", skip_thought=CONFIG), stories(2), sentences("a", "b"))


@pytest.mark.parametrize("name", presets("skip-thought"))
def test_every_preset_builds_a_model_with_a_finite_loss(name: str) -> None:
    settings = resolve(SkipThoughtSettings, "skip-thought", preset=name, overrides=["vectors="])
    made = SkipThoughtTask(settings, stories(3), stories(1))
    loss = made.loss([0, 1, 2])
    loss.value.backward()
    assert loss.value.isfinite()


def test_the_command_trains_and_the_tool_looks_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text, run = tmp_path / "x.txt", tmp_path / "run"
    text.write_text("The cats sleep. They purr now. We like cats. Cars drive. Cooks bake.", encoding="utf-8")
    small = [
        f"--set={setting}"
        for setting in (
            "vectors=", "precision=float32", "training.tensorboard=false", "skip_thought.encoder.recurrent.hidden=8",
            "skip_thought.decoder.recurrent.hidden=8",
        )
    ]  # fmt: skip
    files = ["--train", str(text), "--dev", str(text)]
    assert cli.main(["train", "skip-thought", *files, *small, "--output", str(run), "--epochs", "1"]) == 0
    assert capsys.readouterr().out.startswith(f"{run / 'best'}: dev log-likelihood -")
    monkeypatch.setattr(sys, "argv", ["x", str(run / "best"), str(text), "We like cats.", "--nearest", "2"])
    runpy.run_path(str(TOOL), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "We like cats."
    assert lines[1] == "  1.000  We like cats."
    assert len(lines) == 3
