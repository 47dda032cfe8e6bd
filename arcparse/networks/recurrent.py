"""Recurrent encoders: plain RNN (Elman 1990), LSTM and GRU, in one direction or both, in one or more layers.

The layers are torch's own, fused over time. Padding changes nothing: sequences of different lengths are packed, so that
each direction begins and ends with the sequence. Only zoneout, which torch's layers do not have, steps through time
cell by cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from arcparse.networks.regularisation import LockedDropout, weight_dropped, zoneout
from arcparse.networks.settings import RecurrentConfig

LAYERS: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CELLS: dict[str, Callable[..., nn.RNNCellBase]] = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}
LayerState = tuple[Tensor, ...]  # of a layer: h, for an LSTM h and c, each [B, D]


class Recurrent(nn.Module):
    """A stack of recurrent layers."""

    def __init__(self, config: RecurrentConfig, input_dimension: int) -> None:
        """Make the layers for vectors of `input_dimension`."""
        super().__init__()
        self.config = config
        self.dimension = config.hidden * (2 if config.bidirectional else 1)
        sizes = [input_dimension, *[self.dimension] * (config.layers - 1)]
        layer = ZoneoutLayer if config.zoneout else FusedLayer
        self.layers = nn.ModuleList(layer(config, size) for size in sizes)
        self.dropout = LockedDropout(config.dropout)

    def forward(
        self, vector: Tensor, length: Tensor | None = None, states: Sequence[LayerState] | None = None
    ) -> tuple[Tensor, list[LayerState]]:
        """Return [B, N, D] and each layer's state after the last token, from [B, N, E] and the states before the first.

        Sequences have `length` [B] tokens, at least one; without it all have N. If both directions are read, D is twice
        `hidden`, and the backward direction's last state is the one at the first token.
        """
        ends = []
        for number, layer in enumerate(self.layers):
            vector, end = layer(self.dropout(vector), length, states[number] if states else None)
            ends.append(end)
        return vector, ends


class FusedLayer(nn.Module):
    """A layer of torch."""

    def __init__(self, config: RecurrentConfig, input_dimension: int) -> None:
        """Make an untrained layer."""
        super().__init__()
        self.weight_drop = config.weight_drop
        self.rnn = LAYERS[config.cell](
            input_dimension, config.hidden, batch_first=True, bidirectional=config.bidirectional
        )

    def forward(self, vector: Tensor, length: Tensor | None, state: LayerState | None) -> tuple[Tensor, LayerState]:
        """Return [B, N, D] and the last state."""
        hidden = None if state is None else self._for_torch(state)
        if length is None or bool((length == vector.shape[1]).all()):  # packed sequences are read twice as slowly
            output, end = weight_dropped(self.rnn, self.weight_drop, self.training, vector, hidden)
        else:
            packed = pack_padded_sequence(vector, length.cpu(), batch_first=True, enforce_sorted=False)
            output, end = weight_dropped(self.rnn, self.weight_drop, self.training, packed, hidden)
            output, _ = pad_packed_sequence(output, batch_first=True, total_length=vector.shape[1])
        ends = end if isinstance(end, tuple) else (end,)
        return output, tuple(part.transpose(0, 1).flatten(1) for part in ends)

    def _for_torch(self, state: LayerState) -> Tensor | LayerState:
        """Return h, or h and c, as [directions, B, H]."""
        size = self.rnn.hidden_size
        parts = tuple(part.view(len(part), -1, size).transpose(0, 1).contiguous() for part in state)
        return parts if len(parts) > 1 else parts[0]


class ZoneoutLayer(nn.Module):
    """A layer in which units may keep their value from step to step."""

    def __init__(self, config: RecurrentConfig, input_dimension: int) -> None:
        """Make a cell for each direction."""
        super().__init__()
        self.config = config
        directions = 2 if config.bidirectional else 1
        self.cells = nn.ModuleList(CELLS[config.cell](input_dimension, config.hidden) for _ in range(directions))

    def forward(self, vector: Tensor, length: Tensor | None, state: LayerState | None) -> tuple[Tensor, LayerState]:
        """Return [B, N, D] and the last state."""
        parts = 2 if self.config.cell == "lstm" else 1
        start = state or (vector.new_zeros(len(vector), self.config.hidden * len(self.cells)),) * parts
        starts = zip(*(part.chunk(len(self.cells), 1) for part in start), strict=True)
        read = [
            self._read(cell, vector, length, own, is_backward=number == 1)
            for number, (cell, own) in enumerate(zip(self.cells, starts, strict=True))
        ]
        ends = zip(*(end for _, end in read), strict=True)
        return torch.cat([output for output, _ in read], 2), tuple(torch.cat(part, 1) for part in ends)

    def _read(
        self, cell: nn.Module, vector: Tensor, length: Tensor | None, state: LayerState, is_backward: bool
    ) -> tuple[Tensor, LayerState]:
        """Step through one direction; after its end a sequence keeps its state, and its output is 0."""
        steps = range(vector.shape[1])
        outputs = [vector.new_zeros(0)] * len(steps)
        for step in reversed(steps) if is_backward else steps:
            after = cell(vector[:, step], state if len(state) > 1 else state[0])
            after = after if isinstance(after, tuple) else (after,)
            share = self.config.zoneout
            after = tuple(zoneout(a, b, share, self.training) for a, b in zip(state, after, strict=True))
            outputs[step] = after[0]
            if length is not None:
                inside = (step < length).unsqueeze(1)
                outputs[step] = after[0] * inside
                after = tuple(torch.where(inside, b, a) for a, b in zip(state, after, strict=True))
            state = after
        return torch.stack(outputs, 1), state
