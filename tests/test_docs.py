"""README.md and docs/ tell the truth: their examples run as they stand, and print the lines that stand below them."""

from __future__ import annotations

import doctest
import importlib.util
import os
import random
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import arcparse
from arcparse import cli, course, drawing
from arcparse.course.settings import PARTS
from arcparse.parser.features import Features
from arcparse.recipes import RECIPES, resolve
from arcparse.settings import as_dict
from arcparse.treebank import read_conllu, write_conllu

CHECKOUT = Path(__file__).parent.parent
OWN_TEST = {
    "extending.md",
    "tokenizers.md",
    "serving.md",
    "integrations.md",
    "frames.md",
    "intents.md",
}  # each has a test module of its own
NAMES = """Ann NNP B-NP B-PER
lives VBZ B-VP O
in IN B-PP O
New NNP B-NP B-LOC
York NNP I-NP I-LOC
. . O O

"""
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]


def blocks(page: Path, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def with_blocks(kind: str) -> pytest.MarkDecorator:
    pages = [page for page in PAGES if blocks(page, kind) and page.name not in OWN_TEST]
    return pytest.mark.parametrize("page", pages, ids=[page.name for page in pages])


def commands(block: str) -> list[tuple[str, str]]:
    """The commands of a console block with the output shown below each."""
    return re.findall(r"^\$ (.*\n)((?:(?!\$ ).*\n)*)", block, re.MULTILINE)


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
    """Compares as `alike`, and lets a tab of the page stand for the blanks that doctest makes of it."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return super().check_output(want, got, optionflags) or alike(want, got)


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


@pytest.fixture
def place(tmp_path: Path, sample_treebank: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the examples name: corpora, a treebank in three parts, also in a folder, texts."""
    (tmp_path / "corpora").symlink_to(CHECKOUT / "corpora")
    sentences, folder = list(read_conllu(sample_treebank)), tmp_path / "treebank"
    folder.mkdir()
    for name, part in (("train", sentences), ("dev", sentences[::3]), ("test", sentences[1::3])):
        write_conllu(part, tmp_path / f"{name}.conllu")
        write_conllu(part, folder / f"en_sample-ud-{name}.conllu")
    generator = random.Random(1)
    words = [form for sentence in sentences[:12] for form in sentence.forms]
    raw = "".join(" ".join(generator.choices(words, k=12)) + "\n" for _ in range(300))
    (tmp_path / "raw.txt").write_text(raw, encoding="utf-8")
    (tmp_path / "names.txt").write_text(NAMES * 10, encoding="utf-8")
    (tmp_path / "reviews.tsv").write_text("pos\tA fine film.\nneg\tA dull film.\n" * 20, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_readme_begins_with_the_two_set_up_commands() -> None:
    first, second = blocks(PAGES[0], "sh")
    assert "-c constraints.txt" in first
    assert 'arcparse parse "' in first
    assert '".[test]"' in second
    assert "tools/check" in second


def test_the_first_command_s_parse_runs(place: Path) -> None:
    program, *arguments = shlex.split(blocks(PAGES[0], "sh")[0].partition("&& ")[2])
    assert program == "arcparse"
    done = subprocess.run(
        [sys.executable, "-m", "arcparse", *arguments],
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "\troot\t" in done.stdout


def test_links_lead_to_files_and_headings() -> None:
    for page in PAGES:
        for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^):]+))?\)", page.read_text(encoding="utf-8")):
            file = page.parent / target if target else page
            assert file.exists(), f"{page.name} names {target}"
            assert not anchor or anchor in anchors(file), f"{page.name} names {target}#{anchor}"


def anchors(page: Path) -> list[str]:
    """The anchors of a page's headings: lower case, hyphens for blanks, no other punctuation."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_the_readme_s_picture_is_the_tree_of_today_s_model() -> None:
    [(text, picture)] = re.findall(
        r'^!\[The tree of "(.*)"\]\((.*)\)$', PAGES[0].read_text(encoding="utf-8"), re.MULTILINE
    )
    [sentence] = arcparse.parse(text)
    assert drawing.svg(drawing.diagram(sentence)) == (CHECKOUT / picture).read_text(encoding="utf-8")


def data_frame() -> Any:
    """The column of texts of the examples: by pandas if it is installed, else a dict, which has the same notation."""
    texts = {"text": ["Two cats were sleeping.", "Go!"]}
    return importlib.import_module("pandas").DataFrame(texts) if importlib.util.find_spec("pandas") else texts


@pytest.mark.slow
@with_blocks("pycon")
def test_python_examples(page: Path, place: Path) -> None:
    parser, runner = (
        doctest.DocTestParser(),
        doctest.DocTestRunner(Checker(), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE),
    )
    examples = "\n".join(blocks(page, "pycon"))
    runner.run(parser.get_doctest(examples, {"frame": data_frame()}, page.name, str(page), 0))
    assert runner.tries > 1
    assert runner.failures == 0


def test_no_everyday_task_needs_more_lines_than_in_spacy() -> None:
    page = CHECKOUT / "docs" / "coming-from.md"
    theirs = blocks(page, "python")
    own = [block for block in blocks(page, "pycon") if f"```pycon\n{block}```\n\n</td>" in page.read_text("utf-8")]
    assert len(theirs) == len(own) == 11  # ten tasks, and the lines above them
    codes = ["".join(example.source for example in doctest.DocTestParser().get_examples(block)) for block in own]
    for code, other in zip(codes, theirs, strict=True):
        compile(other, "spaCy", "exec")
        assert len(code.splitlines()) <= len(other.splitlines())
    assert len("".join(codes)) < len("".join(theirs))


def test_the_example_of_the_package_s_docstring() -> None:
    assert doctest.testmod(arcparse).attempted > 1
    assert doctest.testmod(arcparse).failed == 0


@pytest.mark.slow
@with_blocks("console")
def test_console_examples(page: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command, expected in [example for block in blocks(page, "console") for example in commands(block)]:
        program, *arguments = shlex.split(command)
        assert program == "arcparse"
        status = cli.main(arguments)
        printed, errors = capsys.readouterr()
        assert status == 0, f"{command}{errors}"
        if expected:
            assert alike(expected.strip(), printed.strip()), f"{command}{printed}"


def test_the_page_on_settings_names_every_setting_of_parser_and_tagger() -> None:
    page = (CHECKOUT / "docs" / "settings.md").read_text(encoding="utf-8")
    named = {name.rpartition(".")[2] for name in re.findall(r"`\[?([a-z_.]+)\]?`", page)}
    for kind in ("parser", "tagger"):
        assert set(_setting_names(as_dict(resolve(RECIPES[kind].settings, kind)))) <= named


def test_the_page_on_settings_names_every_setting_of_a_pipeline() -> None:
    page = (CHECKOUT / "docs" / "settings.md").read_text(encoding="utf-8")
    section = page.partition("## Pipeline")[2].partition("\n## ")[0]
    named = {name.rpartition(".")[2] for name in re.findall(r"`\[?([a-z_.0-9]+)\]?`", section)}
    values = as_dict(course.resolve())
    own = {name: value for name, value in values.items() if name not in PARTS}
    assert {*_setting_names(own), *PARTS} <= named


def _setting_names(values: dict[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _setting_names(value)
        else:
            yield name


def test_the_feature_templates_of_the_page_on_settings_can_be_read() -> None:
    page = (CHECKOUT / "docs" / "settings.md").read_text(encoding="utf-8")
    templates = re.findall(r"^\| `((?:stack|buffer)\S+)` \|", page, re.MULTILINE)
    assert len(Features(templates).templates) == 4
    [override] = re.findall(r"--set '(parser\.features=.*)'", page)
    assert len(resolve(RECIPES["parser"].settings, "parser", overrides=[override]).parser.features) == 3
