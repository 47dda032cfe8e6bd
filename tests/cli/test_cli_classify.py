"""`arcparse train classifier` and `arcparse classify`."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from toy_texts import fitted, texts, write_texts

from arcparse import cli

SMALL = (
    "vectors=",
    "precision=float32",
    "classifier.encoder.embedding=8",
    "classifier.encoder.recurrent.hidden=8",
    "training.tensorboard=false",
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("classifier") / "model"
    fitted().model.save(place)
    return place


def training(*options: object) -> list[str]:
    overrides = [word for setting in SMALL for word in ("--set", setting)]
    return ["train", "classifier", *overrides, *map(str, options)]


def test_a_classifier_is_trained_and_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, output = write_texts(tmp_path / "train.tsv", sorted(texts(40), key=lambda text: text.label)), tmp_path / "run"
    assert cli.main(training("--train", file, "--output", output, "--epochs", 1)) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(f"{output / 'best'}: dev accuracy ")
    assert "dev_loss" in printed.err
    assert cli.main(["classify", "--model", str(output / "best"), "A good film."]) == 0
    label, probability, text = capsys.readouterr().out.rstrip("\n").split("\t")
    assert label in ("neg", "none", "pos")
    assert 1 / 3 <= float(probability) <= 1
    assert text == "A good film."


def test_a_dry_run_tells_what_is_learned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train, dev = (write_texts(tmp_path / f"{seed}.tsv", texts(40, seed)) for seed in (0, 1))
    assert cli.main(training("--train", train, "--dry-run")) == 0
    assert "train: 36 texts (" in capsys.readouterr().out
    assert cli.main(training("--train", train, "--dev", dev, "--dry-run")) == 0
    printed = capsys.readouterr().out
    assert "train: 40 texts (" in printed
    assert "dev: 40 texts (" in printed
    assert "3 labels" in printed


def test_a_run_needs_texts(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(training("--dry-run")) == 2
    assert "no train file is set" in capsys.readouterr().err


def test_files_and_standard_input_come_out_with_labels(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [text.text for text in texts(8, 5)]
    expected = [
        f"{found.label}\t{found.probability:.4f}\t{text}\n"
        for text, found in zip(asked, fitted().model.classify(asked), strict=True)
    ]
    source, target = tmp_path / "texts", tmp_path / "labels"
    source.write_text("".join(f"{text}\n" for text in asked), encoding="utf-8")
    command = ["classify", "--model", str(model), "--threads", "1"]
    assert cli.main([*command, "--input", str(source), "--output", str(target)]) == 0
    assert target.read_text(encoding="utf-8") == "".join(expected)
    monkeypatch.setattr("sys.stdin", io.StringIO(source.read_text(encoding="utf-8")))
    assert cli.main(command) == 0
    assert capsys.readouterr().out == "".join(expected)


def test_the_most_probable_labels_of_a_text(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [expected] = fitted().model.classify(["a good film"])
    for wanted, shown in ((2, 2), (9, 3)):
        assert cli.main(["classify", "--model", str(model), "--nbest", str(wanted), "a good film"]) == 0
        rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
        assert [label for label, _, _ in rows] == list(expected.probabilities)[:shown]
        assert [float(p) for _, p, _ in rows] == pytest.approx(list(expected.probabilities.values())[:shown], abs=1e-4)
        assert {text for _, _, text in rows} == {"a good film"}


def test_gold_labels_score_a_model(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "gold.tsv"
    file.write_text("pos\tgood film\nneg\tbad film\nneg\tgreat film\nnone\tso-so film\n", encoding="utf-8")
    assert cli.main(["classify", "--model", str(model), "--gold", str(file)]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["accuracy", "75.00:", "3", "of", "4", "texts"],
        [],
        ["gold", "neg", "none", "pos", "precision", "recall", "F1"],
        ["neg", "1", "0", "1", "100.00", "50.00", "66.67"],
        ["none", "0", "1", "0", "100.00", "100.00", "100.00"],
        ["pos", "0", "0", "1", "50.00", "100.00", "66.67"],
    ]


def test_a_gold_label_that_the_model_lacks_is_named(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gold.tsv"
    file.write_text("fine\tgood film\n", encoding="utf-8")
    assert cli.main(["classify", "--model", str(model), "--gold", str(file)]) == 2
    assert "the model has no label 'fine', only neg, none, pos" in capsys.readouterr().err
