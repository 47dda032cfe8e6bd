from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest
from tiny_model import save_tiny_model

TOOL = str(Path(__file__).parents[2] / "tools" / "search_cost.py")


@pytest.mark.slow
@pytest.mark.parametrize("with_model", [False, True])
def test_the_tool_shows_two_states_per_word_and_hypothesis(
    with_model: bool,
    tmp_path: Path,
    sample_treebank: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = [str(save_tiny_model(sample_treebank, tmp_path))] if with_model else []
    monkeypatch.setattr(sys, "argv", [TOOL, *model])
    runpy.run_path(TOOL, run_name="__main__")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 2 + 4 * 6
    for words, beam, steps, states, each, _ in rows[2:]:
        assert int(steps) == 2 * int(words)
        assert int(states) <= 2 * int(words) * int(beam)
        assert 1.7 < float(each) <= 2
