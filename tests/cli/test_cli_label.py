"""`arcparse train labeller` and `arcparse label`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy_frames import fitted, recordings, write
from toy_sounds import samples_of, tone, write_wave

from arcparse import cli
from arcparse.frames.detection import runs
from arcparse.frames.labeller import Labeller, LabellerConfig
from arcparse.frames.recordings import Recording

SMALL = ("labeller.recurrent.hidden=8", "labeller.recurrent.layers=1", "training.tensorboard=false")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("labeller") / "model"
    fitted().model.save(place)
    return str(place)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "gold", recordings(3, 1))


def test_a_labeller_is_trained_and_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, dev, output = (
        write(tmp_path / "train", recordings(6)),
        write(tmp_path / "dev", recordings(2, 1)),
        tmp_path / "run",
    )
    settings = [word for setting in SMALL for word in ("--set", setting)]
    command = ["train", "labeller", *settings, "--train", str(data), "--dev", str(dev), "--output", str(output)]
    assert cli.main([*command, "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert "train: 6 pieces, 600 frames (" in printed
    assert "dev: 2 recordings, 200 frames (" in printed
    assert "frames: 3 numbers, 0.01 s each" in printed
    assert cli.main([*command, "--epochs", "1"]) == 0
    printed, told = capsys.readouterr()
    assert printed.startswith(f"{output / 'best'}: dev frame_F1 ")
    assert "alarms_an_hour" in told
    assert cli.main(["label", "--model", str(output / "best"), str(data / "r0-0.npz")]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 101


def test_a_run_needs_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "labeller", "--dry-run"]) == 2
    assert "no train recordings are set; name a folder by" in capsys.readouterr().err
    folder = str(write(tmp_path / "a", [Recording("x", np.zeros((3, 2), np.float32), np.array(["0", "1", "0"]))]))
    assert cli.main(["train", "labeller", "--train", folder, "--dry-run"]) == 2
    assert "no dev recordings are set" in capsys.readouterr().err


def test_each_frame_has_a_line(model: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["label", "--model", model, str(folder / "r1-0.npz")]) == 0
    heading, *lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    [probability] = fitted().model.probabilities(recordings(3, 1)[:1])
    assert heading == ["frame", "label", "0", "1"]
    assert [int(line[0]) for line in lines] == list(range(100))
    assert [line[1] for line in lines] == [str(label) for label in fitted().model.chosen(probability, 0.5)]
    assert [line[2:] for line in lines] == [[f"{value:.4f}" for value in row] for row in probability]


def test_a_folder_of_recordings_becomes_a_folder_of_labels(model: str, folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "labels"
    assert cli.main(["label", "--model", model, str(folder), "--output", str(output), "--threshold", "0"]) == 0
    assert sorted(file.name for file in output.iterdir()) == ["r1-0.tsv", "r1-1.tsv", "r1-2.tsv"]
    lines = (output / "r1-2.tsv").read_text(encoding="utf-8").splitlines()[1:]
    assert {line.split("\t")[1] for line in lines} == {"1"}
    assert cli.main(["label", "--model", model, str(folder), "--output", str(output), "--to", "npz"]) == 0
    with np.load(output / "r1-1.npz") as found:
        probability = fitted().model.probabilities(recordings(3, 1))[1]
        assert np.allclose(found["probability"], probability, atol=1e-5)
        assert found["names"].tolist() == ["0", "1"]
        assert (found["labels"] == "1").tolist() == (probability[:, 1] >= 0.5).tolist()


def test_gold_labels_score_a_model_by_threshold(model: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["label", "--model", model, "--gold", str(folder), "--threshold", "0,0.5,1"]) == 0
    summary, heading, *rows = capsys.readouterr().out.splitlines()
    assert summary == "3 recordings, 300 frames, 0.01 h"
    assert " ".join(heading.split()) == "threshold words detected in % false alarms an hour frame F1 accuracy"
    always, half, never = (row.split() for row in rows)
    labels = [recording.labels == "1" for recording in recordings(3, 1)]
    words = sum(len(runs(np.array(row), 1)) for row in labels)
    assert (always[0], half[0], never[0]) == ("0", "0.5", "1")
    assert {row[1] for row in (always, half, never)} == {str(words)}
    assert (int(always[2]) + int(always[4]), always[6]) == (3, always[6])
    assert int(half[2]) >= 0.8 * words
    assert never[2:6] == ["0", "0.00", "0", "0.00"]
    assert cli.main(["label", "--model", model, "--gold", str(folder), "--tolerance", "0"]) == 0
    assert int(capsys.readouterr().out.splitlines()[2].split()[2]) <= int(half[2])


def test_a_labeller_without_a_positive_label_has_its_accuracy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = [Recording("x", np.zeros((4, 1), np.float32), np.array(["a", "b", "a", "a"]))]
    Labeller.build(LabellerConfig(), made, ["a", "b"]).save(tmp_path / "model")
    np.savez(tmp_path / "x.npz", frames=made[0].frames, labels=np.array(["a", "b", "a", "a"]))
    assert cli.main(["label", "--model", str(tmp_path / "model"), "--gold", str(tmp_path / "x.npz")]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "accuracy"
    np.savez(tmp_path / "x.npz", frames=made[0].frames, labels=np.array(["a", "c", "a", "a"]))
    assert cli.main(["label", "--model", str(tmp_path / "model"), "--gold", str(tmp_path / "x.npz")]) == 2
    assert "the model has no label 'c', only a, b; give a folder with these" in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_a_picture_shows_energies_gold_and_probabilities(model: str, folder: Path, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"picture.{ending}"
    assert cli.main(["label", "--model", model, str(folder / "r1-0.npz"), "--picture", str(file)]) == 0
    content = file.read_bytes()
    if ending == "svg":
        text = content.decode()
        for name in ("probability of 1", "gold 1", "threshold", "seconds", "band"):
            assert f">{name}<" in text, name
    else:
        assert content.startswith(b"\x89PNG")


def test_a_picture_of_a_wave_shows_the_wave(tmp_path: Path) -> None:
    file = write_wave(tmp_path / "a.wav", samples_of(0.5 * tone(500), 2))
    made = [Recording("x", np.zeros((4, 40), np.float32))]
    Labeller.build(LabellerConfig(), made, ["0", "1"]).save(tmp_path / "model")
    picture = tmp_path / "a.svg"
    assert cli.main(["label", "--model", str(tmp_path / "model"), str(file), "--picture", str(picture)]) == 0
    text = picture.read_text(encoding="utf-8")
    assert ">wave<" in text
    assert ">gold 1<" not in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "give either recordings to label, or --gold FOLDER"),
        (["FOLDER", "--gold", "FOLDER"], "give either recordings to label, or --gold FOLDER"),
        (["FOLDER"], "3 recordings are to be labelled; give --output FOLDER"),
        (["FOLDER", "--output", "x", "--picture", "a.svg"], "--picture draws one recording, not 3"),
        (["FOLDER/r1-0.npz", "--threshold", "0.1,0.2"], "only --gold FOLDER compares several thresholds"),
        (["FOLDER/r1-0.npz", "--to", "npz"], "--to npz writes files; give --output FOLDER"),
        (["FOLDER/r1-0.npz", "--picture", "a.gif"], "a picture ends in .svg or .png"),
        (["FOLDER/r1-0.npz", "--threshold", "1.5"], "must be from 0 to 1, not 1.5"),
        (["FOLDER/r1-0.npz", "--tolerance", "x"], "must be a number from 0 to 3600, not 'x'"),
        (["FOLDER/none.npz"], "none.npz: there is no such file or folder"),
    ],
)
def test_what_cannot_be_done_is_said(
    model: str, folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    command = ["label", "--model", model, *(option.replace("FOLDER", str(folder)) for option in options)]
    try:
        status = cli.main(command)
    except SystemExit as stopped:
        status = int(str(stopped.code))
    assert status == 2
    assert message in capsys.readouterr().err
