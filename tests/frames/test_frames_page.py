"""docs/frames.md tells the truth: its file is written, and its commands and examples run in their order."""

from __future__ import annotations

import doctest
import re
import runpy
import shlex
from pathlib import Path

import pytest

from arcparse import cli
from arcparse.presets import presets
from arcparse.recipes import RECIPES, resolve
from arcparse.settings import as_dict

PAGE = (Path(__file__).parents[2] / "docs" / "frames.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(python|console|pycon)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for kind, block in BLOCKS:
        if kind == "python":
            Path(block.partition("\n")[0].removeprefix("# ")).write_text(block, encoding="utf-8")
        elif kind == "pycon":
            example = doctest.DocTestParser().get_doctest(block, names, "frames.md", None, 0)
            runner = doctest.DocTestRunner()
            runner.run(example, clear_globs=False)
            names = example.globs
            assert runner.tries
            assert not runner.failures, capsys.readouterr().out
        else:
            for command in re.findall(r"^\$ (.*)$", block, re.MULTILINE):
                run(shlex.split(command), capsys)
    assert Path("test-0.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert len(list(Path("labels").iterdir())) == 10


def run(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    if command[0] == "python":
        runpy.run_path(command[1])
        return
    assert command[0] == "arcparse"
    assert cli.main(command[1:]) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    if "--gold" in command:
        check_scores(command[1], [line.split() for line in printed.splitlines()[-3:]])


def check_scores(subcommand: str, rows: list[list[str]]) -> None:
    """The tones are learned: most words are detected, with few false alarms; few words of a text are wrong."""
    for row in rows:
        if subcommand == "label":
            assert float(row[3]) > 80
            assert int(row[4]) < 10
        else:
            assert float(row[1]) < 20


def test_the_page_names_every_preset_and_setting() -> None:
    for kind in ("labeller", "recogniser"):
        for name in presets(kind):
            assert f"`{name}`" in PAGE
        settings = as_dict(resolve(RECIPES[kind].settings, kind))
        for name in {*settings, *settings[kind]} - {"train", "dev", "training", kind, "dimension"}:
            assert re.search(rf"`({kind}\.)?{name}`", PAGE), name
