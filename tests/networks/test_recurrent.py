from __future__ import annotations

import pytest
import torch
from torch import nn

from arcparse.errors import ConfigurationError
from arcparse.networks.recurrent import Recurrent
from arcparse.networks.settings import RecurrentConfig


def made(**settings: object) -> Recurrent:
    torch.manual_seed(0)
    return Recurrent(RecurrentConfig(hidden=3, dropout=0.0, **settings), 4).eval()  # type: ignore[arg-type]


CASES = [
    (cell, layers, bidirectional, share)
    for cell in ("rnn", "lstm", "gru")
    for layers in (1, 2)
    for bidirectional in (False, True)
    for share in (0.0, 0.2)
]


@pytest.mark.parametrize(("cell", "layers", "bidirectional", "share"), CASES)
def test_a_sequence_reads_the_same_alone_and_padded(cell: str, layers: int, bidirectional: bool, share: float) -> None:
    encoder = made(cell=cell, layers=layers, bidirectional=bidirectional, zoneout=share)
    vector, length = torch.randn(3, 6, 4), torch.tensor([6, 1, 4])
    output, ends = encoder(vector, length)
    assert output.shape == (3, 6, encoder.dimension)
    for b, size in enumerate(length.tolist()):
        alone, own_ends = encoder(vector[b : b + 1, :size])
        assert output[b, :size].allclose(alone[0], atol=1e-5)
        assert (output[b, size:] == 0).all()
        for end, own in zip(ends, own_ends, strict=True):
            assert all(a[b].allclose(c[0], atol=1e-5) for a, c in zip(end, own, strict=True))


@pytest.mark.parametrize(("cell", "layers", "bidirectional", "share"), [case for case in CASES if not case[2]])
def test_reading_can_stop_and_go_on(cell: str, layers: int, bidirectional: bool, share: float) -> None:
    encoder, vector = made(cell=cell, layers=layers, bidirectional=bidirectional, zoneout=share), torch.randn(2, 5, 4)
    whole, ends = encoder(vector)
    first, states = encoder(vector[:, :2])
    second, later = encoder(vector[:, 2:], None, states)
    assert torch.cat([first, second], 1).allclose(whole, atol=1e-5)
    assert all(a.allclose(b, atol=1e-5) for x, y in zip(ends, later, strict=True) for a, b in zip(x, y, strict=True))


@pytest.mark.parametrize(("cell", "rnn"), [("rnn", nn.RNN), ("lstm", nn.LSTM), ("gru", nn.GRU)])
def test_cells_without_zoneout_are_torchs_layer(cell: str, rnn: type[nn.RNNBase]) -> None:
    """Zoneout's loop with a share of next to nothing gives what the fused layer gives."""
    stepped, fused = made(cell=cell, zoneout=1e-9), rnn(4, 3, batch_first=True, bidirectional=True)
    for number, suffix in enumerate(("", "_reverse")):
        weights = stepped.layers[0].cells[number].state_dict()  # type: ignore[union-attr, index]
        fused.load_state_dict({**fused.state_dict(), **{f"{name}_l0{suffix}": w for name, w in weights.items()}})
    vector = torch.randn(2, 5, 4)
    assert stepped(vector)[0].allclose(fused(vector)[0], atol=1e-5)


def test_zoneout_and_dropped_weights_do_not_go_together() -> None:
    with pytest.raises(ConfigurationError, match="choose one"):
        RecurrentConfig(zoneout=0.1, weight_drop=0.1)
