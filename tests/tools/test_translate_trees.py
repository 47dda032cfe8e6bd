"""tools/translate_trees.py, from a treebank to pairs, and from a model that has learned them to a table."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from toy_languages import config

from arcparse.seq2seq.model import Seq2Seq
from arcparse.seq2seq.pairs import read_pairs

SCRIPT = Path(__file__).parents[2] / "tools" / "translate_trees.py"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: object) -> list[str]:
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), *map(str, arguments)])
        with pytest.raises(SystemExit, match="0"):
            runpy.run_path(str(SCRIPT), run_name="__main__")
        return capsys.readouterr().out.splitlines()

    return run


@pytest.mark.slow
def test_pairs_are_written_and_a_model_that_knows_them_is_scored(
    tool: Any, sample_treebank: Path, tmp_path: Path
) -> None:
    [counts] = tool("write", sample_treebank, tmp_path / "pairs.tsv", "--longest", 7)
    pairs = read_pairs(str(tmp_path / "pairs.tsv"))
    assert counts.endswith(f"{len(pairs) + 1} of at most 7 words; 1 not projective, left out")
    assert all(len(pair.output) == 2 * len(pair.source) for pair in pairs)
    torch.manual_seed(0)
    sources, outputs = [pair.source for pair in pairs], [pair.output for pair in pairs]
    model = Seq2Seq.build(config("general", 64), sources, outputs)
    model.eval().save(tmp_path / "untrained")
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(100):
        optimizer.zero_grad()
        model.loss(sources, outputs)[0].backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    model.save(tmp_path / "model")
    options = ("--longest", 7, "--beam", 1)
    _, headings, translation, parser = tool("score", tmp_path / "model", sample_treebank, *options)
    assert headings.split("\t") == ["parsed by", "beam", "trees", "UAS", "LAS"]
    *names, trees, uas, las = translation.split("\t")
    assert names == ["translation", "1"]
    assert min(float(trees), float(uas), float(las)) >= 80
    assert parser.startswith("en-small\t1\t100.00\t")
    row = tool("score", tmp_path / "untrained", sample_treebank, *options)[2]
    assert row.split("\t") == ["translation", "1", "0.00", "0.00", "0.00"]


def test_what_is_not_projective_is_left_out(tool: Any, sample_treebank: Path, tmp_path: Path) -> None:
    [counts] = tool("write", sample_treebank, tmp_path / "pairs.tsv", "--longest", 100)
    found = int(counts.split("; ")[1].split()[0])
    assert found > 0
    assert len(read_pairs(str(tmp_path / "pairs.tsv"))) == int(counts.split(" of at most")[0].split()[-1]) - found
