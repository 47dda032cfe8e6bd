"""Products of bfloat16, and processors that cannot compute them."""

from __future__ import annotations

import os

import pytest
import torch

from arcparse.networks import precision


def products() -> torch.dtype:
    with precision.reduced(torch.device("cpu"), enabled=True):
        return (torch.ones(2, 2) @ torch.ones(2, 2)).dtype


def test_products_are_of_bfloat16_if_the_processor_supports_it() -> None:
    assert products() == (torch.bfloat16 if precision.supports_bfloat16("cpu") else torch.float32)
    with precision.reduced(torch.device("cpu"), enabled=False):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_a_processor_that_refuses_recurrent_layers_gets_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise RuntimeError("could not create a primitive descriptor for the LSTM forward propagation primitive")

    precision.supports_bfloat16.cache_clear()
    monkeypatch.setattr(torch.nn.LSTM, "forward", refused)
    assert products() == torch.float32
    monkeypatch.undo()
    precision.supports_bfloat16.cache_clear()


def test_the_trial_changes_no_random_numbers() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    precision.supports_bfloat16.cache_clear()
    torch.manual_seed(1)
    products()
    assert torch.rand(3).equal(expected)


@pytest.mark.parametrize(("own", "expected"), [(None, precision.SHAPES_KEPT), ("7", "7")])
def test_few_shapes_of_products_are_kept_unless_the_user_says_how_many(
    monkeypatch: pytest.MonkeyPatch, own: str | None, expected: str
) -> None:
    variable = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
    monkeypatch.setenv(variable, own or "")
    if own is None:
        monkeypatch.delenv(variable)
    precision.supports_bfloat16.cache_clear()
    products()
    assert os.environ[variable] == expected
