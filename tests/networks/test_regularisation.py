from __future__ import annotations

import pytest
import torch
from torch import nn

from arcparse.networks.recurrent import Recurrent
from arcparse.networks.regularisation import LockedDropout, embed, weight_dropped, zoneout
from arcparse.networks.settings import RecurrentConfig


def test_locked_dropout_drops_the_same_units_at_each_position() -> None:
    dropout = LockedDropout(0.4)
    dropped = dropout(torch.ones(50, 7, 40))
    assert (dropped == dropped[:, :1]).all()
    assert dropped.unique().tolist() == pytest.approx([0, 1 / 0.6])
    assert (dropped[:, 0] == 0).float().mean() == pytest.approx(0.4, abs=0.05)
    assert not dropped[0].equal(dropped[1])  # each sequence has a mask of its own
    assert dropout.eval()(torch.ones(2, 3, 4)).equal(torch.ones(2, 3, 4))


def test_embedding_dropout_takes_a_word_away_wherever_it_occurs() -> None:
    embedding = nn.Embedding(100, 8)
    ids = torch.arange(100).repeat(3, 2)
    vector = embed(embedding, ids, 0.3, True)
    is_gone = (vector == 0).all(2)
    assert (is_gone == is_gone[:1]).all()
    assert is_gone[:, :100].equal(is_gone[:, 100:])
    assert is_gone[0, :100].float().mean() == pytest.approx(0.3, abs=0.15)
    assert vector[~is_gone].allclose(embedding(ids)[~is_gone] / 0.7)
    assert embed(embedding, ids, 0.3, False).equal(embedding(ids))


@pytest.mark.parametrize("cell", [nn.RNN, nn.LSTM, nn.GRU])
def test_weight_drop_drops_recurrent_weights_alone(cell: type[nn.RNNBase]) -> None:
    torch.manual_seed(0)
    rnn, vector = cell(3, 5, batch_first=True, bidirectional=True), torch.randn(2, 6, 3)
    plain = rnn(vector)[0]
    assert weight_dropped(rnn, 0.5, False, vector)[0].equal(plain)
    dropped = weight_dropped(rnn, 0.5, True, vector)[0]
    assert not dropped.allclose(plain)
    assert dropped[:, 0, :5].allclose(plain[:, 0, :5])  # nothing recurs into the first step
    dropped.sum().backward()
    gradient = rnn.weight_hh_l0.grad
    assert isinstance(gradient, torch.Tensor)
    assert 0 < (gradient == 0).float().mean() < 1  # those that were dropped
    assert rnn(vector)[0].equal(plain)  # the weights themselves are as they were


def test_zoneout_keeps_units_in_training_and_gives_the_mean_in_evaluation() -> None:
    old, new = torch.zeros(100, 50), torch.ones(100, 50)
    after = zoneout(old, new, 0.2, True)
    assert set(after.unique().tolist()) == {0.0, 1.0}
    assert after.mean() == pytest.approx(0.8, abs=0.03)
    assert zoneout(old, new, 0.2, False).allclose(torch.tensor(0.8))
    assert zoneout(old, new, 0.0, True) is new


def test_dropout_of_a_recurrent_layer_is_locked_and_none_in_evaluation() -> None:
    layer = Recurrent(RecurrentConfig(hidden=4, dropout=0.5, zoneout=0.1), 6)
    vector, length = torch.randn(2, 5, 6), torch.tensor([5, 3])
    assert not layer(vector, length)[0].equal(layer(vector, length)[0])
    layer.eval()
    assert layer(vector, length)[0].equal(layer(vector, length)[0])
