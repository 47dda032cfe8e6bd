from __future__ import annotations

import argparse
import gc
import runpy
import subprocess
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from arcparse import cli
from arcparse.errors import ModelError

PLAY = """
import sys, types
from arcparse import cli
def add(subparsers):
    subparsers.add_parser("parse").set_defaults(run=lambda parsed: [print("word") for _ in range(100_000)] and 0)
sys.modules["arcparse.cli.parse"] = types.SimpleNamespace(add=add)
sys.exit(cli.main(["parse"]))
"""


@pytest.fixture
def parse_runs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[argparse.Namespace], int]], None]:
    """Put a play module in the place of arcparse.cli.parse, whose subcommand runs the given function."""

    def install(run: Callable[[argparse.Namespace], int]) -> None:
        module = types.ModuleType("arcparse.cli.parse")

        def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
            parser = subparsers.add_parser("parse")
            parser.add_argument("--beam", type=int, default=1)
            parser.set_defaults(run=run)

        module.add = add  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)

    return install


def failing(error: BaseException) -> Callable[[argparse.Namespace], int]:
    def run(_: argparse.Namespace) -> int:
        raise error

    return run


def test_the_chosen_module_reads_the_arguments_and_gives_the_status(parse_runs: Callable[..., None]) -> None:
    parse_runs(lambda parsed: int(parsed.beam))
    assert cli.main(["parse", "--beam", "8"]) == 8
    assert cli.main(["parse"]) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["parse", "Dogs", "bark", "loudly"], "arguments: bark loudly; put a text of several words into quotes\n"),
        (["generate", "--model", "lm", "The", "cat"], "arguments: cat; put a text of several words into quotes\n"),
        (["parse", "Dogs", "--bem", "4"], "arguments: --bem 4\n"),
        (["draw", "a.conllu", "b.conllu"], "arguments: b.conllu\n"),
    ],
)
def test_a_text_without_quotes_is_told_from_other_wrong_arguments(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(arguments)
    assert capsys.readouterr().err.endswith(message)


def test_without_arguments_it_reads_those_of_the_process(
    parse_runs: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    parse_runs(lambda parsed: int(parsed.beam))
    monkeypatch.setattr(sys, "argv", ["arcparse", "parse", "--beam", "3"])
    assert cli.main() == 3


def test_an_error_of_arcparse_is_a_line_on_stderr_and_status_2(
    parse_runs: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    parse_runs(failing(ModelError("runs/x holds no model; train one first")))
    assert cli.main(["parse"]) == 2
    assert capsys.readouterr() == ("", "arcparse: runs/x holds no model; train one first\n")


def test_any_other_error_is_not_hidden(parse_runs: Callable[..., None]) -> None:
    parse_runs(failing(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        cli.main(["parse"])


def test_an_interrupt_is_status_130(parse_runs: Callable[..., None]) -> None:
    parse_runs(failing(KeyboardInterrupt()))
    assert cli.main(["parse"]) == 130


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    with subprocess.Popen([sys.executable, "-c", PLAY], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().split() == [b"word"]
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_after_a_broken_pipe_what_is_still_printed_goes_nowhere(
    parse_runs: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    parse_runs(failing(BrokenPipeError()))
    with (tmp_path / "out").open("w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert cli.main(["parse"]) == 0
        out.write("lost")
    assert (tmp_path / "out").read_text() == ""


def exit_status(arguments: Sequence[str]) -> object:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    return caught.value.code


def test_version_names_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status(["--version"]) == 0
    assert capsys.readouterr().out.startswith("arcparse 0.")


def test_help_lists_every_subcommand_and_imports_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown and summary in shown for name, summary in cli.SUBCOMMANDS.items())


@pytest.mark.parametrize("arguments", [[], ["pares"], ["--quick"]])
def test_a_wrong_call_is_status_2_with_usage(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status(arguments) == 2
    assert capsys.readouterr().err.startswith("usage: arcparse")


def test_start_up_imports_no_heavy_library() -> None:
    code = "import sys, arcparse.cli; print(sorted({'torch', 'numpy', 'gensim', 'plyvel'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout == "[]\n"


def test_the_package_runs_as_a_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["arcparse", "--version"])
    collector: list[object] = []  # the calls of the garbage collector
    monkeypatch.setattr(gc, "set_threshold", collector.append)
    monkeypatch.setattr(gc, "freeze", lambda: collector.append("frozen"))
    with pytest.raises(SystemExit, match="0"):
        runpy.run_module("arcparse", run_name="__main__")
    assert capsys.readouterr().out.startswith("arcparse 0.")
    assert collector == [100_000, "frozen"], "nothing looks for garbage while models are loaded, and at the end"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4194304 bytes."),
    ],
)
def test_a_lack_of_memory_is_one_line(
    parse_runs: Callable[..., None], capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    parse_runs(failing(error))
    assert cli.main(["parse"]) == 2
    assert capsys.readouterr().err.startswith("arcparse: there is not enough memory; ")


@pytest.mark.parametrize("error", [ImportError("no module named x"), RuntimeError("shapes differ")])
def test_errors_of_the_program_itself_are_not_taken_for_it(parse_runs: Callable[..., None], error: Exception) -> None:
    parse_runs(failing(error))
    with pytest.raises(type(error)):
        cli.main(["parse"])


def test_an_error_of_the_system_is_one_line_with_its_path(
    parse_runs: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    parse_runs(failing(PermissionError(13, "Permission denied", "runs/x")))
    assert cli.main(["parse"]) == 2
    assert capsys.readouterr() == ("", "arcparse: runs/x: Permission denied; check the path\n")
