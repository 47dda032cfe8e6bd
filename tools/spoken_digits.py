"""Make recordings of spoken digits, each with the words that are spoken.

    python tools/spoken_digits.py FOLDER

FOLDER gets the folders train, dev and test, whose voices differ. NAME.npz has log-mel energies of 10 ms (`frames`), and
NAME.txt the words, such as `four one seven`. Needs espeak-ng (Debian: apt-get install espeak-ng).
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

import espeak
import numpy as np

from arcparse.cli.options import whole
from arcparse.errors import ArcparseError
from arcparse.frames import log_mel
from arcparse.settings.limits import COUNT, SEED

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
COUNTS = (1, 7)  # digits of a recording
SILENCE = (0.1, 0.4)  # seconds before the first digit, and after the last
SPEED, PITCH = (120, 260), (20, 80)  # of voices, as espeak-ng counts them
DECIBELS = (0, 25)  # of speech above noise


def main() -> int:
    """Write the recordings of each part; return the status."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", metavar="FOLDER", type=Path)
    options.add_argument(
        "--recordings", nargs=3, type=whole(COUNT), default=[1500, 200, 400], metavar=("TRAIN", "DEV", "TEST"),
        help="recordings in each part (default: 1500 200 400)",
    )  # fmt: skip
    options.add_argument("--seed", type=whole(SEED), default=1, help="of all that is drawn (default: 1)")
    args = options.parse_args()
    try:
        espeak.new_folders(args.folder, espeak.VOICES)
        for part, count in zip(espeak.VOICES, args.recordings, strict=True):
            write(args.folder / part, part, count, args.seed)
    except ArcparseError as error:
        print(f"spoken_digits.py: {error}", file=sys.stderr)
        return 2
    return 0


def write(folder: Path, part: str, count: int, seed: int) -> None:
    """Write the recordings of a part, and print their number."""
    seconds, digits = 0.0, 0
    for number in range(count):
        generator = random.Random(f"{seed} {part} {number}")  # noqa: S311 (not for secrets)
        words = generator.choices(DIGITS, k=generator.randint(*COUNTS))
        voice, speed, pitch = (
            generator.choice(espeak.voices(part)),
            generator.randint(*SPEED),
            generator.randint(*PITCH),
        )
        before, after = (np.zeros(round(generator.uniform(*SILENCE) * espeak.RATE), np.float32) for _ in range(2))
        speech = np.concatenate([before, espeak.spoken(" ".join(words), voice, speed, pitch), after])
        samples = espeak.laid_over(speech, generator, DECIBELS)
        np.savez_compressed(folder / f"{part}-{number:04d}", frames=log_mel(samples, espeak.RATE))
        (folder / f"{part}-{number:04d}.txt").write_text(" ".join(words) + "\n", encoding="utf-8")
        seconds, digits = seconds + len(samples) / espeak.RATE, digits + len(words)
    print(f"{folder}: {count} recordings, {seconds / 3600:.2f} h, {digits} digits")


if __name__ == "__main__":
    raise SystemExit(main())
