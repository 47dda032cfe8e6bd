"""arcparse.seq2seq.load opens whatever was trained, or what it is asked for alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from toy_languages import config

from arcparse import seq2seq
from arcparse.errors import ModelError
from arcparse.lexicon.symbols import vocabulary
from arcparse.networks.settings import EncoderConfig, RecurrentConfig
from arcparse.segmenter.multiwords import Multiwords
from arcparse.segmenter.settings import SegmenterConfig
from arcparse.seq2seq.classifier import ClassifierConfig
from arcparse.seq2seq.language_model_network import LanguageModelConfig
from arcparse.seq2seq.skip_thought import SkipThoughtConfig
from arcparse.vocabulary import Vocabulary

ENCODER = EncoderConfig(embedding=8, recurrent=RecurrentConfig(hidden=4))
ONE_WAY = RecurrentConfig(hidden=8, bidirectional=False)
WORDS = Vocabulary.build(["a", "b"])
MODELS: list[seq2seq.Model] = [
    seq2seq.Seq2Seq.build(config("general", 8), [("a",)], [("b",)]),
    seq2seq.Classifier(ClassifierConfig(encoder=ENCODER), WORDS, WORDS),
    seq2seq.LanguageModel.build(LanguageModelConfig(embedding=8, recurrent=ONE_WAY), ["a b"]),
    seq2seq.Segmenter(SegmenterConfig(ENCODER), WORDS, Multiwords()),
    seq2seq.SkipThought(SkipThoughtConfig(encoder=ENCODER), vocabulary([("a", "b")])),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_a_model_of_any_kind_is_found(model: seq2seq.Model, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    again = seq2seq.load(tmp_path / "model")
    assert type(again) is type(model)
    assert not again.training
    assert all(again.state_dict()[name].equal(tensor) for name, tensor in model.state_dict().items())
    other = seq2seq.Classifier if isinstance(model, seq2seq.Segmenter) else seq2seq.Segmenter
    with pytest.raises(ModelError, match=f"name one of kind '{other.__name__.lower()}'"):
        seq2seq.load(tmp_path / "model", other)


def test_a_shipped_model_is_found_by_name() -> None:
    assert type(seq2seq.load("en-lemmatizer")) is seq2seq.Lemmatizer
    with pytest.raises(
        ModelError,
        match=r"kind 'parser'; name one of .*lm.*, or use this one by `arcparse parse`, in Python arcparse\.load$",
    ):
        seq2seq.load("en")
