from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tiny_model import save_tiny_model

from arcparse.cli import main
from arcparse.cli.analyse import table
from arcparse.cli.error_plot import error_plot
from arcparse.parser.search_errors import BeamReport, Outcome
from arcparse.treebank import read_conllu

SVG = "{http://www.w3.org/2000/svg}"
EXACT, SEARCH, MODEL, UNREACHABLE = Outcome
REPORTS = [
    BeamReport(1, (EXACT, SEARCH, MODEL, UNREACHABLE), 0.75, 12345.6),
    BeamReport(4, (EXACT, EXACT, MODEL, UNREACHABLE), 0.8, 6000.0),
]


@pytest.fixture(scope="module")
def gold(sample_treebank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("gold") / "gold.conllu"
    file.write_text("".join(map(str, list(read_conllu(sample_treebank))[:6])), encoding="utf-8")
    return file


@pytest.fixture(scope="module", params=[True, False], ids=["predicts tags", "has a tagger"])
def analyse(
    request: pytest.FixtureRequest, gold: Path, sample_treebank: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., int]:
    model = save_tiny_model(sample_treebank, tmp_path_factory.mktemp("model"), predicts_tags=request.param)
    return lambda *more: main(["analyse", str(gold), "--model", str(model), "--beams", "1,3", *more])


def test_the_table_is_aligned() -> None:
    assert table(REPORTS, "title").splitlines() == [
        "title",
        "beam    LAS  exact  search errors  model errors  unreachable  tokens/s",
        "   1  75.00  25.00          25.00         25.00        25.00    12,346",
        "   4  80.00  50.00           0.00         25.00        25.00     6,000",
    ]


@pytest.mark.parametrize("given", [(), ("--given", "tags")])
def test_each_width_has_a_row(
    analyse: Callable[..., int], given: tuple[str, ...], gold: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert analyse(*given, "--threads", "1", "--gold-beam", "2") == 0
    title, _, *rows = capsys.readouterr().out.splitlines()
    assert title.startswith(f"{gold}: 6 sentences, ")
    assert [row.split()[0] for row in rows] == ["1", "3"]
    for row in rows:
        assert sum(map(float, row.split()[2:6])) == pytest.approx(100, abs=0.03)


def test_json_tells_each_sentence_and_csv_the_counts(
    analyse: Callable[..., int], gold: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert analyse("--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert analyse("--csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    names = [sentence.comment("sent_id") for sentence in read_conllu(gold)]
    assert [sentence["sent_id"] for sentence in found["sentences"]] == names
    for report, row in zip(found["beams"], rows, strict=True):
        outcomes = [sentence["outcomes"][str(report["beam"])] for sentence in found["sentences"]]
        for kind in Outcome:
            assert outcomes.count(kind.value) == report[kind.name.lower()] == int(row[kind.name.lower()])
        assert (report["sentences"], row["sentences"]) == (6, "6")
        assert float(row["las"]) == report["las"]


@pytest.mark.slow
def test_the_plot_is_written(analyse: Callable[..., int], tmp_path: Path) -> None:
    file = tmp_path / "plot.svg"
    assert analyse("--plot", str(file)) == 0
    assert ElementTree.parse(file).getroot().tag == SVG + "svg"  # noqa: S314 (our own)


def test_the_plot_has_a_line_for_each_measure() -> None:
    figure = error_plot(REPORTS)
    assert [len(axes.lines) for axes in figure.axes] == [1, len(Outcome), 1]
    las = figure.axes[0].lines[0].get_xydata().tolist()
    assert las == [[i, pytest.approx(100 * report.las)] for i, report in enumerate(REPORTS)]
    assert {line.get_label() for line in figure.axes[1].lines} == {kind.value for kind in Outcome}
