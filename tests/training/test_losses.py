"""The local loss; that of whole paths has a file of its own, test_global_loss.py."""

from __future__ import annotations

import math

import pytest
import torch

from arcparse.training.losses import local_loss

LEGAL = torch.tensor([[True, False, True, True], [True, True, True, True], [False, True, False, False]])
TARGET = torch.tensor([2, 0, 1])


def scores() -> torch.Tensor:
    return torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_each_decision_normalises_over_its_legal_actions() -> None:
    expected = [
        -math.log(math.exp(row[target]) / sum(math.exp(s) for s, may in zip(row, legal, strict=True) if may))
        for row, legal, target in zip(scores().tolist(), LEGAL.tolist(), TARGET.tolist(), strict=True)
    ]
    assert local_loss(scores(), LEGAL, TARGET).tolist() == pytest.approx(expected)


def test_the_only_legal_action_costs_nothing() -> None:
    assert local_loss(scores(), LEGAL, TARGET)[2].item() == pytest.approx(0)


def test_gradients_equal_finite_differences() -> None:
    assert torch.autograd.gradcheck(lambda s: local_loss(s, LEGAL, TARGET), scores().requires_grad_())
    given = scores().requires_grad_()
    local_loss(given, LEGAL, TARGET).sum().backward()
    assert given.grad is not None
    assert (given.grad[~LEGAL] == 0).all()
    assert given.grad.sum(1).abs().max() < 1e-12


def test_where_nothing_is_legal_loss_and_gradient_are_finite() -> None:
    given = scores().requires_grad_()
    lost = local_loss(given, torch.zeros_like(LEGAL), TARGET)
    assert lost.isfinite().all()
    (lost * 0).sum().backward()
    assert given.grad is not None
    assert (given.grad == 0).all()


def test_large_scores_overflow_nothing() -> None:
    assert local_loss(scores() * 1e6, LEGAL, TARGET).isfinite().all()
