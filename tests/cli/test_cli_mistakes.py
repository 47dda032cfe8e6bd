"""`arcparse evaluate` on three systems and more, and `--report`: mistakes with examples, two systems word by word."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from texts import DOGS, rows

from arcparse import cli

FEW = ("--resamples", "99")


@pytest.fixture
def gold(tmp_path: Path) -> str:
    (tmp_path / "gold.conllu").write_text(DOGS * 20, encoding="utf-8")
    return str(tmp_path / "gold.conllu")


@pytest.fixture
def worse(tmp_path: Path) -> str:
    """A system that errs once in each sentence."""
    (tmp_path / "worse.conllu").write_text(DOGS.replace("\t5\tpunct", "\t2\tpunct") * 20, encoding="utf-8")
    return str(tmp_path / "worse.conllu")


def printed_by(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(["evaluate", *arguments, *FEW]) == 0
    return capsys.readouterr().out


def test_several_systems_are_compared_with_the_first(gold: str, worse: str, capsys: pytest.CaptureFixture[str]) -> None:
    systems = (worse, gold, worse)
    tables = printed_by(capsys, gold, *systems, "--breakdown", "length").rstrip("\n").split("\n\n")
    assert [table.split(" ")[0] for table in tables] == ["UPOS", "UAS", "LAS", "length"]
    cells = [[cell.strip() for cell in line.split("|")] for line in tables[2].split("\n")]
    assert cells[2] == [f"1: {worse}", "83.33", "", "", ""]
    assert cells[3] == [f"2: {gold}", "100.00", "+16.67", "+16.67 .. +16.67", "0.0100"]
    assert cells[4] == [f"3: {worse}", "83.33", "+0.00", "+0.00 ..  +0.00", "1.0000"]
    assert "UAS 1 |      2 |     3 |" in tables[3]
    found = json.loads(printed_by(capsys, gold, *systems, "--json", "--confidence", "--metrics", "LAS"))["systems"]
    assert [system["file"] for system in found] == list(systems)
    assert [system["differences"].get("LAS", {}).get("p_value") for system in found] == [None, 0.01, 1.0]
    assert found[1]["LAS"]["low"] == 1.0
    table = csv.DictReader(io.StringIO(printed_by(capsys, gold, *systems, "--csv", "--metrics", "LAS")))
    assert [row["p_value"] for row in table] == ["", "0.01", "1.0"]


def test_a_report_has_parts_and_mistakes_with_examples(
    gold: str, worse: str, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = printed_by(capsys, gold, worse, "--report", "--train", gold, "--examples", "1")
    tables = printed.rstrip("\n").split("\n\n")
    headings = [table.partition(" ")[0] for table in tables]
    assert headings == ["Metric", "label", "distance", "length", "genre", "word", "gold", "gold", "Mistakes"]
    assert "95% Interval" in tables[0]
    assert tables[-1].split("\n") == [
        f"Mistakes of {worse}",
        "    20 100.0%  punct, wrong head",
        f"    {gold}:1: The dogs do n't bark [.]",
        "        gold    punct(bark-5, .-6)",
        "        system  punct(dogs-2, .-6)",
    ]
    [found] = json.loads(printed_by(capsys, gold, worse, "--report", "--json", "--examples", "1"))["mistakes"]
    assert (found["gold"], found["system"], found["head_right"], found["count"]) == ("punct", "punct", False, 20)
    assert found["examples"][0]["before"] == "The dogs do n't bark"
    assert found["examples"][0]["system"] == "punct(dogs-2, .-6)"


def test_a_report_in_markdown(gold: str, worse: str, capsys: pytest.CaptureFixture[str]) -> None:
    parts = printed_by(capsys, gold, worse, "--report", "--markdown", "--breakdown", "label").split("\n\n")
    assert "| LAS | 83.33 | 83.33 | 83.33 | 83.33 | 83.33 ..  83.33 |" in parts[0].split("\n")
    assert "| Words | 100.00 | 100.00 | 100.00 |  | 100.00 .. 100.00 |" in parts[0].split("\n")
    assert parts[1].startswith("| label | gold | Label P |")
    assert "### punct, wrong head: 20 words, 100.0 %" in parts
    assert "do n't bark **.**  \n  gold punct(bark-5, .-6); system punct(dogs-2, .-6)" in parts[-1]
    one = printed_by(capsys, gold, worse, "--markdown", "--metrics", "LAS")
    assert one == (
        "| Metric | Precision | Recall | F1 Score | AligndAcc |\n| --- | ---: | ---: | ---: | ---: |\n"
        "| LAS | 83.33 | 83.33 | 83.33 | 83.33 |\n"
    )


def test_a_report_of_two_systems_tells_which_words_each_alone_has_right(
    gold: str, worse: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = printed_by(capsys, gold, worse, gold, "--report", "--train", gold).rstrip("\n").split("\n\n")
    by_known = next(table for table in tables if table.startswith("Words with right head and label, by word"))
    assert by_known.split("\n")[-1] == "known |   120 |  100 |           0 |           20 |       0 | +16.67"
    assert tables[-2].startswith("Right in the second, wrong in the first\n    20 100.0%  punct, wrong head\n")
    assert tables[-1] == "Right in the first, wrong in the second: none"
    found = json.loads(printed_by(capsys, gold, worse, gold, "--report", "--json"))
    assert found["agreement"]["label"]["punct"] == {"words": 20, "both": 0, "first": 0, "second": 20, "neither": 0}
    assert list(found["agreement"]) == ["label", "distance", "length", "genre"]
    assert [own["count"] for own in found["second_right_first_wrong"]] == [20]
    assert found["first_right_second_wrong"] == []
    in_markdown = printed_by(capsys, gold, worse, gold, "--report", "--markdown")
    assert "## Right in the first, wrong in the second\n\nnone\n" in in_markdown


def test_a_word_that_the_system_lacks_is_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold, divided = tmp_path / "gold.conllu", tmp_path / "divided.conllu"
    gold.write_text(rows("1 bc _ X 2 obj", "2 d _ X 0 root"), encoding="utf-8")
    divided.write_text(rows("1 b _ X 3 obj", "2 c _ X 3 obj", "3 d _ X 0 root"), encoding="utf-8")
    printed = printed_by(capsys, str(gold), str(divided), "--report")
    assert "     1 100.0%  obj, no such word" in printed
    assert "        gold    obj(d-2, bc-1)\n        system  no such word" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--csv"], "which CSV does not hold; use --json"), (["B", "C"], "compares two systems at most; name one")],
)
def test_a_report_refuses_options_that_it_cannot_follow(
    gold: str, worse: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["evaluate", gold, worse, *arguments, "--report"]) == 2
    assert message in capsys.readouterr().err
