"""The records of a store: its metadata, and vectors as bytes.

Keys begin with a prefix, so that no word can have the key of another record:

    !metadata, ~metadata   the metadata as JSON, twice: first and last in the order of keys, so that a broken block
                           rarely damages both
    r:WORD                 a random vector, drawn because the source had none for WORD
    v:WORD                 a vector of the source

A vector is little-endian: float32, float16, or one float32 scale and one int8 per value (see `quantise`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from hashlib import shake_128

import numpy as np
from numpy.typing import NDArray

from arcparse.errors import VectorsError
from arcparse.spelling import SCHEMES
from arcparse.vectors.quantise import dequantise, quantise

METADATA_KEYS = (b"!metadata", b"~metadata")
KNOWN, RANDOM = b"v:", b"r:"
VERSION = 1
DTYPES = ("float32", "float16", "int8")
_SCALE_BYTES = 4
_FLOAT_BYTES = {"float32": 4, "float16": 2}


def key(prefix: bytes, word: str) -> bytes:
    """Return the key of a word's record."""
    return prefix + word.encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Metadata:
    """The metadata of a store; `checksum` is the SHA-256 of the source file, empty if no file was given."""

    dimension: int
    count: int  # vectors of the source, without random vectors
    dtype: str = "float32"
    normalisation: str = "none"
    source: str = ""
    checksum: str = ""
    seed: int = 0
    random_scale: float = 0.25  # random values are uniform in [-random_scale, random_scale]
    version: int = VERSION

    def __post_init__(self) -> None:
        """Check the limits. Raises VectorsError."""
        if self.dtype not in DTYPES or self.normalisation not in SCHEMES or self.dimension < 1 or self.count < 0:
            raise VectorsError(
                f"no such store: dtype {self.dtype!r} must be one of {', '.join(DTYPES)}, normalisation "
                f"{self.normalisation!r} one of {', '.join(SCHEMES)}, dimension {self.dimension} at least 1"
            )

    @classmethod
    def from_bytes(cls, data: bytes) -> Metadata:
        """Read JSON. Raises VectorsError if it is not metadata, or has another version."""
        try:
            values = json.loads(data)
            version = values["version"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise VectorsError(f"metadata expected, found {data[:60]!r}") from None
        if version != VERSION:
            raise VectorsError(
                f"written in version {version!r} of the store's format, but this arcparse reads version {VERSION}; "
                f"make it again with `arcparse vectors cache`"
            )
        kinds = {field.name: type(getattr(_EXAMPLE, field.name)) for field in fields(cls)}
        if {name: type(value) for name, value in values.items()} != kinds:
            raise VectorsError(f"metadata expected, found {data[:60]!r}")
        return cls(**values)

    def to_bytes(self) -> bytes:
        """Write JSON."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @property
    def record_size(self) -> int:
        """Bytes per vector."""
        if self.dtype == "int8":
            return _SCALE_BYTES + self.dimension
        return _FLOAT_BYTES[self.dtype] * self.dimension


_EXAMPLE = Metadata(dimension=1, count=0)


def encode(matrix: NDArray[np.float32], dtype: str) -> list[bytes]:
    """Return the records of vectors, float32 [n, dimension]. Raises VectorsError for a value too large for `dtype`."""
    with np.errstate(over="ignore"):
        stored = matrix.astype(f"<f{_FLOAT_BYTES.get(dtype, 4)}")
    if not np.isfinite(stored).all():
        raise VectorsError(f"a vector holds nan, infinity or a value beyond {dtype}; clean the source, or use float32")
    if dtype != "int8":
        return [row.tobytes() for row in stored]
    values, scale = quantise(matrix)
    return [size.tobytes() + row.tobytes() for size, row in zip(scale.astype("<f4"), values, strict=True)]


def decode(records: Sequence[bytes], metadata: Metadata) -> NDArray[np.float32]:
    """Return the vectors, float32 [n, dimension], of records. Raises ValueError if a record has a wrong length."""
    wrong = next((len(record) for record in records if len(record) != metadata.record_size), None)
    if wrong is not None:
        raise ValueError(f"a record has {wrong} bytes, but {metadata.dtype} needs {metadata.record_size}")
    data, shape = b"".join(records), (len(records), metadata.dimension)
    if metadata.dtype != "int8":
        return np.frombuffer(data, f"<f{_FLOAT_BYTES[metadata.dtype]}").reshape(shape).astype(np.float32)
    parts = np.frombuffer(data, np.dtype([("scale", "<f4"), ("values", "i1", metadata.dimension)]))
    return dequantise(parts["values"].reshape(shape), parts["scale"].astype(np.float32))


def random_vector(word: str, metadata: Metadata) -> NDArray[np.float32]:
    """Return a random vector, float32 [dimension], for a word that the source lacks.

    It depends only on the word and the store's seed (the bits are those of SHAKE-128): it is the same on every machine.
    """
    bits = shake_128(f"{metadata.seed}\0{word}".encode("utf-8", "surrogatepass")).digest(4 * metadata.dimension)
    uniform = np.frombuffer(bits, "<u4") / 2.0**32
    return ((2 * uniform - 1) * metadata.random_scale).astype(np.float32)
