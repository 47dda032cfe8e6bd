from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from toy_task import ToyTask

from arcparse import cli
from arcparse.errors import ConfigurationError
from arcparse.settings import load_settings
from arcparse.training import loop
from arcparse.training.loop import TrainingConfig, train
from arcparse.training.processes import Processes, _take_gpu
from arcparse.training.snapshot import load_snapshot

TESTS = Path(__file__).parent.parent
PRESET = {"epochs": 3, "checkpoint_minutes": 0.0, "tensorboard": False, "learning_rate": 0.05, "optimizer": "momentum"}


def together(*arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a program in two processes, as torchrun does."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    env = os.environ | {"PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}", "OMP_NUM_THREADS": "1"}
    return subprocess.run([*command, *map(str, arguments)], env=env, capture_output=True, text=True, check=check)


def toy(directory: Path, stop_at: object, *settings: str, check: bool = True) -> Any:
    return together(TESTS / "toy_task.py", directory, stop_at, "epochs=3", "optimizer=momentum", *settings, check=check)


def ended(directory: Path) -> tuple[dict[str, torch.Tensor], list[dict[str, float]]]:
    tensors, values = load_snapshot(directory / loop.CHECKPOINT)
    return tensors, values["state"]["history"]


def test_shares_of_a_step_are_disjoint_and_their_losses_weigh_the_same() -> None:
    for size, number in [(1, 1), (1, 3), (2, 5), (3, 2), (4, 1)]:
        given = [list(Processes(rank, size).share(list(range(number)), "seed")) for rank in range(size)]
        counted = [(batch, divisor) for own in given for batch, divisor in own if divisor < math.inf]
        assert sorted(batch for batch, _ in counted) == list(range(number))
        assert {divisor * size for _, divisor in counted} == {number}
        assert all(given)


def test_a_process_without_a_gpu_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(
        ConfigurationError, match=r"process 2 of this machine has no GPU, since there are 1; start fewer"
    ):
        _take_gpu(1)


@pytest.mark.slow
@pytest.mark.parametrize("accumulation", [1, 2])
def test_two_processes_are_one_with_twice_the_batch(tmp_path: Path, accumulation: int) -> None:
    one = load_settings(TrainingConfig, preset=PRESET | {"accumulation": 2 * accumulation})
    result = train(ToyTask(plain=True), one, tmp_path / "one")
    toy(tmp_path / "two", "plain", f"accumulation={accumulation}")
    expected, _ = ended(tmp_path / "one")
    found, history = ended(tmp_path / "two")
    assert [set(scores) for scores in history] == [{"loss", "noise", "accuracy"}] * 3
    assert [scores["loss"] for scores in history] == pytest.approx([scores["loss"] for scores in result.history], 1e-4)
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-3, atol=1e-4)
    assert (tmp_path / "two" / loop.BEST).is_dir()


@pytest.mark.slow
def test_a_run_of_two_processes_that_was_killed_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    toy(tmp_path / "whole", 0)
    stopped = toy(tmp_path / "stopped", 5, check=False)
    assert stopped.returncode != 0
    _, half = ended(tmp_path / "stopped")
    assert len(half) == 1
    toy(tmp_path / "stopped", 0)
    whole, history = ended(tmp_path / "whole")
    resumed, same = ended(tmp_path / "stopped")
    assert same == history
    for name, tensor in whole.items():
        assert torch.equal(resumed[name], tensor), name


@pytest.mark.slow
def test_the_command_trains_in_two_processes_and_prints_once(tmp_path: Path, sample_treebank: Path) -> None:
    done = together(
        *("-m", "arcparse", "train", "tagger", "--train", sample_treebank, "--epochs", "1"),
        *("--set", "training.batch_tokens=60", "--output", tmp_path / "run"),
    )
    assert done.stdout.count("dev UPOS") + done.stdout.count("dev AllTags") == 1
    assert done.stderr.count("epoch 1  loss") == 1
    assert "Warning" not in done.stderr
    assert cli.main(["tag", "--model", str(tmp_path / "run"), "It works."]) == 0


@pytest.mark.slow
def test_work_of_one_process_is_refused_by_several(tmp_path: Path) -> None:
    done = together("-m", "arcparse", "train", "pipeline", "--output", tmp_path / "run", check=False)
    assert done.returncode != 0
    assert "arcparse: the training of a whole pipeline is the work of one process; start it without torchrun" in (
        done.stderr
    )
