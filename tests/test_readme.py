"""README.md tells the truth: its examples run as they stand, and print what stands below them."""

from __future__ import annotations

import doctest
import os
import random
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import arcparse
from arcparse.treebank import read_conllu, write_conllu

CHECKOUT = Path(__file__).parent.parent
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands(block: str) -> list[tuple[str, str]]:
    """The commands of a console block with the output shown below each."""
    return re.findall(r"^\$ (.*\n)((?:(?!\$ ).*\n)*)", block, re.MULTILINE)


@pytest.fixture
def place(tmp_path: Path, sample_treebank: Path) -> Path:
    """A folder with what the commands name: the checkout's corpora, a treebank in three parts, raw text, reviews."""
    (tmp_path / "corpora").symlink_to(CHECKOUT / "corpora")
    sentences = list(read_conllu(sample_treebank))
    for name, part in (("train", sentences), ("dev", sentences[::3]), ("test", sentences[1::3])):
        write_conllu(part, tmp_path / f"{name}.conllu")
    generator = random.Random(1)
    words = [form for sentence in sentences[:12] for form in sentence.forms]
    raw = "".join(" ".join(generator.choices(words, k=12)) + "\n" for _ in range(300))
    (tmp_path / "raw.txt").write_text(raw, encoding="utf-8")
    (tmp_path / "reviews.tsv").write_text("pos\tA fine film.\nneg\tA dull film.\n" * 20, encoding="utf-8")
    return tmp_path


DECIMAL = re.compile(r" *-?[0-9]+\.([0-9]+)")
UNITS = 2  # of the last digit that is shown: processors add up in their own order


def alike(expected: str, printed: str) -> bool:
    """Whether texts are the same but for the last digit of decimal numbers, and the room that these take."""
    if DECIMAL.sub("#", expected) != DECIMAL.sub("#", printed):
        return False
    pairs = zip(DECIMAL.finditer(expected), DECIMAL.finditer(printed), strict=True)
    return all(
        len(one[1]) == len(other[1]) and abs(float(one[0]) - float(other[0])) <= (UNITS + 0.1) / 10 ** len(one[1])
        for one, other in pairs
    )


class Checker(doctest.OutputChecker):
    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return alike(want, got)


def run(command: str, place: Path) -> str:
    """Run a command line of arcparse in a folder and return what it prints."""
    program, *arguments = shlex.split(command)
    assert program == "arcparse"
    done = subprocess.run(
        [sys.executable, "-m", "arcparse", *arguments],
        cwd=place,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}{done.stderr}"
    return done.stdout


def test_it_begins_with_the_two_set_up_commands() -> None:
    first, second = blocks("sh")
    assert "-c constraints.txt" in first
    assert 'arcparse parse "' in first
    assert '".[test]"' in second
    assert "tools/check" in second


def test_the_first_command_s_parse_runs(place: Path) -> None:
    command = blocks("sh")[0].partition("&& ")[2]
    assert "\troot\t" in run(command, place)


def test_python_examples() -> None:
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(Checker())
    examples = [*blocks("pycon"), arcparse.__doc__ or ""]
    assert len(examples) > 1
    for number, example in enumerate(examples):
        runner.run(parser.get_doctest(example, {}, f"README {number}", "README.md", 0))
    assert runner.failures == 0


@pytest.mark.parametrize(
    ("printed", "same"),
    [
        ("p 0.96 (2, 0)  -0.001  10", True),
        ("p 0.94 (2, 0)  -0.001  10", True),
        ("p 0.96 (2, 0)   0.001  10", True),
        ("p 0.93 (2, 0)  -0.001  10", False),
        ("p 0.96 (2, 1)  -0.001  10", False),
        ("p 0.96 (2, 0)  -0.001  11", False),
        ("p 0.960 (2, 0)  -0.001  10", False),
        ("p 0.96 (2, 0)  -0.001  10  0.5", False),
    ],
)
def test_last_digits_may_differ_and_nothing_else(printed: str, same: bool) -> None:
    assert alike("p 0.96 (2, 0)  -0.001  10", printed) == same


@pytest.mark.slow
def test_console_examples(place: Path) -> None:
    examples = [example for block in blocks("console") for example in commands(block)]
    assert len(examples) > 5
    for command, expected in examples:
        printed = run(command, place)
        if expected:
            assert alike(expected.strip(), printed.strip()), f"{command}{printed}"
