"""The contents of a saved model, checked: the types and ranges of its settings, and the sizes of its weights.

Checksums tell that files belong together, not that they are sound: a file may be damaged, written by hand or by another
program, and its checksum with it. Each error is a ModelError that names the file and the field. Weights are compared
with the layout that the settings ask for before they are read: so a network that is too large, or a different one, is
refused at once. Nothing here needs torch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from arcparse.errors import ArcparseError, ConfigurationError, ModelError
from arcparse.settings import from_dict
from arcparse.vocabulary import SPECIALS, Vocabulary

T = TypeVar("T")

CONFIG, WEIGHTS, VOCABULARIES = "config.json", "weights.safetensors", "vocabularies.json"
BEST = "best"  # the model in the directory of a training run
FLOATS = {"F16": "<f2", "BF16": "<u2", "F32": "<f4", "F64": "<f8"}  # numpy lacks bfloat16: its bits are read
INTEGERS = {"I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64", "U8": "uint8", "BOOL": "bool"}
TYPES = FLOATS | INTEGERS
LARGEST = 1e6  # of weights: one flipped bit makes 1e37 of 0.1, and results with such a weight are not finite
REMEDY = "copy the model again"
_BREAK = re.compile("[\t\n\r\ud800-\udfff]")


class Layout(NamedTuple):
    """The shape of a weight, and the type of its numbers as numpy and torch call it; any floating-point one will do."""

    shape: tuple[int, ...]
    type: str


@dataclass(frozen=True)
class Stored:
    """A weight as in the file: its type (a name of safetensors), its shape and its bytes."""

    dtype: str
    shape: tuple[int, ...]
    data: bytearray

    def array(self) -> NDArray[Any]:
        """Return the weight; floating-point numbers become float32."""
        if 0 in self.shape:
            return np.zeros(self.shape, np.float32 if self.dtype in FLOATS else TYPES[self.dtype])
        found = np.frombuffer(self.data, TYPES[self.dtype]).reshape(self.shape)
        if self.dtype == "BF16":  # the upper half of float32
            return (found.astype(np.uint32) << 16).view(np.float32)
        with np.errstate(over="ignore"):
            return found.astype(np.float32) if self.dtype in FLOATS else found

    def fits(self, type: str) -> bool:
        """Return whether weights of a type, as in `Layout`, can be made of these numbers."""
        return self.dtype in FLOATS if "float" in type else INTEGERS.get(self.dtype) == type


class Shaped(Protocol):
    """A weight: an array, a tensor, one that is stored, or a layout."""

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
    def weights(self) -> dict[str, NDArray[Any]]:
        """The weights by name, floating-point ones as float32."""
        for name, own in self.stored.items():
            if own.dtype not in TYPES:
                self.refuse(WEIGHTS, f"weight {name!r} has type {own.dtype}, not one of {', '.join(TYPES)}")
        found = {name: own.array() for name, own in self.stored.items()}
        for name, weight in found.items():
            if weight.dtype.kind == "f" and weight.size and not within(weight):
                with np.errstate(invalid="ignore"):
                    wrong = weight[~(np.abs(weight) <= LARGEST)]
                raise ModelError(
                    f"{self.path / WEIGHTS}: {len(wrong)} of the {weight.size} values of weight {name!r} are not "
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

    def expect(self, weights: Mapping[str, Layout]) -> None:
        """Compare the stored names, shapes and types with those that are wanted."""
        problem = difference(weights, self.stored)
        for name, wanted in weights.items() if not problem else ():
            if not self.stored[name].fits(wanted.type):
                problem = f"weight {name!r} is of type {self.stored[name].dtype}"
        if problem:
            raise ModelError(f"{self.path}: its weights, settings and vectors do not fit together; {REMEDY}: {problem}")

    def refuse(self, file: str, problem: str) -> NoReturn:
        """Raise ModelError for a problem in one of the files."""
        raise ModelError(f"{self.path / file}: {problem}; {REMEDY}")


def within(weight: NDArray[np.float32]) -> bool:
    """Return whether all numbers are finite and their absolute values at most LARGEST."""
    return bool(weight.min() >= -LARGEST and weight.max() <= LARGEST)  # NaN is neither


def is_cell(text: str) -> bool:
    """Return whether a cell of a treebank can hold a text: not empty, and without tab, line end and surrogate."""
    return bool(text) and not _BREAK.search(text)


def difference(expected: Mapping[str, Shaped], found: Mapping[str, Shaped]) -> str:
    """Return, in words, the first difference between weights in names and shapes; "" if there is none."""
    for name in sorted(expected.keys() ^ found.keys()):
        return f"weight {name!r} is {'missing' if name in expected else 'one too many'}"
    for name, weight in expected.items():
        shape, own = tuple(weight.shape), tuple(found[name].shape)
        if shape != own:
            return f"weight {name!r} has shape {own}, not {shape}"
    return ""
