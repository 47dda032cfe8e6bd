"""Faults around the command line, as docs/faults.md lists them: one line each, a status, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from arcparse import cli

pytestmark = pytest.mark.slow  # the whole file

RUN = f"{sys.executable} -m arcparse"
SENTENCE = "1\tCafé\tcafé\tNOUN\t_\t_\t0\troot\t_\t_\n\n"
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
PRINTING = ("convert x.conllu", "stats x.conllu", "draw x.conllu", "corpus list", "--help", "convert --help")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "x.conllu").write_text(SENTENCE, encoding="utf-8")
    return tmp_path


def shell(command: str, folder: Path, **environment: str) -> tuple[int, str, str]:
    """Run a line of shell in a folder, and return status, output and messages."""
    done = subprocess.run(["bash", "-c", command], cwd=folder, env={**os.environ, **environment}, capture_output=True)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("command", PRINTING)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_cannot_be_written_is_one_line(folder: Path, command: str, unbuffered: str) -> None:
    for target, reason in (("/dev/full", "No space left on device"), ("&-", "Bad file descriptor")):
        status, _, told = shell(f"{RUN} {command} >{target}", folder, PYTHONUNBUFFERED=unbuffered)
        assert told == f"arcparse: <stdout>: cannot be written: {reason}; look where the output goes\n"
        assert status == 2


def test_closed_streams_that_are_not_needed_do_no_harm(folder: Path) -> None:
    assert shell(f"{RUN} convert x.conllu --output y.conllu <&- >&- 2>&-", folder) == (0, "", "")
    assert (folder / "y.conllu").read_text(encoding="utf-8") == SENTENCE


def test_closed_input_is_one_line(folder: Path) -> None:
    for command in ("convert", "validate -", "stats -"):
        status, _, told = shell(f"{RUN} {command} <&-", folder)
        assert told.startswith("arcparse: <stdin>: cannot be read: Bad file descriptor")
        assert (status, told.count("\n")) == (2, 1)


@pytest.mark.parametrize("messages", ["&-", "/dev/full", " >(:)"])
def test_messages_that_nobody_takes_change_nothing(folder: Path, messages: str) -> None:
    (folder / "bad.conllu").write_text("1\tx\n\n" * 100 + SENTENCE, encoding="utf-8")
    assert shell(f"{RUN} convert --from conllu --skip-bad bad.conllu 2>{messages}", folder)[:2] == (1, SENTENCE)


def test_a_reader_that_goes_away_ends_every_command_quietly(folder: Path) -> None:
    (folder / "x.conllu").write_text(SENTENCE * 20000, encoding="utf-8")
    status, _, told = shell(f"({RUN} convert x.conllu --from conllu; echo $? >status) | head -1", folder)
    assert (status, told, (folder / "status").read_text()) == (0, "", "0\n")


WRITING = (
    "convert x.conllu --output {}.conllu",
    "convert x.conllu --output {}/",
    "convert x.conllu --folds 2 --output {}-{{part}}.conllu",
    "draw x.conllu --output {}",
    "draw x.conllu --output {}.html",
    "draw x.conllu --output {}.svg",
    "draw x.conllu --format svg --output {}",
    "stats x.conllu --plot {}.svg",
    "evaluate x.conllu scored.conllu --diagram {}.svg",
    "vectors prepare x.conllu --processes 1 --output {}",
    "vectors plot dog cat man --output {}.svg",
    "vectors debias woman:man --output {}",
)


@pytest.mark.parametrize("command", WRITING)
def test_a_place_that_cannot_be_written_is_one_line(
    folder: Path, command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    scored = SENTENCE.replace("_\n", "HeadConfidence=0.9|LabelConfidence=0.9\n")
    (folder / "scored.conllu").write_text(scored, encoding="utf-8")
    before = sorted(folder.iterdir())
    assert cli.main(command.format("x.conllu/below").split()) == 2
    told = capsys.readouterr().err
    assert told.startswith("arcparse: x.conllu/below")
    assert "Not a directory" in told
    assert told.count("\n") == 1
    assert sorted(folder.iterdir()) == before


def test_the_output_may_be_the_input(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert cli.main(["convert", "x.conllu", "--lower-case", "--output", "x.conllu"]) == 0
    assert Path("x.conllu").read_text(encoding="utf-8") == SENTENCE.replace("C", "c", 1)
    assert cli.main(["convert", "x.conllu", "--to", "conllu", "--output", "."]) == 0
    assert os.listdir() == ["x.conllu"]


# Signals


def handle_signals_by_default() -> None:
    """A process that was started in the background ignores some signals, and its children do."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def waiting(folder: Path, before: str = "") -> subprocess.Popen[bytes]:
    """Start a conversion that has begun to write and waits for more input."""
    command = f"{before} exec {RUN} convert --from conllu --output y.conllu"
    process = subprocess.Popen(
        ["bash", "-c", command],
        cwd=folder,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        preexec_fn=handle_signals_by_default,
    )
    while not list(folder.glob(".arcparse-*")):
        assert process.poll() is None
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_leaves_nothing(folder: Path, number: signal.Signals) -> None:
    with waiting(folder) as process:
        process.send_signal(number)
        told = process.communicate()[1]
    assert (process.returncode, told) == (128 + number, b"")
    assert os.listdir(folder) == ["x.conllu"]


def test_a_hang_up_that_is_ignored_stays_so(folder: Path) -> None:
    with waiting(folder, "trap '' HUP;") as process:
        process.send_signal(signal.SIGHUP)
        process.communicate(SENTENCE.encode())
    assert process.returncode == 0
    assert (folder / "y.conllu").read_text(encoding="utf-8") == SENTENCE


def test_the_next_run_removes_what_a_killed_one_left_but_no_file_of_one_that_runs(folder: Path) -> None:
    with waiting(folder) as killed:
        killed.kill()
    [left] = folder.glob(".arcparse-*")
    (folder / "other").mkdir()
    with waiting(folder / "other") as running:
        [held] = (folder / "other").glob(".arcparse-*")
        assert shell(f"{RUN} convert x.conllu --output z.conllu", folder)[0] == 0
        assert shell(f"{RUN} convert ../x.conllu --output z.conllu", folder / "other")[0] == 0
        assert not left.exists()
        assert held.exists()
        running.communicate(SENTENCE.encode())
    assert sorted(os.listdir(folder / "other")) == ["y.conllu", "z.conllu"]


def test_a_program_that_uses_the_library_sees_no_handler() -> None:
    code = """
import signal, sys
import arcparse, arcparse.cli
assert arcparse.cli.main(["corpus", "list"]) == 0
numbers = signal.SIGTERM, signal.SIGHUP
assert all(signal.getsignal(number) is signal.SIG_DFL for number in numbers)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, preexec_fn=handle_signals_by_default)
    assert done.returncode == 0


# Bytes that are not UTF-8, and locales that know no others than ASCII


def test_names_that_are_not_utf8_are_shown_with_escapes(folder: Path) -> None:
    (folder / "x.conllu").rename(folder / "s\udce9.conllu")
    status, shown, _ = shell(rf"{RUN} stats $'s\xe9.conllu' --json", folder)
    assert status == 0
    assert json.loads(shown)["file"] == "s\udce9.conllu"
    assert shell(rf"{RUN} draw $'s\xe9.conllu' --format html --output x.html", folder)[0] == 0
    assert r"s\udce9.conllu" in (folder / "x.html").read_text(encoding="utf-8")
    status, _, told = shell(rf"{RUN} stats $'t\xe9.conllu'", folder)
    assert (status, told.count("\n")) == (2, 1)
    assert told.startswith("arcparse: t\\udce9.conllu: cannot be read: No such file or directory; ")


@pytest.mark.parametrize(
    "command", ["parse", "tag", "draw --text", "parse --trace", "vectors nearest", "draw x.conllu --select"]
)
def test_an_argument_that_is_not_utf8_is_named(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*command.split(), "caf\udce9"]) == 2
    assert capsys.readouterr() == ("", "arcparse: the argument 'caf\\udce9' is not UTF-8; give text in UTF-8\n")


def test_an_ascii_locale_changes_nothing(folder: Path) -> None:
    (folder / "x.conllu").rename(folder / "é.conllu")
    for command in (
        "convert é.conllu",
        "stats é.conllu --json",
        "draw é.conllu",
        "convert é.conllu --filter '\"Café\" in form'",
        "--help",
    ):
        plain = shell(f"{RUN} {command}", folder)
        assert plain[0] == 0
        assert shell(f"{RUN} {command}", folder, **ASCII) == plain


def test_a_message_is_printed_whatever_it_holds(folder: Path) -> None:
    (folder / "x.jsonl").write_text(r'{"form": ["a\ud800"]}', encoding="utf-8")
    for environment in ({}, ASCII, {"PYTHONIOENCODING": "ascii:strict"}):
        status, _, told = shell(f"{RUN} convert x.jsonl", folder, **environment)
        assert (status, told.count("\n")) == (2, 1)
        assert told.startswith("arcparse: x.jsonl")
