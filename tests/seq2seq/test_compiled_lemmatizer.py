"""Lemmatisers over the kernels, compared with the same models in torch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from arcparse.checkpoint import load_model
from arcparse.kernels.library import available
from arcparse.networks.settings import DecoderConfig, EncoderConfig, RecurrentConfig
from arcparse.networks.weights import layout as layout_in_torch
from arcparse.sentence import Sentence
from arcparse.seq2seq.compiled import layout, load
from arcparse.seq2seq.lemmas import KIND, Description
from arcparse.seq2seq.lemmatizer import Lemmatizer
from arcparse.seq2seq.settings import LemmatizerConfig, Seq2SeqConfig
from arcparse.treebank import read_conllu

needs_kernels = pytest.mark.skipif(not available(), reason="no kernels are compiled")


@pytest.fixture(scope="module")
def sentences(sample_treebank: Path) -> list[Sentence]:
    return list(read_conllu(sample_treebank))


def saved(
    sentences: list[Sentence], directory: Path, attention: str = "general", *, feeding: bool = False
) -> Lemmatizer:
    torch.manual_seed(4)
    encoder = EncoderConfig(embedding=10, recurrent=RecurrentConfig(hidden=6))
    reader = RecurrentConfig(hidden=12, bidirectional=False)
    decoder = DecoderConfig(embedding=10, recurrent=reader, attention=attention, input_feeding=feeding)  # type: ignore[arg-type]
    config = LemmatizerConfig(Seq2SeqConfig(encoder, decoder, symbols="characters"))
    lemmatizer = Lemmatizer.build(config, sentences)
    for weight in lemmatizer.parameters():
        torch.nn.init.normal_(weight, std=0.5)
    lemmatizer.eval().save(directory)
    return lemmatizer


def foreign(sentences: list[Sentence]) -> list[Sentence]:
    """Return words that the dictionary lacks."""
    return [own.replace(upos=["X"] * len(own)) for own in sentences]


@pytest.mark.slow
@needs_kernels
@pytest.mark.parametrize("attention", ["general", "dot", "scaled-dot", "none"])
def test_lemmas_are_those_of_torch(attention: str, sentences: list[Sentence], tmp_path: Path) -> None:
    lemmatizer = saved(sentences, tmp_path, attention)
    compiled = load(tmp_path, low=False)
    assert compiled is not None
    words = [("X" + form[::-1], "NOUN", "Number=Sing") for own in sentences for form in own.forms if form.isalpha()]
    written = zip(compiled.written(words), lemmatizer.lemmas.written(words), strict=True)
    different = sum(a != b for a, b in written)
    assert different <= len(words) / 50  # rounding may choose another symbol
    assert compiled.lemmatize(sentences) == lemmatizer.lemmatize(sentences)
    assert len(compiled.lemmatize(foreign(sentences))) == len(sentences)


@needs_kernels
@pytest.mark.parametrize("settings", [{"attention": "additive"}, {"feeding": True}])
def test_other_decoders_have_no_kernel(settings: dict[str, object], sentences: list[Sentence], tmp_path: Path) -> None:
    saved(sentences, tmp_path, **settings)  # type: ignore[arg-type]
    assert load(tmp_path, low=False) is None


@pytest.mark.parametrize("attention", ["general", "dot", "none"])
def test_layout_is_that_of_the_network(attention: str, sentences: list[Sentence], tmp_path: Path) -> None:
    lemmatizer = saved(sentences, tmp_path, attention)
    expected = {name: layout_in_torch(weight) for name, weight in lemmatizer.network.state_dict().items()}
    assert layout(Description.restore(load_model(tmp_path, KIND))) == expected
