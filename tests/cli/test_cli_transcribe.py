"""`arcparse train recogniser` and `arcparse transcribe`."""

from __future__ import annotations

from pathlib import Path

import pytest
from toy_speech import fitted, recordings, write

from arcparse import cli

SMALL = (
    "recogniser.recurrent.hidden=8",
    "recogniser.recurrent.layers=1",
    "recogniser.joined=2",
    "training.tensorboard=false",
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("recogniser") / "model"
    fitted().model.save(place)
    return str(place)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "gold", recordings(10, 1))


def test_a_recogniser_is_trained_and_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, dev, output = (
        write(tmp_path / "train", recordings(6)),
        write(tmp_path / "dev", recordings(2, 1)),
        tmp_path / "run",
    )
    settings = [word for setting in SMALL for word in ("--set", setting)]
    command = ["train", "recogniser", *settings, "--train", str(data), "--dev", str(dev), "--output", str(output)]
    assert cli.main([*command, "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert "train: 6 recordings, " in printed
    assert "frames: 3 numbers; 3 symbols" in printed
    assert cli.main([*command, "--epochs", "1"]) == 0
    assert capsys.readouterr().out.startswith(f"{output / 'best'}: dev words_right ")
    assert cli.main(["transcribe", "--model", str(output / "best"), str(data / "r0-0.npy")]) == 0
    assert capsys.readouterr().out.startswith("r0-0\t")


def test_each_recording_has_a_line(
    model: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = recordings(10, 1)
    expected = [
        f"{own.name}\t{best[0].text}" for own, best in zip(asked, fitted().model.transcribe(asked), strict=True)
    ]
    assert cli.main(["transcribe", "--model", model, str(folder)]) == 0
    assert sorted(capsys.readouterr().out.splitlines()) == sorted(expected)
    file = tmp_path / "texts.tsv"
    assert cli.main(["transcribe", "--model", model, str(folder), "--output", str(file)]) == 0
    assert sorted(file.read_text(encoding="utf-8").splitlines()) == sorted(expected)


def test_the_best_texts_have_their_scores(model: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["transcribe", "--model", model, str(folder / "r1-0.npy"), "--nbest", "3", "--beam", "8"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    [best] = fitted().model.transcribe(recordings(1, 1), beam=8, nbest=3)
    assert rows == [["r1-0", f"{own.score:.4f}", own.text] for own in best]
    assert [float(row[1]) for row in rows] == sorted((float(row[1]) for row in rows), reverse=True)


def test_gold_texts_score_a_model_by_beam(model: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "r1-0.txt").write_text("xyz", encoding="utf-8")  # letters that the model cannot write
    assert cli.main(["transcribe", "--model", model, "--gold", str(folder), "--beam", "1,8"]) == 0
    heading, *rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert heading[:5] == ["beam", "word", "errors", "in", "%"]
    assert [row[0] for row in rows] == ["1", "8"]
    for row in rows:
        assert float(row[1]) < 50
        assert sum(map(float, row[2:6])) == pytest.approx(100, abs=0.05)
        assert float(row[5]) == 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "give either recordings to transcribe, or --gold FOLDER"),
        (["FOLDER", "--gold", "FOLDER"], "give either recordings to transcribe, or --gold FOLDER"),
        (["FOLDER", "--beam", "1,2"], "--beam: only --gold FOLDER compares several widths; give one"),
        (["FOLDER/none.wav"], "none.wav: there is no such file or folder"),
        (["FOLDER", "--beam", "0"], "must be from 1 to 1024, not 0"),
    ],
)
def test_what_cannot_be_done_is_said(
    model: str, folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    command = ["transcribe", "--model", model, *(option.replace("FOLDER", str(folder)) for option in options)]
    try:
        status = cli.main(command)
    except SystemExit as stopped:
        status = int(str(stopped.code))
    assert status == 2
    assert message in capsys.readouterr().err
