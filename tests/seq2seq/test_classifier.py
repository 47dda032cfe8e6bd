"""The classifier: what it learns, pooling, batches, vectors, files and training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from toy_texts import READERS, TRAINING, config, fitted, task, texts

from arcparse.checkpoint import load_model
from arcparse.errors import ConfigurationError, InputError, ModelError, TreebankError
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.memory import Memory
from arcparse.presets import presets
from arcparse.recipes import resolve
from arcparse.seq2seq.classifier import Classifier, ClassifierConfig, Pool, Pooling
from arcparse.seq2seq.classifier_task import ClassifierSettings, ClassifierTask, shortened
from arcparse.seq2seq.labelled import LabelledText
from arcparse.training.loop import train
from arcparse.vocabulary import SPECIALS, Vocabulary

POOLINGS: tuple[Pooling, ...] = get_args(Pooling)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reader", "pooling"),
    [*(("lstm", pooling) for pooling in POOLINGS), *((reader, "max+mean") for reader in READERS if reader != "lstm")],
)
def test_the_words_that_decide_are_learned(reader: str, pooling: Pooling) -> None:
    made = fitted(reader, pooling)
    assert made.evaluate()["accuracy"] > 90
    few = texts(7, 2)
    together = made.model.classify([text.text for text in few])
    for text, found in zip(few, together, strict=True):
        [alone] = made.model.classify([text.text])
        assert alone.label == found.label
        assert alone.probability == pytest.approx(found.probability, abs=1e-5)


def test_each_label_has_its_probability() -> None:
    [found] = fitted().model.classify(["it was a GREAT film"])
    assert (found.label, next(iter(found.probabilities))) == ("pos", "pos")
    assert found.probability == found.probabilities["pos"] == max(found.probabilities.values())
    assert set(found.probabilities) == {"neg", "none", "pos"}
    assert sum(found.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert fitted().model.classify([]) == []


def test_a_text_without_words_has_a_label() -> None:
    empty, unknown = fitted().model.classify(["", "xyzzy"])
    assert empty.probabilities == pytest.approx(unknown.probabilities, abs=1e-5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("a great film", "texts must be a list or another iterable of strings, not 'a great film'"),
        (["a film", None], r"texts\[1\] must be a string, not None"),
    ],
)
def test_other_things_than_texts_are_refused(given: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fitted().model.classify(given)


def test_what_is_cut_is_not_read() -> None:
    model = fitted().model  # reads 12 words
    long = "it was great " + "the " * 20
    assert model.ids(long) == model.ids("it was great the the the " + "the " * 6)
    assert len(model.ids(long)) == 12


def test_pooling_sees_tokens_alone() -> None:
    vector = torch.tensor([[[1.0, -5.0], [3.0, -7.0], [99.0, 99.0]], [[-1.0, 2.0], [0.0, 0.0], [-4.0, 8.0]]])
    is_token = torch.tensor([[True, True, False], [True, True, True]])
    memory = Memory(vector, is_token, torch.tensor([[7.0, 7.0], [8.0, 8.0]]))
    largest, mean = [[3.0, -5.0], [0.0, 8.0]], [[2.0, -6.0], [-5 / 3, 10 / 3]]
    for pooling, expected in (
        ("last", memory.summary.tolist()),
        ("max", largest),
        ("mean", mean),
        ("max+mean", [a + b for a, b in zip(largest, mean, strict=True)]),
    ):
        found = Pool(pooling, 2)(memory)
        assert torch.allclose(found, torch.tensor(expected))
    attention = Pool("attention", 2)
    other = vector.clone()
    other[0, 2] = -99
    assert attention(memory).equal(attention(replace(memory, vector=other)))
    torch.nn.init.zeros_(attention.query.weight)  # looks at all alike
    assert torch.allclose(attention(memory), torch.tensor(mean))


def test_words_that_only_the_vectors_have_are_known_as_far_as_there_is_room() -> None:
    rows = np.ones((5, 16), np.int8)
    rows[3] = 2
    words = Vocabulary((*SPECIALS, "Film", "movie", "picture"))
    own = Pretrained(words, "none", rows, np.ones(5, np.float32), "three")
    plain, room = task().model.words, len(task().model.words) - len(SPECIALS) + 1
    made = task(vectors=own, words=room).model
    assert made.words.symbols == (*plain.symbols, "movie")
    assert made.encoder.embedding.weight[-1].tolist() == [2.0] * 16
    assert task(vectors=own, words=room + 9).model.words.symbols == (*plain.symbols, "movie", "picture")


def vectors(size: int = 16) -> Pretrained:
    """Return the vectors of two words, one with a capital."""
    rows = np.zeros((4, size), np.int8)
    rows[2], rows[3] = 4, 6
    return Pretrained(Vocabulary((*SPECIALS, "film", "Cast")), "none", rows, np.full(4, 0.5, np.float32), "two")


def test_embeddings_start_from_vectors() -> None:
    made, plain = (task(vectors=own).model for own in (vectors(), None))
    embedding = made.encoder.embedding.weight
    assert embedding[made.words.id("film")].tolist() == [2.0] * 16
    for word in (*SPECIALS, "plot", "cast"):
        assert embedding[made.words.id(word)].equal(plain.encoder.embedding.weight[plain.words.id(word)])
    capitals = replace(config(), lower=False)
    assert task(capitals, vectors()).model.config.lower is False
    with pytest.raises(ConfigurationError, match=r"dimension 8, the embeddings 16; set embedding to 8"):
        task(vectors=vectors(8))


def test_frozen_embeddings_stay(tmp_path: Path) -> None:
    made = task(vectors=vectors(), frozen=True)
    before = made.model.encoder.embedding.weight.clone()
    train(made, replace(TRAINING, epochs=1), tmp_path)
    assert made.model.encoder.embedding.weight.equal(before)
    assert Classifier.load(tmp_path / "best").encoder.embedding.weight.equal(before)


def test_the_vocabulary_has_the_most_frequent_words() -> None:
    made = task(words=5)
    assert len(made.model.words) == 5 + len(SPECIALS)
    assert "good" not in made.model.words


@pytest.mark.parametrize("longest", [0, -1])
def test_a_text_has_words(longest: int) -> None:
    with pytest.raises(ConfigurationError, match=f"longest must be from 1 to 100000, not {longest}"):
        ClassifierConfig(longest=longest)


def test_a_saved_classifier_comes_back(tmp_path: Path) -> None:
    model = fitted().model
    model.save(tmp_path / "model", metadata={"note": "x"})
    again = Classifier.load(tmp_path / "model")
    asked = [text.text for text in texts(20, 3)]
    assert again.config == model.config
    assert again.classify(asked) == model.classify(asked)
    vectors().save(tmp_path / "other")
    with pytest.raises(ModelError, match=r"holds a model of kind .vectors.*kind .classifier"):
        Classifier.load(tmp_path / "other")


def test_the_texts_of_a_batch_are_of_one_length() -> None:
    made = task(replace(config(), longest=100))
    made.rows = [[2] * length for length in range(1, 101) for _ in range(3)]
    seen = []
    for batch in made.batches(0):
        assert len({shortened(len(made.rows[i])) for i in batch}) == 1
        seen += batch
    assert sorted(seen) == list(range(300))
    assert made.batches(0) == made.batches(0) != made.batches(1)


@pytest.mark.parametrize("length", [1, 15, 16, 31, 32, 47, 200, 500, 1000])
def test_little_of_a_text_is_lost_to_its_batch(length: int) -> None:
    assert 15 / 16 * length < shortened(length) <= length
    assert shortened(shortened(length)) == shortened(length)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_training_lowers_the_loss_and_saves_what_can_be_loaded(precision: str, tmp_path: Path) -> None:
    made = task(train="here/train", precision=precision)
    result = train(made, TRAINING, tmp_path)
    assert result.history[-1]["loss"] < result.history[0]["loss"]
    assert set(result.history[0]) == {"loss", "accuracy", "dev_loss"}
    metadata = load_model(tmp_path / "best").metadata
    assert metadata["settings"]["train"] == "train"  # not where it lies on this machine
    assert metadata["dev"]["accuracy"] == result.metric
    loaded = Classifier.load(tmp_path / "best").classify([text.text for text in made.dev])
    right = sum(found.label == text.label for found, text in zip(loaded, made.dev, strict=True))
    assert 100 * right / len(made.dev) == pytest.approx(result.metric)


def test_a_run_that_is_stopped_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    for name, epochs in (("stopped", 1), ("stopped", 2), ("whole", 2)):
        train(task(), replace(TRAINING, epochs=epochs, schedule="constant"), tmp_path / name)
    one, other = (load_file(tmp_path / name / "checkpoint.safetensors") for name in ("stopped", "whole"))
    assert all(one[name].equal(other[name]) for name in one)


def test_texts_need_two_labels_and_dev_no_other() -> None:
    settings = ClassifierSettings("a.tsv", "b.tsv", classifier=config())
    good, bad, odd = (LabelledText(label, "x") for label in ("good", "bad", "odd"))
    with pytest.raises(TreebankError, match=r"a\.tsv: needs texts of two labels at least, has 'good'; add others"):
        ClassifierTask(settings, [good, good], [good])
    with pytest.raises(TreebankError, match=r"b\.tsv: its label 'odd' is none of train's, as 'bad'"):
        ClassifierTask(settings, [good, bad], [good, odd])


@pytest.mark.parametrize("name", presets("classifier"))
def test_every_preset_builds_a_model_with_a_finite_loss(name: str) -> None:
    settings = resolve(ClassifierSettings, "classifier", preset=name, overrides=["vectors="])
    made = ClassifierTask(settings, texts(30), texts(5))
    loss = made.loss([0, 1, 2])
    loss.value.backward()
    assert loss.value.isfinite()
    assert loss.count == 3
