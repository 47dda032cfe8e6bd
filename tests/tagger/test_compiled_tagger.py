"""Taggers over the kernels, compared with the same models in torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_model import LEXICON

from arcparse.checkpoint import load_model
from arcparse.kernels.library import available
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.weights import layout as layout_in_torch
from arcparse.sentence import Sentence
from arcparse.tagger.compiled import CompiledTagger, layout
from arcparse.tagger.description import KIND, Description
from arcparse.tagger.model import Tagger
from arcparse.tagger.settings import TaggerConfig
from arcparse.treebank import read_conllu

needs_kernels = pytest.mark.skipif(not available(), reason="no kernels are compiled")


@pytest.fixture(scope="module")
def sentences(sample_treebank: Path) -> list[Sentence]:
    return list(read_conllu(sample_treebank))


def saved(sentences: list[Sentence], directory: Path, **settings: Any) -> Tagger:
    torch.manual_seed(2)
    config = TaggerConfig(**{"before": 2, "after": 1, "hidden": (24, 16), "lexicon": LEXICON, **settings})
    tagger = Tagger.build(config, sentences, Pretrained.none()).eval()
    torch.nn.init.normal_(tagger.network.outside)
    tagger.save(directory, vectors="", metadata={})
    return tagger


@needs_kernels
@pytest.mark.parametrize("preparation", ["none", "google-news"])
def test_tags_are_those_of_torch(preparation: str, sentences: list[Sentence], tmp_path: Path) -> None:
    tagger = saved(sentences, tmp_path, preparation=preparation)
    compiled = CompiledTagger.load(tmp_path, low=False)
    assert compiled is not None
    assert compiled.columns == tagger.columns
    nothing = [own.replace(upos=["_"] * len(own), feats=["_"] * len(own)) for own in sentences]
    for given_tags in (False, True):
        found = compiled.tag([*sentences, *nothing], given_tags=given_tags, batch_tokens=50)
        assert found == tagger.tag([*sentences, *nothing], given_tags=given_tags)


@needs_kernels
@pytest.mark.parametrize("settings", [{"previous_tags": 1}, {"batch_normalisation": True}, {"encoder": "bilstm"}])
def test_other_networks_have_no_kernel(settings: dict[str, Any], sentences: list[Sentence], tmp_path: Path) -> None:
    saved(sentences, tmp_path, **settings)
    assert CompiledTagger.load(tmp_path, low=False) is None


@pytest.mark.parametrize("hidden", [(24,), (24, 16, 12)])
def test_layout_is_that_of_the_network(hidden: tuple[int, ...], sentences: list[Sentence], tmp_path: Path) -> None:
    tagger = saved(sentences, tmp_path, hidden=hidden)
    expected = {name: layout_in_torch(weight) for name, weight in tagger.network.state_dict().items()}
    assert layout(Description.restore(load_model(tmp_path, KIND))) == expected
