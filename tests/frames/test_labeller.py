"""The labeller: what it learns, live and whole recordings, files and training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file
from toy_frames import TRAINING, config, fitted, recordings, task

from arcparse.checkpoint import load_model
from arcparse.errors import InputError, ModelError, RecordingError
from arcparse.frames.labeller import Labeller
from arcparse.frames.labeller_task import LabellerSettings, LabellerTask, detections
from arcparse.frames.recordings import Recording
from arcparse.presets import presets
from arcparse.recipes import resolve
from arcparse.training.loop import train


@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_ends_of_words_are_found_in_recordings_that_were_not_learned(bidirectional: bool) -> None:
    made = fitted(bidirectional=bidirectional)
    scores = made.evaluate()
    assert scores["frame_F1"] > 90
    assert scores["accuracy"] > 95
    assert scores["detected"] > 90
    found = detections(made.model, made.model.probabilities(made.dev), made.gold, 0.5)
    assert found.words > 20
    assert scores["detected"] == 100 * found.detected / found.words
    assert scores["alarms_an_hour"] == found.alarms_an_hour


@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_recording_has_the_same_labels_alone_and_in_a_batch(bidirectional: bool) -> None:
    model = fitted(bidirectional=bidirectional).model
    long, short = recordings(1, 5, 90)[0], recordings(1, 6, 41)[0]
    together = model.probabilities([long, short])
    assert all(map(np.array_equal, together, model.probabilities(own for own in (long, short))))
    for own, recording in zip(together, (long, short), strict=True):
        assert own.shape == (len(recording.frames), 2)
        assert own.sum(1) == pytest.approx(1, abs=1e-5)
        assert np.allclose(own, model.probabilities([recording])[0], atol=1e-5)


def test_a_sound_that_is_heard_now_has_the_labels_of_the_whole() -> None:
    model, [recording] = fitted().model, recordings(1, 5)
    whole, parts, states, place = model.probabilities([recording])[0], [], None, 0
    for size in (1, 2, 30, 7, 60):
        found, states = model.follow(recording.frames[place : place + size], states)
        parts.append(found)
        place += size
    assert np.allclose(np.concatenate(parts), whole, atol=1e-5)
    assert np.allclose(
        model.probabilities([replace(recording, frames=recording.frames[:20])])[0], whole[:20], atol=1e-5
    )


def test_frames_that_are_heard_may_be_of_any_type_or_none() -> None:
    model, [recording] = fitted().model, recordings(1, 5)
    found, states = model.follow(recording.frames[:9])
    assert np.allclose(model.follow(recording.frames[:9].astype(float)[::-1][::-1])[0], found)
    nothing, same = model.follow(recording.frames[:0], states)
    assert nothing.shape == (0, 2)
    wanted = model.follow(recording.frames[9:], states)[0]
    assert np.allclose(model.follow(recording.frames[9:], same)[0], wanted)
    assert np.allclose(model.follow(recording.frames[:9], model.follow(recording.frames[:0])[1])[0], found)
    with pytest.raises(RecordingError, match=r"these frames: frames have shape \[3\]; an array \[frames, numbers\]"):
        model.follow(recording.frames[0])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (recordings(1)[0], r"recordings must be a list of Recording objects, not Recording"),
        ("a.npz", r"recordings must be a list of Recording objects, not 'a\.npz'"),
        (["a.npz"], r"recordings\[0\] must be a Recording, not 'a\.npz'; read_recording reads a file"),
        ([Recording("x", np.zeros((0, 3), np.float32))], r"x: frames have shape \[0, 3\]"),
        ([Recording("x", np.full((2, 3), np.nan, np.float32))], r"x: a number of its frames is not finite"),
    ],
)
def test_other_things_than_recordings_are_refused(given: object, message: str) -> None:
    with pytest.raises((InputError, RecordingError), match=message):
        fitted().model.probabilities(given)  # type: ignore[arg-type]


def test_both_directions_need_the_whole_recording() -> None:
    model, [recording] = fitted(bidirectional=True).model, recordings(1, 5)
    with pytest.raises(
        RecordingError, match=r"reads from the end too; train one with recurrent\.bidirectional = false"
    ):
        model.follow(recording.frames)


def test_the_threshold_decides_over_the_positive_label() -> None:
    model = fitted().model
    probability = np.float32([[0.8, 0.2], [0.4, 0.6], [0.0, 1.0]])
    assert model.chosen(probability, 0.5).tolist() == [0, 1, 1]
    assert model.chosen(probability, 0.2).tolist() == [1, 1, 1]
    assert model.chosen(probability, 0.7).tolist() == [0, 0, 1]
    assert model.chosen(probability, 0.0).tolist() == [1, 1, 1]


def test_labels_may_be_names_and_more_than_two() -> None:
    names, places = np.array(["low", "middle", "high"]), np.random.default_rng(1).integers(3, size=(8, 40))
    made = [Recording(f"r{i}", row[:, None].astype(np.float32), names[row]) for i, row in enumerate(places)]
    settings = LabellerSettings(labeller=config(), training=replace(TRAINING, batch_tokens=200))
    own = LabellerTask(settings, made[:6], made[6:])
    assert own.metric == "accuracy"
    assert own.model.positive is None
    assert set(own.evaluate()) == {"accuracy", "dev_loss"}
    probability = own.model.probabilities(made[6:])[0]
    assert own.model.chosen(probability, 0.5).tolist() == probability.argmax(1).tolist()
    assert own.model.labels.symbols == ("high", "low", "middle")


def test_rare_labels_weigh_more_the_more_they_are_balanced() -> None:
    even, half, full = (task(balance=balance) for balance in (0.0, 0.5, 1.0))
    assert even.weight.tolist() == [1, 1]
    count = np.array([full.counts[label] for label in full.model.labels])
    assert (full.weight.numpy() * count) == pytest.approx(np.full(2, count.sum() / 2), rel=1e-4)
    for own in (even, half, full):
        assert (own.weight.numpy() * count).sum() == pytest.approx(count.sum(), rel=1e-4)
    assert 1 < half.weight[1] < full.weight[1]


def test_long_recordings_are_learned_in_pieces() -> None:
    whole, cut = task(), task(longest=30)
    assert len(cut.pieces) == 4 * len(whole.pieces)
    first = np.concatenate([labels for _, labels in cut.pieces[:4]])
    assert first.tolist() == whole.pieces[0][1].tolist()
    assert sorted(index for batch in cut.batches(0) for index in batch) == list(range(len(cut.pieces)))
    assert cut.loss([0, 3, 7]).count == 30 + 10 + 10


def test_frames_are_normalised_as_in_training(tmp_path: Path) -> None:
    model = task().model
    frames = np.concatenate([recording.frames for recording in recordings(60)])
    assert model.reader.mean.numpy() == pytest.approx(frames.mean(0), abs=1e-3)
    assert model.reader.deviation.numpy() == pytest.approx(frames.std(0), rel=1e-3)
    model.save(tmp_path / "model")
    assert Labeller.load(tmp_path / "model").reader.mean.equal(model.reader.mean)


def test_a_number_that_never_varies_is_no_fault() -> None:
    made = [replace(recording, frames=recording.frames * np.float32([1, 1, 0])) for recording in recordings(4)]
    own = LabellerTask(LabellerSettings(labeller=config(), training=TRAINING), made, made)
    assert own.loss([0, 1]).value.isfinite()


def test_a_saved_labeller_comes_back(tmp_path: Path) -> None:
    model, asked = fitted().model, recordings(2, 9)
    model.save(tmp_path / "model", metadata={"note": "x"})
    again = Labeller.load(tmp_path / "model")
    assert again.config == model.config
    assert again.config.dimension == 3
    for own, other in zip(again.probabilities(asked), model.probabilities(asked), strict=True):
        assert np.array_equal(own, other)
    text = (tmp_path / "model" / "config.json").read_text(encoding="utf-8")
    for before, after, message in (
        ('"dimension": 3', '"dimension": 0', r"config\.labeller\.dimension must be at least 1, not 0"),
        ('"dimension": 3', '"dimension": 4', "do not fit together"),
        ('"kind": "labeller"', '"kind": "tagger"', "holds a model of kind 'tagger'; name one of kind 'labeller'"),
    ):
        (tmp_path / "model" / "config.json").write_text(text.replace(before, after), encoding="utf-8")
        with pytest.raises(ModelError, match=message):
            Labeller.load(tmp_path / "model")


def test_frames_of_another_dimension_are_refused() -> None:
    other = Recording("wide", np.zeros((5, 4), np.float32), np.array(["0"] * 5))
    with pytest.raises(RecordingError, match=r"wide: frames have 4 numbers, and the model reads 3; make them as"):
        fitted().model.probabilities([other])
    with pytest.raises(RecordingError, match=r"wide: frames have 4 numbers, and the model reads 3"):
        LabellerTask(LabellerSettings(labeller=config()), recordings(3), [other])
    with pytest.raises(RecordingError, match=r"r0-0: frames have 3 numbers, and dimension is 7; leave it out"):
        LabellerTask(LabellerSettings(labeller=replace(config(), dimension=7)), recordings(3), recordings(3))


def test_training_needs_two_labels_and_dev_no_other() -> None:
    settings, one = LabellerSettings("a", "b", labeller=config()), np.array(["0"] * 100)
    plain = [replace(recording, labels=one) for recording in recordings(2)]
    with pytest.raises(RecordingError, match=r"a: all frames have the label '0'; add others"):
        LabellerTask(settings, plain, plain)
    odd = [replace(recordings(1)[0], name="z", labels=np.array(["2"] * 100))]
    with pytest.raises(RecordingError, match=r"b: z has the label '2', and train only 0, 1; label both alike"):
        LabellerTask(settings, recordings(2), odd)


def test_training_lowers_the_loss_and_saves_what_can_be_loaded(tmp_path: Path) -> None:
    made = task(train="here/train")
    result = train(made, TRAINING, tmp_path)
    assert result.history[-1]["loss"] < result.history[0]["loss"]
    assert set(result.history[0]) == {"loss", "accuracy", "frame_F1", "dev_loss", "detected", "alarms_an_hour"}
    metadata = load_model(tmp_path / "best").metadata
    assert metadata["settings"]["train"] == "train"  # not where it lies on this machine
    assert metadata["dev"]["frame_F1"] == result.metric
    loaded = Labeller.load(str(tmp_path))  # the best model of the run
    accuracy = np.mean([
        (loaded.chosen(own, 0.5) == gold).mean()
        for own, gold in zip(loaded.probabilities(made.dev), made.gold, strict=True)
    ])  # fmt: skip
    assert metadata["dev"]["accuracy"] == pytest.approx(100 * accuracy)


def test_a_run_that_is_stopped_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    for name, epochs in (("stopped", 1), ("stopped", 2), ("whole", 2)):
        train(task(), replace(TRAINING, epochs=epochs, schedule="constant"), tmp_path / name)
    one, other = (load_file(tmp_path / name / "checkpoint.safetensors") for name in ("stopped", "whole"))
    assert all(one[name].equal(other[name]) for name in one)


@pytest.mark.parametrize("name", presets("labeller"))
def test_every_preset_builds_a_model_with_a_finite_loss(name: str) -> None:
    settings = resolve(LabellerSettings, "labeller", preset=name)
    made = LabellerTask(settings, recordings(4), recordings(2, 1))
    loss = made.loss([0, 1, 2])
    loss.value.backward()
    assert loss.value.isfinite()
    assert loss.count == 300
    assert made.model.config.recurrent.bidirectional == (name != "causal")
