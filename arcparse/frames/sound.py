"""Sound as frames: wave files to samples, samples to log-mel energies.

A frame holds the energies of short overlapping pieces of sound in bands whose widths grow as the ear's do (Davis &
Mermelstein 1980), on a logarithmic scale. Only numpy and the standard library are needed.
"""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcparse.errors import RecordingError
from arcparse.files import read_errors
from arcparse.settings.limits import Range

HOP = 0.01  # seconds from frame to frame
WINDOW = 0.025  # seconds that a frame looks at: long enough for the pitch of a deep voice
BANDS = 40
LOWEST, HIGHEST = 60.0, 7600.0  # Hz of the bands: sounds of speech lie between them
FLOOR = 1e-13  # added to energies, so that silence has a logarithm: ten times the noise of 16 bits
AT_ONCE = 4096  # frames in memory at a time
LONGEST = 10_000  # seconds of a recording
WIDTHS = {1: "u1", 2: "i2", 4: "i4"}  # bytes of a sample; those of 3 become 4
BAND_COUNT = Range(1, 8192)
SECONDS = Range(1e-4, 10)  # of a window or hop
LOUDEST = 10.0  # of a sample: sound that was changed may go a little beyond 1, and whole numbers go far
REMEDY = "write it anew, for example by `sox OLD -e signed -b 16 NEW`"


def log_mel(
    samples: NDArray[np.floating | np.integer],
    rate: int,
    *,
    bands: int = BANDS,
    window: float = WINDOW,
    hop: float = HOP,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
) -> NDArray[np.float32]:
    """Return the logarithms [T, bands] of the mean energies a hertz of samples [N] from -1 to 1, `rate` a second.

    Whole numbers of 8, 16 or 32 bits, as wave files have them, are brought to this range. Frame i looks at `window`
    seconds from i x `hop` seconds on, by a Hann window; sound that is shorter than a window is filled up with silence.
    Bands are triangles between `lowest` and `highest` Hz, at equal distances in mel. Raises RecordingError for samples
    that are not one row of finite numbers or far beyond the range, or a rate that is too low for the highest band,
    ConfigurationError for other settings that make no frames.
    """
    _check_bands(bands, window, hop, lowest, highest)
    samples = _samples(np.asarray(samples))
    if rate < 2 * highest:
        raise RecordingError(
            f"{rate} samples a second hold no sound above {rate / 2:g} Hz, and the highest band ends at {highest:g}; "
            f"give sound of at least {2 * highest:g} samples a second, or make frames by log_mel(..., "
            f"highest={rate / 2:g})"
        )
    width = round(window * rate)
    samples = np.pad(samples, (0, max(0, width - len(samples))))
    starts = np.round(np.arange(1 + int((len(samples) - width) / (hop * rate))) * (hop * rate)).astype(np.int64)
    size = 1 << (width - 1).bit_length()
    shape = np.hanning(width + 1)[:-1].astype(np.float32)
    shape /= np.sqrt((shape**2).sum() * rate)  # energies a hertz do not depend on the rate
    filters = _filters(bands, size, rate, lowest, highest)
    parts = []
    for first in range(0, len(starts), AT_ONCE):
        pieces = samples[starts[first : first + AT_ONCE, None] + np.arange(width)] * shape
        parts.append(np.log((np.abs(np.fft.rfft(pieces, size)) ** 2) @ filters + FLOOR).astype(np.float32))
    return np.concatenate(parts)


def _check_bands(bands: int, window: float, hop: float, lowest: float, highest: float) -> None:
    BAND_COUNT.whole("bands", bands)
    for name, seconds in (("window", window), ("hop", hop)):
        SECONDS.check(name, seconds)
    Range(0, highest, without=(highest,)).check("lowest", lowest)


def _samples(given: NDArray[Any]) -> NDArray[np.float32]:
    """Return samples as numbers from -1 to 1. Raises RecordingError as `log_mel` does."""
    samples = _scaled(given) if given.dtype.str[1:] in WIDTHS.values() else given.astype(np.float32)
    if samples.ndim != 1 or not len(samples) or not np.isfinite(samples).all():
        raise RecordingError(f"samples must be one row of finite numbers, not an array of shape {samples.shape}")
    if np.abs(samples).max() > LOUDEST:
        raise RecordingError(
            f"samples reach {np.abs(samples).max():g}, and must be from -1 to 1; divide them by the largest that they "
            f"can be, such as 32768"
        )
    return samples


def _scaled(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return samples of 8, 16 or 32 bits, of which those of 8 have no sign, as numbers from -1 to 1."""
    size = values.dtype.itemsize
    samples = values.astype(np.float32) - np.float32(128 if size == 1 else 0)
    return samples / np.float32(2 ** (8 * size - 1))


def _filters(bands: int, size: int, rate: int, lowest: float, highest: float) -> NDArray[np.float64]:
    """Return the share [size // 2 + 1, bands] that each band takes of each frequency; the shares of a band sum to 1."""
    low, high = (2595 * np.log10(1 + frequency / 700) for frequency in (lowest, highest))
    edges = 700 * (10 ** (np.linspace(low, high, bands + 2) / 2595) - 1)
    frequency = np.arange(size // 2 + 1)[:, None] * (rate / size)
    rising = (frequency - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequency) / (edges[2:] - edges[1:-1])
    shares: NDArray[np.float64] = np.minimum(rising, falling).clip(min=0)
    empty = shares.sum(0) == 0  # a narrow band between two frequencies takes the nearest one
    shares[np.abs(frequency - edges[1:-1]).argmin(0)[empty], np.flatnonzero(empty)] = 1
    shares /= shares.sum(0)
    return shares


def read_wave(path: str | Path) -> tuple[NDArray[np.float32], int]:
    """Return the samples [N] of a wave file, from -1 to 1, and their number a second; channels become their mean.

    Raises RecordingError for a file that is no wave file of whole numbers (PCM) of 8, 16, 24 or 32 bits, is empty, or
    is too long.
    """
    try:
        with read_errors(str(path), RecordingError), wave.open(str(path), "rb") as file:
            channels, bytes_each, rate, count = file.getparams()[:4]
            data = file.readframes(min(count, LONGEST * rate + 1))  # a writer to a pipe does not know the count
    except (wave.Error, ValueError, RuntimeError) as error:  # the last for a chunk of an impossible size
        reason = str(error) or "its parts have impossible sizes"
        raise RecordingError(f"{path}: is no wave file of whole numbers (PCM): {reason}; {REMEDY}") from None
    data = data[: len(data) // (channels * bytes_each) * channels * bytes_each]
    if not data:
        raise RecordingError(f"{path}: holds no samples; record it again")
    if len(data) > LONGEST * rate * channels * bytes_each:
        raise RecordingError(f"{path}: is longer than {LONGEST} s; divide it")
    if bytes_each == 3:
        bytes_each, data = 4, _widened(data)
    if bytes_each not in WIDTHS:
        raise RecordingError(f"{path}: has samples of {8 * bytes_each} bits, not of 8, 16, 24 or 32; {REMEDY}")
    values = np.frombuffer(data, f"<{WIDTHS[bytes_each]}")
    return _scaled(values).reshape(-1, channels).mean(1), rate


def _widened(data: bytes) -> bytes:
    """Return samples of 24 bits as samples of 32 bits, the lowest 8 of them 0."""
    wide = np.zeros((len(data) // 3, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
    return wide.tobytes()
