import math
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from toy_task import STEPS, ToyTask

from arcparse.errors import ArcparseError, ConfigurationError, ModelError
from arcparse.training.loop import Loss, Result, TrainingConfig, train
from arcparse.training.progress import Progress
from arcparse.training.snapshot import load_snapshot

SCRIPT = Path(__file__).parents[1] / "toy_task.py"

OPTIMISERS = ("adam", *(pytest.param(name, marks=pytest.mark.slow) for name in ("momentum", "adagrad")))


def config(**changes: Any) -> TrainingConfig:
    return TrainingConfig(**{"epochs": 4, "tensorboard": False, "learning_rate": 0.05, "device": "cpu", **changes})


def run_script(directory: Path, kill_at: int, *overrides: str) -> int:
    command = [sys.executable, str(SCRIPT), str(directory), str(kill_at), "device=cpu", *overrides]
    return subprocess.run(command, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"}).returncode


def raise_interrupt() -> None:
    raise KeyboardInterrupt


def scores(values: list[float]) -> Callable[[], dict[str, float]]:
    remaining = iter(values)
    return lambda: {"accuracy": next(remaining)}


def assert_same_run(one: Path, other: Path) -> None:
    for name in ("checkpoint.safetensors", "best/weights.safetensors"):
        tensors, others = load_file(one / name), load_file(other / name)
        assert tensors.keys() == others.keys()
        assert all(tensors[key].equal(others[key]) for key in tensors), name
    states = [load_snapshot(path / "checkpoint.safetensors")[1]["state"] for path in (one, other)]
    assert states[0] == states[1]


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    assert run_script(tmp_path / "killed", STEPS + 4) == -signal.SIGKILL  # amid the second epoch
    assert load_snapshot(tmp_path / "killed" / "checkpoint.safetensors")[1]["state"]["step"] == 3
    assert run_script(tmp_path / "killed", 0) == 0
    train(ToyTask(), config(), tmp_path / "whole")
    assert_same_run(tmp_path / "whole", tmp_path / "killed")


def test_a_disk_that_fills_up_leaves_the_last_checkpoint_and_the_run_goes_on(tmp_path: Path) -> None:
    train(ToyTask(), config(epochs=2), tmp_path / "full")
    before = (tmp_path / "full" / "checkpoint.safetensors").read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))  # bytes: the files that a run writes are larger
    try:
        with pytest.raises(ModelError, match=r"full/(best|checkpoint.safetensors): cannot be written: File too large"):
            train(ToyTask(), config(), tmp_path / "full")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "full" / "checkpoint.safetensors").read_bytes() == before
    assert sorted(os.listdir(tmp_path / "full")) == ["best", "checkpoint.safetensors"]
    assert len(train(ToyTask(), config(), tmp_path / "full").history) == 4


def test_a_place_that_no_run_can_have_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(ModelError, match="x/run: cannot be made: Not a directory; give another folder"):
        train(ToyTask(), config(), tmp_path / "x" / "run")
    with pytest.raises(ModelError, match="TensorBoard takes no name that is not UTF-8; name another directory"):
        train(ToyTask(), config(tensorboard=True), tmp_path / "r\udce9")
    assert train(ToyTask(), config(epochs=1), tmp_path / "r\udce9").epoch == 1
    assert train(ToyTask(), config(epochs=2), tmp_path / "r\udce9").epoch > 0


@pytest.mark.parametrize("optimizer", OPTIMISERS)
@pytest.mark.parametrize("stop_at", [1, STEPS, STEPS + 1, 2 * STEPS + 3])
def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path: Path, optimizer: str, stop_at: int) -> None:
    settings = config(epochs=3, optimizer=optimizer, averaging=0.9, checkpoint_minutes=0.0)
    whole, stopped, resumed = ToyTask(), ToyTask(stop_at, stop=raise_interrupt), ToyTask()
    result = train(whole, settings, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(stopped, settings, tmp_path / "stopped")
    assert train(resumed, settings, tmp_path / "stopped") == result
    assert resumed.steps == 3 * STEPS - (stop_at - 1)
    assert_same_run(tmp_path / "whole", tmp_path / "stopped")
    assert all(map(torch.equal, whole.model.parameters(), resumed.model.parameters()))


def test_training_learns_and_saves_the_best(tmp_path: Path) -> None:
    task = ToyTask()
    result = train(task, config(epochs=12, patience=12, averaging=0.9), tmp_path)
    assert result.metric > 0.9
    assert len(result.history) == 12
    assert result.history[-1]["loss"] < 0.7 * result.history[0]["loss"]
    assert result.history[result.epoch - 1]["accuracy"] == result.metric
    task.model.load_state_dict(load_file(tmp_path / "best" / "weights.safetensors"))
    task.model.eval()
    assert task.evaluate()["accuracy"] == result.metric


def test_it_stops_when_the_score_no_longer_rises(tmp_path: Path) -> None:
    task = ToyTask()
    task.evaluate = scores([1.0, 3.0, 2.0, 3.0, 9.0])  # type: ignore[method-assign]
    result = train(task, config(epochs=20, patience=2), tmp_path)
    assert (result.metric, result.epoch, len(result.history)) == (3.0, 2, 4)
    assert train(ToyTask(), config(epochs=20, patience=2), tmp_path) == result
    task.evaluate = scores([9.0, 1.0])  # type: ignore[method-assign]
    assert train(task, config(epochs=6, patience=3), tmp_path).epoch == 5


def test_a_finished_run_can_be_lengthened_or_begun_afresh(tmp_path: Path) -> None:
    task = ToyTask()
    train(task, config(epochs=1), tmp_path)
    assert task.steps == STEPS
    assert len(train(task, config(epochs=3), tmp_path).history) == 3
    assert task.steps == 3 * STEPS
    assert len(train(task, config(epochs=1), tmp_path, resume=False).history) == 1
    assert task.steps == 4 * STEPS


def test_the_model_returns_with_its_average(tmp_path: Path) -> None:
    task = ToyTask()
    train(task, config(epochs=1), tmp_path)
    tensors, _ = load_snapshot(tmp_path / "checkpoint.safetensors")
    for i, parameter in enumerate(task.model.parameters()):
        assert parameter.equal(tensors[f"average.{i}"])


def test_a_training_has_an_epoch() -> None:
    with pytest.raises(ConfigurationError, match="TrainingConfig: epochs must be at least 1, not 0"):
        config(epochs=0)


def test_other_settings_are_refused(tmp_path: Path) -> None:
    train(ToyTask(), config(epochs=1), tmp_path)
    with pytest.raises(ConfigurationError, match=r"was trained with learning_rate 0.05, not 0.1; .*\(--fresh\)"):
        train(ToyTask(), config(epochs=1, learning_rate=0.1), tmp_path)
    with pytest.raises(ConfigurationError, match=r"is of another model: .*weight 'model\.0\.weight' has shape"):
        train(ToyTask(size=9), config(epochs=1), tmp_path)
    other = ToyTask()
    other.model = torch.nn.ModuleList(other.model.children())  # with weights of the same names and shapes
    with pytest.raises(ConfigurationError, match=r"is the training of a sequential, not of a modulelist; train from"):
        train(other, config(epochs=1, learning_rate=0.1), tmp_path)
    (tmp_path / "checkpoint.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="is no snapshot"):
        train(ToyTask(), config(epochs=1), tmp_path)


def test_a_loss_that_is_not_finite_leaves_the_checkpoint(tmp_path: Path) -> None:
    train(ToyTask(), config(epochs=1), tmp_path)
    before = (tmp_path / "checkpoint.safetensors").read_bytes()
    task = ToyTask()
    task.loss = lambda batch: Loss(task.model(batch[0]).sum() * math.nan, 1)  # type: ignore[method-assign]
    with pytest.raises(ArcparseError, match=f"step {STEPS + 1}: the loss is nan"):
        train(task, config(epochs=2, checkpoint_minutes=0.0), tmp_path)
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == before


def test_progress_is_reported(tmp_path: Path) -> None:
    reports: list[Progress] = []
    result = train(ToyTask(), config(epochs=2, log_every=4), tmp_path, progress=reports.append)
    assert [(r.epoch, r.step, bool(r.metrics)) for r in reports] == [
        (epoch, step, evaluated) for epoch in (1, 2) for step, evaluated in ((4, False), (6, False), (6, True))
    ]
    assert all(r.epochs == 2 and r.steps == STEPS and r.tokens_per_second > 0 for r in reports)
    assert reports[0].seconds_left > reports[-1].seconds_left == 0
    assert reports[0].learning_rate == pytest.approx(0.05 * (1 - 3 / (2 * STEPS)))
    assert reports[-1].loss == result.history[-1]["loss"]
    assert reports[-1].parts == {"noise": result.history[-1]["noise"]}
    assert reports[-1].metrics == {"accuracy": result.history[-1]["accuracy"]}


def test_tensorboard_gets_its_scalars(tmp_path: Path) -> None:
    train(ToyTask(), config(epochs=2, log_every=3, tensorboard=True), tmp_path)
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    log = events.EventAccumulator(str(tmp_path / "log")).Reload()
    assert set(log.Tags()["scalars"]) == {"train/loss", "train/noise", "train/learning_rate", "evaluation/accuracy"}
    assert [event.step for event in log.Scalars("train/loss")] == [3, 6, 9, 12]
    assert [event.step for event in log.Scalars("evaluation/accuracy")] == [6, 12]


def test_the_seed_decides(tmp_path: Path) -> None:
    def weights(name: str, seed: int) -> tuple[Result, torch.Tensor]:
        task = ToyTask()
        return train(task, config(epochs=1, seed=seed), tmp_path / name), next(task.model.parameters()).detach()

    (first, a), (second, b), (_, c) = weights("a", 1), weights("b", 1), weights("c", 2)
    assert first == second
    assert a.equal(b)
    assert not a.equal(c)


def test_the_rate_falls_where_the_development_loss_stalls(tmp_path: Path) -> None:
    reports: list[Progress] = []
    task, settings = ToyTask(), config(schedule="plateau", decay_rate=0.5)
    losses = iter([3.0, 2.0, 2.5, 2.2])
    task.evaluate = lambda: {"accuracy": 1.0, "dev_loss": next(losses)}  # type: ignore[method-assign]
    train(task, settings, tmp_path, progress=reports.append)
    assert [r.learning_rate for r in reports if r.metrics] == [0.05, 0.05, 0.05, 0.025]
    with pytest.raises(ConfigurationError, match="plateau needs the score dev_loss"):
        train(ToyTask(), settings, tmp_path / "without")
