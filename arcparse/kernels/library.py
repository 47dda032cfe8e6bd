"""Chooses the compiled library that suits the processor, and opens it.

Levels are instruction sets; each has a library of its own, with the same functions. The fastest one that the processor
and the operating system allow is used, or the one that the environment variable ARCPARSE_KERNELS names. Where there is
none, callers go through torch.
"""

from __future__ import annotations

import os
import weakref
from ctypes import CDLL, c_char_p, c_float, c_int, c_void_p
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcparse.errors import ConfigurationError, nearest, shown
from arcparse.kernels.build import FOLDER, SOURCES, digest, file_name

LEVELS = ("amx", "avx512", "avxvnni", "avx2", "baseline")  # the fastest first
NONE = "none"  # the setting for no library
SETTING = "ARCPARSE_KERNELS"
REMEDY = "with a C++ compiler, `python -m arcparse.kernels.build` compiles it"
NOT_NUMBERS = 2  # a status
SHORT = "there is not enough memory"
FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {  # the type of the result, those of the arguments
    "arcparse_digest": (c_int, []),
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
    "arcparse_lstm_run_rows": (c_int, [c_void_p, c_int, *[c_void_p] * 3, c_float, c_void_p]),
    "arcparse_writer_new": (
        c_void_p,
        [*[c_int] * 5, *[c_void_p] * 8, c_float, c_int, c_void_p, c_void_p, c_int],
    ),
    "arcparse_writer_free": (None, [c_void_p]),
    "arcparse_writer_run": (c_int, [c_void_p, c_int, *[c_void_p] * 3, c_int, *[c_void_p] * 5]),
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
    # the search of a parser
    "arcparse_decoder_new": (
        c_void_p,
        [
            *(c_int, *[c_void_p] * 3, *[c_int] * 3, *[c_void_p] * 2),
            *(*[c_int] * 3, *[c_void_p] * 3, c_int, c_float, c_void_p, c_int, c_void_p, c_int),
        ],
    ),
    "arcparse_decoder_free": (None, [c_void_p]),
    "arcparse_decoder_add": (c_int, [c_void_p, c_int, c_int, c_void_p, c_void_p, c_int]),
    "arcparse_decoder_run": (c_int, [c_void_p, c_int, *[c_void_p] * 5, c_int, c_float, c_int, c_int, *[c_void_p] * 5]),
}


def library(level: str | None = None) -> CDLL | None:
    """Return the library of a level, or of the level in use; None for "none".

    Raises ConfigurationError if the level is unknown, or the processor or the installation lacks it.
    """
    level = in_use() if level is None else _checked(level)
    return None if level == NONE else _opened(level)


def in_use() -> str:
    """Return the level that the setting ARCPARSE_KERNELS names, or else the fastest; "none" if there is none.

    Raises ConfigurationError if the setting names a level that is unknown, or that the processor or the installation
    lacks.
    """
    if named := os.environ.get(SETTING):
        return _checked(named)
    return next((level for level in LEVELS if not lacking(level)), NONE)


def available() -> list[str]:
    """Return the levels that this processor runs and this installation has, the fastest first."""
    return [level for level in LEVELS if not lacking(level)]


@lru_cache(maxsize=len(LEVELS))
def lacking(level: str) -> str:
    """Return the reason that a level cannot be used; "" if it can. For "amx", Linux is asked for the permission."""
    try:
        if not _opened("baseline").arcparse_processor_runs(level.encode()):
            return "this processor or operating system lacks it"
        _opened(level)
    except FileNotFoundError:
        return f"it is not compiled; {REMEDY}"
    except (OSError, AttributeError) as error:  # of another platform, or of other sources
        return f"{file_name(level)} does not suit ({error}); {REMEDY}"
    return ""


def _checked(level: str) -> str:
    known = (*LEVELS, NONE)
    if level not in known:
        listed = ", ".join(known)
        raise ConfigurationError(
            f"{SETTING}: there are no kernels {shown(level)}, only {listed}{nearest(level, known)}"
        )
    if level != NONE and (reason := lacking(level)):
        usable = ", ".join([*available(), NONE])
        raise ConfigurationError(f"{SETTING}: kernels {level!r} cannot be used: {reason}; usable are {usable}")
    return level


@lru_cache(maxsize=len(LEVELS))
def _opened(level: str) -> CDLL:
    path = FOLDER / file_name(level)
    if not path.exists():
        raise FileNotFoundError(path)
    opened = CDLL(str(path))
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(opened, name)
        function.restype, function.argtypes = result, arguments
    if SOURCES.is_dir() and opened.arcparse_digest() != digest():
        raise OSError("it is of other sources")
    return opened


class Handle:
    """The address of an object of a library, freed when nothing refers to the handle any more.

    As an argument of a function, ctypes takes its `_as_parameter_`.
    """

    def __init__(self, address: int | None, free: Any) -> None:
        """Take the address; raise MemoryError if it is null."""
        if not address:
            raise MemoryError(SHORT)
        self._as_parameter_ = c_void_p(address)
        weakref.finalize(self, free, address).atexit = False  # the process gives its memory back by itself


def check(status: int) -> None:
    """Raise MemoryError or, if scores are not numbers, ValueError for the status that a function returned."""
    if status == NOT_NUMBERS:
        raise ValueError("the model's scores are not numbers: its weights are damaged or too large; train it again")
    if status:
        raise MemoryError(SHORT)


def pointer(array: NDArray[Any]) -> c_void_p:
    """Return the address of a contiguous array."""
    assert array.flags.c_contiguous  # noqa: S101
    return c_void_p(array.ctypes.data)


def floats(values: Any) -> NDArray[np.float32]:
    """Return values as a contiguous array of float32."""
    return np.ascontiguousarray(values, dtype=np.float32)
