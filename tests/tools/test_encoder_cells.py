"""Encoders that are measured beside the LSTM: their recurrence, and independence of padding."""

from __future__ import annotations

import encoder_cells
import pytest
import torch
from encoder_cells import QRNN, SRU, Cell, CellConfig, MinGRU
from torch import Tensor

CELLS: list[type[Cell]] = [MinGRU, QRNN, SRU]


def by_hand(cell: Cell, vector: Tensor) -> Tensor:
    """Return the outputs [N, H] of one sequence [N, E], position by position."""
    hidden, state, outputs = cell.inputs.out_features // cell.parts, torch.zeros(1), []
    for i in range(len(vector)):
        seen = [vector[i - j] if i >= j else torch.zeros_like(vector[0]) for j in range(cell.width)]
        parts = cell.inputs(torch.cat(seen)).split(hidden)
        keep = torch.sigmoid(parts[1])
        new = torch.tanh(parts[0]) if isinstance(cell, QRNN) else parts[0]
        state = keep * state + (1 - keep) * new
        if isinstance(cell, QRNN):
            outputs.append(torch.sigmoid(parts[2]) * state)
        elif isinstance(cell, SRU):
            through = torch.sigmoid(parts[2])
            outputs.append(through * state + (1 - through) * parts[3])
        else:
            outputs.append(state)
    return torch.stack(outputs)


@pytest.mark.parametrize("kind", CELLS)
def test_a_cell_computes_its_recurrence(kind: type[Cell]) -> None:
    torch.manual_seed(1)
    cell, vector = kind(6, 4), torch.randn(3, 5, 6)
    torch.testing.assert_close(cell(vector), torch.stack([by_hand(cell, own) for own in vector]))


@pytest.mark.parametrize("kind", CELLS)
def test_a_sentence_has_the_same_vectors_alone_and_in_a_batch(kind: type[Cell]) -> None:
    torch.manual_seed(1)
    encoder = encoder_cells.encoder(kind)(CellConfig(layers=2, hidden=4, dropout=0.0), 6)
    vector, length = torch.randn(2, 7, 6), torch.tensor([7, 3])
    together, alone = encoder(vector, length), encoder(vector[1:, :3], length[1:])
    assert together.shape == (2, 7, 8)
    torch.testing.assert_close(together[1, :3], alone[0])
    changed = vector.clone()
    changed[0, 3] += 1
    moved = (encoder(changed, length)[0] != together[0]).any(1)
    assert moved.all()  # each position depends on both sides
