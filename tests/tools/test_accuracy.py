"""tools/accuracy.py: a row for each input; inputs and models that are not right are told in one line."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import tiny_model
from overfitted import SAMPLE

MAIN = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "accuracy.py"))["main"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_model.save_tiny_model(SAMPLE, tmp_path_factory.mktemp("tiny")))


def test_each_input_has_a_row(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert MAIN([str(SAMPLE), model, "--inputs", "own,upos+xpos,gold"]) == 0
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in capsys.readouterr().out.splitlines()]
    assert [row[1] for row in rows] == ["input", "---", "own", "upos+xpos", "gold"]
    upos, feats = rows[0].index("UPOS"), rows[0].index("UFeats")
    assert [row[upos] for row in rows[3:]] == ["100.00", "100.00"]
    assert float(rows[2][upos]) < 100
    assert float(rows[3][feats]) < float(rows[4][feats])


def test_mistakes_are_told_in_one_line(model: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert MAIN([str(SAMPLE), model, model, "--together"]) == 2
    assert capsys.readouterr().err == f"accuracy.py: {model}: is named twice; name each model once\n"
    assert MAIN([str(tmp_path / "no.conllu"), model]) == 2
    assert "no.conllu: cannot be read" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        MAIN([str(SAMPLE), model, "--inputs", "own,glod"])
    assert "there is no input 'glod'; take some of own, gold, raw, upos, xpos, feats" in capsys.readouterr().err
