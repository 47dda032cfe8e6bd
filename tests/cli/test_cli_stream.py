"""`--stream`: standard input is answered while it comes in."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from itertools import pairwise

import pytest

from arcparse.cli import main


class Slow(io.StringIO):
    """Standard input that gives a line at a time, and notes the output before each."""

    def __init__(self, lines: Sequence[str], output: io.StringIO) -> None:
        super().__init__()
        self.lines, self.output, self.before = list(lines), output, list[str]()

    def readline(self, size: int | None = -1, /) -> str:
        self.before.append(self.output.getvalue())
        return self.lines.pop(0) if self.lines else ""

    def read(self, size: int | None = -1, /) -> str:
        raise AssertionError("a stream is not read further than the next line")


def answers(monkeypatch: pytest.MonkeyPatch, lines: Sequence[str], *arguments: str) -> list[str]:
    """The new output before each line is read, and before the end."""
    output = io.StringIO()
    slow = Slow(lines, output)
    monkeypatch.setattr(sys, "stdin", slow)
    monkeypatch.setattr(sys, "stdout", output)
    assert main([*arguments, "--stream", "--model", "en-small"]) == 0
    outputs = ["", *slow.before[: len(lines) + 1]]
    return [later.removeprefix(earlier) for earlier, later in pairwise(outputs)]


def test_text_is_answered_paragraph_by_paragraph(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["Dogs bark.\n", "Cats sleep.\n", "\n", "They do\n", "it.\n"]
    *waiting, after, one, two = answers(monkeypatch, lines, "parse", "--to", "horizontal")
    assert (waiting, after, one, two) == (["", "", ""], "Dogs bark .\nCats sleep .\n", "", "")


@pytest.mark.parametrize("command", ["parse", "tag"])
def test_other_formats_are_answered_sentence_by_sentence(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["Dogs bark. Cats sleep.\n", "\n", "They don't.\n"]
    found = answers(monkeypatch, lines, command, "--from", "lines", "--to", "word_tag")
    forms = [[cell.rpartition("_")[0] for cell in new.split()] for new in found]  # the tags are the model's matter
    assert forms == [[], ["Dogs", "bark", ".", "Cats", "sleep", "."], [], ["They", "do", "n't", "."]]
    rows = ["1\tDogs\t_\t_\t_\t_\t_\t_\t_\t_\n", "\n"]
    before, waiting, after = answers(monkeypatch, rows, command, "--from", "conllu")
    assert (before, waiting) == ("", "")
    assert after.startswith("1\tDogs\t")


@pytest.mark.slow
def test_scores_and_traces_are_answered_at_once_too(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["Dogs bark .\n", "Cats .\n"]
    for options in (["--scores"], ["--nbest", "2"], ["--trace"]):
        _, first, second = answers(monkeypatch, lines, "parse", "--from", "horizontal", *options)
        assert "Dogs" in first
        assert "Cats" not in first
        assert "Cats" in second


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "x.conllu"], "--stream writes to standard output at once; leave out --output x.conllu"),
        (["--workers", "2"], "--stream answers in one process; leave out --workers 2"),
        (["Dogs bark."], "not allowed with argument"),
        (["--input", "x.txt"], "not allowed with argument"),
    ],
)
@pytest.mark.parametrize("command", ["parse", "tag"])
def test_options_that_make_it_wait_are_refused(
    command: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status: object = main([command, "--stream", *arguments])
    except SystemExit as exit:  # argparse's own
        status = exit.code
    assert status == 2
    assert message in capsys.readouterr().err
