"""Speech by espeak-ng, in several voices, over noise: what the scripts that make recordings share."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from arcparse.errors import ConfigurationError
from arcparse.files import make_folder
from arcparse.frames import read_wave

RATE = 22050  # samples a second, as espeak-ng speaks
VOICES = {  # no accent and no speaker is in two parts
    "train": (
        ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp"),
        ("m1", "m2", "m3", "m4", "f1", "f2", "f3", "Alex", "Andy", "Annie", "adam", "belinda", "ed", "linda", "max"),
    ),
    "dev": (("en-gb-x-gbclan",), ("m5", "f4", "Andrea", "paul")),
    "test": (("en-029", "en-gb-x-gbcwmd", "en-us-nyc"), ("m6", "m7", "m8", "f5", "Lee", "steph", "victor", "anika")),
}
NOISES = {"white": 0.0, "pink": 0.5, "brown": 1.0}  # the energy falls with the frequency to the power of twice this
SOUND = 0.02  # of the loudest sample: more belongs to the word


def new_folders(folder: Path, names: Iterable[str]) -> None:
    """Make folders for recordings. Raises ConfigurationError if one has files: recordings of two runs would mix."""
    for place in (folder / name for name in names):
        make_folder(place)
        if any(place.iterdir()):
            raise ConfigurationError(f"{place}: has files; give another folder, or remove this one")


def voices(part: str) -> list[str]:
    """Return the names of the voices of a part: each speaker in each accent."""
    accents, speakers = VOICES[part]
    return [f"{accent}+{speaker}" for accent in accents for speaker in speakers]


@lru_cache(maxsize=20_000)
def spoken(text: str, voice: str, speed: int, pitch: int) -> NDArray[np.float32]:
    """Return the samples of a text, from its first sound to its last, the loudest 1.

    Speed is in words a minute, pitch from 0 to 99. Raises ConfigurationError if espeak-ng is not there.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder) / "spoken.wav"
        command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "-w", str(file), text]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except FileNotFoundError:
            raise ConfigurationError("espeak-ng is not installed; on Debian: apt-get install espeak-ng") from None
        except subprocess.CalledProcessError as error:
            reason = error.stderr.decode(errors="replace").strip()
            raise ConfigurationError(f"{' '.join(command)}: {reason}; look at espeak-ng --voices") from None
        samples, _ = read_wave(file)
    loud = np.flatnonzero(np.abs(samples) > SOUND * np.abs(samples).max())
    found: NDArray[np.float32] = samples[loud[0] : loud[-1] + 1] / np.abs(samples).max()
    return found


def noise(count: int, generator: random.Random) -> NDArray[np.float32]:
    """Return samples of white, pink or brown noise, their mean square 1."""
    numbers = np.random.default_rng(generator.getrandbits(32))
    spectrum = np.fft.rfft(numbers.standard_normal(count))
    frequency = np.fft.rfftfreq(count, 1 / RATE).clip(min=50)
    found = np.fft.irfft(spectrum / frequency ** generator.choice(list(NOISES.values())), count)
    scaled: NDArray[np.float32] = (found / np.sqrt((found**2).mean())).astype(np.float32)
    return scaled


def laid_over(
    speech: NDArray[np.float32], generator: random.Random, decibels: tuple[float, float]
) -> NDArray[np.float32]:
    """Return speech over noise that is so many decibels below it, at a random loudness; the loudest sample below 1."""
    loudness = np.sqrt((speech**2).sum() / max(1, (speech != 0).sum()))
    mixed = speech + noise(len(speech), generator) * loudness / 10 ** (generator.uniform(*decibels) / 20)
    found: NDArray[np.float32] = mixed / np.abs(mixed).max() * generator.uniform(0.1, 0.95)
    return found


def write_wave(file: Path, samples: NDArray[np.float32]) -> None:
    """Write samples as a wave file of 16 bits."""
    import wave

    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(RATE)
        opened.writeframes((samples * 32767).astype("<i2").tobytes())
