"""Calibration on simulated confidences, and through the command."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from texts import DOGS

from arcparse.cli import main
from arcparse.cli.reliability import reliability_rows
from arcparse.errors import TreebankError
from arcparse.evaluation import Reliability, calibration, compare
from arcparse.evaluation.confidence import with_confidence
from arcparse.treebank import parse_conllu

RANDOM = np.random.default_rng(1)
NAMESPACE = "{http://www.w3.org/2000/svg}"


def test_confidences_that_mean_what_they_say_have_no_error() -> None:
    confidence = RANDOM.random(200_000)
    found = Reliability.of(confidence, RANDOM.random(200_000) < confidence)
    assert found.expected_error < 0.01
    assert found.largest_error < 0.02
    assert found.brier == pytest.approx(1 / 6, abs=0.005)
    assert found.whole.count == 200_000


@pytest.mark.parametrize("shift", [-0.2, 0.15])
def test_the_error_is_the_distance_from_the_truth(shift: float) -> None:
    truth = RANDOM.uniform(0.3, 0.8, 100_000)
    found = Reliability.of(truth + shift, RANDOM.random(100_000) < truth)
    assert found.expected_error == pytest.approx(abs(shift), abs=0.01)
    assert found.whole.confidence - found.whole.accuracy == pytest.approx(shift, abs=0.01)


def test_errors_of_both_kinds_do_not_cancel_out() -> None:
    found = Reliability.of([0.5, 0.9], np.array([True, False]), bins=4)
    assert found.expected_error == pytest.approx(0.7)
    assert found.largest_error == pytest.approx(0.9)
    assert found.whole.error == pytest.approx(0.2)
    assert found.brier == pytest.approx((0.25 + 0.81) / 2)


def test_a_bin_holds_its_lower_bound_and_the_last_one_all_of_the_top() -> None:
    found = Reliability.of([0.0, 0.25, 0.5, 1.0, 0.9], np.ones(5, np.bool_), bins=4)
    assert [part.count for part in found.bins] == [1, 1, 1, 2]
    assert [(part.low, part.high) for part in found.bins] == [(0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1)]
    assert found.bins[3].confidence == pytest.approx(0.95)


def test_nothing_has_no_error() -> None:
    found = Reliability.of([], np.zeros(0, np.bool_))
    assert (found.expected_error, found.largest_error, found.brier, found.whole.count) == (0, 0, 0, 0)


def test_confidences_are_held_against_heads_and_labels() -> None:
    gold = parse_conllu(DOGS)
    wrong = gold[0].replace(labels=["dep", *gold[0].labels[1:]])
    system = [with_confidence(s, [0.9] * len(s), [0.4] * len(s)) for s in (wrong, *gold[1:])]
    found = calibration(compare(gold, system))
    total = sum(map(len, gold))
    assert found["UAS"].whole.accuracy == 1
    assert found["LAS"].whole.accuracy == pytest.approx((total - 1) / total)
    assert found["UAS"].expected_error == pytest.approx(0.1)
    assert found["LAS"].bins[4].count == total
    fewer = calibration(compare(gold, system), punctuation=False)
    assert fewer["UAS"].whole.count == sum(tag != "PUNCT" for s in gold for tag in s.upos)


def test_a_word_that_gold_has_not_is_wrong() -> None:
    gold = parse_conllu("1\tab\tab\tX\t_\t_\t0\troot\t_\t_\n\n")
    both = "1\ta\ta\tX\t_\t_\t0\troot\t_\t_\n2\tb\tb\tX\t_\t_\t1\tdep\t_\t_\n\n"
    [system] = parse_conllu(both)
    found = calibration(compare(gold, [with_confidence(system, [1, 1], [1, 1])]))
    assert (found["UAS"].whole.count, found["UAS"].whole.accuracy, found["UAS"].brier) == (2, 0, 1)


def test_without_confidences_the_place_is_named() -> None:
    with pytest.raises(TreebankError, match="HeadConfidence of word 1 is missing"):
        calibration(compare(parse_conllu(DOGS), parse_conllu(DOGS)))


def panels() -> dict[str, Reliability]:
    return {
        "UAS": Reliability.of([0.95, 0.9, 0.35], np.array([True, False, True])),
        "LAS": Reliability.of([], np.zeros(0, np.bool_)),
    }


def test_the_table_has_a_row_for_each_bin_that_is_not_empty() -> None:
    rows = list(reliability_rows(panels()))
    assert rows == [
        ["confidence", "words", "mean", "right", "error", "Brier"],
        ["UAS 0.30-0.40", "1", "35.00", "100.00", "65.00", ""],
        ["UAS 0.90-1.00", "2", "92.50", "50.00", "42.50", ""],
        ["UAS all", "3", "73.33", "66.67", "50.00", "0.4117"],
        ["LAS all", "0", "0.00", "0.00", "0.00", "0.0000"],
    ]


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    gold = parse_conllu(DOGS)
    (tmp_path / "gold.conllu").write_text(DOGS, encoding="utf-8")
    system = "".join(str(with_confidence(s, [0.95] * len(s), [0.85] * len(s))) for s in gold)
    (tmp_path / "system.conllu").write_text(system, encoding="utf-8")
    return str(tmp_path / "gold.conllu"), str(tmp_path / "system.conllu")


def test_the_command_prints_the_calibration(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", *files, "--metrics", "LAS", "--calibration"]) == 0
    lines = [line.split("|") for line in capsys.readouterr().out.split("\n")]
    assert [cell.strip() for cell in lines[-2]] == [
        "LAS all",
        lines[-2][1].strip(),
        "85.00",
        "100.00",
        "15.00",
        "0.0225",
    ]


def test_the_command_prints_it_as_json_and_csv_and_draws_it(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = tmp_path / "d.svg"
    assert main(["evaluate", *files, "--metrics", "LAS", "--json", "--bins", "5", "--diagram", str(drawn)]) == 0
    found = json.loads(capsys.readouterr().out)["calibration"]
    assert found["UAS"]["expected_error"] == pytest.approx(0.05)
    assert [part["count"] > 0 for part in found["LAS"]["bins"]] == [False] * 4 + [True]
    assert ElementTree.parse(drawn).getroot().tag == f"{NAMESPACE}svg"  # noqa: S314
    assert main(["evaluate", *files, files[1], "--metrics", "LAS", "--csv", "--calibration"]) == 0
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    rows = [row for row in table if row["breakdown"] == "confidence"]
    assert len(rows) == 2 * 2 * 10
    [last] = [row for row in rows if row["metric"] == "UAS" and row["part"] == "0.90-1.00"][:1]
    assert (float(last["confidence"]), float(last["precision"])) == pytest.approx((0.95, 1))


def test_without_confidences_the_command_says_what_to_do(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", files[0], files[0], "--calibration"]) == 2
    assert "as `arcparse parse --scores` writes it" in capsys.readouterr().err
