import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from arcparse.vectors import ERROR_BOUND, dequantise, quantise

MATRICES = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=12),
    elements=st.floats(-(2.0**100), 2.0**100, width=32, allow_subnormal=False).filter(
        lambda value: value == 0 or abs(value) > 1e-30
    ),
)


@given(MATRICES)
def test_no_value_moves_further_than_the_bound(matrix: NDArray[np.float32]) -> None:
    values, scale = quantise(matrix)
    assert values.dtype == np.int8
    assert scale.dtype == np.float32
    error = np.abs(dequantise(values, scale).astype(np.float64) - matrix)
    assert (error <= np.abs(matrix).max(axis=1, keepdims=True) * ERROR_BOUND).all()


@given(MATRICES)
def test_quantising_twice_changes_nothing_more(matrix: NDArray[np.float32]) -> None:
    once = quantise(matrix)
    again = quantise(dequantise(*once))
    np.testing.assert_array_equal(once[0], again[0])


def test_zeros_and_empty_matrices() -> None:
    values, scale = quantise(np.zeros((2, 3), np.float32))
    assert not values.any()
    assert scale.tolist() == [0, 0]
    assert dequantise(*quantise(np.zeros((0, 3), np.float32))).shape == (0, 3)


def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        quantise(np.array([[1, np.nan]], np.float32))
