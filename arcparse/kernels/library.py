"""Finds the compiled library that suits the processor, and opens it."""

from __future__ import annotations

import ctypes
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVELS = ("amx", "avx512", "avx2", "baseline")  # the fastest first
SETTING = "ARCPARSE_KERNELS"


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL | None:
    """Return the library for this processor; None if there is none, or the setting ARCPARSE_KERNELS is "none"."""
    wanted = os.environ.get(SETTING)
    for level in LEVELS if wanted is None else (wanted,):
        path = Path(__file__).parent / f"_{level}.so"
        if level != "none" and path.exists():
            return ctypes.CDLL(str(path))
    return None


def pointer(array: NDArray[Any]) -> ctypes.c_void_p:
    """Return the address of a contiguous array."""
    assert array.flags.c_contiguous  # noqa: S101
    return ctypes.c_void_p(array.ctypes.data)


def floats(values: Any) -> NDArray[np.float32]:
    """Return values as a contiguous array of float32."""
    return np.ascontiguousarray(values, dtype=np.float32)
