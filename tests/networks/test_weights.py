from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from arcparse.checkpoint import load_model, save_model
from arcparse.networks.weights import arrays, load_network


def test_the_weights_of_a_network_are_saved_and_loaded_whatever_their_type(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))  # which counts batches by a whole number
    network(torch.ones(4, 3))
    low = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)).to(torch.bfloat16)
    for made in (network, low):
        save_model(tmp_path / "m", kind="toy", config={}, vocabularies={}, weights=arrays(made))
        again = load_network(load_model(tmp_path / "m"), lambda: nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)))
        assert not again.training
        for name, weight in made.state_dict().items():
            assert again.state_dict()[name].tolist() == weight.tolist()
