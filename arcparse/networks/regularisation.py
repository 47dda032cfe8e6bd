"""Regularisers of recurrent networks beside `nn.Dropout`; in evaluation only `zoneout` changes anything.

Locked (variational) dropout (Gal & Ghahramani 2016), embedding dropout (the same, section 3.3 of Merity et al. 2018),
DropConnect on recurrent weights (AWD-LSTM, Merity et al. 2018, section 2) and zoneout (Krueger et al. 2017).
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional


class LockedDropout(nn.Module):
    """Dropout with one mask for all positions of a sequence."""

    def __init__(self, share: float) -> None:
        """Drop this share of the units."""
        super().__init__()
        self.share = share

    def forward(self, vector: Tensor) -> Tensor:
        """Return [B, N, E] with units dropped; a unit is a channel of torch's `dropout1d`."""
        if not self.training or self.share == 0:
            return vector
        return functional.dropout1d(vector.transpose(1, 2), self.share).transpose(1, 2)


def embed(embedding: nn.Embedding, ids: Tensor, share: float, training: bool) -> Tensor:
    """Return the vectors [..., E] of `ids` [...]; in training a `share` of the vocabulary has none in this batch."""
    vector: Tensor = embedding(ids)
    if not training or share == 0:
        return vector
    kept = functional.dropout(embedding.weight.new_ones(len(embedding.weight)), share)
    return vector * kept[ids].unsqueeze(-1)


def weight_dropped(rnn: nn.RNNBase, share: float, training: bool, *inputs: Any) -> Any:
    """Run a recurrent layer with a `share` of its recurrent weights dropped, the same ones at each step."""
    if not training or share == 0:
        return rnn(*inputs)
    recurrent = {name: weight for name, weight in rnn.named_parameters() if name.startswith("weight_hh")}
    dropped = {name: functional.dropout(weight, share) for name, weight in recurrent.items()}
    return functional_call(rnn, dropped, inputs)


def zoneout(old: Tensor, new: Tensor, share: float, training: bool) -> Tensor:
    """Return the state after a step: in training a `share` of the units keep their `old` value, else the expectation.

    Dropout of the change, without dropout's scaling.
    """
    if share == 0:
        return new
    return old + (1 - share) * functional.dropout(new - old, share, training)
