"""The command prints what the library counts, as a table, as JSON and as CSV, for one system and for two."""

from __future__ import annotations

import argparse
import csv
import io
import json
import runpy
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from texts import DOGS, rows

from arcparse.cli import evaluate as command
from arcparse.cli import main, report
from arcparse.errors import TreeError
from arcparse.evaluation import compare, compare_systems, confidence_intervals, count_sentences, evaluate
from arcparse.treebank import parse_conllu

WORSE = DOGS.replace("\t5\tpunct", "\t2\tpunct")


def run_command(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.add(parser.add_subparsers())
    parsed = parser.parse_args(["evaluate", *arguments])
    status: int = parsed.run(parsed)
    return status


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    gold, system = tmp_path / "gold.conllu", tmp_path / "system.conllu"
    gold.write_text(DOGS, encoding="utf-8")
    system.write_text(WORSE, encoding="utf-8")
    return str(gold), str(system)


def test_the_command_prints_the_table(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(*files) == 0
    lines = capsys.readouterr().out.split("\n")
    assert lines[0] == "Metric     | Precision |    Recall |  F1 Score | AligndAcc"
    assert "LAS        |     83.33 |     83.33 |     83.33 |     83.33" in lines


def test_the_command_prints_json(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(*files, "--json", "--no-punct", "--metrics", "Words,LAS") == 0
    printed = json.loads(capsys.readouterr().out)
    assert list(printed) == ["Words", "LAS"]
    assert printed["Words"]["aligned_accuracy"] is None
    assert printed["LAS"] == dict.fromkeys(["precision", "recall", "f1", "aligned_accuracy"], 1.0) | dict.fromkeys(
        ["correct", "gold", "system", "aligned"], 5
    )


def test_the_command_knows_its_metrics(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run_command(*files, "--metrics", "LAS,LSA")
    assert "no metric 'LSA'; there are Tokens, Sentences" in capsys.readouterr().err


def test_a_second_system_is_not_required(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run_command(files[0])
    assert "required: SYSTEM\n" in capsys.readouterr().err


def test_the_tool_runs_the_command(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluate.py", *files, "--metrics", "UAS"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_path(str(Path(__file__).parents[2] / "tools" / "evaluate.py"), run_name="__main__")
    assert "UAS        |     83.33" in capsys.readouterr().out


def read_csv(text: str) -> Iterable[dict[str, str]]:
    return csv.DictReader(io.StringIO(text))


@pytest.fixture
def three(tmp_path: Path) -> tuple[str, str, str]:
    """Gold, a system that errs in each sentence, and one that errs in none."""
    paths = tmp_path / "gold.conllu", tmp_path / "first.conllu", tmp_path / "second.conllu"
    for path, text in zip(paths, (DOGS, WORSE, DOGS), strict=True):
        path.write_text(text * 20, encoding="utf-8")
    return str(paths[0]), str(paths[1]), str(paths[2])


def test_a_breakdown_follows_the_table(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(*files, "--breakdown", "distance,length", "--metrics", "LAS") == 0
    tables = capsys.readouterr().out.split("\n\n")
    assert len(tables) == 3
    assert tables[1].split("\n") == [
        "distance | gold |  UAS P |  UAS R | UAS F1 |  LAS P |  LAS R | LAS F1",
        "---------+------+--------+--------+--------+--------+--------+-------",
        "root     |    1 | 100.00 | 100.00 | 100.00 | 100.00 | 100.00 | 100.00",
        "1        |    3 | 100.00 |  66.67 |  80.00 | 100.00 |  66.67 |  80.00",
        "2        |    1 | 100.00 | 100.00 | 100.00 | 100.00 | 100.00 | 100.00",
        "3-6      |    1 |  50.00 | 100.00 |  66.67 |  50.00 | 100.00 |  66.67",
    ]
    assert "1-10   |    6 |  83.33 |  83.33 |  100.00 |  100.00 |   0.00 |   0.00" in tables[2]


def test_labels_come_with_their_confusions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold, system = tmp_path / "gold.conllu", tmp_path / "system.conllu"
    gold.write_text(rows("1 a _ X 0 root", "2 b _ X 1 obj:x", "3 c _ X 1 obj"), encoding="utf-8")
    system.write_text(rows("1 a _ X 0 root", "2 b _ X 1 obj", "3 c _ X 2 iobj"), encoding="utf-8")
    run_command(str(gold), str(system), "--breakdown", "label", "--metrics", "LAS")
    printed = capsys.readouterr().out
    assert "obj   |    2 |  100.00 |   50.00 |    66.67 | 100.00 |  50.00 |  66.67" in printed
    assert "gold label | system's | count\n-----------+----------+------\nobj        |     iobj |     1\n" in printed
    run_command(str(gold), str(system), "--breakdown", "label", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["breakdown"]["label"]["obj"]["LAS"]["correct"] == 1
    assert {"gold": "obj", "system": "iobj", "count": 1} in found["confusions"]
    run_command(str(gold), str(system), "--breakdown", "label", "--csv")
    table = [row for row in read_csv(capsys.readouterr().out) if row["breakdown"] == "confusion"]
    assert {(row["part"], row["aligned"]) for row in table} == {("root>root", "1"), ("obj>obj", "1"), ("obj>iobj", "1")}


TAGS = [
    rows("1 a _ X 0 root", "2 b _ Y 1 obj", "3 東京 _ Y 1 obj"),
    rows("1 a _ X _ _", "2 b _ X _ _", "3 東京 _ X _ _"),
]


@pytest.fixture
def tagged(tmp_path: Path) -> list[str]:
    """Gold trees, tags alone, and a training file that knows two of the forms."""
    paths = [tmp_path / f"{name}.conllu" for name in ("gold", "system", "train")]
    for path, text in zip(paths, [*TAGS, rows("1 a _ X 0 root", "2 b _ X 1 obj")], strict=True):
        path.write_text(text, encoding="utf-8")
    return list(map(str, paths))


def test_tags_of_known_and_unknown_words_and_their_confusions(
    tagged: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    options = [*tagged[:2], "--train", tagged[2], "--confusion", "upos,xpos", "--metrics", "UPOS"]
    assert run_command(*options) == 0
    _, words, upos, xpos = capsys.readouterr().out.rstrip("\n").split("\n\n")
    assert words.split("\n")[2:] == [
        "known   |    2 |   50.00 |  100.00 |    100.00",
        "unknown |    1 |    0.00 |  100.00 |    100.00",
    ]
    assert upos.split("\n") == [
        "gold upos | system's | count | examples",
        "----------+----------+-------+----------------",
        "Y         |        X |     2 | b (1), 東京 (1)",
    ]
    assert xpos == "gold xpos | system's | count | examples\n----------+----------+-------+---------"
    run_command(*options, "--json")
    found = json.loads(capsys.readouterr().out)
    assert list(found["breakdown"]["word"]["known"]) == ["UPOS", "XPOS", "UFeats"]
    examples = {"b": 1, "東京": 1}
    assert found["tag_confusions"]["upos"][0] == {"gold": "Y", "system": "X", "count": 2, "examples": examples}
    run_command(*options, "--csv")
    table = [row for row in read_csv(capsys.readouterr().out) if row["breakdown"] == "confusion of upos"]
    assert [(row["part"], row["aligned"], row["examples"]) for row in table] == [
        ("Y>X", "2", "b (1), 東京 (1)"),
        ("X>X", "1", "a (1)"),
    ]


def test_trees_are_needed_where_heads_are_scored(tagged: list[str]) -> None:
    with pytest.raises(TreeError, match="has no head"):
        run_command(*tagged[:2])
    assert run_command(tagged[0], tagged[0], "--train", tagged[2]) == 0


def test_confusions_of_two_systems_stand_side_by_side(tagged: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run_command(tagged[0], tagged[0], tagged[1], "--confusion", "upos", "--metrics", "UPOS", "--resamples", "9")
    assert "gold upos | system's | first | second | examples" in capsys.readouterr().out


def test_intervals_stand_beside_the_scores(three: tuple[str, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    run_command(*three[:2], "--confidence", "--metrics", "Words,LAS")
    lines = capsys.readouterr().out.rstrip("\n").split("\n")
    assert lines[0].endswith("| 95% Interval")
    assert lines[-2].endswith("| 100.00 .. 100.00")
    assert lines[-1].endswith("|  83.33 ..  83.33")
    assert len({line.rindex(mark) for line, mark in zip(lines, "|+||", strict=True)}) == 1


def test_two_systems_stand_side_by_side(three: tuple[str, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    run_command(*three, "--confidence", "--metrics", "LAS", "--breakdown", "label,distance", "--test", "bootstrap")
    tables = capsys.readouterr().out.rstrip("\n").split("\n\n")
    assert tables[0] == f"first: {three[1]}\nsecond: {three[2]}"
    assert [cell.strip() for cell in tables[1].split("\n")[2].split("|")] == [
        "LAS",
        "83.33",
        "83.33 ..  83.33",
        "100.00",
        "100.00 .. 100.00",
        "+16.67",
        "+16.67 .. +16.67",
        "0.0001",
    ]
    assert "3-6      |   20 |     66.67 | 100.00 | +33.33" in tables[3]
    assert tables[4] == "gold label | system's | first | second\n-----------+----------+-------+-------"
    run_command(*three, "--metrics", "LAS", "--resamples", "99")
    assert "| 0.0100" in capsys.readouterr().out


def test_json_of_two_systems_is_what_the_library_says(
    three: tuple[str, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(*three, "--json", "--confidence", "--seed", "3", "--metrics", "UAS,LEM", "--resamples", "200")
    printed = json.loads(capsys.readouterr().out)
    gold, *systems = (parse_conllu(Path(path).read_text(encoding="utf-8")) for path in three)
    counts = [count_sentences(compare(gold, system)) for system in systems]
    difference = compare_systems(counts[0], counts[1], ("UAS", "LEM"), resamples=200, seed=3)["LEM"]
    assert printed["differences"]["LEM"] == {
        "estimate": difference.estimate,
        "low": difference.low,
        "high": difference.high,
        "p_value": difference.p_value,
    }
    interval = confidence_intervals(counts[0], ("UAS", "LEM"), resamples=200, seed=3)["UAS"]
    scores = evaluate(gold, systems[0])["UAS"].as_dict()
    assert printed["first"]["UAS"] == scores | {"low": interval.low, "high": interval.high}
    assert printed["second"]["LEM"]["f1"] == 1.0


def test_csv_has_a_row_for_each_score(three: tuple[str, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    run_command(*three, "--csv", "--confidence", "--metrics", "Words,LAS", "--breakdown", "length", "--resamples", "99")
    table = list(read_csv(capsys.readouterr().out))
    assert {tuple(row) for row in table} == {report.COLUMNS}
    assert [(row["file"], row["metric"]) for row in table if not row["breakdown"]] == [
        (file, metric) for file in three[1:] for metric in ("Words", "LAS")
    ]
    last = next(row for row in table if (row["file"], row["metric"]) == (three[2], "LAS"))
    assert (last["p_value"], last["low"], last["correct"]) == ("0.01", "1.0", "120")
    assert float(last["difference"]) == pytest.approx(1 / 6)
    assert next(row for row in table if row["metric"] == "LEM")["part"] == "1-10"


@pytest.mark.parametrize("name", ["evaluate", "analyse"])
def test_without_a_gold_sentence_there_is_nothing_to_compare_with(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty.conllu"
    empty.write_text("", encoding="utf-8")
    others = [str(empty)] if name == "evaluate" else []
    assert main([name, str(empty), *others]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"arcparse: {empty}: holds no sentence to compare with; name a file of gold trees\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--breakdown", "label,height"],
            "no breakdown 'height'; there are label, distance, length, genre, projectivity",
        ),
        (["--resamples", "0"], "argument --resamples: must be from 1 to 1000000, not 0"),
        (["--json", "--csv"], "not allowed with"),
    ],
)
def test_the_command_knows_its_options(
    files: tuple[str, str], arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run_command(*files, *arguments)
    assert message in capsys.readouterr().err
