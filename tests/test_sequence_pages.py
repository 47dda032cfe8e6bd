"""docs/intents.md tells the truth: its files run, and its commands print what it shows.

Trained networks differ a little from processor to processor: scores must be near those of a page, or not far behind.
"""

from __future__ import annotations

import re
import runpy
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from test_docs import CHECKOUT, blocks, commands

from arcparse import cli

Outputs = list[tuple[str, str, str]]  # command, the output that the page shows, the output


@pytest.fixture
def run_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], Outputs]:
    """A function that writes the files of a page and runs its commands, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(name: str) -> Outputs:
        page, found = CHECKOUT / "docs" / name, []
        for block in blocks(page, "python"):
            Path(block.partition("\n")[0].removeprefix("# ")).write_text(block, encoding="utf-8")
        for command, shown in [example for block in blocks(page, "console") for example in commands(block)]:
            program, *arguments = shlex.split(command)
            if program == "python":
                monkeypatch.setattr("sys.argv", arguments)
                runpy.run_path(arguments[0], run_name="__main__")
            else:
                assert (program, cli.main(arguments)) == ("arcparse", 0), f"{command}{capsys.readouterr().err}"
            found.append((command.strip(), shown, capsys.readouterr().out))
        return found

    return run


def number(text: str, name: str) -> float:
    [found] = re.findall(rf"{name} ([0-9.]+[0-9])", text)
    return float(found)


@pytest.mark.slow
def test_the_page_on_intents(run_page: Callable[[str], Outputs]) -> None:
    outputs = run_page("intents.md")
    shown, printed = next(pair for command, *pair in outputs if command.endswith("--gold both.tsv"))
    assert printed.splitlines()[2].split() == shown.splitlines()[2].split()
    assert number(printed, "accuracy") == pytest.approx(number(shown, "accuracy"), abs=12)
    for name, least in (("words", 90), ("patterns", 80)):
        assert number(Path(f"{name}.txt").read_text("utf-8"), "accuracy") > least
    for command, _, printed in outputs:
        if "--nbest" in command:
            assert [line.split("\t")[2] for line in printed.splitlines()] == [command.split('"')[1]] * 3
    snow, taxi = (printed for command, _, printed in outputs if "--nbest" in command)
    assert snow.startswith("weather")
    assert float(taxi.split("\t")[1]) < float(snow.split("\t")[1])
    assert "please say it in other words" in outputs[-1][2]
