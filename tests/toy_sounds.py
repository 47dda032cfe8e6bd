"""Tones and wave files."""

from __future__ import annotations

import struct
import wave
from collections.abc import Iterable
from pathlib import Path

import numpy as np


def write_wave(file: Path, data: bytes, *, width: int = 2, channels: int = 1, rate: int = 16000) -> Path:
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(channels)
        opened.setsampwidth(width)
        opened.setframerate(rate)
        opened.writeframes(data)
    return file


def samples_of(values: Iterable[float], width: int) -> bytes:
    if width == 1:
        return bytes(int(128 + 128 * value) for value in values)
    return b"".join(struct.pack("<i", int(value * 2 ** (8 * width - 1)))[:width] for value in values)


def tone(hertz: float, rate: int = 16000, seconds: float = 0.5) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
