"""The contents of a saved model, checked: the types and ranges of its settings, and the sizes of its weights.

Checksums tell that files belong together, not that they are sound: a file may be damaged, written by hand or by another
program, and its checksum with it. Each error is a ModelError that names the file and the field. A network is first
built on torch's device "meta", which has sizes but no memory, and compared with the weights: so a network that is too
large, or a different one, is refused at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar

import torch
from torch.overrides import TorchFunctionMode

from arcparse.errors import ArcparseError, ConfigurationError, ModelError
from arcparse.settings import from_dict
from arcparse.vocabulary import SPECIALS, Vocabulary

Module = TypeVar("Module", bound=torch.nn.Module)
T = TypeVar("T")

CONFIG, WEIGHTS, VOCABULARIES = "config.json", "weights.safetensors", "vocabularies.json"
BEST = "best"  # the model in the directory of a training run
FLOATS = {"F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32, "F64": torch.float64}
INTEGERS = {"I8": torch.int8, "I16": torch.int16, "I32": torch.int32, "I64": torch.int64, "U8": torch.uint8}
TYPES = {**FLOATS, **INTEGERS, "BOOL": torch.bool}
LARGEST = 1e6  # of weights: one flipped bit makes 1e37 of 0.1, and results with such a weight are not finite
REMEDY = "copy the model again"
_BREAK = re.compile("[\t\n\r\ud800-\udfff]")
# The errors that torch raises for impossible sizes.
IMPOSSIBLE = (RuntimeError, ValueError, TypeError, ArithmeticError, AssertionError, IndexError)


@dataclass(frozen=True)
class Stored:
    """A tensor as in the file: its type (a name of safetensors), its shape and its bytes."""

    dtype: str
    shape: tuple[int, ...]
    data: bytearray

    def tensor(self) -> torch.Tensor:
        """Return the tensor; floating-point numbers become float32."""
        if 0 in self.shape:
            return torch.zeros(self.shape, dtype=torch.float32 if self.dtype in FLOATS else TYPES[self.dtype])
        found = torch.frombuffer(self.data, dtype=TYPES[self.dtype]).view(self.shape)
        return found.to(torch.float32, copy=True) if self.dtype in FLOATS else found


class _Uninitialised(TorchFunctionMode):
    """Skips functions that change tensors in place, such as initial values: on "meta" they only load parts of torch."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Sequence[Any] = (), named: Mapping[str, Any] | None = None
    ) -> Any:
        """Call a function; if its name ends in `_`, return its tensor unchanged instead."""
        named, name = named or {}, getattr(function, "__name__", "")
        if name.endswith("_") and not name.endswith("__"):
            return args[0] if args else named["tensor"]
        return function(*args, **named)


class Shaped(Protocol):
    """A tensor, or a stored tensor."""

    @property
    def shape(self) -> Sequence[int]:
        """The size of each axis."""


@dataclass(frozen=True)
class SavedModel:
    """The contents of a model directory; a method raises ModelError if the part that it returns is missing or wrong."""

    path: Path
    kind: str
    config: dict[str, Any]
    vocabularies: dict[str, list[str]]
    metadata: dict[str, Any]
    stored: dict[str, Stored]
    files: dict[str, bytes] = field(default_factory=dict)  # other files by name, such as those of an encoder

    @cached_property
    def weights(self) -> dict[str, torch.Tensor]:
        """The weights by name, floating-point ones as float32."""
        for name, own in self.stored.items():
            if own.dtype not in TYPES:
                self.refuse(WEIGHTS, f"weight {name!r} has type {own.dtype}, not one of {', '.join(TYPES)}")
        found = {name: own.tensor() for name, own in self.stored.items()}
        for name, tensor in found.items():
            if tensor.is_floating_point() and tensor.numel() and not within(tensor):
                wrong = tensor[~(tensor.abs() <= LARGEST)]
                raise ModelError(
                    f"{self.path / WEIGHTS}: {len(wrong)} of the {tensor.numel()} values of weight {name!r} are not "
                    f"finite or beyond {LARGEST:g}, the first is {wrong[0]:g}; train the model again, or copy it again"
                )
        return found

    def settings(self, cls: type[T]) -> T:
        """Return the settings of the model: the table of the configuration that is named after its kind."""
        values, place = self.table(self.kind), f"config.{self.kind}"
        try:
            return from_dict(cls, values, place)
        except ConfigurationError as error:
            self.refuse(CONFIG, str(error) if str(error).startswith(place) else f"{place}: {error}")

    def table(self, key: str) -> dict[str, Any]:
        """Return the table under a key of the configuration."""
        return self._of_type(key, dict, "a table")

    def text(self, key: str) -> str:
        """Return the string under a key of the configuration."""
        return self._of_type(key, str, "a string")

    def texts(self, key: str) -> list[str]:
        """Return the list of strings under a key of the configuration."""
        found = self._of_type(key, list, "a list of strings")
        if not set(map(type, found)) <= {str}:
            self.refuse(CONFIG, f"config.{key} must be a list of strings")
        return found

    def _of_type(self, key: str, kind: type[T], described: str) -> T:
        found = self.config.get(key)
        if not isinstance(found, kind):
            self.refuse(CONFIG, f"config.{key} must be {described}, not {type(found).__name__}")
        return found

    def symbols(self, name: str, *, cells: bool = False) -> tuple[str, ...]:
        """Return a list of symbols; with `cells`, each must fit into a cell of a treebank (see `is_cell`)."""
        if name not in self.vocabularies:
            self.refuse(VOCABULARIES, f"lacks {name!r}")
        found = self.vocabularies[name]
        if cells and not (all(found) and is_cell("".join(found) or "_")):  # all in one search: there may be many
            bad = next(symbol for symbol in found if not is_cell(symbol))
            self.refuse(VOCABULARIES, f"{name} has the symbol {bad[:60]!r}, which no cell of a treebank can hold")
        return tuple(found)

    def vocabulary(self, name: str, begins: Sequence[str] = SPECIALS, *, cells: bool = False) -> Vocabulary:
        """Return a vocabulary, which must begin with the symbols `begins`; `cells` as in `symbols`."""
        found = self.symbols(name, cells=cells)
        if found[: len(begins)] != tuple(begins):
            self.refuse(VOCABULARIES, f"{name} must begin with {', '.join(begins)}")
        try:
            return Vocabulary(found)
        except ArcparseError as error:
            self.refuse(VOCABULARIES, f"{name}: {error}")

    def network(self, build: Callable[[], Module]) -> Module:
        """Return the network that `build` makes, with the saved weights, in evaluation mode.

        The weights must have the sizes that settings, vocabularies and vectors give the network.
        """
        try:
            with torch.device("meta"), _Uninitialised():
                module = build()
        except ArcparseError as error:
            self.refuse(CONFIG, str(error))
        except IMPOSSIBLE as error:
            self.refuse(CONFIG, f"describes an impossible network: {str(error).splitlines()[0]}")
        self.expect(module.state_dict())
        if _has_other_tensors(module):
            module = build()
        module.load_state_dict(self.weights, assign=True)
        return module.eval()

    def expect(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Compare the stored names, shapes and types with those of `weights`, which may be on the device "meta"."""
        problem = difference(weights, self.stored)
        for name, tensor in weights.items() if not problem else ():
            stored = self.stored[name].dtype
            fits = stored in FLOATS if tensor.is_floating_point() else TYPES.get(stored) == tensor.dtype
            if not fits:
                problem = f"weight {name!r} is of type {stored}"
        if problem:
            raise ModelError(f"{self.path}: its weights, settings and vectors do not fit together; {REMEDY}: {problem}")

    def refuse(self, file: str, problem: str) -> NoReturn:
        """Raise ModelError for a problem in one of the files."""
        raise ModelError(f"{self.path / file}: {problem}; {REMEDY}")


def within(tensor: torch.Tensor) -> bool:
    """Return whether all numbers are finite and their absolute values at most LARGEST."""
    least, most = torch.aminmax(tensor)  # far faster than a comparison for each value
    return bool(least >= -LARGEST) and bool(most <= LARGEST)  # NaN is neither


def is_cell(text: str) -> bool:
    """Return whether a cell of a treebank can hold a text: not empty, and without tab, line end and surrogate."""
    return bool(text) and not _BREAK.search(text)


def _has_other_tensors(module: torch.nn.Module) -> bool:
    """Return whether a module on "meta" has tensors beside its weights, as a user's module may: no file has them."""
    known = set(map(id, module.state_dict(keep_vars=True).values()))
    own = [value for part in module.modules() for value in (*vars(part).values(), *part.buffers(recurse=False))]
    return any(isinstance(value, torch.Tensor) and value.is_meta and id(value) not in known for value in own)


def difference(expected: Mapping[str, Shaped], found: Mapping[str, Shaped]) -> str:
    """Return, in words, the first difference between weights in names and shapes; "" if there is none."""
    for name in sorted(expected.keys() ^ found.keys()):
        return f"weight {name!r} is {'missing' if name in expected else 'one too many'}"
    for name, weight in expected.items():
        shape, own = tuple(weight.shape), tuple(found[name].shape)
        if shape != own:
            return f"weight {name!r} has shape {own}, not {shape}"
    return ""
