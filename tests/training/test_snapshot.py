import random
from pathlib import Path

import numpy as np
import pytest
import torch

from arcparse.errors import ModelError
from arcparse.training.snapshot import TYPES, load_snapshot, restore_random_state, save_snapshot, seed_everything


def draw() -> tuple[float, float, float, float]:
    return random.gauss(0, 1), float(np.random.randn()), float(np.random.rand()), float(torch.rand(()))


def test_seeding_repeats_every_generator() -> None:
    seed_everything(-3)
    first = draw()
    seed_everything(-3)
    assert draw() == first
    seed_everything(4)
    assert draw() != first


def test_a_snapshot_brings_back_tensors_values_and_random_states(tmp_path: Path) -> None:
    seed_everything(1)
    draw()  # leaves half a pair of Gaussian numbers behind in Python and in numpy
    file, tensors = tmp_path / "run.safetensors", {"a": torch.arange(3), "b": torch.eye(2, dtype=torch.float16).T}
    save_snapshot(file, tensors, {"epoch": 3, "loss": 0.1})
    expected = [draw() for _ in range(3)]
    loaded, values = load_snapshot(file)
    assert values == {"epoch": 3, "loss": 0.1}
    assert loaded.keys() == tensors.keys()
    assert all(loaded[name].equal(tensor) and loaded[name].dtype == tensor.dtype for name, tensor in tensors.items())
    restore_random_state(file)
    assert [draw() for _ in range(3)] == expected
    assert [path.name for path in tmp_path.iterdir()] == ["run.safetensors"]


def test_another_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    with pytest.raises(ModelError, match="is no snapshot of a run"):
        load_snapshot(file)
    file.write_bytes(b"something else")
    with pytest.raises(ModelError, match=r"run.safetensors: is no snapshot of a run: .*; remove it to start afresh"):
        load_snapshot(file)


def test_tensors_of_every_type_and_shape_are_kept(tmp_path: Path) -> None:
    tensors = {str(kind): torch.tensor([[0, 1, 2], [3, 4, 5]]).to(kind) for kind in TYPES}
    tensors |= {"scalar": torch.tensor(3.5), "empty": torch.zeros(0, 4), "turned": torch.arange(6.0).view(2, 3).T}
    tensors |= {"shared": tensors["turned"][1:], "parameter": torch.nn.Parameter(torch.ones(3))}
    save_snapshot(tmp_path / "snapshot", tensors, {"text": "é"})
    found, values = load_snapshot(tmp_path / "snapshot")
    assert values == {"text": "é"}
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype
        assert found[name].equal(tensor), name
