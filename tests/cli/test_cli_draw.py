"""The command draws to the terminal, to files and folders, chooses sentences, and refuses what no picture can hold."""

from __future__ import annotations

import io
import re
import sys
import types
from pathlib import Path

import pytest
from texts import DOGS
from tiny_model import save_tiny_model

from arcparse import drawing
from arcparse.cli import main
from arcparse.treebank import parse_conllu, read_conllu

NAMED = f"# sent_id = a/1\n# text = The dogs don't bark.\n{DOGS}# sent_id = b: 2\n{DOGS}"


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "dogs.conllu"
    path.write_text(NAMED, encoding="utf-8")
    return str(path)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert main(["draw", *arguments]) == status
    found = capsys.readouterr()
    return found.err if status else found.out


def test_text_is_the_default(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    [first, _] = parse_conllu(NAMED)
    out = printed(capsys, file)
    assert out.startswith(f"a/1: The dogs don't bark.\n{drawing.text(drawing.diagram(first))}\nb: 2: ")
    assert out.count("▼") == 12


def test_a_sentence_is_chosen_by_name_or_number(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, file, "--select", "2") == printed(capsys, file, "--select", "b: 2")
    assert "no sentence has the name or number 'c'" in printed(capsys, file, "--select", "1,c", status=2)


def test_text_is_broken_at_the_width(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, file, "--width", "30", "--select", "1")
    assert max(map(len, out.split("\n"))) <= 30


def test_the_format_is_that_of_the_output(file: str, tmp_path: Path) -> None:
    [first, _] = parse_conllu(NAMED)
    assert main(["draw", file, "--select", "1", "--output", str(tmp_path / "one.svg"), "--colour", "label"]) == 0
    expected = drawing.svg(drawing.diagram(first), colour="label")
    assert (tmp_path / "one.svg").read_text(encoding="utf-8") == expected
    assert main(["draw", file, "--output", str(tmp_path / "all.htm")]) == 0
    assert (tmp_path / "all.htm").read_text(encoding="utf-8").count("<svg ") == 2


def test_svg_of_many_sentences_goes_to_a_folder(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "svg holds one sentence, found more" in printed(capsys, file, "--format", "svg", status=2)
    empty = tmp_path / "empty.conllu"
    empty.write_text("", encoding="utf-8")
    assert "found none" in printed(capsys, str(empty), "--format", "svg", status=2)
    assert main(["draw", file, "--format", "svg", "--output", str(tmp_path / "pictures")]) == 0
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == ["0001-a_1.svg", "0002-b.svg"]


def test_one_svg_goes_to_standard_output(file: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["draw", file, "--format", "svg", "--select", "1"]) == 0
    assert capsysbinary.readouterr().out.startswith(b"<svg ")


def test_png_needs_cairosvg(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (file, "--select", "1", "--output", str(tmp_path / "one.png"))
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    assert "PNG pictures need cairosvg" in printed(capsys, *arguments, status=2)
    assert not (tmp_path / "one.png").exists()
    fake = types.ModuleType("cairosvg")
    fake.svg2png = lambda *, bytestring, scale: b"PNG"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cairosvg", fake)
    assert main(["draw", *arguments]) == 0
    assert (tmp_path / "one.png").read_bytes() == b"PNG"


def test_gold_and_system_are_laid_over_each_other(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    system = tmp_path / "system.conllu"
    system.write_text(NAMED.replace("\t5\tpunct", "\t2\tpunct"), encoding="utf-8")
    out = printed(capsys, str(system), "--gold", file)
    assert len(re.findall(r"-punct", out)) == len(re.findall(r"\+punct", out)) == 2
    system.write_text(NAMED + DOGS, encoding="utf-8")
    assert f"{file}: {file} ends before sentence 3" in printed(capsys, str(system), "--gold", file, status=2)
    assert "the system ends before sentence 3" in printed(capsys, file, "--gold", str(system), status=2)


def test_standard_input_is_drawn(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NAMED.encode()), encoding="ascii"))
    assert printed(capsys, "-", "--select", "1").count("▼") == 6


def test_text_is_parsed_and_drawn(sample_treebank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = save_tiny_model(sample_treebank, tmp_path)
    out = printed(capsys, "--text", "Dogs bark. Cats sleep.", "--model", str(model))
    assert out.count("▼") == 6
    assert out.startswith("1: Dogs bark.\n")


def test_the_sample_is_drawn(sample_treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sentences = list(read_conllu(sample_treebank))
    assert printed(capsys, str(sample_treebank)).count("▼") == sum(map(len, sentences))
