"""`arcparse train lemmatizer`, and lemmas from `parse`, `tag` and the pipeline."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from overfitted import sample
from tiny_model import save_tiny_model
from toy_languages import config

from arcparse import cli, pipeline
from arcparse.pipeline import Pipeline
from arcparse.seq2seq.lemmatizer import Lemmatizer
from arcparse.seq2seq.settings import LemmatizerConfig
from arcparse.treebank import parse_conllu, read_conllu, write_conllu

SMALL = (
    "lemmatizer.network.encoder.embedding=8",
    "lemmatizer.network.encoder.recurrent.hidden=8",
    "lemmatizer.network.decoder.embedding=8",
    "lemmatizer.network.decoder.recurrent.hidden=16",
    "training.tensorboard=false",
)
TEXT = "The old man the boats. Who wrote this letter?"


@pytest.fixture(scope="module")
def lemmatizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("lemmas") / "model"
    torch.manual_seed(0)
    Lemmatizer.build(LemmatizerConfig(config("general", 16)), sample()).save(place)
    return place


@pytest.fixture(scope="module", params=[True, False])
def model(request: pytest.FixtureRequest, sample_treebank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(sample_treebank, tmp_path_factory.mktemp("parser"), predicts_tags=request.param)


def training(treebank: Path, *options: object) -> list[str]:
    overrides = [word for setting in SMALL for word in ("--set", setting)]
    return ["train", "lemmatizer", "--train", str(treebank), "--dev", str(treebank), *overrides, *map(str, options)]


def test_a_lemmatiser_is_trained_and_fills_lemmas(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    treebank, output = tmp_path / "small.conllu", tmp_path / "run"
    write_conllu(sample()[:12], treebank)
    assert cli.main(training(treebank, "--output", output, "--epochs", 1)) == 0
    assert capsys.readouterr().out.startswith(f"{output / 'best'}: dev Lemmas ")
    options = ["--model", str(model), "--lemmatizer", str(output / "best")]
    nlp = Pipeline.load(model, lemmatizer=output / "best")
    for command, expected in (("parse", nlp.parse(TEXT)), ("tag", nlp.tag(TEXT))):
        assert cli.main([command, *options, TEXT]) == 0
        found = parse_conllu(capsys.readouterr().out)
        assert found == expected
        assert all("_" not in sentence.lemmas for sentence in found)


def test_a_dry_run_tells_what_is_learned(sample_treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(training(sample_treebank, "--dry-run")) == 0
    settings, _, statistics = capsys.readouterr().out.partition("\n# ")
    assert "embedding = 8\n" in settings
    tokens = sum(map(len, read_conllu(sample_treebank)))
    assert f"dev: {len(sample())} sentences, {tokens} words, 0 of them for the network" in statistics
    assert "entries of the dictionary" in statistics
    assert "parameters: " in statistics


def test_the_pipeline_makes_lemmas_and_keeps_given_ones(model: Path, lemmatizer: Path) -> None:
    nlp = pipeline.load(model, lemmatizer=lemmatizer)
    assert pipeline.load(model, lemmatizer=lemmatizer) is nlp
    assert pipeline.load(model).lemmatizer is None
    gold = sample()[0]
    bare = gold.replace(lemmas=["_"] * len(gold))
    odd = gold.replace(lemmas=["odd", *["_"] * (len(gold) - 1)])
    for call in (nlp.parse, nlp.tag):
        assert call(bare).lemmas == gold.lemmas
        assert call(odd).lemmas == ("odd", *gold.lemmas[1:])
        assert call(odd, given_tags=False).lemmas[0] != "odd"
    assert [parse.sentence.lemmas for parse in nlp.nbest(odd, 2)] == [("odd", *gold.lemmas[1:])] * 2
    assert list(nlp.parse_many([TEXT, bare])) == [nlp.parse(TEXT), nlp.parse(bare)]
    dictionary = {gold.forms[1]: ("X", "FW", "_")}
    assert "_" not in nlp.tag(list(gold.forms), dictionary=dictionary).lemmas
    assert Pipeline.load(model).parse(bare).lemmas == bare.lemmas
