"""The recogniser: what it learns, beams, files and training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file
from toy_speech import TRAINING, config, fitted, recordings, task

from arcparse.checkpoint import load_model
from arcparse.errors import ConfigurationError, InputError, ModelError, RecordingError
from arcparse.frames import Recogniser, Recording
from arcparse.frames.recogniser_task import RecogniserSettings, RecogniserTask, text_scores
from arcparse.presets import presets
from arcparse.recipes import resolve
from arcparse.training.loop import train


def test_texts_of_recordings_that_were_not_learned_are_found() -> None:
    scores = fitted().evaluate()
    assert scores["words_right"] > 85
    assert scores["exact"] > 70


def test_a_recording_has_the_same_texts_alone_and_in_a_batch() -> None:
    model, asked = fitted().model, recordings(5, 7)
    together = model.transcribe(asked, beam=3, nbest=3)
    for recording, expected in zip(asked, together, strict=True):
        [alone] = model.transcribe([recording], beam=3, nbest=3)
        assert [own.text for own in alone] == [own.text for own in expected]
        assert [own.score for own in alone] == pytest.approx([own.score for own in expected], abs=1e-4)
    assert model.transcribe([]) == []


def test_the_score_of_a_text_is_its_log_probability() -> None:
    model, asked = fitted().model, recordings(6, 8)
    best = [found[0] for found in model.transcribe(asked, beam=16)]
    assert model.log_probabilities(asked, [own.text for own in best]) == pytest.approx(
        [own.score for own in best], abs=1e-3
    )
    assert all(own.score <= 1e-6 for own in best)
    one, other = model.log_probabilities([asked[0], asked[0]], [best[0].text, "a"])
    assert one > other
    with pytest.raises(InputError, match=r"1 texts are given for 6 recordings; give one for each"):
        model.log_probabilities(asked, ["a"])


def test_a_wider_beam_finds_no_less_likely_texts() -> None:
    model, asked = fitted().model, recordings(20, 9)
    narrow, wide = ([found[0].score for found in model.transcribe(asked, beam=beam)] for beam in (1, 16))
    assert sum(wide) >= sum(narrow) - 1e-6
    assert len(model.transcribe(asked[:1], beam=1, nbest=5)[0]) == 5
    for beam in (0, 1025, 1.5):
        with pytest.raises(ConfigurationError, match="beam must be"):
            model.transcribe(asked, beam=beam)  # type: ignore[arg-type]


@pytest.mark.parametrize("joined", [1, 2, 3, 7])
def test_neighbouring_frames_make_one_step(joined: int) -> None:
    model = Recogniser.build(config(joined), recordings(3), ["ab"]).eval()
    asked = [Recording(str(size), np.ones((size, 3), np.float32)) for size in (1, 2, 3, 20)]
    log_probability, length = model(asked)
    assert length.tolist() == [-(-size // joined) for size in (1, 2, 3, 20)]
    assert log_probability.shape == (4, -(-20 // joined), 1 + len(model.symbols))
    assert log_probability.exp().sum(2).allclose(log_probability.new_ones(1))


def test_symbols_may_be_words() -> None:
    settings = RecogniserSettings(recogniser=replace(config(), symbols="words"), training=TRAINING)
    made = RecogniserTask(settings, recordings(30), recordings(3, 1))
    assert set(made.model.symbols) == {"a", "ab", "ba", "bb"}
    assert made.loss([0, 1]).value.isfinite()
    assert made.loss([0, 1]).count == sum(len(text.split()) for text in made.texts[:2])


def test_a_text_that_no_steps_can_write_is_named() -> None:
    settings = RecogniserSettings("a", "b", recogniser=config(1), training=TRAINING)
    for text in ("abb", "abab"):
        bad = Recording("x", np.zeros((3, 3), np.float32), text=text)
        with pytest.raises(RecordingError, match=r"a: x has 3 steps, and its text needs 4; check the text"):
            RecogniserTask(settings, [*recordings(3), bad], recordings(3))
    with pytest.raises(RecordingError, match=r"a: x has an empty text; leave out recordings without speech"):
        RecogniserTask(settings, [*recordings(3), replace(bad, text="")], recordings(3))
    bad = Recording("x", np.zeros((4, 3), np.float32), text="abb")
    assert RecogniserTask(settings, [*recordings(3), bad], recordings(3)).loss([3]).value.isfinite()
    with pytest.raises(RecordingError, match=r"a: y has no text; write it into y\.txt beside it"):
        RecogniserTask(settings, [replace(bad, name="y", text=None)], recordings(3))
    wide = Recording("wide", np.zeros((9, 4), np.float32), text="a")
    with pytest.raises(RecordingError, match=r"wide: frames have 4 numbers, and the model reads 3"):
        RecogniserTask(settings, recordings(3), [wide])
    with pytest.raises(RecordingError, match=r"wide: frames have 4 numbers, and the model reads 3"):
        RecogniserTask(settings, recordings(3), recordings(3)).model.log_probabilities([wide], ["a"])


def test_a_saved_recogniser_comes_back(tmp_path: Path) -> None:
    model, asked = fitted().model, recordings(3, 9)
    model.save(tmp_path / "model", metadata={"note": "x"})
    again = Recogniser.load(tmp_path / "model")
    assert again.config == model.config
    assert again.transcribe(asked) == model.transcribe(asked)
    text = (tmp_path / "model" / "config.json").read_text(encoding="utf-8")
    for before, after, message in (
        ('"dimension": 3', '"dimension": 0', r"config\.recogniser\.dimension must be at least 1, not 0"),
        ('"joined": 2', '"joined": 3', "do not fit together"),
        ('"kind": "recogniser"', '"kind": "labeller"', "holds a model of kind 'labeller'"),
    ):
        (tmp_path / "model" / "config.json").write_text(text.replace(before, after), encoding="utf-8")
        with pytest.raises(ModelError, match=message):
            Recogniser.load(tmp_path / "model")


def test_training_lowers_the_loss_and_saves_what_can_be_loaded(tmp_path: Path) -> None:
    made = task(train="here/train")
    result = train(made, TRAINING, tmp_path)
    assert result.history[-1]["loss"] < result.history[0]["loss"]
    assert set(result.history[0]) == {"loss", "words_right", "exact"}
    metadata = load_model(tmp_path / "best").metadata
    assert metadata["settings"]["train"] == "train"  # not where it lies on this machine
    loaded = Recogniser.load(tmp_path / "best")
    found = [best[0].text for best in loaded.transcribe(made.dev, beam=1)]
    assert metadata["dev"] == pytest.approx(text_scores(found, made.dev_texts))
    assert metadata["dev"]["words_right"] == result.metric


def test_a_run_that_is_stopped_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    for name, epochs in (("stopped", 1), ("stopped", 2), ("whole", 2)):
        train(task(), replace(TRAINING, epochs=epochs, schedule="constant"), tmp_path / name)
    one, other = (load_file(tmp_path / name / "checkpoint.safetensors") for name in ("stopped", "whole"))
    assert all(one[name].equal(other[name]) for name in one)


@pytest.mark.parametrize("name", presets("recogniser"))
def test_every_preset_builds_a_model_with_a_finite_loss(name: str) -> None:
    settings = resolve(RecogniserSettings, "recogniser", preset=name, overrides=["recogniser.joined=2"])
    made = RecogniserTask(settings, recordings(4), recordings(2, 1))
    loss = made.loss([0, 1, 2])
    loss.value.backward()
    assert loss.value.isfinite()
