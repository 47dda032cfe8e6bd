"""Networks on a GPU: they give the trees of the processor, learn there, and say no where they cannot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from overfitted import PARSER, TAGGER, TRAINING, fit, sample, twenty, vectors
from tiny_transformer import tiny_transformer

import arcparse
from arcparse import cli
from arcparse.devices import AT_ONCE, Constant, at_once, is_cpu, select_device
from arcparse.distillation import Distillation, distil
from arcparse.errors import ConfigurationError
from arcparse.lexicon.forms import LexiconConfig
from arcparse.networks.settings import PretrainedConfig
from arcparse.parser.task import ParserSettings, ParserTask
from arcparse.sentence import Sentence
from arcparse.silver import read_silver
from arcparse.tagger.task import TaggerSettings, TaggerTask
from arcparse.training.loop import train

SAMPLE = Path(__file__).parent.parent / "corpora" / "sample.conllu"
gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU is here that torch can use")
FEW = 0.01  # share of arcs that may differ: sums in another order are other in their last bits


def forms() -> list[Sentence]:
    return [Sentence.from_forms(sentence.forms) for sentence in sample()]


def differing(some: list[Any], others: list[Any]) -> float:
    """Return the share of words whose head or label differs."""
    arcs = [
        [(head, label) for sentence in own for head, label in zip(sentence.heads, sentence.labels, strict=True)]
        for own in (some, others)
    ]
    return sum(one != other for one, other in zip(*arcs, strict=True)) / len(arcs[0])


def test_devices_have_names() -> None:
    assert select_device("cpu").type == "cpu"
    assert select_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert is_cpu("cpu")
    assert is_cpu("auto") != torch.cuda.is_available()
    assert at_once(torch.device("cpu")) == AT_ONCE < at_once(torch.device("cuda"))


@pytest.mark.parametrize("name", ["toaster", "", "meta", 3, None])
def test_a_device_that_cannot_be_used_is_refused(name: Any) -> None:
    with pytest.raises(ConfigurationError, match=rf"^device {name!r} cannot be used: [^()]*; take auto, cpu or cuda$"):
        select_device(name)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        arcparse.load("en-small", device=name)


def test_the_command_line_refuses_it_too(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for command in (["parse", "Dogs bark."], ["distil", "en-small", "--text", str(SAMPLE), "--output", str(tmp_path)]):
        assert cli.main([*command, "--device", "toaster"]) == 2
        assert "device 'toaster' cannot be used" in capsys.readouterr().err


def test_a_constant_is_copied_to_a_device_once() -> None:
    constant = Constant(torch.arange(3))
    assert constant.on(torch.device("cpu")).tolist() == [0, 1, 2]
    assert constant.on(torch.device("meta")).is_meta
    assert constant.on(torch.device("meta")) is constant.on(torch.device("meta"))


@gpu
@pytest.mark.parametrize("name", ["en", "en-small"])
def test_trees_are_those_of_the_processor(name: str) -> None:
    there, here = arcparse.load(name, device="cuda", precision="float32"), arcparse.load(name, precision="float32")
    assert there.parser.device.type == "cuda"
    for beam in (1, 4):
        found = [nlp.parse_sentences(forms(), beam=beam) for nlp in (there, here)]
        assert differing(*found) <= FEW
    assert differing(there.parse("Dogs bark. Cats sleep."), here.parse("Dogs bark. Cats sleep.")) <= FEW
    best = there.nbest(forms()[0], 2)
    assert best[0].sentence.tree == here.nbest(forms()[0], 2)[0].sentence.tree


@gpu
def test_workers_do_not_share_a_gpu() -> None:
    with pytest.raises(ConfigurationError, match="workers must be 1 on a GPU, not 2"):
        arcparse.load("en-small", device="cuda").parse_many(["Dogs bark."], workers=2)


@gpu
@pytest.mark.parametrize("objective", ["local", "crf"])
@pytest.mark.parametrize("encoder", ["bilstm", "none"])
def test_parsers_learn_and_go_on(encoder: str, objective: Any, tmp_path: Path) -> None:
    config = replace(TRAINING, device="cuda", epochs=2, checkpoint_minutes=0)
    settings = ParserSettings(PARSER[encoder], exploration_from=0, objective=objective, beam=2, training=config)
    for epochs in (2, 3):  # the second time it goes on from its checkpoint
        task = ParserTask(settings, twenty(), twenty(), vectors())
        result = train(task, replace(config, epochs=epochs), tmp_path / "run")
    assert task.model.device.type == "cuda"
    assert result.history[-1]["loss"] < result.history[0]["loss"]
    found = [arcparse.load(tmp_path / "run" / "best", device=device) for device in ("cuda", "cpu")]
    assert differing(*(nlp.parse_sentences(list(twenty())) for nlp in found)) <= FEW


@gpu
def test_taggers_learn() -> None:
    settings = TaggerSettings(tagger=TAGGER, training=replace(TRAINING, device="cuda"))
    task = TaggerTask(settings, twenty(), twenty(), vectors())
    fit(task, 30)
    assert task.model.device.type == "cuda"
    assert task.evaluate()["UPOS"] > 90


@gpu
@pytest.mark.parametrize("preset", ["attention", "transformer"])
def test_translators_learn_and_write(preset: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("".join(f"{a} {b}\t{b} {a}\n" for a in "abcdef" for b in "abcdef"), encoding="utf-8")
    small = ["--preset", preset, "--epochs", "2", "--set", "min_count=1", "--set", "training.batch_tokens=50"]
    files = ["--train", str(pairs), "--dev", str(pairs), "--output", str(tmp_path / "run")]
    assert cli.main(["train", "seq2seq", "--device", "cuda", *small, *files]) == 0
    model = str(tmp_path / "run" / "best")
    capsys.readouterr()
    for device in ("cuda", "cpu"):
        assert cli.main(["translate", "--model", model, "--device", device, "--beam", "2", "a b"]) == 0
    there, here = capsys.readouterr().out.splitlines()
    assert there == here


@gpu
def test_a_transformer_learns_and_teaches(tmp_path: Path) -> None:
    nothing = LexiconConfig(
        word_dimension=0, prefixes=(), suffixes=(), affix_dimension=0, shape_dimension=0, character_dimension=0
    )
    own = PretrainedConfig(learning_rate=3e-3, dropout=0.0, frozen_embeddings=False)
    config = replace(PARSER["bilstm"], encoder="transformer", lexicon=nothing, transformer=own)
    training = replace(TRAINING, learning_rate=5e-3, device="cuda", epochs=2)
    opened = tiny_transformer(tmp_path / "tiny")
    task = ParserTask(ParserSettings(parser=config, training=training), twenty(), twenty(), encoder=opened)
    train(task, training, tmp_path / "run")
    teacher = arcparse.load(tmp_path / "run" / "best", device="cuda")
    (tmp_path / "raw.txt").write_text("Dogs bark. Cats sleep.\n", encoding="utf-8")
    list(distil(Distillation("t", (str(tmp_path / "raw.txt"),)), teacher, tmp_path / "silver"))
    assert [sentence.text for sentence in read_silver(str(tmp_path / "silver"))] == ["Dogs bark .", "Cats sleep ."]
