"""Recurrent encoders with cells that are simpler than an LSTM, to be measured beside it.

`python tools/encoder_cells.py train parser --set parser.encoder=CELL ...` is `arcparse` with the encoders `sru` (Lei et
al. 2018), `qrnn` (Bradbury et al. 2017) and `mingru` (Feng et al. 2024); its models are read by this script alone.
Sizes are set as in `--set parser.encoder_settings.hidden=200`. In all of them, the matrix products of a sentence do not
wait for each other; only a weighted sum of the old state and of the new input goes from token to token:

    state(t) = keep(t) * state(t - 1) + (1 - keep(t)) * candidate(t)
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from arcparse.cli import main
from arcparse.networks.encoder import register
from arcparse.networks.encoder.choice import MakeEncoder
from arcparse.settings.limits import Layers, Part, Units


@dataclass(frozen=True)
class CellConfig:
    """Sizes of the encoder."""

    layers: Layers = 2
    hidden: Units = 304  # units in each direction
    dropout: Part = 0.33  # of inputs and between layers


class Cell(nn.Module):
    """One direction of a layer: [B, N, E] to [B, N, hidden]; padding comes last."""

    parts = 2  # vectors of `hidden` units that the one matrix product gives
    width = 1  # inputs that a gate sees: this one, and those before it

    def __init__(self, dimension: int, hidden: int) -> None:
        """Make an untrained cell; states are kept for long at first."""
        super().__init__()
        self.inputs = nn.Linear(self.width * dimension, self.parts * hidden)
        nn.init.constant_(self.inputs.bias[hidden : 2 * hidden], 1.0)

    def forward(self, vector: Tensor) -> Tensor:
        """Return the outputs of all positions."""
        earlier = [nn.functional.pad(vector, (0, 0, i, 0))[:, : vector.shape[1]] for i in range(1, self.width)]
        candidate, *gates = self.inputs(torch.cat([vector, *earlier], 2)).chunk(self.parts, 2)
        keep = gates[0].sigmoid()
        added, state, states = (1 - keep) * self.squashed(candidate), torch.zeros_like(keep[:, 0]), []
        for factor, addend in zip(keep.unbind(1), added.unbind(1), strict=True):
            state = factor * state + addend
            states.append(state)
        return self.output(torch.stack(states, 1), vector, gates[1:])

    def squashed(self, candidate: Tensor) -> Tensor:
        """Return the candidate as it enters the state."""
        return candidate

    def output(self, state: Tensor, vector: Tensor, gates: list[Tensor]) -> Tensor:
        """Return the outputs from the states [B, N, hidden]."""
        return state


class MinGRU(Cell):
    """The state is the output (Feng et al. 2024, section 3.1)."""


class QRNN(Cell):
    """Gates see two inputs, and one lets the state out (Bradbury et al. 2017, section 2.1, fo-pooling)."""

    parts, width = 3, 2

    def squashed(self, candidate: Tensor) -> Tensor:
        """Return values between -1 and 1."""
        return candidate.tanh()

    def output(self, state: Tensor, vector: Tensor, gates: list[Tensor]) -> Tensor:
        """Return the gated states."""
        return gates[0].sigmoid() * state


class SRU(Cell):
    """A highway past the state (Lei et al. 2018, section 3.1), here through a projection of the input."""

    parts = 4

    def output(self, state: Tensor, vector: Tensor, gates: list[Tensor]) -> Tensor:
        """Return a mean of state and input, weighted by a gate."""
        through = gates[0].sigmoid()
        return through * state + (1 - through) * gates[1]


def encoder(cell: type[Cell]) -> MakeEncoder:
    """Return the encoder that reads in both directions with this cell."""

    class Encoder(nn.Module):
        settings = CellConfig

        def __init__(self, config: CellConfig, input_dimension: int) -> None:
            super().__init__()
            self.dimension, self.low_precision = 2 * config.hidden, False
            sizes = [input_dimension, *[self.dimension] * (config.layers - 1)]
            self.forwards, self.backwards = (nn.ModuleList(cell(size, config.hidden) for size in sizes) for _ in "<>")
            self.dropout = nn.Dropout(config.dropout)

        def forward(self, vector: Tensor, length: Tensor) -> Tensor:
            place = torch.arange(vector.shape[1], device=vector.device).expand(vector.shape[:2])
            end = length.unsqueeze(1)
            turned = torch.where(place < end, end - 1 - place, place).unsqueeze(2)  # padding stays behind
            for forwards, backwards in zip(self.forwards, self.backwards, strict=True):
                vector = self.dropout(vector)
                back = backwards(vector.gather(1, turned.expand_as(vector)))
                vector = torch.cat([forwards(vector), back.gather(1, turned.expand_as(back))], 2)
            return vector

    return Encoder


for name, kind in {"sru": SRU, "qrnn": QRNN, "mingru": MinGRU}.items():
    register(name, encoder(kind))

if __name__ == "__main__":
    sys.exit(main())
