"""Parsers over the kernels, compared with the same models in torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_model import FORMS, LEXICON, VECTORS

from arcparse.checkpoint import load_model
from arcparse.errors import ModelError
from arcparse.kernels.library import SETTING, available
from arcparse.kernels.systems import actions
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.settings import BiLSTMConfig
from arcparse.networks.weights import layout as layout_in_torch
from arcparse.parser.compiled import CompiledParser, layout
from arcparse.parser.description import KIND, Description
from arcparse.parser.model import Parser
from arcparse.parser.settings import ParserConfig, ScorerConfig
from arcparse.presets import presets
from arcparse.sentence import Sentence
from arcparse.settings import from_dict
from arcparse.treebank import read_conllu

needs_kernels = pytest.mark.skipif(not available(), reason="no kernels are compiled")
PRESETS = {name: own["parser"] for name, own in presets("parser").items() if "features" in own.get("parser", {})}
MODELS: dict[str, dict[str, Any]] = {
    "tags predicted": {},
    "no projection": {"projection": 0},
    "tags needed": {"encoder": "none", "features": FORMS},
    "tags alone": {"encoder": "none", "features": ("stack(0).upos", "stack(1).upos", "buffer(0).xpos")},
    "swap": {"system": "swap"},
    "marked": {"projectivity": "head+path"},
    "global": {"normalisation": "global", "beam": 3},
}


def random_parser(sentences: list[Sentence], **settings: Any) -> Parser:
    config: dict[str, Any] = {"features": VECTORS, "projection": 8, **settings}
    torch.manual_seed(3)
    scorer, bilstm = ScorerConfig(hidden=(24, 16)), BiLSTMConfig(layers=2, hidden=8)
    parser = Parser.build(
        ParserConfig(**config, lexicon=LEXICON, scorer=scorer, bilstm=bilstm), sentences, Pretrained.none()
    )
    for name, weight in parser.network.named_parameters():
        if "none" in name or "bias" in name:
            torch.nn.init.normal_(weight)
    return parser.eval()


@pytest.fixture(scope="module")
def sentences(sample_treebank: Path) -> list[Sentence]:
    return list(read_conllu(sample_treebank))


def without(sentence: Sentence, *, upos: bool = False) -> Sentence:
    """Return the sentence without its tags, or with its UPOS alone."""
    nothing = ["_"] * len(sentence)
    return sentence.replace(upos=None if upos else nothing, xpos=nothing, feats=nothing)


@needs_kernels
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("beam", "longest"), [(4, 25), pytest.param(None, 80, marks=pytest.mark.slow)])
def test_trees_are_those_of_torch(
    name: str, beam: int | None, longest: int, sentences: list[Sentence], tmp_path: Path
) -> None:
    parser = random_parser(sentences, **MODELS[name])
    parser.save(tmp_path, vectors="", metadata={})
    compiled = CompiledParser.load(tmp_path, low=False)
    assert compiled is not None
    short = [sentence for sentence in sentences if len(sentence) <= longest]
    mixed = [*short[::3], *map(without, short[1::3]), *(without(own, upos=True) for own in short[2::3])]
    for given_tags in (False, True):
        expected = parser.parse(mixed, given_tags=given_tags, beam=beam)
        found = compiled.parse(mixed, given_tags=given_tags, beam=beam, batch_tokens=60)
        different = sum(a != b for a, b in zip(found, expected, strict=True))
        assert different <= 1, f"{different} of {len(mixed)} trees differ"  # rounding may choose another


@needs_kernels
@pytest.mark.parametrize("name", ["tags predicted", "tags needed"])
def test_low_precision_changes_few_arcs(name: str, sentences: list[Sentence], tmp_path: Path) -> None:
    random_parser(sentences, **MODELS[name]).save(tmp_path, vectors="", metadata={})
    exact, low = (CompiledParser.load(tmp_path, low=low) for low in (False, True))
    assert exact
    assert low
    given = [(*own.heads, *own.labels) for own in exact.parse(sentences, given_tags=True)]
    found = [(*own.heads, *own.labels) for own in low.parse(sentences, given_tags=True)]
    cells = sum(a != b for row, other in zip(given, found, strict=True) for a, b in zip(row, other, strict=True))
    assert cells <= sum(map(len, given)) / 20


@pytest.mark.parametrize("preset", PRESETS)
def test_layouts_are_those_of_the_networks(preset: str, sentences: list[Sentence], tmp_path: Path) -> None:
    config = from_dict(ParserConfig, PRESETS[preset])
    if config.encoder not in ("none", "bilstm"):
        pytest.skip(f"the encoder {config.encoder} has no kernel")
    parser = Parser.build(config, sentences, Pretrained.none())
    parser.save(tmp_path, vectors="", metadata={})
    known = Description.restore(load_model(tmp_path, KIND))
    expected = {name: layout_in_torch(weight) for name, weight in parser.network.state_dict().items()}
    assert layout(known, parser.system.num_actions) == expected


@needs_kernels
def test_weights_of_another_network_are_refused(sentences: list[Sentence], tmp_path: Path) -> None:
    parser = random_parser(sentences)
    parser.config = replace(parser.config, projection=9)
    parser.save(tmp_path, vectors="", metadata={})
    with pytest.raises(ModelError, match=r"weight .projection.weight. has shape \(8, 16\), not \(9, 16\)"):
        CompiledParser.load(tmp_path, low=False)


@needs_kernels
@pytest.mark.parametrize("load", [CompiledParser.load, Parser.load])
def test_features_of_vectors_that_a_model_lacks_are_refused(
    load: Any, sentences: list[Sentence], tmp_path: Path
) -> None:
    parser = random_parser(sentences)
    parser.config = replace(parser.config, features=tuple(own.replace("vector", "form") for own in VECTORS))
    parser.save(tmp_path, vectors="", metadata={})
    options = {"low": True} if load == CompiledParser.load else {}
    with pytest.raises(ModelError, match=r"config\.json: encoder 'bilstm' gives no vectors .* copy the model again"):
        load(tmp_path, **options)


def test_without_a_kernel_there_is_no_compiled_parser(
    sentences: list[Sentence], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random_parser(sentences).save(tmp_path, vectors="", metadata={})
    monkeypatch.setenv(SETTING, "none")
    assert CompiledParser.load(tmp_path, low=False) is None


def test_a_system_that_kernels_do_not_know_has_none() -> None:
    assert actions("arc-hybrid", ["root"], ["root"], []) is None


@needs_kernels
def test_a_parser_that_needs_tags_predicts_none(sentences: list[Sentence], tmp_path: Path) -> None:
    random_parser(sentences, **MODELS["tags needed"]).save(tmp_path, vectors="", metadata={})
    compiled = CompiledParser.load(tmp_path, low=False)
    assert compiled is not None
    with pytest.raises(ModelError, match="predicts no tags"):
        compiled.tag(sentences)


@needs_kernels
def test_tags_are_those_of_torch(sentences: list[Sentence], tmp_path: Path) -> None:
    parser = random_parser(sentences)
    parser.save(tmp_path, vectors="", metadata={})
    compiled = CompiledParser.load(tmp_path, low=False)
    assert compiled is not None
    assert compiled.tag(sentences) == parser.tag(sentences)
    some = [without(own, upos=True) for own in sentences]
    assert compiled.tag(some, given_tags=True) == parser.tag(some, given_tags=True)
    assert compiled.parse([]) == []
