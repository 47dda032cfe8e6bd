"""A parser over a pretrained Transformer: trained, saved with its tokeniser, and read again, with no connection."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from overfitted import PARSER, SCORER, TAGGER, TRAINING, sample, twenty
from tiny_transformer import save_tiny_transformer, tiny_transformer

from arcparse import cli
from arcparse.checkpoint import load_model, pack
from arcparse.errors import ModelError
from arcparse.lexicon.forms import LexiconConfig
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.encoder import PretrainedEncoder
from arcparse.networks.settings import PretrainedConfig
from arcparse.parser.model import Parser
from arcparse.parser.task import ParserSettings, ParserTask
from arcparse.pipeline.parts import parser_in_torch
from arcparse.tagger.model import Tagger
from arcparse.training.loop import seed_everything
from arcparse.training.optimisation import Learner
from arcparse.treebank import read_conllu, write_conllu

NOTHING = LexiconConfig(
    word_dimension=0, prefixes=(), suffixes=(), affix_dimension=0, shape_dimension=0, character_dimension=0
)
CONFIG = replace(
    PARSER["bilstm"],
    encoder="transformer",
    lexicon=NOTHING,
    transformer=PretrainedConfig(learning_rate=3e-3, dropout=0.0, precision="float32", frozen_embeddings=False),
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> PretrainedEncoder:
    return tiny_transformer(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def parser(opened: PretrainedEncoder) -> Parser:
    torch.manual_seed(1)
    return Parser.build(CONFIG, twenty(), Pretrained.none(), opened).eval()


@pytest.mark.slow
def test_it_begins_with_the_pretrained_weights_and_learns(opened: PretrainedEncoder) -> None:
    settings = ParserSettings(parser=CONFIG, training=replace(TRAINING, learning_rate=5e-3))
    task = ParserTask(settings, twenty(), twenty(), encoder=opened)
    name = "encoder.layer.0.output.dense.weight"
    begins = task.model.network.get_submodule("transformer.model").state_dict()[name].clone()
    assert begins.equal(opened.weights[name])
    seed_everything(1)
    learner = Learner(task.model, settings.training)
    losses = []
    for epoch in range(8):
        for number, batch in enumerate(task.batches(epoch)):
            losses.append(learner.update(task.loss(batch).value, 5e-3, number))
    assert sum(losses[-4:]) < 0.6 * sum(losses[:4])
    assert not task.model.network.get_submodule("transformer.model").state_dict()[name].equal(begins)
    assert min(task.evaluate()["UPOS"], 100) > 40


def test_a_saved_parser_has_all_it_needs_in_its_folder(
    parser: Parser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parser.save(tmp_path / "model", vectors="", metadata={})
    names = {"config.json", "weights.safetensors", "vocabularies.json", "transformer.json", "tokenizer.json"}
    assert {path.name for path in (tmp_path / "model").iterdir()} == names
    pack(tmp_path / "model", tmp_path / "model.zip")

    def refused(*_: Any) -> None:
        raise AssertionError("nothing may be fetched")

    monkeypatch.setattr(socket, "socket", refused)
    for place in ("model", "model.zip"):
        loaded = Parser.load(tmp_path / place)
        assert loaded.config == parser.config
        assert not any(tensor.is_meta for tensor in [*loaded.parameters(), *loaded.buffers()])
        assert loaded.parse(sample()[:6]) == parser.parse(sample()[:6])
    assert loaded.predicts_tags


def test_the_precision_is_that_of_its_training_unless_told(opened: PretrainedEncoder, tmp_path: Path) -> None:
    for trained in ("float32", "bfloat16"):
        config = replace(CONFIG, transformer=replace(CONFIG.transformer, precision=trained))
        Parser.build(config, twenty(), Pretrained.none(), opened).save(tmp_path / trained, vectors="", metadata={})
        for precision, low in (("auto", trained == "bfloat16"), ("float32", False), ("bfloat16", True)):
            encoder = parser_in_torch(tmp_path / trained, precision).network.encoder
            assert encoder is not None
            assert encoder.low_precision is low


def test_training_goes_on_from_a_saved_parser(parser: Parser, tmp_path: Path) -> None:
    parser.save(tmp_path / "model", vectors="", metadata={})
    again = ParserTask(ParserSettings(parser=CONFIG, start=str(tmp_path / "model")), twenty(), twenty()).model
    assert again.eval().parse(sample()[:6]) == parser.parse(sample()[:6])
    with pytest.raises(ModelError, match="describe another network"):
        parser.rebuilt(replace(CONFIG, scorer=replace(SCORER, hidden=(7,))))


def damaged(parser: Parser, folder: Path, change: Any) -> Path:
    parser.save(folder, vectors="", metadata={})
    description = json.loads((folder / "config.json").read_text())
    change(folder, description["sha256"])
    (folder / "config.json").write_text(json.dumps(description))
    return folder


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder, _: (folder / "tokenizer.json").write_text("{}"), r"tokenizer\.json: is not the file that"),
        (lambda folder, _: (folder / "tokenizer.json").unlink(), r"tokenizer\.json: cannot be read"),
        (lambda _, sums: sums.pop("tokenizer.json"), r"config\.json: .* there is no tokenizer\.json"),
        (lambda _, sums: sums.update({"../secret": ""}), "'../secret' must be a plain name"),
        (lambda _, sums: sums.update({"/etc/passwd": ""}), "'/etc/passwd' must be a plain name"),
        (lambda _, sums: sums.update({"tokenizer.json": 3}), r"tokenizer\.json: is not the file that"),
    ],
)
def test_files_are_checked_as_the_others(parser: Parser, change: Any, message: str, tmp_path: Path) -> None:
    folder = damaged(parser, tmp_path / "model", change)
    with pytest.raises(ModelError, match=message):
        Parser.load(folder)


def test_other_models_have_no_other_files(tmp_path: Path) -> None:
    tagger = Tagger.build(TAGGER, twenty(), Pretrained.none())
    tagger.save(tmp_path / "model", vectors="", metadata={})
    assert load_model(tmp_path / "model").files == {}
    with pytest.raises(ModelError, match=r"'transformer' starts from a pretrained one.*--set pretrained=FOLDER"):
        Tagger.build(replace(TAGGER, encoder="transformer"), twenty(), Pretrained.none())


@pytest.mark.slow
def test_the_command_line_trains_resumes_and_parses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place, treebank = save_tiny_transformer(tmp_path / "tiny"), tmp_path / "small.conllu"
    write_conllu(sample()[:8], treebank)
    settings = ("training.tensorboard=false", "parser.scorer.hidden=[8]", "training.accumulation=2")
    command = ["train", "parser", "--preset", "transformer-small", "--train", str(treebank), "--dev", str(treebank)]
    command += [word for setting in (*settings, "training.batch_tokens=50") for word in ("--set", setting)]
    command += ["--output", str(tmp_path / "run")]
    assert cli.main([*command, "--epochs", "1"]) == 2
    assert "--set pretrained=FOLDER" in capsys.readouterr().err
    for epochs in ("1", "2"):
        assert cli.main([*command, "--set", f"pretrained={place}", "--epochs", epochs]) == 0
    assert "epoch 2" in capsys.readouterr().err
    best = tmp_path / "run" / "best"
    saved = json.loads((best / "config.json").read_text())
    assert saved["metadata"]["settings"]["pretrained"] == "tiny"
    assert not any(
        str(tmp_path).encode() in file.read_bytes() for file in best.iterdir()
    )  # no folders of whose machine
    output = tmp_path / "parsed.conllu"
    parse = ["parse", "--model", str(best), "--input", str(treebank), "--output", str(output)]
    assert cli.main([*parse, "--precision", "bfloat16"]) == 0
    assert [sentence.forms for sentence in read_conllu(output)] == [sentence.forms for sentence in sample()[:8]]
