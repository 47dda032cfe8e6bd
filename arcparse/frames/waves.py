"""Wave files (RIFF): their samples as numbers from -1 to 1.

A file is a row of chunks: `fmt ` tells the type of the samples, `data` holds them. Programs of sound write 24 bits, and
more than two channels, in the extensible form, where the type stands further behind; the standard library's `wave`
reads it since Python 3.12, and no floating-point samples.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcparse.errors import RecordingError
from arcparse.files import read_errors

LONGEST = 10_000  # seconds of a recording
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
TYPES = {(PCM, 8): "u1", (PCM, 16): "<i2", (PCM, 24): "u1", (PCM, 32): "<i4", (FLOAT, 32): "<f4", (FLOAT, 64): "<f8"}
WHOLE = ("u1", "i2", "i4")  # the types of samples that are whole numbers
REMEDY = "write it anew, for example by `sox OLD -e signed -b 16 NEW`"


class WaveType(NamedTuple):
    """The type of samples: the number of its kind, channels, samples a second, and the bits of one."""

    kind: int
    channels: int
    rate: int
    bits: int


def read_wave(path: str | Path) -> tuple[NDArray[np.float32], int]:
    """Return the samples [N] of a wave file, from -1 to 1, and their number a second; channels become their mean.

    Raises RecordingError for a file that is no wave file of whole numbers (PCM) of 8, 16, 24 or 32 bits or of
    floating-point numbers, is empty, or is too long.
    """
    with read_errors(str(path), RecordingError), open(path, "rb") as file:
        try:
            found, data = _chunks(file)
        except ValueError as error:
            raise RecordingError(f"{path}: {error}; {REMEDY}") from None
    data = data[: len(data) // (found.channels * found.bits // 8) * (found.channels * found.bits // 8)]
    if not data:
        raise RecordingError(f"{path}: holds no samples; record it again")
    if len(data) > _most(found):
        raise RecordingError(f"{path}: is longer than {LONGEST} s; divide it")
    values = _widened(data) if found.bits == 24 else np.frombuffer(data, TYPES[found.kind, found.bits])
    return unit(values).reshape(-1, found.channels).mean(1), found.rate


def unit(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return samples of 8, 16 or 32 bits, of which those of 8 have no sign, as numbers from -1 to 1; others stay."""
    with np.errstate(over="ignore", invalid="ignore"):  # of damaged floating-point numbers: infinite, and refused later
        samples = values.astype(np.float32)
    if values.dtype.str[1:] not in WHOLE:
        return samples
    size = values.dtype.itemsize
    return (samples - np.float32(128 if size == 1 else 0)) / np.float32(2 ** (8 * size - 1))


def _chunks(file: IO[bytes]) -> tuple[WaveType, bytes]:
    """Return the type and the bytes of the samples. Raises ValueError for another kind of file."""
    begin, found = file.read(12), None
    if begin[:4] != b"RIFF" or begin[8:] != b"WAVE":
        raise ValueError("is no wave file")
    while len(head := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", head)
        place = file.tell()
        if name == b"fmt ":
            found = _type(file.read(min(size, 40)))
        if name == b"data" and found:  # a writer to a pipe does not know the size, and gives a larger one
            return found, file.read(min(size, _most(found) + 1, os.fstat(file.fileno()).st_size))
        file.seek(place + size + size % 2)
    raise EOFError


def _type(chunk: bytes) -> WaveType:
    """Return the type of samples of a chunk `fmt `. Raises ValueError for one that is not read."""
    if len(chunk) < 16:
        raise EOFError
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunk[:16])
    if kind == EXTENSIBLE and len(chunk) >= 26:
        [kind] = struct.unpack("<H", chunk[24:26])
    if (kind, bits) not in TYPES:
        raise ValueError(
            f"is of format {kind} with {bits} bits, not of whole numbers (PCM) of 8, 16, 24 or 32 bits or "
            "floating-point numbers of 32 or 64"
        )
    if not channels or not rate:
        raise ValueError(f"has {channels} channels of {rate} samples a second")
    return WaveType(kind, channels, rate, bits)


def _most(found: WaveType) -> int:
    """Return the bytes of the longest recording."""
    return LONGEST * found.rate * found.channels * found.bits // 8


def _widened(data: bytes) -> NDArray[np.int32]:
    """Return samples of 24 bits as samples of 32 bits, the lowest 8 of them 0."""
    wide = np.zeros((len(data) // 3, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
    return wide.view("<i4").reshape(-1)
