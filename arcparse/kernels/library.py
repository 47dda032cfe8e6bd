"""Chooses the compiled library that suits the processor, and opens it.

Levels are instruction sets; each has a library of its own, with the same functions. The fastest one that the processor
and the operating system allow is used, or the one that the environment variable ARCPARSE_KERNELS names. Where there is
none, callers go through torch.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from ctypes import c_char_p, c_float, c_int, c_void_p
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcparse.errors import ConfigurationError, nearest

LEVELS = ("amx", "avx512", "avx2", "baseline")  # the fastest first
NONE = "none"  # what the setting says for no library
SETTING = "ARCPARSE_KERNELS"
FOLDER = Path(__file__).parent
FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {  # the type of the result, those of the arguments
    "arcparse_processor_runs": (c_int, [c_char_p]),
    # dense layers
    "arcparse_dense_new": (c_void_p, [c_int, c_int, c_void_p, c_void_p, c_int]),
    "arcparse_dense_free": (None, [c_void_p]),
    "arcparse_dense_run": (c_int, [c_void_p, c_void_p, c_int, c_int, c_int, c_void_p]),
    # forms, recurrent encoders, rows of a first layer, tags
    "arcparse_forms_new": (c_void_p, [*[c_int] * 6, *[c_void_p] * 8]),
    "arcparse_forms_free": (None, [c_void_p]),
    "arcparse_forms_run": (c_int, [c_void_p, c_int, *[c_void_p] * 7]),
    "arcparse_lstm_new": (c_void_p, []),
    "arcparse_lstm_free": (None, [c_void_p]),
    "arcparse_lstm_add": (c_int, [c_void_p, c_int, c_int, c_int, c_void_p, c_void_p, c_void_p, c_int]),
    "arcparse_lstm_run": (c_int, [c_void_p, c_int, c_void_p, c_void_p, c_void_p, c_void_p]),
    "arcparse_first_layer_new": (c_void_p, [c_int, c_int, c_void_p, c_void_p, c_int, c_void_p, c_void_p, c_int]),
    "arcparse_first_layer_free": (None, [c_void_p]),
    "arcparse_first_layer_run": (c_int, [c_void_p, c_int, c_void_p, c_void_p, c_float, c_void_p]),
    "arcparse_tags_new": (c_void_p, [c_int, c_int, c_void_p, c_void_p, c_void_p, c_int]),
    "arcparse_tags_free": (None, [c_void_p]),
    "arcparse_tags_run": (c_int, [c_void_p, c_int, c_void_p, c_void_p, c_void_p]),
    "arcparse_window_new": (c_void_p, [*[c_int] * 3, c_void_p, c_int, c_int, *[c_void_p] * 3, c_int]),
    "arcparse_window_free": (None, [c_void_p]),
    "arcparse_window_add": (c_int, [c_void_p, c_int, c_int, c_void_p, c_void_p, c_int]),
    "arcparse_window_run": (c_int, [c_void_p, c_int, *[c_void_p] * 4, c_float, c_void_p, c_void_p]),
}


def library(level: str | None = None) -> ctypes.CDLL | None:
    """Return the library of a level; without one, that of the setting ARCPARSE_KERNELS or else the fastest.

    It is None if the level is "none", or if none was named and none is there. Raises ConfigurationError if the level
    is unknown, or the processor or the installation lacks it.
    """
    level = level or os.environ.get(SETTING) or None
    if level is None:
        return next((_opened(level) for level in available()), None)
    if level == NONE:
        return None
    if level not in LEVELS:
        known = (*LEVELS, NONE)
        raise ConfigurationError(
            f"{SETTING}: unknown kernels {level!r}; known are {', '.join(known)}{nearest(level, known)}"
        )
    if reason := lacking(level):
        raise ConfigurationError(
            f"{SETTING}: kernels {level!r} {reason}; choose one of {', '.join((*available(), NONE))}"
        )
    return _opened(level)


def in_use() -> str:
    """Return the level of the library that `library()` opens, "none" if there is none. Raises as it does."""
    chosen = library()
    return NONE if chosen is None else next(level for level in available() if _opened(level) is chosen)


@lru_cache(maxsize=1)
def available() -> tuple[str, ...]:
    """Return the levels that this processor runs and this installation has, the fastest first."""
    return tuple(level for level in LEVELS if not lacking(level))


@lru_cache(maxsize=len(LEVELS))
def lacking(level: str) -> str:
    """Return the reason that a level cannot be used; "" if it can. Asking for "amx" asks Linux for the permission."""
    try:
        if not _opened("baseline").arcparse_processor_runs(level.encode()):
            return "need a processor, or an operating system, that has more"
        _opened(level)
    except (OSError, AttributeError) as error:  # no file, one of another platform, or of older sources
        missing = not (FOLDER / f"_{level}.so").exists()
        return "are not installed" if missing else f"cannot be opened ({error})"
    return ""


@lru_cache(maxsize=len(LEVELS))
def _opened(level: str) -> ctypes.CDLL:
    opened = ctypes.CDLL(str(FOLDER / f"_{level}.so"))
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(opened, name)
        function.restype, function.argtypes = result, arguments
    return opened


class Handle:
    """The address of an object of a library, freed when nothing refers to the handle any more.

    A kernel's Python class keeps one as `_as_parameter_`, which ctypes passes in the place of the object.
    """

    def __init__(self, address: int | None, free: Any) -> None:
        """Take the address; raise MemoryError if it is null."""
        if not address:
            raise MemoryError
        self._as_parameter_ = c_void_p(address)
        weakref.finalize(self, free, address).atexit = False  # the process gives its memory back by itself


def check(status: int) -> None:
    """Raise MemoryError if the status that a function returned says so."""
    if status:
        raise MemoryError


def pointer(array: NDArray[Any]) -> ctypes.c_void_p:
    """Return the address of a contiguous array."""
    assert array.flags.c_contiguous  # noqa: S101
    return ctypes.c_void_p(array.ctypes.data)


def floats(values: Any) -> NDArray[np.float32]:
    """Return values as a contiguous array of float32."""
    return np.ascontiguousarray(values, dtype=np.float32)
