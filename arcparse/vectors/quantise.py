"""Word vectors as bytes: one signed byte per value and one scale per vector, as in shipped models.

The scale of a vector is its largest absolute value divided by 127; each value is rounded to the nearest multiple of the
scale. No value changes by more than half the scale, that is 1/254 of the vector's largest absolute value (plus the
rounding of float32, less than a millionth of it). This holds for vectors whose largest absolute value is above 1e-30;
below, float32 cannot represent the scale.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LARGEST = 127
ERROR_BOUND = 1 / (2 * LARGEST) + 1e-6  # of a vector's largest absolute value; the second term is float32's rounding


def quantise(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return the values of a matrix, float32 [n, dimension], as int8 [n, dimension], with a scale per row, float32 [n].

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
    """Return the matrix, float32 [n, dimension], of values, int8 [n, dimension], and scales, float32 [n]."""
    return values.astype(np.float32) * scale[:, None]
