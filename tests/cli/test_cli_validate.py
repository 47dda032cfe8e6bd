from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from arcparse.cli import main

BAD = "# sent_id = a\n# text = Dogs\n1\tDogs\tdog\tNOUM\tNNS\t_\t0\troto\t_\t_\n\n"


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "bad.conllu"
    path.write_text(BAD, encoding="utf-8")
    return str(path)


def test_good_files_print_nothing(sample_treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(sample_treebank)]) == 0
    assert capsys.readouterr() == ("", "")


def test_every_problem_is_printed_with_its_place(bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", bad]) == 1
    out, err = capsys.readouterr()
    assert [line.partition(" ")[0] for line in out.splitlines()] == [f"{bad}:3"] * 2
    assert out.endswith("did you mean 'root'? [unknown-udeprel]\n")
    assert err == "arcparse: 1 x unknown-upos\narcparse: 1 x unknown-udeprel\n"


def test_tests_are_left_out(bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", bad, "--ignore", "unknown-upos,unknown-udeprel"]) == 0
    assert main(["validate", bad, "--level", "1"]) == 0
    assert capsys.readouterr() == ("", "")


def test_problems_are_printed_as_json(bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", bad, "--json"]) == 1
    problem = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (problem["place"], problem["sent_id"], problem["name"]) == (f"{bad}:3", "a", "unknown-upos")


def test_bytes_that_are_no_text_are_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BAD.encode().replace(b"a\n", b"\xff\n"))))
    assert main(["validate", "-", "--level", "1"]) == 1
    assert ":1 (sent_id \\udcff): a byte that is not UTF-8" in capsys.readouterr().out
