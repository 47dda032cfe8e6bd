"""A dense layer of every level that this processor runs, compared with numpy."""

from __future__ import annotations

import ctypes
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from arcparse.kernels.kernel import FINE
from arcparse.kernels.library import Handle, check, floats, library, pointer

ROWS = (1, 2, 3, 5, 8, 11, 12, 13, 16, 17, 25, 31, 32, 33, 50, 64, 67)
SHAPES = ((0, 3), (1, 1), (3, 2), (15, 33), (32, 64), (37, 19), (64, 130), (101, 257), (600, 70))  # inputs, outputs
# Of the largest output. bfloat16 (amx) has 8 bits, but its errors partly cancel each other; integers have more bits.
TOLERANCE = {"single": 2e-6, "amx": 1e-2}
INTEGERS = 2e-3
PRECISIONS = {"single": 0, "low": 1, "fine": FINE}

Array = NDArray[np.float32]


class Layer:
    """The functions of the interface, with arrays."""

    def __init__(self, kernels: ctypes.CDLL, weight: Array, bias: Array, precision: int) -> None:
        self.kernels, self.shape = kernels, weight.shape
        weight, bias = floats(weight), floats(bias)
        made = kernels.arcparse_dense_new(*weight.shape, pointer(weight), pointer(bias), precision)
        self.handle = Handle(made, kernels.arcparse_dense_free)

    def __call__(self, x: Array, *, relu: bool = False, start: Array | None = None) -> Array:
        x = floats(x)
        output = np.zeros((len(x), self.shape[1]), np.float32) if start is None else start.copy()
        run = self.kernels.arcparse_dense_run
        check(run(self.handle, pointer(x), len(x), relu, start is not None, pointer(output)))
        return output


@pytest.fixture(params=list(PRECISIONS))
def precision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def tolerance(level: str, precision: str) -> float:
    return TOLERANCE["single"] if precision == "single" else TOLERANCE.get(level, INTEGERS)


def drawn(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def made(level: str, precision: str, weight: Array, bias: Array) -> Layer:
    kernels = library(level)
    assert kernels is not None
    return Layer(kernels, weight, bias, PRECISIONS[precision])


def assert_near(found: Array, expected: NDArray[Any], share: float) -> None:
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= share * max(1.0, np.abs(expected).max())


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "{}x{}".format(*shape))
def test_a_layer_is_the_product_and_the_bias_for_any_number_of_rows(
    level: str, precision: str, shape: tuple[int, int]
) -> None:
    weight, bias, x = drawn(*shape), drawn(shape[1], seed=1), drawn(max(ROWS), shape[0], seed=2)
    layer = made(level, precision, weight, bias)
    expected = x.astype(float) @ weight + bias
    for rows in ROWS:
        assert_near(layer(x[:rows]), expected[:rows], tolerance(level, precision))


def test_fine_weights_are_less_rounded(level: str) -> None:
    weight, x = drawn(100, 70), np.rint(8 * drawn(40, 100, seed=2))  # bfloat16 holds these inputs as they are
    found = made(level, "fine", weight, np.zeros(70, np.float32))(x)
    assert_near(found, x.astype(float) @ weight, 1e-4 if level == "amx" else INTEGERS)


def test_relu_on_the_way_in(level: str, precision: str) -> None:
    weight, bias, x = drawn(45, 21), drawn(21, seed=1), drawn(9, 45, seed=2)
    expected = np.maximum(x, 0).astype(float) @ weight + bias
    assert_near(made(level, precision, weight, bias)(x, relu=True), expected, tolerance(level, precision))


@pytest.mark.parametrize("rows", ROWS)
def test_adding_leaves_the_bias_out(level: str, precision: str, rows: int) -> None:
    weight, bias, x, start = drawn(45, 69), drawn(69, seed=1), drawn(rows, 45, seed=2), drawn(rows, 69, seed=3)
    expected = start + x.astype(float) @ weight
    assert_near(made(level, precision, weight, bias)(x, start=start), expected, tolerance(level, precision))


@pytest.mark.parametrize("size", [1e-30, 1e-3, 1e3, 1e30])
def test_rows_of_any_size_are_as_exact_as_others(level: str, precision: str, size: float) -> None:
    weight, bias, x = drawn(40, 20), np.zeros(20, np.float32), drawn(7, 40, seed=2)
    x[3] *= size
    found = made(level, precision, weight, bias)(x)
    found[3] /= size
    x[3] /= size
    assert_near(found, x.astype(float) @ weight, tolerance(level, precision))


@pytest.mark.parametrize("inputs", [1, 2, 33, 5000])
def test_the_largest_numbers_of_one_sign_do_not_overflow(level: str, precision: str, inputs: int) -> None:
    weight, x = np.full((inputs, 3), 0.5, np.float32), np.full((2, inputs), 2, np.float32)
    weight[:, 1] *= -1
    weight[:, 2] = 0
    found = made(level, precision, weight, np.zeros(3, np.float32))(x)
    assert_near(found, np.tile([inputs, -inputs, 0.0], (2, 1)), tolerance(level, precision))


def test_rows_of_zeros_give_the_bias(level: str, precision: str) -> None:
    bias = drawn(20)
    found = made(level, precision, drawn(40, 20), bias)(np.zeros((3, 40), np.float32))
    assert (found == bias).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 38])
@pytest.mark.parametrize("relu", [False, True])
def test_a_bad_number_spoils_its_own_row_alone(level: str, precision: str, bad: float, place: int, relu: bool) -> None:
    weight, bias, x = drawn(39, 20), drawn(20, seed=1), drawn(5, 39, seed=2)
    layer = made(level, precision, weight, bias)
    expected = layer(x, relu=relu)
    x[2, place] = bad
    found = layer(x, relu=relu)
    harmless = relu and bad == -np.inf
    assert np.isfinite(found).all(axis=1).tolist() == [True, True, harmless, True, True]
    assert (np.delete(found, 2, 0) == np.delete(expected, 2, 0)).all()


def test_a_row_is_the_same_alone_and_among_others(level: str, precision: str) -> None:
    layer, x = made(level, precision, drawn(70, 50), drawn(50, seed=1)), drawn(45, 70, seed=2)
    together = layer(x)
    assert all((layer(x[i : i + 1]) == together[i]).all() for i in range(len(x)))


def test_threads_work_side_by_side(level: str, precision: str) -> None:
    layer, x = made(level, precision, drawn(70, 300), drawn(300, seed=1)), drawn(8, 45, 70, seed=2)
    expected = [layer(batch) for batch in x]
    with ThreadPoolExecutor(4) as threads:
        assert all((found == expected[i % 8]).all() for i, found in enumerate(threads.map(layer, [*x] * 8)))
