"""Sound as frames: samples to log-mel energies.

A frame holds the energies of short overlapping pieces of sound in bands whose widths grow as the ear's do (Davis &
Mermelstein 1980), on a logarithmic scale. Only numpy is needed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcparse.errors import RecordingError
from arcparse.frames.waves import unit
from arcparse.settings.limits import Range

HOP = 0.01  # seconds from frame to frame
WINDOW = 0.025  # seconds that a frame looks at: long enough for the pitch of a deep voice
BANDS = 40
LOWEST, HIGHEST = 60.0, 7600.0  # Hz of the bands: sounds of speech lie between them
FLOOR = 1e-13  # added to energies, so that silence has a logarithm: ten times the noise of 16 bits
AT_ONCE = 4096  # frames in memory at a time
BAND_COUNT = Range(1, 8192)
SECONDS = Range(1e-4, 10)  # of a window or hop
LOUDEST = 10.0  # of a sample: sound that was changed may go a little beyond 1, and whole numbers go far


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
    samples = unit(given)
    if samples.ndim != 1 or not len(samples) or not np.isfinite(samples).all():
        raise RecordingError(f"samples must be one row of finite numbers, not an array of shape {samples.shape}")
    if np.abs(samples).max() > LOUDEST:
        raise RecordingError(
            f"samples reach {np.abs(samples).max():g}, and must be from -1 to 1; divide them by the largest that they "
            f"can be, such as 32768"
        )
    return samples


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
