from __future__ import annotations

import json
import math
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from overfitted import fitted_parser, sample, twenty
from tiny_model import save_tiny_model

from arcparse.parser.model import Parser
from arcparse.parser.parse import Parse
from arcparse.parser.settings import ParserConfig
from arcparse.parser.temperature import HIGHEST, LOWEST, _least, _tree_error, fit_temperatures
from arcparse.sentence import Sentence
from arcparse.settings import as_dict, from_dict
from arcparse.treebank import read_conllu, write_conllu

TOOL = Path(__file__).parent.parent.parent / "tools" / "calibrate.py"


@pytest.mark.parametrize("lowest", [0.2, 1.0, 7.0])
def test_the_least_error_is_found(lowest: float) -> None:
    assert _least(lambda temperature: abs(math.log(temperature / lowest))) == pytest.approx(lowest, rel=0.03)


def test_where_the_error_only_falls_the_end_is_taken() -> None:
    assert _least(lambda temperature: -temperature) == pytest.approx(HIGHEST, rel=0.03)
    assert _least(lambda temperature: temperature) == pytest.approx(LOWEST, rel=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("truth", [0.5, 1.0, 2.5])
def test_a_known_temperature_is_found_again(truth: float) -> None:
    torch.manual_seed(4)
    right = Sentence.from_forms(["a"]).replace(heads=[0], labels=["root"])
    wrong = right.replace(labels=["dep"])
    scores = torch.randn(3000, 3).mul(2).sort(1, descending=True).values
    drawn = torch.multinomial((scores / truth).softmax(1), 1).squeeze(1).tolist()
    found = [[Parse(right, score, 0.0, (), ()) for score in row] for row in scores.tolist()]
    found[0] = found[0][:1]  # a beam may hold fewer trees than others
    gold = [wrong if tree else right for tree in drawn]
    assert _least(_tree_error(found, gold)) == pytest.approx(truth, rel=0.12)


@pytest.mark.slow
def test_fitting_sets_both_temperatures_and_nothing_else() -> None:
    parser = fitted_parser("none").model
    before = parser.config
    try:
        fitted = fit_temperatures(parser, twenty()[:8] + sample()[-8:], given_tags=True, beam=4, samples=4)
        assert fitted is parser
        config = parser.config
        assert replace(config, temperature=1.0, sampling_temperature=1.0) == before
        assert config.temperature != 1
        assert config.sampling_temperature != 1
        fit_temperatures(parser, twenty()[:4], given_tags=True, beam=4, samples=0)
        assert parser.config.sampling_temperature == config.sampling_temperature
    finally:
        parser.config = before


def test_a_model_without_temperatures_has_those_that_change_nothing() -> None:
    saved = as_dict(fitted_parser("none").model.config)
    older = {name: value for name, value in saved.items() if "temperature" not in name}
    config = from_dict(ParserConfig, older)
    assert (config.temperature, config.sampling_temperature) == (1.0, 1.0)


@pytest.mark.slow
def test_the_tool_writes_them_into_the_model(
    tmp_path: Path, sample_treebank: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = save_tiny_model(sample_treebank, tmp_path, predicts_tags=False)
    dev = tmp_path / "dev.conllu"
    gold = list(read_conllu(sample_treebank))[:3]
    write_conllu(gold, dev)
    trees = Parser.load(model).parse(gold, beam=3)
    monkeypatch.setattr(sys, "argv", ["calibrate.py", str(model), str(dev), "--beam", "3", "--samples", "2"])
    runpy.run_path(str(TOOL), run_name="__main__")
    loaded = Parser.load(model)
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))["config"]["parser"]
    assert loaded.config.temperature == config["temperature"] != 1
    assert capsys.readouterr().out.startswith(f"temperature {config['temperature']:g}, sampling_temperature ")
    assert loaded.parse(gold, beam=3) == trees
    assert not (model / "config.new").exists()
