"""An object of the compiled library, as a Python object."""

from __future__ import annotations

from typing import Any

import numpy as np

from arcparse.errors import ArcparseError
from arcparse.kernels.library import Handle, check, library, pointer
from arcparse.threads import aside

FINE = 2  # of a kernel's precisions, where 0 is float32 and 1 the fastest: nearly as fast, its weights less rounded
Argument = Any  # a contiguous array, an int, a float, or None for no array


class Kernel:
    """An object that `arcparse_KIND_new` makes; its other functions are `arcparse_KIND_...`.

    Several threads may call them at the same time: a call that works changes nothing in the object, and other Python
    code goes on in the meantime.
    """

    def __init__(self, kind: str, *arguments: Argument) -> None:
        """Make it. Raises ArcparseError without a compiled library, MemoryError if memory is short."""
        found = library()
        if found is None:
            raise ArcparseError("there is no compiled library for this processor; use the networks in torch")
        self._library, self._kind = found, kind
        made = getattr(found, f"arcparse_{kind}_new")(*map(_converted, arguments))
        self._handle = Handle(made, getattr(found, f"arcparse_{kind}_free"))

    def call(self, name: str, *arguments: Argument) -> None:
        """Call a function of the object. Raises MemoryError if memory is short."""
        function = getattr(self._library, f"arcparse_{self._kind}_{name}")
        with aside():
            status = function(self._handle, *map(_converted, arguments))
        check(status)


def _converted(argument: Argument) -> Any:
    return pointer(argument) if isinstance(argument, np.ndarray) else argument
