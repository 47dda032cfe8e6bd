"""`arcparse curves` draws what the training loop has logged."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from toy_task import STEPS, ToyTask

from arcparse import cli
from arcparse.cli.curves import panels
from arcparse.errors import ConfigurationError
from arcparse.training.log import read_log
from arcparse.training.loop import TrainingConfig, train


def trained(directory: Path, epochs: int, config: TrainingConfig) -> Path:
    train(ToyTask(), TrainingConfig(**{**vars(config), "epochs": epochs}), directory)
    return directory


CONFIG = TrainingConfig(learning_rate=0.01, log_every=2, schedule="constant")


def test_a_log_is_read_as_it_was_written_and_goes_on_with_its_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = trained(tmp_path / "run", 1, CONFIG)
    log = read_log(run)
    assert list(log) == ["train/noise", "train/loss", "train/learning_rate", "evaluation/accuracy"]
    assert [step for step, _ in log["train/loss"]] == [2, 4, 6]
    assert [value for _, value in log["train/learning_rate"]] == pytest.approx([0.01] * 3)
    trained(run, 3, CONFIG)
    caplog.clear()
    steps = [step for step, _ in read_log(run)["evaluation/accuracy"]]
    assert not caplog.records  # of TensorBoard, about the resumed run
    assert steps == [STEPS, 2 * STEPS, 3 * STEPS]


@pytest.mark.slow
def test_pictures_of_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [trained(tmp_path / name / "run", 2, CONFIG) for name in "ab"]
    picture = tmp_path / "curves.svg"
    assert cli.main(["curves", *map(str, runs), "--output", str(picture)]) == 0
    svg = picture.read_text(encoding="utf-8")
    assert all(f">{title}</text>" in svg for title in ("loss, training", "accuracy, development", "learning rate"))
    assert all(f">{run}</text>" in svg for run in runs)  # whole paths: both are called `run`
    assert cli.main(["curves", str(runs[0]), "--output", str(picture), "--only", "accuracy"]) == 0
    svg = picture.read_text(encoding="utf-8")
    assert ">run</text>" in svg
    assert ">accuracy, development</text>" in svg
    assert "loss" not in svg
    for place, reason in (("none/curves.svg", "cannot be written"), ("curves.jpg", "a picture ends in .svg or .png")):
        assert cli.main(["curves", str(runs[0]), "--output", str(tmp_path / place)]) == 2
        assert f"{tmp_path / place}: {reason}" in capsys.readouterr().err
        assert not (tmp_path / place).exists()
    assert cli.main(["curves", str(runs[0]), "--output", str(picture), "--only", "LAS"]) == 2
    assert "--only LAS: no run has logged it; there are noise, loss, accuracy, learning_rate" in capsys.readouterr().err


def test_what_has_no_log_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is no run with a log"):
        read_log(tmp_path)
    (tmp_path / "log").mkdir()
    writer = importlib.import_module("torch.utils.tensorboard").SummaryWriter(str(tmp_path / "log"))
    writer.close()
    with pytest.raises(ConfigurationError, match="holds no scalars yet"):
        read_log(tmp_path)


def test_losses_and_perplexities_are_logarithmic_and_what_is_not_finite_is_left_out() -> None:
    log = {
        "train/loss": [(1, 2.0), (2, float("nan"))],
        "train/learning_rate": [(1, 0.1)],
        "evaluation/BLEU": [(2, 1.0)],
    }
    found = panels({"a": log, "b": {"evaluation/perplexity": [(1, 9.0)]}})
    assert [(panel.title, panel.logarithmic) for panel in found] == [
        ("loss, training", True),
        ("BLEU, development", False),
        ("perplexity, development", True),
        ("learning rate", False),
    ]
    assert found[0].lines == {"a": [(1, 2.0)], "b": []}
