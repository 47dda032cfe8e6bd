"""Segmenters over the kernels, compared with the same models in torch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from arcparse.checkpoint import load_model
from arcparse.kernels.library import available
from arcparse.networks.settings import EncoderConfig, RecurrentConfig
from arcparse.networks.weights import layout as layout_in_torch
from arcparse.segmenter.compiled import layout, load
from arcparse.segmenter.division import KIND, Description
from arcparse.segmenter.model import Segmenter
from arcparse.segmenter.settings import SegmenterConfig
from arcparse.sentence import Sentence
from arcparse.treebank import read_conllu

needs_kernels = pytest.mark.skipif(not available(), reason="no kernels are compiled")


@pytest.fixture(scope="module")
def sentences(sample_treebank: Path) -> list[Sentence]:
    return list(read_conllu(sample_treebank))


def saved(sentences: list[Sentence], directory: Path, cell: str = "lstm", layers: int = 2) -> Segmenter:
    torch.manual_seed(1)
    recurrent = RecurrentConfig(cell=cell, hidden=12, layers=layers)  # type: ignore[arg-type]
    config = SegmenterConfig(EncoderConfig(embedding=10, recurrent=recurrent))
    text = " ".join(sentence.text for sentence in sentences)
    segmenter = Segmenter.build(config, text, sentences).eval()
    segmenter.save(directory)
    return segmenter


@needs_kernels
def test_texts_are_divided_as_in_torch(sentences: list[Sentence], tmp_path: Path) -> None:
    segmenter = saved(sentences, tmp_path)
    compiled = load(tmp_path, low=False)
    assert compiled is not None
    texts = [sentence.text for sentence in sentences] + ["", " ".join(sentence.text for sentence in sentences) * 3]
    assert compiled.segment_many(texts) == segmenter.segment_many(texts)
    assert compiled.segment(texts[0], offset=3) == segmenter.segment(texts[0], offset=3)


@needs_kernels
def test_other_cells_have_no_kernel(sentences: list[Sentence], tmp_path: Path) -> None:
    saved(sentences, tmp_path, cell="gru")
    assert load(tmp_path, low=False) is None


@pytest.mark.parametrize("layers", [1, 2])
def test_layout_is_that_of_the_network(layers: int, sentences: list[Sentence], tmp_path: Path) -> None:
    segmenter = saved(sentences, tmp_path, layers=layers)
    expected = {name: layout_in_torch(weight) for name, weight in segmenter.state_dict().items()}
    assert layout(Description.restore(load_model(tmp_path, KIND))) == expected
