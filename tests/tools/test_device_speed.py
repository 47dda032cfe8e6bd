from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest
from tiny_model import save_tiny_model

TOOL = str(Path(__file__).parents[2] / "tools" / "device_speed.py")


@pytest.mark.slow
def test_the_tool_shows_parsing_and_training(
    tmp_path: Path, sample_treebank: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(save_tiny_model(sample_treebank, tmp_path))
    options = ["--batches", "50,500", "--runs", "1", "--train", "bilstm", "--set", "parser.bilstm.hidden=8"]
    monkeypatch.setattr(sys, "argv", [TOOL, str(sample_treebank), model, *options, "--steps", "1"])
    runpy.run_path(TOOL, run_name="__main__")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in capsys.readouterr().out.splitlines()]
    assert [row[:3] for row in rows[2:]] == [
        [work, "cpu", size] for work in ("parse", "train") for size in ("50", "500")
    ]
    assert all(int(row[3].replace(",", "")) > 0 for row in rows[2:])
    assert rows[2][4].startswith("0 of ")
