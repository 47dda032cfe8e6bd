from __future__ import annotations

import json
from pathlib import Path

import pytest
from texts import DOGS

from arcparse.cli import main


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "dogs.conllu"
    path.write_text(DOGS + DOGS, encoding="utf-8")
    return str(path)


def test_numbers_are_printed_as_a_table(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", file]) == 0
    lines = dict(line.rsplit(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["words"] == "12"
    assert lines["tokens"] == "10"
    assert lines["mean dependency length"] == "1.60"
    assert lines["non-projective sentence rate"] == "0.00%"


def test_unknown_words_are_counted_against_another_file(
    file: str, sample_treebank: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stats", str(sample_treebank), "--against", file]) == 0
    assert "unknown forms, words" in capsys.readouterr().out
    assert main(["stats", file, "--against", file, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["file"] == file
    assert printed["unknown"]["forms"] == {"words": 0, "types": 0, "word_rate": 0.0, "type_rate": 0.0}
    assert printed["lengths"] == {"6": 2}


@pytest.mark.slow
def test_a_plot_is_drawn(sample_treebank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plot = tmp_path / "plot.svg"
    assert main(["stats", str(sample_treebank), "--plot", str(plot)]) == 0
    drawn = plot.read_text(encoding="utf-8")
    assert ">NOUN</text>" in drawn
    assert ">11-15</text>" in drawn
    assert "sentences" in capsys.readouterr().out


def test_another_format_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = tmp_path / "plain.txt"
    plain.write_text("Dogs bark . \n", encoding="utf-8")
    assert main(["stats", str(plain), "--from", "horizontal"]) == 0
    assert "sentences without a tree" in capsys.readouterr().out
