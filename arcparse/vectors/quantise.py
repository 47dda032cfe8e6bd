"""Word vectors as bytes: one signed byte per value and one scale per vector, as shipped models hold them.

A vector's scale is its largest absolute value divided by 127; each value is rounded to the nearest multiple of it. No
value moves by more than half the scale, that is by more than 1/254 of the vector's largest absolute value (and
float32's own rounding, less than a millionth of it). That holds for vectors whose largest absolute value is above
1e-30; below, float32 has no room left for the scale.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LARGEST = 127
ERROR_BOUND = 1 / (2 * LARGEST) + 1e-6  # of a vector's largest absolute value; the second term is float32's rounding


def quantise(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return int8 [n, dimension] and the rows' scales, float32 [n], for float32 [n, dimension].

    A row of zeros has scale 0. Raises ValueError if a value is not finite.
    """
    if not np.isfinite(matrix).all():
        raise ValueError("only finite values can be quantised; the matrix holds nan or infinity")
    exact = matrix.astype(np.float64)
    scale = (np.abs(exact).max(axis=1, initial=0.0) / LARGEST).astype(np.float32)
    divisor = np.where(scale > 0, scale, 1).astype(np.float64)
    rounded = np.rint(exact / divisor[:, None]).clip(-LARGEST, LARGEST)
    return np.where(scale[:, None] > 0, rounded, 0).astype(np.int8), scale


def dequantise(values: NDArray[np.int8], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32 [n, dimension] from int8 [n, dimension] and float32 [n]."""
    return values.astype(np.float32) * scale[:, None]
